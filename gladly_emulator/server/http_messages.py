"""What travels: a request as it came, and the answer to send."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from gladly_emulator.timestamps import parse_instant

if TYPE_CHECKING:
    from datetime import datetime
    from email.message import Message

Body = bytes | Iterator[bytes]

JSON = "application/json"
JSON_LINES = "application/x-ndjson"
CSV = "text/csv"


class UsageError(Exception):
    """A parameter that the API refuses."""

    def __init__(self, attr: str, detail: str, *, code: str = "invalid") -> None:
        super().__init__(detail)
        self.attr = attr
        self.code = code


@dataclass
class Request:
    """One request as it came.

    Attributes:
        status: The answer's; None until there is one, and for ever if there never is.
        after: What is to be done once the answer is sent, or cannot be.
    """

    method: str
    target: str
    headers: Message
    time: datetime
    body: bytes = b""
    status: int | None = None
    after: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, repr=False)

    @property
    def path(self) -> str:
        """The path as it was sent, still URL-encoded."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The decoded query; the last value of a repeated key counts."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def query_lists(self) -> dict[str, list[str]]:
        """The decoded query with every value of a repeated key."""
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def document(self) -> Any:  # noqa: ANN401 - any JSON can come
        """The body as JSON; None if it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def parts(self) -> list[str]:
        """The path split at its slashes, each part decoded after the split."""
        return [unquote(part) for part in self.path.split("/")[1:]]

    def read_instant(self, attr: str) -> int | None:
        """Return a time of the query, None if it is not there.

        Raises:
            UsageError: It is no RFC 3339 time.
        """
        if attr not in self.query:
            return None
        try:
            return parse_instant(self.query[attr])
        except ValueError:
            raise UsageError(attr, "must be an RFC 3339 time") from None


@dataclass(frozen=True)
class Answer:
    """A status, headers and a body; a body in pieces has no length and is sent chunked."""

    status: int
    body: Body = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    declared_length: int | None = None

    @property
    def length(self) -> int | None:
        """The Content-Length to declare, None for a chunked body."""
        if self.declared_length is not None:
            return self.declared_length
        return len(self.body) if isinstance(self.body, bytes) else None

    @property
    def pieces(self) -> Iterable[bytes]:
        """The body piece by piece."""
        return (self.body,) if isinstance(self.body, bytes) else self.body

    def with_headers(self, headers: Mapping[str, str]) -> Answer:
        """Return the answer with these headers set."""
        return replace(self, headers={**self.headers, **headers})

    def with_body(self, change: Callable[[Iterable[bytes]], Iterator[bytes]]) -> Answer:
        """Return the answer with its body changed; a body of known length keeps a right length."""
        changed = change(self.pieces)
        whole = isinstance(self.body, bytes)
        return replace(self, body=b"".join(changed) if whole else changed, declared_length=None)


def answer_json(document: object, status: int = 200) -> Answer:
    """Return an answer that carries the document as JSON."""
    body = json.dumps(document, ensure_ascii=False).encode()
    return Answer(status, body, {"Content-Type": JSON})


def answer_error(status: int, code: str, detail: str, *, attr: str) -> Answer:
    """Return an error in the documented envelope: `errors` is a list."""
    return answer_json({"errors": [{"attr": attr, "code": code, "detail": detail}]}, status)


def answer_not_found(detail: str) -> Answer:
    """Return a 404 as Gladly's examples show it: `errors` is one object."""
    return answer_json({"errors": {"code": "not_exist", "detail": detail}}, 404)
