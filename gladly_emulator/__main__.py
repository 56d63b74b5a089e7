"""The command `gladly-emulator`: serve an invented organization, alone or while a command runs."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import subprocess
import sys
import textwrap
import threading
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from gladly_emulator.dataset.exports import GeneratedExports
from gladly_emulator.server.emulator import Emulator
from gladly_emulator.server.rate_limits import ReportLimits
from gladly_emulator.timestamps import NANOSECONDS, parse_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

_FORWARDED_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_COMMAND_NOT_FOUND: Final = 127
_SIGNAL_BASE: Final = 128

_EXAMPLES: Final = """\
examples:
  gladly-emulator --port 8080
      serve until interrupted
  gladly-emulator -- tap-gladly --config=ENV
      run the command with the emulator's settings in its environment
  gladly-emulator --advance-hours 1 -- tap-gladly --config=ENV --state state.json
      the same, an hour later
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options, command = _split(list(sys.argv[1:] if argv is None else argv))
    arguments = _make_parser().parse_args(options)
    if command == []:
        _make_parser().error("expected a command after --")
    exports = GeneratedExports(arguments.seed, conversations_per_hour=arguments.conversations_per_hour)
    limit = arguments.requests_per_second or None
    reports = arguments.reports_per_minute
    report_limits = ReportLimits(per_minute=reports) if reports else None
    with Emulator(
        exports, port=arguments.port, requests_per_second=limit, report_limits=report_limits
    ) as emulator:
        offset = arguments.now - emulator.now if arguments.now else timedelta(hours=arguments.advance_hours)
        emulator.advance(offset)
        environment = {f"TAP_GLADLY_{name.upper()}": value for name, value in emulator.settings.items()}
        return (
            _serve_until_signal(emulator.url, environment)
            if command is None
            else _run_command(command, environment)
        )


def _split(argv: list[str]) -> tuple[list[str], list[str] | None]:
    """Split the arguments at the first `--` into options and command, which is None without `--`."""
    if "--" not in argv:
        return argv, None
    position = argv.index("--")
    return argv[:position], argv[position + 1 :]


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gladly-emulator",
        usage="%(prog)s [options] [-- COMMAND ARG...]",
        description=textwrap.fill(  # the formatter keeps line breaks, for the examples
            "Serve the export jobs, reference lists, reports and events of an invented organization "
            "on 127.0.0.1, as Gladly does. "
            "With a COMMAND, serve while it runs, set TAP_GLADLY_ORGANIZATION, TAP_GLADLY_AGENT_EMAIL, "
            "TAP_GLADLY_API_TOKEN and TAP_GLADLY_API_URL for it, and exit with its exit code."
        ),
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--port", type=int, default=0, metavar="N", help="port to listen on (default: any free port)")
    add(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="seed of the invented organization (default: %(default)s)",
    )
    clock = parser.add_mutually_exclusive_group()
    clock.add_argument(
        "--now",
        type=_parse_time,
        metavar="TIME",
        help="start the clock at this RFC 3339 time, such as 2026-03-02T15:00:00Z (default: the real time)",
    )
    clock.add_argument(
        "--advance-hours",
        type=float,
        default=0.0,
        metavar="N",
        help="start the clock this many hours ahead of the real time",
    )
    _add_rates(parser)
    return parser


def _add_rates(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--requests-per-second",
        type=int,
        default=10,
        metavar="N",
        help="rate limit, or 0 for none (default: %(default)s)",
    )
    add(
        "--reports-per-minute",
        type=int,
        default=10,
        metavar="N",
        help="rate limit of reports, or 0 for no limits on reports (default: %(default)s)",
    )
    add(
        "--conversations-per-hour",
        type=float,
        default=33.0,
        metavar="X",
        help="average number of conversations that start in an open hour (default: %(default)s)",
    )


def _parse_time(text: str) -> datetime:
    try:
        seconds = parse_instant(text) / NANOSECONDS
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return datetime.fromtimestamp(seconds, timezone.utc)


def _serve_until_signal(url: str, environment: dict[str, str]) -> int:
    """Serve until a signal arrives."""
    stopped = threading.Event()
    for number in _FORWARDED_SIGNALS:
        signal.signal(number, lambda *_: stopped.set())
    settings = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())
    sys.stderr.write(
        f"The Gladly emulator is listening on {url}. To use it in another shell, set:\n\n{settings}\n"
    )
    sys.stderr.flush()
    stopped.wait()
    return 0


def _run_command(command: list[str], environment: dict[str, str]) -> int:
    """Run the command and return its exit code, as a shell would."""
    try:
        process = subprocess.Popen(command, env={**os.environ, **environment})  # noqa: S603
    except OSError as error:
        sys.stderr.write(f"gladly-emulator: cannot run {command[0]}: {error.strerror}\n")
        return _COMMAND_NOT_FOUND

    def forward(number: int, _: object) -> None:
        # At a terminal, Ctrl-C already reached the command.
        if number != signal.SIGINT or not sys.stdin.isatty():
            process.send_signal(number)

    for number in _FORWARDED_SIGNALS:
        signal.signal(number, forward)
    status = process.wait()
    return status if status >= 0 else _SIGNAL_BASE - status


if __name__ == "__main__":
    sys.exit(main())
