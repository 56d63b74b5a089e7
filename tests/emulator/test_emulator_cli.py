"""The command line, in processes of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import requests

from gladly_emulator.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Iterator

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

ASK_TWICE = """
import os, requests
auth = (os.environ["TAP_GLADLY_AGENT_EMAIL"], os.environ["TAP_GLADLY_API_TOKEN"])
document = {"metricSet": "TaskExportReport", "startAt": "2026-03-03", "endAt": "2026-03-03"}
url = os.environ["TAP_GLADLY_API_URL"] + "/api/v1/reports"
print([requests.post(url, json=document, auth=auth, timeout=20).status_code for _ in range(2)])
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=30)


@pytest.fixture
def serving() -> Iterator[subprocess.Popen[str]]:
    """The command, serving until a signal comes."""
    command = [*COMMAND, "--now", "2026-03-04T12:30:00Z", "--requests-per-second", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_command_serves_until_a_signal(serving: subprocess.Popen[str], number: signal.Signals) -> None:
    """It prints the address and the variables to set, and ends with status 0."""
    assert serving.stderr is not None
    lines = "".join(serving.stderr.readline() for _ in range(7))
    settings = dict(re.findall(r"^export TAP_GLADLY_(\w+)=(\S+)$", lines, re.MULTILINE))
    auth = (settings["AGENT_EMAIL"], settings["API_TOKEN"])
    response = requests.get(f"{settings['API_URL']}/api/v1/export/jobs", auth=auth, timeout=20)
    serving.send_signal(number)

    assert serving.wait(timeout=20) == 0
    assert serving.stderr.read() == ""
    assert max(job["parameters"]["startAt"] for job in response.json()) == "2026-03-04T10:00:00Z"


def test_command_runs_another_with_the_settings() -> None:
    """The other command finds the emulator in its environment; its output is its own."""
    result = run("--now", "2026-03-04T12:30:00.5+01:00", "--", sys.executable, "-c", PRINT_JOBS)

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "brindlewick 2026-03-04T09:00:00Z\n"


@pytest.mark.parametrize(("limit", "statuses"), [("1", "[200, 429]"), ("0", "[200, 200]")])
def test_command_limits_reports(limit: str, statuses: str) -> None:
    """Reports are limited as told; 0 stands for no limit."""
    result = run("--reports-per-minute", limit, "--", sys.executable, "-c", ASK_TWICE)

    assert (result.stdout.strip(), result.stderr) == (statuses, "")


@pytest.mark.parametrize(
    ("code", "status"),
    [("raise SystemExit(3)", 3), (f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})", 137)],
)
def test_command_ends_as_the_other_ended(code: str, status: int) -> None:
    """The exit status is the other command's, or 128 and the signal that killed it."""
    assert run("--", sys.executable, "-c", code).returncode == status


def test_command_reports_what_it_cannot_run() -> None:
    """A command that is not found gives status 127 and a line."""
    result = run("--", "no-such-command-here")

    assert result.returncode == 127
    assert result.stderr.startswith("gladly-emulator: cannot run no-such-command-here: ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_command_passes_signals_on(number: signal.Signals) -> None:
    """A signal reaches the other command, which decides how to end."""
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
        (["--colour", "red"], "unrecognized arguments: --colour red"),
    ],
)
def test_command_refuses_odd_arguments(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    """A wrong command line gives status 2 and says why."""
    with pytest.raises(SystemExit) as raised:
        main(arguments)

    assert raised.value.code == 2
    assert message in capsys.readouterr().err


def test_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """The help names every option."""
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out

    for option in ("--port", "--seed", "--now", "--advance-hours"):
        assert option in text
    for option in ("--requests-per-second", "--reports-per-minute", "--conversations-per-hour"):
        assert option in text
    assert "TAP_GLADLY_API_URL" in text


def test_command_keeps_the_environment() -> None:
    """The other command sees the variables that were there before."""
    code = "import os; print(os.environ['PATH'])"

    assert run("--", sys.executable, "-c", code).stdout.strip() == os.environ["PATH"]
