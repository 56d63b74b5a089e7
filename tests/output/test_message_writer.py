"""Messages are written completely, without delaying a reader, to any kind of stdout."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from typing import IO, TYPE_CHECKING

import pytest
from singer_sdk.singerlib import RecordMessage, SchemaMessage, StateMessage
from support import rows_named, run_command, tap_environment

from tap_gladly.output import message_writer
from tap_gladly.output.message_writer import MessageWriter
from tap_gladly.transport.prefetch import Prefetcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support import Sync

    from gladly_emulator import Emulator, StaticExports

RECORD = RecordMessage(stream="customers", record={"id": "c1"})
LINE = b'{"type":"RECORD","stream":"customers","record":{"id":"c1"}}\n'


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Replace the writer's clock."""
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    return clock


def capture_output(monkeypatch: pytest.MonkeyPatch) -> io.BytesIO:
    """Replace stdout with a buffer, and return the buffer."""
    file = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(file, encoding="utf-8"))
    return file


def test_records_are_buffered_until_another_message(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """RECORD messages are written with the next SCHEMA or STATE, in order."""
    output = capture_output(monkeypatch)
    writer = MessageWriter()

    writer.write_message(SchemaMessage(stream="customers", schema={}))
    schema = output.getvalue()
    writer.write_message(RECORD)
    writer.write_message(RECORD)
    waiting = output.getvalue()
    writer.write_message(StateMessage(value={}))

    assert clock.now == 0
    assert schema.startswith(b'{"type":"SCHEMA"')
    assert waiting == schema
    assert output.getvalue().removeprefix(schema).startswith(2 * LINE + b'{"type":"STATE"')


def test_records_are_buffered_for_a_second_at_most(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """The first message after a second flushes the buffer. A stream may also flush it."""
    output = capture_output(monkeypatch)
    writer = MessageWriter()

    writer.write_message(RECORD)
    clock.now = 0.9
    writer.flush_if_due()
    early = output.getvalue()
    clock.now = 1.1
    writer.write_message(RECORD)
    both = output.getvalue()
    writer.write_message(RECORD)
    clock.now = 2.2
    writer.flush_if_due()

    assert early == b""
    assert both == 2 * LINE
    assert output.getvalue() == 3 * LINE


def test_buffer_is_flushed_when_full(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """The buffer stays small."""
    output = capture_output(monkeypatch)
    writer = MessageWriter()

    writer.write_lines(LINE * (message_writer.FLUSH_BYTES // len(LINE) + 1))

    assert clock.now == 0
    assert len(output.getvalue()) > message_writer.FLUSH_BYTES


def test_text_stdout_receives_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """A StringIO in place of stdout has no byte buffer, and receives the same messages."""
    text = io.StringIO()
    monkeypatch.setattr(sys, "stdout", text)
    writer = MessageWriter()

    writer.write_lines("é\n".encode())
    writer.flush()

    assert text.getvalue() == "é\n"


@pytest.mark.parametrize("is_blocking", [True, False])
def test_slow_pipe_receives_every_byte_once(monkeypatch: pytest.MonkeyPatch, *, is_blocking: bool) -> None:
    """A reader that reads small pieces gets each byte once, from a blocking and a non-blocking pipe."""
    reading, writing_end = os.pipe()
    os.set_blocking(writing_end, is_blocking)
    monkeypatch.setattr(sys, "stdout", open(writing_end, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
    numbers = b"".join(b'{"n":%d}\n' % number for number in range(60_000))
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.extend(_read(reading, len(numbers), piece=5_000)))
    reader.start()

    MessageWriter().write_lines(numbers)
    reader.join()
    sys.stdout.close()
    os.close(reading)

    assert b"".join(received) == numbers


def _read(pipe: int, size: int, *, piece: int) -> Iterator[bytes]:
    while size > 0:
        block = os.read(pipe, piece)
        size -= len(block)
        yield block


def test_line_separators_in_strings_are_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    """U+2028, U+2029 and U+0085 are written as escapes."""
    output = capture_output(monkeypatch)
    writer = MessageWriter()

    writer.write_message(RecordMessage(stream="s", record={"id": "a\u2028b\u2029c\u0085é"}))
    writer.flush()

    assert rb'"id":"a\u2028b\u2029c\u0085' + "é".encode() in output.getvalue()


def start_tap(settings: dict[str, str], *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    """Start the tap's command line with pipes."""
    return subprocess.Popen(
        [sys.executable, "-m", "tap_gladly", "--config=ENV", *arguments],
        env=tap_environment(settings, **environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.fixture
def long_file(exports: StaticExports) -> bytes:
    """A file of several megabytes whose lines are longer than an atomic pipe write."""
    body = b"".join(b'{"id":"c%d","name":"%b"}\n' % (number, b"x" * 9_000) for number in range(600))
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": body})
    return body


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_slow_reader_receives_all_rows(emulator: Emulator, long_file: bytes, unbuffered: str) -> None:
    """A pipe that is read in small pieces delivers all rows, buffered or not."""
    with start_tap(emulator.settings, PYTHONUNBUFFERED=unbuffered) as process:
        assert process.stdout
        received = b"".join(iter(lambda: os.read(process.stdout.fileno(), 3_000), b""))  # type: ignore[union-attr]

    assert process.returncode == 0
    assert received.count(b'"stream":"customers","record"') == long_file.count(b"\n")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.usefixtures("long_file")
def test_signal_leaves_no_partial_line(emulator: Emulator, number: signal.Signals, unbuffered: str) -> None:
    """A signal while the reader is slow: the tap completes the current line and fails."""
    with start_tap(emulator.settings, PYTHONUNBUFFERED=unbuffered) as process:
        assert process.stdout
        received = b""
        while received.count(b'"customers","record"') < 20:
            received += os.read(process.stdout.fileno(), 1_000)
        process.send_signal(number)
        received += process.stdout.read()
        log = process.stderr.read() if process.stderr else b""

    assert process.returncode == 128 + number
    assert received.endswith(b"}\n")
    assert received.count(b'"customers","record"') < 600
    assert b"Traceback" not in log


@pytest.mark.usefixtures("long_file")
def test_signal_does_not_wait_for_a_stalled_reader(emulator: Emulator) -> None:
    """The tap ends although nothing reads the pipe, and restores the pipe's mode."""
    with start_tap(emulator.settings) as process:
        assert process.stdout
        first = os.read(process.stdout.fileno(), 1)
        process.send_signal(signal.SIGTERM)
        status = process.wait(timeout=60)
        rest = process.stdout.read()

    assert status == 128 + signal.SIGTERM
    assert first + rest


def test_swallowed_exit_ends_the_run_at_the_next_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If something swallows SystemExit, the writer raises it again."""
    output = capture_output(monkeypatch)
    writer = MessageWriter()

    with pytest.raises(SystemExit, match="143"):
        writer.terminate(143)
    with pytest.raises(SystemExit, match="143"):
        writer.write_message(StateMessage(value={}))

    assert output.getvalue() == b""


def test_full_disk_is_one_log_line(emulator: Emulator, exports: StaticExports) -> None:
    """If stdout can't be written, the run ends with one line and no traceback."""
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": b'{"id":"c1"}\n'})

    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        process = subprocess.run(
            [sys.executable, "-m", "tap_gladly", "--config=ENV"],
            env=tap_environment(emulator.settings),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert process.returncode == 1
    assert b"Messages can't be written to stdout: No space left on device" in process.stderr
    assert b"Traceback" not in process.stderr


def test_every_message_of_a_run_is_written(emulator: Emulator, exports: StaticExports) -> None:
    """The buffer is empty when the run ends, no matter which stream is last."""
    exports.lists["teams"] = [{"id": "t1"}]

    run = run_command("--config=ENV", settings=emulator.settings)

    assert '"stream":"teams","record":{"id":"t1"}' in run.stdout


@pytest.mark.parametrize(("is_slow", "rows"), [(True, [1, 2]), (False, [0, 0])])
def test_rows_do_not_wait_for_a_slow_download(
    exports: StaticExports,
    sync: Callable[..., Sync],
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_slow: bool,
    rows: list[int],
) -> None:
    """The rows so far are written before the tap waits long. Otherwise they are written with their STATE."""
    files = {f"{stream}.jsonl": rows_named("1") for stream in ("customers", "agents")}
    exports.add_job("j1", "2026-11-20T07:00:00Z", files)
    written: list[int] = []

    def next_file(prefetcher: Prefetcher[object]) -> IO[bytes]:
        written.append(sys.stdout.getvalue().count("RECORD"))  # type: ignore[union-attr] # a StringIO
        return original(prefetcher)

    original = Prefetcher.next_file
    monkeypatch.setattr(Prefetcher, "next_file", next_file)
    monkeypatch.setattr(Prefetcher, "is_ready", lambda *_args, within: within > 3000 and not is_slow)
    monkeypatch.setattr(message_writer, "FLUSH_SECONDS", 3600)

    sync()

    assert written == rows
