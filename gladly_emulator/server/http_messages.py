"""HTTP requests and responses."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from gladly_emulator.timestamps import parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime
    from email.message import Message

    from gladly_emulator.dataset.interface import FileContent

JSON = "application/json"
JSON_LINES = "application/x-ndjson"
EVENT_LINES = "application/x-jsonlines"
_LINES_PER_CHUNK = 200


class InvalidParameterError(Exception):
    """A request has an invalid parameter."""

    def __init__(self, attr: str, detail: str, *, code: str = "invalid") -> None:
        super().__init__(detail)
        self.attr = attr
        self.code = code


@dataclass
class Request:
    """A request.

    Attributes:
        status: The response's status, or None as long as there is no response.
        cleanup: Callbacks that run after the response is sent or has failed.
    """

    method: str
    target: str
    headers: Message
    time: datetime
    body: bytes = b""
    status: int | None = None
    cleanup: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, repr=False)

    @property
    def path(self) -> str:
        """The path, still URL-encoded."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The decoded query. A repeated key has its last value."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def query_lists(self) -> dict[str, list[str]]:
        """The decoded query with all values of each key."""
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def document(self) -> Any:  # noqa: ANN401 - any JSON value
        """The decoded JSON body, or None if the body isn't JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def parts(self) -> list[str]:
        """The path segments, each decoded after splitting."""
        return [unquote(segment) for segment in self.path.split("/")[1:]]

    def read_instant(self, attr: str) -> int | None:
        """Return a time from the query, or None if it isn't there.

        Raises:
            InvalidParameterError: It isn't an RFC 3339 time.
        """
        if attr not in self.query:
            return None
        try:
            return parse_instant(self.query[attr])
        except ValueError:
            raise InvalidParameterError(attr, "must be an RFC 3339 time") from None


@dataclass(frozen=True)
class Response:
    """A status, headers and a body. A body in chunks has no length and uses chunked transfer encoding."""

    status: int
    body: FileContent = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    declared_length: int | None = None

    @property
    def length(self) -> int | None:
        """The Content-Length to send, or None for a chunked body."""
        if self.declared_length is not None:
            return self.declared_length
        return len(self.body) if isinstance(self.body, bytes) else None

    @property
    def chunks(self) -> Iterable[bytes]:
        """The body's chunks."""
        return (self.body,) if isinstance(self.body, bytes) else self.body

    def with_headers(self, headers: Mapping[str, str]) -> Response:
        """Return the response with these headers set."""
        return replace(self, headers={**self.headers, **headers})

    def with_body(self, change: Callable[[Iterable[bytes]], Iterator[bytes]]) -> Response:
        """Return the response with its body changed. A body of known length gets the new length."""
        changed = change(self.chunks)
        whole = isinstance(self.body, bytes)
        return replace(self, body=b"".join(changed) if whole else changed, declared_length=None)


def json_response(document: object, status: int = 200) -> Response:
    """Return a response with a JSON body."""
    body = json.dumps(document, ensure_ascii=False).encode()
    return Response(status, body, {"Content-Type": JSON})


def error_response(status: int, code: str, detail: str, *, attr: str) -> Response:
    """Return an error in the documented envelope, where `errors` is a list."""
    return json_response({"errors": [{"attr": attr, "code": code, "detail": detail}]}, status)


def not_found_response(detail: str) -> Response:
    """Return a 404 as in Gladly's examples, where `errors` is a single object."""
    return json_response({"errors": {"code": "not_exist", "detail": detail}}, 404)


def iter_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of a body, each with its line feed if it has one."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line + b"\n" for line in lines)
    if rest:
        yield rest


def iter_chunks(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lines, joined into chunks of a few hundred."""
    chunk: list[bytes] = []
    for line in lines:
        chunk.append(line)
        if len(chunk) >= _LINES_PER_CHUNK:
            yield b"".join(chunk)
            chunk.clear()
    yield b"".join(chunk)
