"""The drift fault: which values change, where, and how it combines with other faults."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from gladly_emulator import Emulator, Fault, GeneratedExports, StaticExports, drift_record
from gladly_emulator.timestamps import parse_instant

from .exported_files import NOW
from .report_client import AUTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .exported_files import ExportedFiles

    Call = Callable[..., requests.Response]

RECORD: dict[str, Any] = {
    "id": "a",
    "timestamp": "2026-03-04T11:00:00.5Z",
    "disabled": False,
    "name": None,
    "tags": ["x", "y"],
    "content": {"type": "EMAIL", "attachments": [{"id": "b", "fileSize": 7}]},
}
FILE = "/jobs/j/files/agents.jsonl"


def iter_paths(value: object, path: str = "") -> Iterator[tuple[str, type, object]]:
    """Yield the path, type and value of everything in a record."""
    yield path, type(value), value
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, nested in items:
            yield from iter_paths(nested, f"{path}.{key}")


def changed_paths(before: object, after: object) -> dict[str, tuple[object, object]]:
    """Return the values that differ in type or, as a leaf, in value, by the outermost path."""
    if type(before) is not type(after):
        return {"": (before, after)}
    if isinstance(before, dict) and isinstance(after, dict):
        assert before.keys() == after.keys()
        pairs = [(key, before[key], after[key]) for key in before]
    elif isinstance(before, list) and isinstance(after, list):
        assert len(before) == len(after)
        pairs = [(str(index), *pair) for index, pair in enumerate(zip(before, after, strict=True))]
    else:
        return {"": (before, after)} if before != after else {}
    return {
        f".{key}{path}": change for key, old, new in pairs for path, change in changed_paths(old, new).items()
    }


def is_timestamp(value: object) -> bool:
    """Return whether a value is a valid timestamp."""
    try:
        parse_instant(str(value))
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("seed", range(50))
def test_drift_changes_one_to_three_values(seed: int) -> None:
    """One to three values get another type, or are integers outside 64 bits or invalid timestamps."""
    changes = changed_paths(RECORD, drift_record(RECORD, seed))

    assert 1 <= len(changes) <= 3
    for before, after in changes.values():
        if type(before) is type(after):
            assert after == 2**63 or (is_timestamp(before) and not is_timestamp(after))


def test_drift_reaches_every_value() -> None:
    """Over many seeds, every value at any depth drifts except the protected ones and nulls."""
    paths = {path for seed in range(500) for path in changed_paths(RECORD, drift_record(RECORD, seed))}
    protected = drift_record({"id": "a", "timestamp": RECORD["timestamp"]}, 0, protected=("id", "timestamp"))

    assert paths == {path for path, _, _ in iter_paths(RECORD)} - {"", ".id", ".name"}
    assert protected == {"id": "a", "timestamp": RECORD["timestamp"]}


def test_drift_serves_every_kind_of_wrong_value() -> None:
    """Text becomes numbers, objects and lists, lists become objects, and timestamps become other text."""
    kinds = {
        (path, type(after))
        for seed in range(500)
        for path, (_, after) in changed_paths(RECORD, drift_record(RECORD, seed)).items()
    }
    timestamps = {str(drift_record(RECORD, seed)["timestamp"]) for seed in range(500)}

    assert {
        (".tags", dict),
        (".tags", str),
        (".tags.0", int),
        (".content", list),
        (".content.type", dict),
    } <= kinds
    assert {(".disabled", str), (".disabled", int), (".content.attachments.0.fileSize", float)} <= kinds
    assert {"yesterday", "", "1772622000", "2026-03-04 at 11:00:00.5Z"} <= timestamps


def test_drift_depends_on_seed_and_content() -> None:
    """The same seed and content drift the same way, whatever the order of requests."""
    others = [drift_record({**RECORD, "id": str(number)}, 1) for number in range(20)]

    assert drift_record(RECORD, 1) == drift_record(json.loads(json.dumps(RECORD, indent=1)), 1)
    assert drift_record(RECORD, 1) != drift_record(RECORD, 2)
    assert len({json.dumps({**each, "id": ""}) for each in others}) > 5


def test_drift_rate_is_the_share_of_records() -> None:
    """About `record_rate` of the records drift, and the rest stays unchanged."""
    records = [{**RECORD, "id": str(number)} for number in range(1_000)]
    drifted = sum(json.dumps(drift_record(each, 0, rate=0.1)) != json.dumps(each) for each in records)

    assert 60 <= drifted <= 140


def test_drift_fault_serves_drifted_files(
    emulator: Emulator, exports: StaticExports, get_export: Call
) -> None:
    """Every record of a file drifts as `drift_record` does. Other lines and paths stay unchanged."""
    lines = [json.dumps({**RECORD, "id": str(number)}).encode() for number in range(500)]
    exports.add_job(
        "j", "2026-03-04T11:00:00Z", {"agents.jsonl": b"\n".join([*lines, b"", b"{oops", b"[1]"])}
    )
    emulator.faults.add(Fault("drift", path="/files/", seed=5, times=None))
    served = get_export(FILE).content.split(b"\n")

    assert [json.loads(line) for line in served[:500]] == [
        drift_record(json.loads(line), 5) for line in lines
    ]
    assert served[500:] == [b"", b"{oops", b"[1]"]
    assert get_export(FILE).content.split(b"\n") == served
    assert get_export("/jobs").json()[0]["id"] == "j"


def test_drift_fault_serves_drifted_lists(
    emulator: Emulator, exports: StaticExports, send_request: Call
) -> None:
    """The entries of a list and the organization object drift."""
    team: dict[str, Any] = {"id": "t", "name": "Counter", "agentIds": []}
    organization: dict[str, Any] = {"id": "o", "name": "Brindlewick", "timezone": "UTC"}
    exports.lists |= {"teams": [team], "organization": organization}
    emulator.faults.add(Fault("drift", path="/(teams|organization)$", seed=3, times=None))
    served = {name: send_request("GET", f"/api/v1/{name}").json() for name in ("teams", "organization")}

    assert served == {"teams": [drift_record(team, 3)], "organization": drift_record(organization, 3)}
    assert served["teams"] != [team]
    assert served["organization"] != organization


def test_drift_fault_serves_drifted_events(
    emulator: Emulator, exports: StaticExports, send_request: Call
) -> None:
    """Events drift except for their protected properties."""
    event = {
        "id": "e",
        "type": "TASK/CREATED",
        "timestamp": "2026-03-04T11:00:00Z",
        "content": {"taskId": "t"},
    }
    exports.events.add(event)
    emulator.faults.add(Fault("drift", path="/events$", seed=1, protected=("id", "timestamp")))
    served = send_request("GET", "/api/v1/events?startAt=2026-03-04T10:00:00Z&entities=TASK").json()

    assert served == drift_record(event, 1, protected=("id", "timestamp"))
    assert served != event
    assert (served["id"], served["timestamp"]) == (event["id"], event["timestamp"])


def test_drift_fault_leaves_reports_and_errors_unchanged(
    emulator: Emulator, exports: StaticExports, send_request: Call
) -> None:
    """CSV reports and error responses have no records that could drift."""
    exports.reports.put("TaskExportReport", b"Task ID\r\n1\r\n")
    emulator.faults.add(Fault("drift", times=None))
    document = {"metricSet": "TaskExportReport", "startAt": "2026-03-01", "endAt": "2026-03-02"}
    report = send_request("POST", "/api/v1/reports", json=document)
    error = send_request("GET", "/api/v1/nothing").json()

    assert report.content == b"Task ID\r\n1\r\n"
    assert error == {"errors": {"code": "not_exist", "detail": "no such path"}}


def test_drift_fault_combines_with_another_fault(
    emulator: Emulator, exports: StaticExports, get_export: Call
) -> None:
    """A drift fault and the first other fault hit the same request, whatever their order."""
    lines = [json.dumps({**RECORD, "id": str(number)}).encode() for number in range(3)]
    exports.add_job("j", "2026-03-04T11:00:00Z", {"agents.jsonl": b"\n".join(lines)})
    emulator.faults.add(
        Fault("garbage", lines={1: b"oops"}), Fault("drift", times=2), Fault("status", status=503)
    )
    drifted = [drift_record(json.loads(line), 0) for line in lines]
    first, *rest = get_export(FILE).content.split(b"\n")

    assert json.loads(first) == drifted[0]
    assert rest[0] == b"oops"
    assert [json.loads(line) for line in rest[1:]] == drifted[1:]
    assert get_export(FILE).status_code == 503
    assert get_export(FILE).content.split(b"\n") == lines


def test_drift_fault_is_set_through_the_control_endpoint(emulator: Emulator, exports: StaticExports) -> None:
    """A separate process can request drift, including its protected properties."""
    exports.lists["teams"] = [{"id": "t", "name": "Counter"}]
    fault = {"kind": "drift", "path": "/teams$", "protected": ["id", "name"], "record_rate": 1.0}
    url = f"{emulator.url}/_emulator/faults"

    assert requests.post(url, json=fault, timeout=20).json() == {"added": 1}
    assert (
        requests.get(f"{emulator.url}/api/v1/teams", auth=AUTH, timeout=20).json() == exports.lists["teams"]
    )


def test_drift_keeps_streaming_generated_files(exported_files: ExportedFiles) -> None:
    """A generated file with drift still arrives in chunks, with one line per record and every id."""
    exports = GeneratedExports()
    (job_id, name), records = next(
        (key, records) for key, records in exported_files.files.items() if len(records) > 150
    )
    with Emulator(exports, clock=lambda: NOW, requests_per_second=None) as emulator:
        emulator.faults.add(Fault("drift", record_rate=0.5))
        url = f"{emulator.url}/api/v1/export/jobs/{job_id}/files/{name}"
        response = requests.get(url, auth=AUTH, timeout=20)
    served = [json.loads(line) for line in response.iter_lines()]
    changed = sum(before != after for before, after in zip(records, served, strict=True))

    assert response.headers["Transfer-Encoding"] == "chunked"
    assert [record["id"] for record in served] == [record["id"] for record in records]
    assert 0.4 * len(records) < changed < 0.6 * len(records)
