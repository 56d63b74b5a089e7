"""Version, changelog, make targets, Python versions, pins, workflows and URLs agree across the repository."""

from __future__ import annotations

import re
import subprocess
from importlib.metadata import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tap_gladly import DISTRIBUTION, __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
GROUPS = (ROOT / "requirements" / "pyproject.toml").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())
TEXTS = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / "docs" / "examples").glob("*.py"),
    *(ROOT / "benchmarks").glob("*.md"),
    *(ROOT / "demo").glob("*.md"),
    *(ROOT / "dbt").rglob("*.md"),
    *(ROOT / "dbt" / "models").rglob("*.yml"),
    *(ROOT / "dbt").glob("*.yml"),
    *(path for path in (ROOT / "tap_gladly").rglob("*") if path.suffix in {".py", ".json"}),
    *(ROOT / "hub" / "texts").iterdir(),
    *(path for path in (ROOT / ".github").rglob("*") if path.is_file()),
    *(ROOT / name for name in (".env.example", ".pre-commit-config.yaml", "Makefile", "meltano.yml")),
    ROOT / "pyproject.toml",
    ROOT / "plugin.yaml",
    *(ROOT / "requirements" / name for name in ("README.md", "pyproject.toml")),
]
# Hosts and repositories that texts may link to.
KNOWN_PLACES = (
    "docs.meltano.com/",
    "faker.readthedocs.io/",
    "github.com/Automattic/target-parquet",
    "github.com/MeltanoLabs/target-duckdb",
    "github.com/pre-commit/pre-commit-hooks",
    "hub.meltano.com/",
    "keepachangelog.com/",
    "pre-commit.com/",
    "sdk.meltano.com/",
    "semver.org/",
    "www.gladly.com/",
)


