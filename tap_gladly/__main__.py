"""The command line: `tap-gladly`, or `python -m tap_gladly`."""

from __future__ import annotations

import signal
import sys
from types import ModuleType

from typing_extensions import override


class _LazyStub(ModuleType):
    """A module whose attributes all exist and are None."""

    @override
    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)


def main() -> None:
    """Run the tap's command line."""
    # Until the tap handles SIGINT, the signal ends the process; KeyboardInterrupt would log a traceback.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # unless the parent process ignores it
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    # The SDK imports joblib for its targets, which takes a sixth of the startup time. A tap never uses it.
    sys.modules.setdefault("joblib", _LazyStub("joblib"))

    from tap_gladly.cli import check_log_level  # noqa: PLC0415 - it imports the SDK
    from tap_gladly.tap import TapGladly  # noqa: PLC0415 - it imports the SDK

    check_log_level()
    TapGladly.cli()


if __name__ == "__main__":
    main()
