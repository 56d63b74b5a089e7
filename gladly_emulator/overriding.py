"""The `override` decorator on every supported Python, without a dependency."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if sys.version_info >= (3, 12):
    from typing import override
elif TYPE_CHECKING:
    from typing_extensions import override
else:

    def override(method):  # noqa: ANN001, ANN201
        """Return the method as it is; type checkers read the decorator."""
        return method


__all__ = ["override"]
