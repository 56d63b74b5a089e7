"""Messages leave where a reader waits for them, whole, and whatever kind of output there is."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
from singer_sdk.singerlib import RecordMessage, SchemaMessage, StateMessage
from support import run_command, tap_environment

from tap_gladly.output import message_writer
from tap_gladly.output.message_writer import MessageWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gladly_emulator import Emulator, StaticExports

RECORD = RecordMessage(stream="customers", record={"id": "c1"})
LINE = b'{"type":"RECORD","stream":"customers","record":{"id":"c1"}}\n'


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 0.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Stands for the writer's clock."""
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    return clock


def catch_output(monkeypatch: pytest.MonkeyPatch) -> io.BytesIO:
    """Put a stdout in place that is like a file; give what arrives there."""
    file = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(file, encoding="utf-8"))
    return file


def test_records_wait_for_a_message_that_is_waited_for(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """RECORD messages are sent with the next SCHEMA or STATE, in order."""
    output = catch_output(monkeypatch)
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


def test_records_wait_a_second_at_most(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """With the first message after a second, all that waited are sent; a stream may also ask for it."""
    output = catch_output(monkeypatch)
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


def test_many_records_do_not_wait(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """What waits stays small."""
    output = catch_output(monkeypatch)
    writer = MessageWriter()

    writer.write_lines(LINE * (message_writer.FLUSH_BYTES // len(LINE) + 1))

    assert clock.now == 0
    assert len(output.getvalue()) > message_writer.FLUSH_BYTES


def test_text_output_is_written_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """A StringIO in the place of stdout, which has no bytes below it, gets the same."""
    text = io.StringIO()
    monkeypatch.setattr(sys, "stdout", text)
    writer = MessageWriter()

    writer.write_lines("é\n".encode())
    writer.flush()

    assert text.getvalue() == "é\n"


@pytest.mark.parametrize("is_blocking", [True, False])
def test_everything_arrives_through_a_narrow_pipe(
    monkeypatch: pytest.MonkeyPatch, *, is_blocking: bool
) -> None:
    """A reader that takes little at a time gets each byte once, also from a pipe that does not block."""
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


def test_lines_that_some_readers_would_cut_are_written_with_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    """U+2028, U+2029 and U+0085 leave as escapes."""
    output = catch_output(monkeypatch)
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
    """A file of some megabytes, each line longer than what a pipe takes at once for sure."""
    body = b"".join(b'{"id":"c%d","name":"%b"}\n' % (number, b"x" * 9_000) for number in range(600))
    exports.add_job("j1", "2026-11-20T07:00:00Z", {"customers.jsonl": body})
    return body


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_is_whole_when_the_reader_is_slow(
    emulator: Emulator, long_file: bytes, unbuffered: str
) -> None:
    """A pipe that is read in small pieces gets all rows, buffered or not."""
    with start_tap(emulator.settings, PYTHONUNBUFFERED=unbuffered) as process:
        assert process.stdout
        received = b"".join(iter(lambda: os.read(process.stdout.fileno(), 3_000), b""))  # type: ignore[union-attr]

    assert process.returncode == 0
    assert received.count(b'"stream":"customers","record"') == long_file.count(b"\n")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.usefixtures("long_file")
def test_a_stop_leaves_no_half_line(emulator: Emulator, number: signal.Signals, unbuffered: str) -> None:
    """Told to stop while its reader is slow, the tap ends the line that it is in, and fails."""
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
def test_a_stop_does_not_wait_for_a_reader_that_stands_still(emulator: Emulator) -> None:
    """Nobody reads: the tap ends all the same, and leaves the pipe as it found it."""
    with start_tap(emulator.settings) as process:
        assert process.stdout
        first = os.read(process.stdout.fileno(), 1)
        process.send_signal(signal.SIGTERM)
        status = process.wait(timeout=60)
        rest = process.stdout.read()

    assert status == 128 + signal.SIGTERM
    assert first + rest


def test_a_stop_that_gets_lost_ends_the_run_at_the_next_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An exception may get lost on its way up; the writer does not forget it."""
    output = catch_output(monkeypatch)
    writer = MessageWriter()

    with pytest.raises(SystemExit, match="143"):
        writer.terminate(143)
    with pytest.raises(SystemExit, match="143"):
        writer.write_message(StateMessage(value={}))

    assert output.getvalue() == b""


def test_full_disk_is_told_and_is_no_traceback(emulator: Emulator, exports: StaticExports) -> None:
    """Where the messages do not fit, the run ends with one line."""
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
    assert b"The messages cannot be written: No space left on device" in process.stderr
    assert b"Traceback" not in process.stderr


def test_every_message_of_a_run_is_sent(emulator: Emulator, exports: StaticExports) -> None:
    """Nothing is left waiting when the run ends, whatever its last stream."""
    exports.lists["teams"] = [{"id": "t1"}]

    run = run_command("--config=ENV", settings=emulator.settings)

    assert '"stream":"teams","record":{"id":"t1"}' in run.stdout
