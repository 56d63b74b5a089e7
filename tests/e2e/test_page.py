"""The Meltano commands in docs/meltano.md and in the README work and print what the pages show."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from e2e.conftest import MELTANO_TOOLS, ROOT, Meltano
from e2e.test_meltano import add_job

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gladly_emulator import Emulator, StaticExports

pytestmark = pytest.mark.timeout(900)

PAGE = (ROOT / "docs" / "meltano.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```console\n(.+?)```", re.DOTALL)
COMMAND = re.compile(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
CONSTRAINTS = ("UV_CONSTRAINT", "UV_BUILD_CONSTRAINT")
VARYING = re.compile(r"\d+(?:\.\d+)*")
"""Numbers differ between the emulator and the pages."""


def iter_failures(text: str, meltano: Meltano, host: str) -> Iterator[str]:
    """Run the commands of a text in order, and yield those whose exit code or output isn't as shown."""
    environment = meltano.variables | {"PATH": f"{MELTANO_TOOLS}{os.pathsep}{os.environ['PATH']}"}
    for command, shown in COMMAND.findall("".join(BLOCK.findall(text))):
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=meltano.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        output = done.stdout.replace(host, "myorg.gladly.com")
        if done.returncode != ("=wrong" in command) or not is_as_shown(shown, output):
            yield f"$ {command}\n{output}\n"


def is_as_shown(shown: str, output: str) -> bool:
    """Return whether an output is as shown, where "..." stands for anything. Line breaks don't matter."""
    place, text = 0, simplify(output)
    for part in map(simplify, shown.split("...")):
        place = text.find(part, place)
        if place < 0:
            return False
        place += len(part)
    return True


def simplify(text: str) -> str:
    """Return a text without whitespace, and with 0 for every number."""
    return VARYING.sub("0", "".join(text.split()))


@pytest.fixture
def host(exports: StaticExports, emulator: Emulator) -> str:
    """Return the address of the emulator, which serves a job."""
    add_job(exports, hours_ago=3)
    return emulator.settings["api_url"].removeprefix("http://")


def test_page_shows_the_output_of_meltano(meltano: Meltano, host: str) -> None:
    """In one project, each command in order has the exit code and output that the page shows."""
    commands = PAGE.split("\n## Settings\n")[1]  # the commands before it add the tap

    failures = list(iter_failures(commands, meltano, host))
    assert not failures, "\n".join(failures)
    assert len(COMMAND.findall("".join(BLOCK.findall(commands)))) > 20


@pytest.mark.parametrize("way", ["commands", "file"])
def test_readme_sets_up_an_empty_project(added: Meltano, meltano: Meltano, host: str, way: str) -> None:
    """An empty project next to a clone needs only what the README shows: its commands, or its `meltano.yml`."""
    section = README.split("\n## Use it with Meltano\n")[1].split("\n## ")[0]
    plugins = yaml.safe_load(section.split("```yaml\n")[1].split("```")[0])["plugins"]
    add, run = (f"```console\n{block}```" for block in BLOCK.findall(section))
    variables = meltano.variables | {name: added.variables[name] for name in CONSTRAINTS}
    project = Meltano(added.folder.with_name(f"readme-{way}"), variables)
    Meltano(added.folder.parent, added.variables).run("init", project.folder.name)

    failures = list(iter_failures(add, project, host)) if way == "commands" else []
    file = {
        **project.project,
        "plugins": {**project.project.get("plugins", {}), "loaders": plugins["loaders"]},
    }
    if way == "file":
        file["plugins"] = plugins
    (project.folder / "meltano.yml").write_text(yaml.safe_dump(file), "utf-8")
    failures += iter_failures(run, project, host)

    assert not failures, "\n".join(failures)
    assert project.count_rows("topics") == 1
