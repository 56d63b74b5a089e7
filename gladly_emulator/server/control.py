"""The emulator's own endpoints below `/_emulator/`: the truth, the clock and the faults."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from gladly_emulator.server.api import answer_api, answer_file
from gladly_emulator.server.faults import Fault
from gladly_emulator.server.http_messages import Answer, Request, answer_error, answer_json, answer_not_found
from gladly_emulator.timestamps import format_instant, instant_of

if TYPE_CHECKING:
    from datetime import datetime

    from gladly_emulator.server.exports import Exports
    from gladly_emulator.server.faults import Faults


class Controllable(Protocol):
    """What the control endpoints need of the emulator."""

    exports: Exports
    faults: Faults

    @property
    def now(self) -> datetime:
        """The emulator's time."""

    def advance(self, time: timedelta) -> None:
        """Move the clock forward."""


def answer_control(emulator: Controllable, request: Request) -> Answer:
    """Answer a request to one of the emulator's own endpoints."""
    match (request.method, *request.parts[1:]):
        case ("GET", "jobs", *_) | (_, "api", *_):
            return _tell_truth(emulator, request)
        case ("POST", "advance"):
            return _advance(emulator, request.query.get("hours", ""))
        case ("POST", "faults"):
            return _add_faults(emulator, request.body)
        case ("DELETE", "faults"):
            emulator.faults.clear()
            return Answer(204)
    return answer_not_found("no such path")


def _tell_truth(emulator: Controllable, request: Request) -> Answer:
    """Answer with every job, with a job's file, or as the API would without limits and faults."""
    match request.parts[1:]:
        case ["jobs"]:
            return answer_json(emulator.exports.jobs(emulator.now))
        case ["jobs", job_id, "files", name]:
            return answer_file(emulator.exports, job_id, name, now=emulator.now)
    target = request.target.removeprefix("/_emulator")
    return answer_api(emulator.exports, replace(request, target=target), emulator.now)


def _advance(emulator: Controllable, hours: str) -> Answer:
    try:
        emulator.advance(timedelta(hours=float(hours)))
    except (ValueError, OverflowError):
        return answer_error(400, "invalid", "must be a number", attr="hours")
    return answer_json({"now": format_instant(instant_of(emulator.now), digits=6)})


def _add_faults(emulator: Controllable, body: bytes) -> Answer:
    try:
        document: Any = json.loads(body)
        faults = [Fault.from_json(each) for each in (document if isinstance(document, list) else [document])]
    except (ValueError, TypeError, AttributeError) as error:
        return answer_error(400, "invalid", str(error), attr="faults")
    emulator.faults.add(*faults)
    return answer_json({"added": len(faults)}, 201)
