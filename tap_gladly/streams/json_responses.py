"""Responses in JSON and JSON Lines: check what they are, and request a truncated one again."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, NamedTuple, TypeVar

from singer_sdk.exceptions import RetriableAPIError

from tap_gladly.exceptions import NotFoundError
from tap_gladly.parsing.jsonl import decode_raw, find_truncation, is_not_jsonl, iter_jsonl, parse_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    import requests

    from tap_gladly.streams.base import GladlyStream

_T = TypeVar("_T", list[object], dict[str, object])
_KINDS = {list: "array", dict: "object"}


def read_document(response: requests.Response, file: IO[bytes], *, kind: type[_T], name: str) -> _T:
    """Read a body that is one JSON array or object.

    Args:
        response: The response.
        file: Its body, which is closed.
        kind: `list` or `dict`.
        name: What was requested, for the error.

    Raises:
        RetriableAPIError: The body is something else.
    """
    with file:
        document = parse_document(file.read())
    if not isinstance(document, kind):
        raise RetriableAPIError(
            f"Gladly returned something other than a JSON {_KINDS[kind]} for {name}", response
        )
    return document


class _Quality(NamedTuple):
    """How much a JSON Lines file is worth; the larger one is better."""

    records: int
    has_lines: bool
    is_complete: bool


def fetch_jsonl(
    stream: GladlyStream, path: Sequence[str], *, name: str, params: Sequence[tuple[str, str]] = ()
) -> IO[bytes]:
    """Download JSON Lines. If they look truncated, download them again and return the better body.

    The transfer may have been cut, or another response may have replaced the file. The body with more records is
    better. If both have as many, the complete one is.

    Args:
        stream: The stream that needs the body.
        path: Segments of the path below `/api/v1`.
        name: What is downloaded, for the log.
        params: The query, unquoted.

    Raises:
        GladlyError: The first download failed, or the second one did for another reason than 404.
    """
    first = stream.fetch(path, _read_jsonl, params=params)
    problem = find_truncation(first)
    if not problem:
        return first
    stream.logger.warning("%s %s; downloading it again", name, problem)
    try:
        second = stream.fetch(path, _read_jsonl, params=params)
    except NotFoundError:
        stream.logger.warning("%s is gone now; loading what the first download had", name)
        return first
    except BaseException:
        first.close()
        raise
    if _rate(first) > _rate(second):
        stream.logger.warning("The second download of %s has less; loading the first one", name)
        first, second = second, first
    first.close()
    return second


def _read_jsonl(response: requests.Response, file: IO[bytes]) -> IO[bytes]:
    if is_not_jsonl(file, response.headers.get("Content-Type", "")):
        raise RetriableAPIError("Gladly returned something other than JSON Lines", response)
    return file


def _rate(file: IO[bytes]) -> _Quality:
    records = lines = 0
    for record in iter_jsonl(file, decode=decode_raw):
        lines += 1
        records += isinstance(record, dict)
    file.seek(0)
    return _Quality(records, lines > 0, not find_truncation(file))
