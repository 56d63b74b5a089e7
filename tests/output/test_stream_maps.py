"""Stream maps: invalid ones are reported in one line, and no message quotes a record."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.mapper import CustomStreamMap, PluginMapper
from support import SETTINGS, Sync, fail, jsonl, list_errors, list_warnings, run_command

from tap_gladly.output.map_names import iter_ineffective_removals
from tap_gladly.output.stream_maps import iter_map_errors
from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gladly_emulator import Emulator, StaticExports

TIME = "2026-11-20T07:00:00Z"
MAUD = jsonl({"id": "c1", "name": "Maud Heron"}, {"id": "c2"})


@pytest.mark.parametrize("is_batch", [False, True])
@pytest.mark.parametrize(
    ("columns", "place"),
    [
        ({"name": "int(name)"}, "name (ValueError)"),
        ({"x": "float(record['name'])"}, "x (ValueError)"),
        ({"__filter__": "int(name)"}, "__filter__ (ValueError)"),
        ({"x": "config['salt']"}, "x (KeyError)"),
        ({"x": "record[name]"}, "x (KeyError)"),
        ({"x": "nmae"}, "x (NameNotDefined)"),
        ({"x": "json.loads(name)"}, "x (JSONDecodeError)"),
        ({"x": "md5"}, "x (TypeError)"),
        ({"x": "[md5]"}, "x (TypeError)"),
        ({"x": "{'a': [10 ** 5000]}"}, "x ("),
        ({"x": "10 ** 5000"}, "x ("),
    ],
    ids=str,
)
def test_failing_expression_is_one_log_line(
    exports: StaticExports,
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    tmp_path: Path,
    *,
    columns: dict[str, str],
    place: str,
    is_batch: bool,
) -> None:
    """The line names stream, column and error type, but not the error's text, which may quote the record."""
    exports.add_job("j1", TIME, {"customers.jsonl": MAUD})
    settings: dict[str, Any] = {"stream_maps": {"customers": columns}}
    if is_batch:
        settings["batch_config"] = {"encoding": {"format": "jsonl"}, "storage": {"root": str(tmp_path)}}

    (error,) = fail(sync, log, **settings)

    assert error.startswith(f"The stream map of customers fails at {place}")
    assert "). Fix the expression" in error
    assert "Maud" not in log.text
    assert list(tmp_path.iterdir()) == []


