"""Files that are missing, truncated or replaced by another response."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING

import pytest
from support import Sync, export_requests, rows_named

from gladly_emulator import Fault
from tap_gladly.exceptions import GladlyError
from tap_gladly.tap import TapGladly
from tap_gladly.transport import client

if TYPE_CHECKING:
    from collections.abc import Callable

    from gladly_emulator import Emulator, StaticExports

FIRST, SECOND = "2026-11-20T07:15:19.07272933Z", "2026-11-20T08:15:19Z"


def test_missing_file_is_skipped_with_a_warning(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """404 for a listed file: a warning names job, file and window, and the other files load."""
    exports.add_job("j1", FIRST, {"customers.jsonl": rows_named("c1"), "topics.jsonl": rows_named("t1")})
    exports.add_job("j2", SECOND, {"customers.jsonl": rows_named("c2")})
    exports.remove_file("j1", "customers.jsonl")

    run = sync()

    assert run.ids("customers") == ["c2"]
    assert run.ids("topics") == ["t1"]
    assert (
        "customers.jsonl of job j1, 2026-11-20T04:00:00Z to 2026-11-20T05:00:00Z, is missing (404)"
        in log.text
    )


def test_file_with_status_410_is_missing(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """410 is handled like 404, and the warning names the status."""
    exports.add_job("j1", FIRST, {"customers.jsonl": rows_named("c1")})
    emulator.faults.add(Fault("status", status=410, path="files"))

    run = sync()

    assert run.rows("customers") == []
    assert run.bookmark("customers")["jobs_read"] == {"j1": FIRST}
    assert "is missing (410)" in log.text


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", status=429, path="files"),
        Fault("status", status=503, path="files", times=2),
        Fault("status", status=500, path="jobs$"),
        Fault("cut", at_byte=12, path="files"),
        Fault("reset", path="files"),
        Fault("reset", at_byte=12, path="files"),
        Fault("length", difference=7, path="files"),
        Fault("length", difference=-7, path="files"),
        Fault("gzip", at_byte=20, path="files"),
        Fault("gzip", body=b"no gzip", path="files"),
        Fault("body", body=b"<!DOCTYPE html><title>Busy</title>", path="files"),
        Fault("body", body=b'{"errors":[{"code":"temporary_failure"}]}', path="files"),
        Fault("body", body=b'{"error":"busy"}', path="files"),
        Fault("body", body=b'[{"attr":"a","code":"temporary_failure"}]\n', path="files"),
        Fault("body", body=b'{\n  "errors": {\n    "code": "temporary_failure"\n  }\n}\n', path="files"),
        Fault("body", body=b'{"message":"busy"}\n', path="files"),
        Fault("body", body=b"upstream connect error\n", path="files"),
        Fault("gzip", body=b"", path="files"),
        Fault("status", status=200, body=b'{"message":"busy"}', path="files"),
        Fault("status", status=200, body=b"null", path="files"),
        Fault("status", status=200, body=b"[]", path="files"),
        Fault("status", status=204, path="files"),
        Fault("status", status=408, path="jobs$"),
        Fault("stall", at_byte=12, seconds=5, path="files"),
        Fault("delay", seconds=5, path="jobs$"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.at_byte}-{fault.difference}",
)
def test_transient_fault_is_retried_without_repeating_rows(
    exports: StaticExports,
    emulator: Emulator,
    sync: Callable[..., Sync],
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
) -> None:
    """A file is complete before its first row is sent, so a retry repeats no row."""
    monkeypatch.setattr(client, "TIMEOUT_SECONDS", (0.2, 0.2))
    exports.add_job(
        "j1", FIRST, {"customers.jsonl": rows_named("c1", "c2"), "topics.jsonl": rows_named("t1")}
    )
    emulator.faults.add(fault)

    run = sync()

    assert run.ids("customers") == ["c1", "c2"]
    assert run.ids("topics") == ["t1"]
    assert run.ids("jobs") == ["j1"]


PAGE, SENTENCE, ERROR = "text/html; charset=utf-8", "text/plain", "application/json"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (PAGE, b""),
        (PAGE, b"<!-- busy -->\n<html>\n<body>Busy</body>\n</html>\n"),
        (PAGE, b"<head><title>Busy</title></head>\n<body>Busy</body>\n"),
        (PAGE, b'<script type="application/json">\n{"id":"page"}\n</script>\n'),
        (PAGE.upper(), "<html>\nBusy\n</html>\n".encode("utf-16")),
        (SENTENCE, b"upstream connect error or disconnect/reset before headers\n"),
        (ERROR, b'{"errors":[{"code":"temporary_failure","detail":"%b"}]}\n' % (b"y" * 70_000)),
        (ERROR, b'{"errors":[{"code":"a"}]}\n{"errors":[{"code":"b"}]}\n'),
        (ERROR, b'{\n  "message": "busy"\n}\n'),
        ("application/problem+json", b'{"type":"about:blank","status":500}\n'),
        ("application/x-ndjson", b"\n\n  <html>\n<body>Busy</body>\n</html>\n"),
        ("application/x-ndjson", b'\xef\xbb\xbf[{"code":"temporary_failure"},\n{"code":"other"}]\n'),
        ("", b'{"error":{"code":"%b"}}\n' % (b"y" * 70_000)),
    ],
)
def test_unexpected_response_is_retried(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync], content_type: str, body: bytes
) -> None:
    """An HTML page, plain text or an error with status 200 is neither rows nor malformed lines."""
    exports.add_job("j1", FIRST, {"customers.jsonl": rows_named("c1")})
    unexpected = Fault("status", status=200, body=body, content_type=content_type, path="files", times=3)
    emulator.faults.add(unexpected)

    run = sync()

    assert run.ids("customers") == ["c1"]
    assert not run.rows("malformed_lines")


@pytest.mark.parametrize("content_type", ["", "application/octet-stream", SENTENCE, ERROR])
def test_file_with_another_content_type_is_accepted(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync], content_type: str
) -> None:
    """Unless it is text/html, a body with a record in any line, or without lines, is a file."""
    for name, body in {"a": b'<b>\n{"id":"c1"}\n', "b": b'{"errors":[]}\n{"id":"c2"}\n', "c": b""}.items():
        exports.add_job(name, FIRST, {"customers.jsonl": b""})
        emulator.faults.add(
            Fault("status", status=200, body=body, content_type=content_type, path=f"/{name}/files")
        )

    run = sync()

    assert run.ids("customers") == ["c1", "c2"]
    assert [line["line"] for line in run.rows("malformed_lines")] == ["<b>", '{"errors":[]}']
    assert len(export_requests(emulator)) == 4


def test_file_served_as_html_is_accepted(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync]
) -> None:
    """A text/html body whose first line is a record is a file."""
    exports.add_job("j1", FIRST, {"customers.jsonl": b""})
    body = b'\n{"id":"c1"}\n<b>\n{"id":"c2"}\n'
    emulator.faults.add(Fault("status", status=200, body=body, content_type=PAGE, path="files"))

    run = sync()

    assert run.ids("customers") == ["c1", "c2"]
    assert [line["line"] for line in run.rows("malformed_lines")] == ["<b>"]


def test_file_without_records_is_requested_twice(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A file whose lines are all malformed is requested once more, then its lines are emitted."""
    exports.add_job("j1", FIRST, {"topics.jsonl": b'["x"]\n{"name":"x"}\n{"id":7}\n'})
    exports.add_job("j2", SECOND, {"topics.jsonl": rows_named("t1")})

    run = sync()

    assert [line["line"] for line in run.rows("malformed_lines")] == ['["x"]', '{"name":"x"}', '{"id":7}']
    assert run.ids("topics") == ["t1"]
    assert len(export_requests(emulator)) == 4
    assert "topics.jsonl of job j1 has no record; downloading it again" in log.text


