"""Build hook that makes the README's links absolute in the package metadata."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from hatchling.metadata.plugin.interface import MetadataHookInterface

_IMAGE: Final = re.compile(r"(!\[[^\]]*\]\()(?!#|https:)")
_LINK: Final = re.compile(r"(\]\()(?!#|https:)")


class ReadmeHook(MetadataHookInterface):
    """Adds the README to the metadata, with absolute links if `[project.urls]` has a repository."""

    # No @override: typing-extensions isn't installed in the build environment.
    def update(self, metadata: dict[str, Any]) -> None:  # type: ignore[explicit-override]
        """Set `readme` in the metadata."""
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        repository = metadata.get("urls", {}).get("Repository")
        if repository:
            text = _make_links_absolute(text, repository, tag=f"v{metadata['version']}")
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


def _make_links_absolute(text: str, repository: str, *, tag: str) -> str:
    """Point images to the raw files of a version, and other links to the pages of its files."""
    with_images = _IMAGE.sub(rf"\1{repository}/raw/{tag}/", text)
    return _LINK.sub(rf"\1{repository}/blob/{tag}/", with_images)
