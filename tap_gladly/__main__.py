"""The command line: `tap-gladly`, or `python -m tap_gladly`."""

from __future__ import annotations

import signal
import sys
from types import ModuleType

from typing_extensions import override


class _LazyStub(ModuleType):
    """A module that has whatever is asked for, and nothing in it."""

    @override
    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)


def main() -> None:
    """Run the tap's command line."""
    # Until the tap handles SIGINT, it ends the process at once: a KeyboardInterrupt would be a traceback.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is to be ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    # With the SDK come its targets, and with them joblib: a sixth of the time in which a tap starts. There is
    # no target in this process, so that nothing will look for what is in joblib.
    sys.modules.setdefault("joblib", _LazyStub("joblib"))

    from tap_gladly.tap import TapGladly  # noqa: PLC0415 - it imports the SDK

    TapGladly.cli()


if __name__ == "__main__":
    main()
