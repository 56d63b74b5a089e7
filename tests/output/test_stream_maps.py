"""Stream maps: what is said of those that do not fit, and what of a row is never said."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.mapper import CustomStreamMap, PluginMapper
from support import SETTINGS, Sync, fail, jsonl, list_errors, run_command

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
def test_an_expression_that_fails_is_one_line(
    exports: StaticExports,
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    tmp_path: Path,
    *,
    columns: dict[str, str],
    place: str,
    is_batch: bool,
) -> None:
    """It names stream and column and the kind of error, whose own words may quote the row."""
    exports.add_job("j1", TIME, {"customers.jsonl": MAUD})
    settings: dict[str, Any] = {"stream_maps": {"customers": columns}}
    if is_batch:
        settings["batch_config"] = {"encoding": {"format": "jsonl"}, "storage": {"root": str(tmp_path)}}

    (error,) = fail(sync, log, **settings)

    assert error.startswith(f"The stream map of customers fails at {place}")
    assert "). Mend its expression" in error
    assert "Maud" not in log.text
    assert list(tmp_path.iterdir()) == []


def test_a_filter_may_give_what_cannot_be_sent(exports: StaticExports, sync: Callable[..., Sync]) -> None:
    """Nobody sends it: it says whether a row is."""
    exports.add_job("j1", TIME, {"customers.jsonl": MAUD})

    run = sync(stream_maps={"customers": {"__filter__": "record.get('name') and sha256"}})

    assert run.ids("customers") == ["c1"]


@pytest.mark.parametrize("stream", ["customers", "jobs", "teams"])
def test_an_expression_that_fails_leaves_no_traceback(
    exports: StaticExports, emulator: Emulator, stream: str
) -> None:
    """Wherever the stream stands, the run ends with that line."""
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
        ({"customers": {"x": "int(("}}, "stream_maps.customers.x is no expression"),
        ({"customers": {"x": "y = 1"}}, "stream_maps.customers.x is no expression"),
        ({"customers": {"x": ""}}, "stream_maps.customers.x is no expression"),
        ({"customers": {"__filter__": " id"}}, "stream_maps.customers.__filter__ is no expression"),
        ({"customers": {"__alias__": "secret secret"}}, "stream_maps.customers.__alias__ is no expression"),
        ({"customers": {"__else__": "secret"}}, "stream_maps.customers.__else__ is not __NULL__"),
        ({"__else__": "secret"}, "stream_maps.__else__ is not __NULL__"),
        ({"__else__": []}, "stream_maps.__else__ is not __NULL__"),
        ({"__all__": {"secret": "x"}}, "stream_maps.__all__ is none of the SDK's options"),
        ({"customers": {"id": None}}, "stream_maps: Removing key property 'id' is not permitted"),
        (
            {"customers": {"__key_properties__": ["x"]}},
            "stream_maps: Invalid key properties for 'customers': [x]",
        ),
        (
            {"customers": {"__alias__": "secret()"}},
            "stream_maps have an expression that fails (MapExpressionError)",
        ),
    ],
    ids=str,
)
def test_maps_that_do_not_fit_are_settings_that_are_not_usable(maps: dict[str, Any], problem: str) -> None:
    """The line says where, and nothing of what stands there."""
    with pytest.raises(ConfigValidationError) as refused:
        TapGladly(config={**SETTINGS, "stream_maps": maps})

    (error,) = refused.value.errors
    assert error.startswith(problem)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("pattern", ["*", "c*", "audiences", "agent_durations_report_v2"])
def test_maps_leave_streams_alone_that_are_not_selected(
    exports: StaticExports,
    sync: Callable[..., Sync],
    catalog: Callable[..., dict[str, Any]],
    pattern: str,
) -> None:
    """They have no column, and so not their key; a pattern reaches those that are selected."""
    exports.add_job("j1", TIME, {"customers.jsonl": MAUD})
    maps = {pattern: {"stream": "__stream_name__"}}

    runs = [sync(stream_maps=maps), sync(stream_maps=maps, catalog=catalog("jobs", "customers"))]

    mapped = "customers" if "*" in pattern else None
    for run in runs:
        assert [row.get("stream") for row in run.rows("customers")] == [mapped, mapped]


def test_maps_that_take_all_else_out_do_not_ask_for_keys_of_other_streams(
    exports: StaticExports, sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> None:
    """Nobody can write a map for * that has the key of every stream there is."""
    exports.add_job("j1", TIME, {"customers.jsonl": MAUD})

    run = sync(stream_maps={"*": {"id": "id", "__else__": None}}, catalog=catalog("jobs", "customers"))

    assert run.rows("customers") == [{"id": "c1"}, {"id": "c2"}]


@pytest.mark.parametrize(
    "maps", [None, "x", {"customers": "x"}, {"customers": {"x": 1}}, {"customers": None}]
)
def test_what_is_no_map_is_left_to_the_schema(maps: object) -> None:
    """Its types are looked at apart."""
    assert list(iter_map_errors(maps)) == []


def test_the_sdk_evaluates_every_expression_in_one_place() -> None:
    """That place knows the column, and what fails there quotes no row; a map has no other class by then."""
    source = inspect.getsource(CustomStreamMap)

    assert source.count("self.expr_evaluator.eval(") == 1
    assert source.count("self._eval(") == 2
    assert list(inspect.signature(CustomStreamMap._eval).parameters)[1:] == [
        "expr",
        "expr_parsed",
        "record",
        "property_name",
    ]
    assert "mapper = CustomStreamMap(" in inspect.getsource(PluginMapper.register_raw_stream_schema)