def test_filter_may_return_any_value(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """A filter's result is only tested for truth, so it needn't be valid JSON."""
    exports.add_job("j1", TIME, {"customers.jsonl": MAUD})

    run = sync(stream_maps={"customers": {"__filter__": "record.get('name') and sha256"}})

    assert run.ids("customers") == ["c1"]


@pytest.mark.parametrize("stream", ["customers", "jobs", "teams"])
def test_failing_expression_prints_no_traceback(
    exports: StaticExports, emulator: Emulator, stream: str
) -> None:
    """The run ends with one line, no matter which stream has the map."""
    exports.add_job("j1", TIME, {"customers.jsonl": MAUD})
    exports.lists["teams"] = [{"id": "t1", "name": "Maud Heron"}]
    maps = json.dumps({stream: {"x": "int(id)"}})

    run = run_command("--config=ENV", settings={**emulator.settings, "stream_maps": maps})

    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    (error,) = list_errors(run.stderr)
    assert error.startswith(f"The stream map of {stream} fails at x (ValueError)")


@pytest.mark.parametrize(
    ("maps", "problem"),
    [
        ({"customers": {"x": "int(("}}, "stream_maps.customers.x is not a valid expression"),
        ({"customers": {"x": "y = 1"}}, "stream_maps.customers.x is not a valid expression"),
        ({"customers": {"x": ""}}, "stream_maps.customers.x is not a valid expression"),
        ({"customers": {"__filter__": " id"}}, "stream_maps.customers.__filter__ is not a valid expression"),
        (
            {"customers": {"__alias__": "secret secret"}},
            "stream_maps.customers.__alias__ is not a valid expression",
        ),
        ({"customers": {"__else__": "secret"}}, "stream_maps.customers.__else__ must be __NULL__"),
        ({"__else__": "secret"}, "stream_maps.__else__ must be __NULL__"),
        ({"__else__": []}, "stream_maps.__else__ must be __NULL__"),
        ({"__all__": {"secret": "x"}}, "stream_maps.__all__ is not one of the SDK's options"),
        (
            {"customers": {"__NULL__": "name"}},
            "stream_maps.customers.__NULL__ is not one of the SDK's options",
        ),
        (
            {"customers": {"__fliter__": "id"}},
            "stream_maps.customers.__fliter__ is not one of the SDK's options",
        ),
        ({"customers": ["secret"]}, "stream_maps.customers must be __NULL__ or an object"),
        ({"customers": {"name": 1}}, "stream_maps.customers.name must be __NULL__ or a string"),
        ({"customers": {"id": None}}, "stream_maps: Removing key property 'id' is not permitted"),
        (
            {"customers": {"__key_properties__": ["x"]}},
            "stream_maps: Invalid key properties for 'customers': [x]",
        ),
        (
            {"customers": {"__alias__": "secret()"}},
            "stream_maps contains an expression that fails (MapExpressionError)",
        ),
    ],
    ids=str,
)
def test_invalid_map_is_a_settings_error(maps: dict[str, Any], problem: str) -> None:
    """The line names the map's position, but doesn't quote the map."""
    with pytest.raises(ConfigValidationError) as error_info:
        TapGladly(config={**SETTINGS, "stream_maps": maps})

    (error,) = error_info.value.errors
    assert error.startswith(problem)
    assert "secret" not in str(error_info.value)


@pytest.mark.parametrize(
    ("maps", "problem"),
    [
        ({"customers": {"nmae": "__NULL__"}}, "stream_maps.customers.nmae removes a column"),
        ({"customers": {"nmae": None}}, "stream_maps.customers.nmae removes a column"),
        ({"*": {"nmae": None}}, "stream_maps.*.nmae removes a column"),
        ({"x": {"__source__": "customers", "nmae": None}}, "stream_maps.x.nmae removes a column"),
        ({"custmers": {"name": None}}, "stream_maps.custmers removes data of a stream"),
        ({"custmers": None}, "stream_maps.custmers removes data of a stream"),
        (
            {"conversation_items": {"content__content": None}},
            "stream_maps.conversation_items.content__content ",
        ),
    ],
    ids=str,
)
def test_removal_of_what_does_not_exist_is_rejected(maps: dict[str, Any], problem: str) -> None:
    """A misspelled `__NULL__` would load the personal data that it is meant to remove."""
    with pytest.raises(ConfigValidationError) as error_info:
        TapGladly(
            config={**SETTINGS, "stream_maps": maps, "flattening_enabled": True, "flattening_max_depth": 1}
        )

    (error,) = error_info.value.errors
    assert error.startswith(problem)


@pytest.mark.parametrize("is_flat", [False, True])
@pytest.mark.parametrize(
    "columns", [{"name": "__NULL__"}, {"__else__": None, "id": "id", "_unmapped": "_unmapped"}]
)
def test_removed_column_is_removed_from_unmapped(
    exports: StaticExports, sync: Callable[..., Sync], columns: dict[str, Any], *, is_flat: bool
) -> None:
    """A value of an unexpected type doesn't bypass the map that removes its column."""
    rows = jsonl({"id": "c1", "name": {"first": "Maud"}}, {"id": "c2", "name": 7, "tier": "gold"})
    exports.add_job("j1", TIME, {"customers.jsonl": rows})
    flattening = {"flattening_enabled": True, "flattening_max_depth": 1} if is_flat else {}

    run = sync(stream_maps={"customers": columns}, **flattening)

    first, second = run.rows("customers")
    assert not first.get("_unmapped")
    assert second["_unmapped"] == ('{"tier":"gold"}' if is_flat else {"tier": "gold"})
    assert "Maud" not in run.output


@pytest.mark.parametrize(
    "maps",
    [
        {"*": {"name": None}},
        {"customers": None},
        {"customers": {"_unmapped": None, "loud": "id"}, "__else__": None},
        {"some_report": {"_unmapped": None}, "teams": {"__else__": None, "id": "id"}},
    ],
    ids=str,
)
def test_removal_of_what_exists_is_accepted(maps: dict[str, Any]) -> None:
    """One stream of a pattern may lack the column, and other definitions add columns."""
    columns = {"customers": {"id", "name", "_unmapped"}, "teams": {"id"}, "some_report": set()}

    assert list(iter_ineffective_removals(maps, columns)) == []


def test_map_of_an_unknown_stream_is_a_warning(
    exports: StaticExports, sync: Callable[..., Sync], log: pytest.LogCaptureFixture
) -> None:
    """The map does nothing, so the warning names the stream."""
    exports.add_job("j1", TIME, {"customers.jsonl": MAUD})

    sync(stream_maps={"custmers": {"loud": "id.upper()"}, "customers": {"quiet": "id.lower()"}})

    assert "stream_maps names streams that this tap doesn't have: custmers" in list_warnings(log)


@pytest.mark.parametrize("pattern", ["*", "c*", "audiences", "agent_durations_report_v2"])
def test_maps_skip_deselected_streams(
    exports: StaticExports,
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
    pattern: str,
) -> None:
    """A deselected stream has no columns, so its key is missing. A pattern applies to selected streams."""
    exports.add_job("j1", TIME, {"customers.jsonl": MAUD})
    maps = {pattern: {"stream": "__stream_name__"}}

    runs = [sync(stream_maps=maps), sync(stream_maps=maps, catalog=catalog("jobs", "customers"))]

    mapped = "customers" if "*" in pattern else None
    for run in runs:
        assert [row.get("stream") for row in run.rows("customers")] == [mapped, mapped]


def test_else_null_for_all_streams_ignores_keys_of_deselected_streams(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> None:
    """A map for * needs only the keys of the selected streams."""
    exports.add_job("j1", TIME, {"customers.jsonl": MAUD})

    run = sync(stream_maps={"*": {"id": "id", "__else__": None}}, catalog=catalog("jobs", "customers"))

    assert run.rows("customers") == [{"id": "c1"}, {"id": "c2"}]


@pytest.mark.parametrize(
    "maps", [None, "x", {"customers": "x"}, {"customers": {"x": 1}}, {"customers": None}]
)
def test_values_of_the_wrong_type_are_left_to_the_settings_schema(maps: object) -> None:
    """The schema of the settings reports wrong types."""
    assert list(iter_map_errors(maps)) == []


def test_sdk_evaluates_every_expression_in_one_method() -> None:
    """The tap overrides that method, which knows the column, and the method that applies a map."""
    source = inspect.getsource(CustomStreamMap)

    assert source.count("self.expr_evaluator.eval(") == 1
    assert source.count("self._eval(") == 2
    assert list(inspect.signature(CustomStreamMap._eval).parameters)[1:] == [
        "expr",
        "expr_parsed",
        "record",
        "property_name",
    ]
    assert source.count("self._transform_fn(") == 1
    assert "super().transform(transformed_record)" in inspect.getsource(CustomStreamMap.transform)
    assert "mapper = CustomStreamMap(" in inspect.getsource(PluginMapper.register_raw_stream_schema)
