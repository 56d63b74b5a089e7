"""The control endpoints below `/_emulator/`: the complete data, the clock and the faults."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from gladly_emulator.server.api import api_response, file_response
from gladly_emulator.server.faults import Fault
from gladly_emulator.server.http_messages import (
    Request,
    Response,
    error_response,
    json_response,
    not_found_response,
)
from gladly_emulator.timestamps import format_instant, instant_of

if TYPE_CHECKING:
    from datetime import datetime

    from gladly_emulator.dataset.interface import Exports
    from gladly_emulator.server.faults import Faults


class Controllable(Protocol):
    """The part of the emulator that the control endpoints use."""

    exports: Exports
    faults: Faults

    @property
    def now(self) -> datetime:
        """The emulator's current time."""

    def advance(self, time: timedelta) -> None:
        """Move the clock forward."""


def control_response(emulator: Controllable, request: Request) -> Response:
    """Return the response to a control request."""
    match (request.method, *request.parts[1:]):
        case ("GET", "jobs", *_) | (_, "api", *_):
            return _unrestricted_response(emulator, request)
        case ("POST", "advance"):
            return _advance(emulator, request.query.get("hours", ""))
        case ("POST", "faults"):
            return _add_faults(emulator, request.body)
        case ("DELETE", "faults"):
            emulator.faults.clear()
            return Response(204)
    return not_found_response("no such path")


def _unrestricted_response(emulator: Controllable, request: Request) -> Response:
    """Return every job, a job's file, or an API response without credentials, limits and faults."""
    match request.parts[1:]:
        case ["jobs"]:
            return json_response(emulator.exports.jobs(emulator.now))
        case ["jobs", job_id, "files", name]:
            return file_response(emulator.exports, job_id, name, now=emulator.now)
    target = request.target.removeprefix("/_emulator")
    return api_response(emulator.exports, replace(request, target=target), emulator.now)


def _advance(emulator: Controllable, hours: str) -> Response:
    try:
        emulator.advance(timedelta(hours=float(hours)))
    except (ValueError, OverflowError):
        return error_response(400, "invalid", "must be a number", attr="hours")
    return json_response({"now": format_instant(instant_of(emulator.now), digits=6)})


def _add_faults(emulator: Controllable, body: bytes) -> Response:
    try:
        document: Any = json.loads(body)
        faults = [Fault.from_json(each) for each in (document if isinstance(document, list) else [document])]
    except (ValueError, TypeError, AttributeError) as error:
        return error_response(400, "invalid", str(error), attr="faults")
    emulator.faults.add(*faults)
    return json_response({"added": len(faults)}, 201)
