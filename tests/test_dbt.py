"""The dbt package follows the tap's schemas, and is complete in itself."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from demo import models
from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "dbt"
MODELS = PACKAGE / "models"
PROJECT: dict[str, Any] = yaml.safe_load((PACKAGE / "dbt_project.yml").read_text(encoding="utf-8"))
MARTS = sorted(path.stem for path in (MODELS / "marts").glob("*.sql"))
README = (PACKAGE / "README.md").read_text(encoding="utf-8")


def _iter_described(folder: str) -> Iterator[dict[str, Any]]:
    """Yield the entries that describe the models of a folder."""
    for path in (MODELS / folder).glob("*.yml"):
        yield from yaml.safe_load(path.read_text(encoding="utf-8")).get("models", [])


def _list_tests(entry: dict[str, Any]) -> set[str]:
    """Return the names of the data tests of a model or a column."""
    return {test if isinstance(test, str) else next(iter(test)) for test in entry.get("data_tests", [])}


def test_generated_files_are_current() -> None:
    """Sources and staging models are what `make docs` writes, one model per stream."""
    make_texts: Callable[[], dict[str, str]] = runpy.run_path(str(PACKAGE / "staging.py"))["make_texts"]

    found = {path.name: path.read_text(encoding="utf-8") for path in (MODELS / "staging").iterdir()}
    assert found == make_texts()
    assert {name.removesuffix(".sql") for name in found if name.endswith(".sql")} == {
        f"stg_gladly__{name}" for name in TapGladly(validate_config=False).streams
    }


def test_each_stream_has_a_variable() -> None:
    """Streams that the tap selects by default are enabled, except the one without a table in most runs."""
    streams = TapGladly(validate_config=False).streams
    defaults = {name: stream.selected_by_default for name, stream in streams.items()}
    expected = {**defaults, "malformed_lines": False}

    variables = {name: value for name, value in PROJECT["vars"].items() if name.endswith("_enabled")}
    assert variables == {f"gladly__{name}_enabled": value for name, value in expected.items()}


@pytest.mark.parametrize("folder", ["staging", "intermediate", "marts"])
def test_each_model_is_described_once(folder: str) -> None:
    """Each model and each column has a description."""
    described = list(_iter_described(folder))

    assert sorted(entry["name"] for entry in described) == sorted(
        path.stem for path in (MODELS / folder).glob("*.sql")
    )
    assert all(entry["description"] and entry["columns"] for entry in described)
    assert [
        f"{entry['name']}.{column['name']}"
        for entry in described
        for column in entry["columns"]
        if not column.get("description")
    ] == []


@pytest.mark.parametrize("folder", ["staging", "intermediate", "marts"])
def test_each_model_tests_its_key(folder: str) -> None:
    """A column is unique and not null, or a combination of columns is unique."""
    for entry in _iter_described(folder):
        columns = [_list_tests(column) for column in entry["columns"]]
        is_tested = any({"unique", "not_null"} <= tests for tests in columns)

        assert is_tested or "gladly_unique_key" in _list_tests(entry), entry["name"]


def test_marts_test_relationships_and_values() -> None:
    """Every kind of data test is in use."""
    tests = {
        name
        for entry in _iter_described("marts")
        for column in entry["columns"]
        for name in _list_tests(column)
    }

    assert tests >= {"unique", "not_null", "relationships", "accepted_values"}


def test_questions_page_has_ten_checked_answers() -> None:
    """`make e2e` compares every answer on the page: each question has SQL and output that the script finds."""
    script = runpy.run_path(str(ROOT / "docs" / "questions.py"))
    page = script["PAGE"].read_text(encoding="utf-8")

    titles = re.findall(r"^## \d+\. (.+)$", page, re.MULTILINE)
    assert len(titles) == 10
    assert [match["title"] for match in script["_QUESTION"].finditer(page)] == titles


def test_question_without_rows_shows_its_columns() -> None:
    """A load without the opt-in streams leaves some questions without rows."""
    script = runpy.run_path(str(ROOT / "docs" / "questions.py"))

    assert script["_format_table"](["agent", "days"], []) == "agent | days\n------+-----\n"


def test_meltano_runs_the_package() -> None:
    """The dbt utility in meltano.yml builds it with pinned versions."""
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    (utility,) = [plugin for plugin in project["plugins"]["utilities"] if plugin["name"] == "dbt"]
    values = {setting["name"]: setting["value"] for setting in utility["settings"]}

    assert utility["pip_url"] == "--requirement requirements/dbt.txt"
    assert values["project_dir"] == values["profiles_dir"] == "$MELTANO_PROJECT_ROOT/dbt"
    assert utility["commands"]["build"]["args"].startswith("build ")


def test_make_models_installs_dbt_with_its_own_pins(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Makefile's constraints, which conflict with the pins of dbt, apply to the tap only."""
    for name in models._CONSTRAINTS:
        monkeypatch.setenv(name, "requirements/dev.txt")
    recipe = re.findall(r"^PINNED := (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

    assert re.findall(r"(\w+)=", recipe[0]) == list(models._CONSTRAINTS)
    assert models._environment(models._LOAD).keys() >= set(models._CONSTRAINTS)
    assert models._environment(models._BUILD).keys().isdisjoint(models._CONSTRAINTS)


def test_package_needs_no_other_package() -> None:
    """`dbt deps` downloads nothing, and no macro comes from a package other than dbt and this one."""
    texts = [
        path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.sql") if "target" not in path.parts
    ]

    called = {name for text in texts for name in re.findall(r"\b(\w+)\.\w+\(", text)}
    assert {"packages.yml", "dependencies.yml"}.isdisjoint(path.name for path in PACKAGE.iterdir())
    assert called - {"gladly", "dbt", "adapter", "exceptions", "names", "columns", "path"} == set()


def test_readme_lists_the_marts_and_variables() -> None:
    """Each mart has a row, and so has each variable that isn't about a stream."""
    rows = re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)
    variables = [name for name in PROJECT["vars"] if not name.endswith("_enabled")]

    assert sorted(name for name in rows if name in MARTS) == MARTS
    assert set(variables) <= set(rows)
