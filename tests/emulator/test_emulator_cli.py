"""The command line, in separate processes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from gladly_emulator.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "gladly_emulator")
PRINT_JOBS = """
import base64, json, os, urllib.request
user = os.environ["TAP_GLADLY_AGENT_EMAIL"] + ":" + os.environ["TAP_GLADLY_API_TOKEN"]
request = urllib.request.Request(
    os.environ["TAP_GLADLY_API_URL"] + "/api/v1/export/jobs",
    headers={"Authorization": "Basic " + base64.b64encode(user.encode()).decode()},
)
with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as response:
    jobs = json.load(response)
print(os.environ["TAP_GLADLY_ORGANIZATION"], max(job["parameters"]["startAt"] for job in jobs))
"""

REQUEST_TWO_REPORTS = """
import os, requests
auth = (os.environ["TAP_GLADLY_AGENT_EMAIL"], os.environ["TAP_GLADLY_API_TOKEN"])
document = {"metricSet": "TaskExportReport", "startAt": "2026-03-03", "endAt": "2026-03-03"}
url = os.environ["TAP_GLADLY_API_URL"] + "/api/v1/reports"
print([requests.post(url, json=document, auth=auth, timeout=20).status_code for _ in range(2)])
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command until it exits."""
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=30)


@pytest.fixture
def serving() -> Iterator[subprocess.Popen[str]]:
    """Start the command in serving mode."""
    command = [*COMMAND, "--now", "2026-03-04T12:30:00Z", "--requests-per-second", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_command_serves_until_a_signal(serving: subprocess.Popen[str], number: signal.Signals) -> None:
    """The command prints the URL and the variables to set, and exits with code 0 on a signal."""
    assert serving.stderr is not None
    lines = "".join(serving.stderr.readline() for _ in range(7))
    settings = dict(re.findall(r"^export TAP_GLADLY_(\w+)=(\S+)$", lines, re.MULTILINE))
    auth = (settings["AGENT_EMAIL"], settings["API_TOKEN"])
    response = requests.get(f"{settings['API_URL']}/api/v1/export/jobs", auth=auth, timeout=20)
    serving.send_signal(number)

    assert serving.wait(timeout=20) == 0
    assert serving.stderr.read() == ""
    assert max(job["parameters"]["startAt"] for job in response.json()) == "2026-03-04T10:00:00Z"


def test_emulator_page_shows_the_output(serving: subprocess.Popen[str]) -> None:
    """docs/emulator.md shows what `make emulator` prints, with the default port of the Makefile."""
    assert serving.stderr is not None
    output = "".join(serving.stderr.readline() for _ in range(6))
    page = (ROOT / "docs" / "emulator.md").read_text(encoding="utf-8")
    port = re.findall(r"^PORT \?= (\d+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[0]

    shown = page.split("$ make emulator\n")[1].split("```")[0]
    assert re.sub(r"(127\.0\.0\.1):\d+", rf"\1:{port}", output) == shown


def test_make_emulator_creates_the_programs_on_its_page() -> None:
    """After `make emulator`, a user of docs/emulator.md has the tap: the page runs it from the same environment."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "emulator.md").read_text(encoding="utf-8")

    assert re.search(r"^emulator: \.venv/\.ready ", makefile, re.MULTILINE)
    assert "$ .venv/bin/tap-gladly --config ENV" in page


def test_command_passes_settings_to_the_child() -> None:
    """The child command gets the emulator's settings in its environment, and its output is unchanged."""
    result = run("--now", "2026-03-04T12:30:00.5+01:00", "--", sys.executable, "-c", PRINT_JOBS)

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "brindlewick 2026-03-04T09:00:00Z\n"


@pytest.mark.parametrize(("limit", "statuses"), [("1", "[200, 429]"), ("0", "[200, 200]")])
def test_command_limits_reports(limit: str, statuses: str) -> None:
    """The option limits reports per minute. 0 means no limit."""
    result = run("--reports-per-minute", limit, "--", sys.executable, "-c", REQUEST_TWO_REPORTS)

    assert (result.stdout.strip(), result.stderr) == (statuses, "")


@pytest.mark.parametrize(
    ("code", "status"),
    [("raise SystemExit(3)", 3), (f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})", 137)],
)
def test_command_exits_with_the_childs_code(code: str, status: int) -> None:
    """The exit code is the child's, or 128 plus the signal that killed it."""
    assert run("--", sys.executable, "-c", code).returncode == status


def test_command_reports_a_missing_child() -> None:
    """A command that isn't found returns exit code 127 and one error line."""
    result = run("--", "no-such-command-here")

    assert result.returncode == 127
    assert result.stderr.startswith("gladly-emulator: cannot run no-such-command-here: ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_command_forwards_signals(number: signal.Signals) -> None:
    """A signal is forwarded to the child, which decides how to exit."""
    code = (
        "import signal, sys\n"
        f"signal.signal({int(number)}, lambda *_: sys.exit(5))\n"
        "print('ready', flush=True)\nsignal.pause()"
    )
    command = [*COMMAND, "--", sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)

        assert process.wait(timeout=20) == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--"], "expected a command after --"),
        (["--now", "noon"], "argument --now: not an RFC 3339 time: 'noon'"),
        (["--now", "2026-03-04T12:30:00Z", "--advance-hours", "1"], "not allowed with argument --now"),
        (["--color", "red"], "unrecognized arguments: --color red"),
    ],
)
def test_command_rejects_invalid_arguments(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    """Invalid arguments return exit code 2 and an error."""
    with pytest.raises(SystemExit) as raised:
        main(arguments)

    assert raised.value.code == 2
    assert message in capsys.readouterr().err


def test_command_help_lists_all_options(capsys: pytest.CaptureFixture[str]) -> None:
    """The help text names every option and the variables."""
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out

    for option in ("--port", "--seed", "--now", "--advance-hours"):
        assert option in text
    for option in ("--requests-per-second", "--reports-per-minute", "--conversations-per-hour"):
        assert option in text
    assert "TAP_GLADLY_API_URL" in text


def test_command_keeps_the_environment() -> None:
    """The child command keeps the existing environment variables."""
    code = "import os; print(os.environ['PATH'])"

    assert run("--", sys.executable, "-c", code).stdout.strip() == os.environ["PATH"]
