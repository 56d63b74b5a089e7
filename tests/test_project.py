"""What the project says of itself agrees: version, changelog, targets, Pythons, workflows, addresses."""

from __future__ import annotations

import re
import subprocess
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml

from tap_gladly import __version__

ROOT = Path(__file__).parent.parent
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())
TEXTS = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").glob("*.md"),
    *(path for path in (ROOT / ".github").rglob("*") if path.is_file()),
    *(ROOT / name for name in (".env.example", ".pre-commit-config.yaml", "Makefile", "meltano.yml")),
    ROOT / "pyproject.toml",
    ROOT / "hub" / "tap-gladly.yml",
]
KNOWN_HOSTS = {
    "docs.meltano.com",
    "hub.meltano.com",
    "pre-commit.com",
    "sdk.meltano.com",
    "semver.org",
    "www.gladly.com",
}


def load_workflow(name: str) -> dict[str, Any]:
    """Read a workflow."""
    workflow: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text())
    return workflow


def test_changelog_starts_with_the_version() -> None:
    """The newest entry is about this version, released or not."""
    headings = re.findall(r"^## (\S+) \((unreleased|\d{4}-\d\d-\d\d)\)$", CHANGELOG, re.MULTILINE)

    assert headings[0][0] == __version__
    assert len(headings) == CHANGELOG.count("\n## ")


@pytest.mark.parametrize(
    ("tag", "version", "heading", "agrees"),
    [
        ("v1.2.0", "1.2.0", "1.2.0 (2026-12-01)", True),
        ("v1.2.1", "1.2.0", "1.2.0 (2026-12-01)", False),
        ("v1.2.0", "1.2.0", "1.1.0 (2026-12-01)", False),
        ("v1.2.0", "1.2.0", "1.2.0 (unreleased)", False),
    ],
)
def test_release_compares_tag_version_and_changelog(
    tmp_path: Path, tag: str, version: str, *, heading: str, agrees: bool
) -> None:
    """A tag that does not fit, or a changelog without a date, publishes nothing."""
    (tmp_path / "tap_gladly").mkdir()
    (tmp_path / "tap_gladly" / "__init__.py").write_text(f'"""Doc."""\n\n__version__ = "{version}"\n')
    (tmp_path / "CHANGELOG.md").write_text(f"# Changes\n\n## {heading}\n")
    script = load_workflow("release.yml")["jobs"]["tag"]["steps"][-1]["run"]

    done = subprocess.run(
        ["/bin/sh", "-c", script], cwd=tmp_path, env={"TAG": tag, "PATH": "/usr/bin:/bin"}, check=False
    )
    assert (done.returncode == 0) == agrees


def test_only_publishing_may_ask_for_an_identity() -> None:
    """Every other job may read the code, and no more."""
    jobs = {
        (path.stem, name): job["permissions"]
        for path in WORKFLOWS
        for name, job in load_workflow(path.name)["jobs"].items()
    }

    assert jobs.pop(("release", "publish")) == {"id-token": "write"}
    assert all(permissions == {"contents": "read"} for permissions in jobs.values())


def test_workflows_name_the_version_behind_each_hash() -> None:
    """What is pinned by hash says which version that is."""
    uses = [line for path in WORKFLOWS for line in path.read_text().splitlines() if "uses: " in line]

    pins = [line for line in uses if "uses: ./" not in line]
    assert [pin for pin in pins if not re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", pin)] == []


def test_ci_tests_the_wheel_on_every_supported_python() -> None:
    """Those of the classifiers."""
    classifiers = metadata("tap-gladly").get_all("Classifier") or []

    tested = load_workflow("ci.yml")["jobs"]["wheel"]["strategy"]["matrix"]["python"]
    assert tested == [line.split()[-1] for line in classifiers if line.startswith("Programming Language")]


def test_help_and_contributing_list_the_targets() -> None:
    """Every target that is not a file is in both."""
    phony = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)[0].split()
    helped = re.findall(r"^([a-z0-9]+):.* ## ", MAKEFILE, re.MULTILINE)

    assert sorted(helped) == sorted(phony)
    assert sorted(re.findall(r"^\| `make (\w+)` ", CONTRIBUTING, re.MULTILINE)) == sorted(phony)


def test_ci_calls_targets_that_exist() -> None:
    """The workflows, the hooks and .ci/run call nothing else."""
    texts = [
        path.read_text() for path in (*WORKFLOWS, ROOT / ".pre-commit-config.yaml", ROOT / ".ci" / "run")
    ]
    calls = re.compile(r"(?:run: make|entry: make|^step) (\w+)", re.MULTILINE)
    called = {target for text in texts for target in calls.findall(text)}

    assert {"lint", "types", "test", "package", "wheel", "e2e"} <= called
    assert called <= set(re.findall(r"^([a-z0-9]+):", MAKEFILE, re.MULTILINE))


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_no_address_is_made_up(path: Path) -> None:
    """The project's own address is the one of `[project.urls]`; people are reached at .example alone."""
    text = path.read_text(encoding="utf-8")
    own = [line.split(", ")[1] for line in metadata("tap-gladly").get_all("Project-URL") or []]

    links = re.findall(r"\bhttps?://[\w.-]+[^\s)>\"'`]*", text)
    foreign = [link for link in links if not link.startswith(tuple(own))]
    assert {link.split("/")[2] for link in foreign} <= KNOWN_HOSTS
    assert re.findall(r"[\w.+-]+@[\w-]+\.(?!example\b)[a-z][\w.-]*", text) == []
