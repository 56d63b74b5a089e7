"""A local Gladly: the documented export API on a loopback port, for tests and demonstrations."""

from __future__ import annotations

from gladly_emulator.access import (
    AGENT_EMAIL,
    API_TOKEN,
    UNPRIVILEGED_AGENT_EMAIL,
    UNPRIVILEGED_API_TOKEN,
)
from gladly_emulator.emulator import Emulator
from gladly_emulator.exports import ABSENT, Exports, StaticExports
from gladly_emulator.faults import Fault
from gladly_emulator.generated import GeneratedExports

__all__ = [
    "ABSENT",
    "AGENT_EMAIL",
    "API_TOKEN",
    "UNPRIVILEGED_AGENT_EMAIL",
    "UNPRIVILEGED_API_TOKEN",
    "Emulator",
    "Exports",
    "Fault",
    "GeneratedExports",
    "StaticExports",
]