def iter_pins(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and version of each exact pin in a text."""
    yield from re.findall(r"\b([a-z][\w-]*)==([\w.]+)", text)


def load_workflow(name: str) -> dict[Any, Any]:
    """Load a workflow."""
    workflow: dict[Any, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text())
    return workflow


def test_changelog_starts_with_the_version() -> None:
    """The first entry describes this version, released or not."""
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
    """A tag that doesn't match the version, or a changelog entry without a date, stops the release."""
    (tmp_path / "tap_gladly").mkdir()
    (tmp_path / "tap_gladly" / "__init__.py").write_text(f'"""Doc."""\n\n__version__ = "{version}"\n')
    (tmp_path / "CHANGELOG.md").write_text(f"# Changes\n\n## {heading}\n")
    script = load_workflow("release.yml")["jobs"]["tag"]["steps"][-1]["run"]

    done = subprocess.run(
        ["/bin/sh", "-c", script], cwd=tmp_path, env={"TAG": tag, "PATH": "/usr/bin:/bin"}, check=False
    )
    assert (done.returncode == 0) == agrees


def test_only_the_publish_job_has_write_permissions() -> None:
    """Every other job can only read the repository."""
    jobs = {
        (path.stem, name): job["permissions"]
        for path in WORKFLOWS
        for name, job in load_workflow(path.name)["jobs"].items()
    }

    assert jobs.pop(("release", "publish")) == {"id-token": "write"}
    assert all(permissions == {"contents": "read"} for permissions in jobs.values())


def test_workflows_name_the_version_of_each_hash() -> None:
    """A comment names the version of each action that is pinned by hash."""
    uses = [line for path in WORKFLOWS for line in path.read_text().splitlines() if "uses: " in line]

    pins = [line for line in uses if "uses: ./" not in line]
    assert [pin for pin in pins if not re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", pin)] == []


def test_ci_tests_the_wheel_on_every_supported_python() -> None:
    """The matrix and the classifiers list the same versions."""
    classifiers = metadata(DISTRIBUTION).get_all("Classifier") or []

    tested = load_workflow("ci.yml")["jobs"]["wheel"]["strategy"]["matrix"]["python"]
    assert tested == [line.split()[-1] for line in classifiers if line.startswith("Programming Language")]


def test_ci_runs_weekly_and_calls_every_check() -> None:
    """It also runs on pushes and pull requests, and tests the oldest dependencies."""
    workflow = load_workflow("ci.yml")
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]

    # In YAML 1.1, "on" is a boolean.
    assert {"push", "pull_request", "schedule", "workflow_call"} == workflow[True].keys()
    assert [
        re.fullmatch(r"\d+ \d+ \* \* [0-6]", each["cron"]) is None for each in workflow[True]["schedule"]
    ] == [False]
    assert {"make e2e", "make test", "make lint", "make types", "make wheel"} <= {
        step.get("run") for step in steps
    }
    matrix = workflow["jobs"]["wheel"]["strategy"]["matrix"]
    assert "lowest-direct" in {each["resolution"] for each in matrix["include"] if each["python"] == "3.10"}


def test_ci_tests_the_newest_sdk_without_blocking() -> None:
    """The job installs the newest pre-release of the SDK, and its failure doesn't fail the workflow."""
    job = load_workflow("ci.yml")["jobs"]["prerelease"]

    assert job["continue-on-error"] is True
    assert [step["env"] for step in job["steps"] if step.get("run") == "make wheel"] == [
        {"SDK": "singer-sdk>=0.55.0a1"}
    ]


def test_requirements_are_explained_and_compiled() -> None:
    """The README there and `make lock` name every file."""
    folder = ROOT / "requirements"
    files = {path.name for path in folder.glob("*.txt")}
    groups = set(re.findall(r"^([\w-]+) = \[", GROUPS, re.MULTILINE))

    assert files == {f"{group}.txt" for group in groups} | {"dev.txt"}
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `([\w-]+\.txt)` ", readme, re.MULTILINE)) == sorted(files)
    recipe = MAKEFILE.split("\nlock:")[1].split("\nclean:")[0]
    assert [group for group in groups if not re.search(rf"[ :]{group}[; ]", recipe)] == []


def test_workflows_need_jobs_that_exist() -> None:
    """The build job creates the wheel that the other jobs test and publish."""
    jobs = {path.stem: load_workflow(path.name)["jobs"] for path in WORKFLOWS}

    needs = {(stem, name): job.get("needs") for stem, them in jobs.items() for name, job in them.items()}
    assert {pair: need for pair, need in needs.items() if need} == {
        ("ci", "wheel"): "build",
        ("ci", "prerelease"): "build",
        ("release", "ci"): "tag",
        ("release", "publish"): "ci",
    }
    assert jobs["release"]["ci"]["uses"] == "./.github/workflows/ci.yml"


def test_pins_of_targets_agree() -> None:
    """requirements/pyproject.toml sets them. The lock files, the README and docs/targets.md repeat them."""
    page = (ROOT / "docs" / "targets.md").read_text(encoding="utf-8")
    groups = re.findall(r"^(loader[\w-]*) = (\[.+\])$", GROUPS, re.MULTILINE)
    pins = {pin for _, group in groups for pin in iter_pins(group)}

    assert {name for name, _ in pins} == {
        "duckdb",
        "meltanolabs-target-postgres",
        "target-duckdb",
        "target-jsonl",
    }
    assert [pin for pin in pins if " ".join(pin) not in page] == []
    assert {pin for pin in iter_pins(page) if pin[0] in dict(pins)} <= pins
    assert set(iter_pins(README)) == {pin for pin in pins if pin[0] in {"duckdb", "target-duckdb"}}
    for name, group in groups:
        locked = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        assert set(iter_pins(group)) <= set(iter_pins(locked))


def test_help_and_contributing_list_the_targets() -> None:
    """Both list every phony target."""
    phony = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)[0].split()
    helped = re.findall(r"^([a-z0-9]+):.* ## ", MAKEFILE, re.MULTILINE)

    assert sorted(helped) == sorted(phony)
    assert sorted(re.findall(r"^\| `make (\w+)` ", CONTRIBUTING, re.MULTILINE)) == sorted(phony)


def test_ci_calls_targets_that_exist() -> None:
    """This covers the workflows, the pre-commit hooks and .ci/run."""
    texts = [
        path.read_text() for path in (*WORKFLOWS, ROOT / ".pre-commit-config.yaml", ROOT / ".ci" / "run")
    ]
    calls = re.compile(r"(?:run: make|entry: make|^step) (\w+)", re.MULTILINE)
    called = {target for text in texts for target in calls.findall(text)}

    assert {"lint", "types", "test", "package", "wheel", "e2e"} <= called
    assert called <= set(re.findall(r"^([a-z0-9]+):", MAKEFILE, re.MULTILINE))


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_texts_contain_no_invented_url(path: Path) -> None:
    """The project's URL is the one in `[project.urls]`. Email addresses end in .example."""
    text = path.read_text(encoding="utf-8")
    own = [line.split(", ")[1] for line in metadata(DISTRIBUTION).get_all("Project-URL") or []]

    links = re.findall(r"\bhttps?://[\w.-]+[^\s)>\"'`]*", text)
    foreign = [link for link in links if not link.startswith(tuple(own))]
    places = {link.partition("://")[2] + "/" for link in foreign}
    invented = {place for place in places if not place.startswith(KNOWN_PLACES)}
    hosts = {re.split(r"[/:;,]", place)[0] for place in invented}
    assert {host for host in hosts if not host.endswith((".example", ".gladly.com", "127.0.0.1"))} == set()
    assert re.findall(r"[\w.+-]+@[\w-]+\.(?!example\b)[a-z][\w.-]*", text) == []
