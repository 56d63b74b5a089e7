"""A second download of a body that looks truncated, and the choice between the two."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, NamedTuple, TypeVar

from tap_gladly.exceptions import NotFoundError
from tap_gladly.parsing.jsonl import decode_raw, find_truncation, iter_jsonl

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

_T = TypeVar("_T")


class _Quality(NamedTuple):
    """How much a JSON Lines file is worth; the larger one is better."""

    records: int
    has_lines: bool
    is_complete: bool


def download_better(
    fetch: Callable[[], _T], get_file: Callable[[_T], IO[bytes]], *, name: str, logger: logging.Logger
) -> _T:
    """Download JSON Lines; if they look truncated, download them again and return the better response.

    The response with more records is better. If both have as many, the complete one is.

    Args:
        fetch: Downloads the response.
        get_file: Returns its body, which is closed if the other response is better.
        name: What is downloaded, for the log.
        logger: Logs the second download.

    Raises:
        NotFoundError: The first download doesn't exist.
    """
    first = fetch()
    problem = find_truncation(get_file(first))
    if not problem:
        return first
    logger.warning("%s %s; downloading it again", name, problem)
    try:
        second = fetch()
    except NotFoundError:
        logger.warning("%s is gone now; loading what the first download had", name)
        return first
    except BaseException:
        get_file(first).close()
        raise
    if _rate(get_file(first)) > _rate(get_file(second)):
        logger.warning("The second download of %s has less; loading the first one", name)
        first, second = second, first
    get_file(first).close()
    return second


def _rate(file: IO[bytes]) -> _Quality:
    records = lines = 0
    for record in iter_jsonl(file, decode=decode_raw):
        lines += 1
        records += isinstance(record, dict)
    file.seek(0)
    return _Quality(records, lines > 0, not find_truncation(file))