def test_truncated_file_is_requested_twice(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """A last line that has no line ending and isn't JSON becomes a malformed line after a second request."""
    exports.add_job("j1", FIRST, {"customers.jsonl": b'{"id":"c1"}\n{"id":"c2","na'})

    run = sync()

    assert run.ids("customers") == ["c1"]
    assert [line["line"] for line in run.rows("malformed_lines")] == ['{"id":"c2","na']
    assert len(export_requests(emulator)) == 3
    assert "customers.jsonl of job j1 is truncated" in log.text


def test_file_that_stays_unexpected_ends_the_run(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """An HTML page instead of a file is neither rows nor malformed lines, and the job stays due."""
    exports.add_job("j1", FIRST, {"agents.jsonl": rows_named("a1")})
    emulator.faults.add(Fault("body", body=b"<html>Anna</html>", path="files", times=None))

    with pytest.raises(GladlyError):
        sync()

    assert "something other than JSON Lines" in log.text
    assert "Anna" not in log.text


def test_run_resumes_after_a_failed_job(
    exports: StaticExports, emulator: Emulator, sync: Callable[..., Sync], capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows and STATE sent before a fatal error stay valid, and the next run resumes there."""
    for number in range(1, 6):
        exports.add_job(
            f"j{number}", f"2026-11-20T0{number}:00:00Z", {"agents.jsonl": rows_named(f"a{number}")}
        )
    emulator.faults.add(Fault("status", status=403, path="j3/files", times=None))
    output = io.StringIO()
    tap = TapGladly(config=emulator.settings)
    with contextlib.redirect_stdout(output), pytest.raises(GladlyError):
        tap.sync_all()
    emulator.faults.clear()
    first = Sync(output.getvalue())

    resumed = sync(state=first.state)

    assert first.ids("agents") == ["a1", "a2"]
    assert resumed.ids("agents") == ["a3", "a4", "a5"]
    assert not capsys.readouterr().out
