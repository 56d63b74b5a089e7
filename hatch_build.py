"""Makes the README's links whole in the package's metadata, which are read where no checkout is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from hatchling.metadata.plugin.interface import MetadataHookInterface

_IMAGE: Final = re.compile(r"(!\[[^\]]*\]\()(?!#|https:)")
_LINK: Final = re.compile(r"(\]\()(?!#|https:)")


class ReadmeHook(MetadataHookInterface):
    """Writes the README into the metadata, with the address of `[project.urls]` once it is settled."""

    # To mark it as an override would need a package that is not there when this one is built.
    def update(self, metadata: dict[str, Any]) -> None:  # type: ignore[explicit-override]
        """Add the README."""
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        repository = metadata.get("urls", {}).get("Repository")
        if repository:
            text = _complete_links(text, repository, tag=f"v{metadata['version']}")
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


def _complete_links(text: str, repository: str, *, tag: str) -> str:
    """Have links lead to the files of a version: images to the files themselves, others to their pages."""
    with_images = _IMAGE.sub(rf"\1{repository}/raw/{tag}/", text)
    return _LINK.sub(rf"\1{repository}/blob/{tag}/", with_images)
