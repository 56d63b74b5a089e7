"""The layers of the packages, and the absence of import cycles."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

import grimp
import pytest

if TYPE_CHECKING:
    from grimp import ImportGraph

LAYERS = (
    {"__main__", "shape"},
    {"tap"},
    {"sync_tap"},
    {"cli", "streams"},
    {"output"},
    {"parsing", "state", "transport"},
    {"config"},
    {"exceptions", "timestamps"},
)
"""The rooms of `tap_gladly`, highest first. A module imports only from its own room and from lower layers."""


@pytest.fixture(scope="module", params=["tap_gladly", "gladly_emulator"])
def package(request: pytest.FixtureRequest) -> str:
    """Return the name of a package."""
    name: str = request.param
    return name


def build_graph(name: str) -> ImportGraph:
    """Return the imports of a package; imports for type checking count, too."""
    return grimp.build_graph(name, exclude_type_checking_imports=False, cache_dir=None)


def find_cycle(graph: ImportGraph) -> list[str]:
    """Return the modules of an import cycle; none if there is no cycle."""
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        return cycle
    return []


def find_upward_imports(graph: ImportGraph) -> list[tuple[str, str]]:
    """Return the imports of `tap_gladly` that point to a higher layer, or to another room of the same layer."""
    level = {room: number for number, layer in enumerate(LAYERS) for room in layer}
    found = []
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            if "." not in module or "." not in imported:
                continue
            upper, lower = (name.split(".")[1] for name in (module, imported))
            if upper != lower and level[upper] >= level[lower]:
                found.append((module, imported))
    return found


def test_modules_have_no_import_cycle(package: str) -> None:
    """No module imports itself through others, not even for type checking."""
    assert find_cycle(build_graph(package)) == []


def test_imports_point_down() -> None:
    """Streams build on output, output on parsing, transport and state, and these on config and the basics."""
    assert find_upward_imports(build_graph("tap_gladly")) == []


def test_every_room_has_a_layer() -> None:
    """A new room or top-level module needs a place among the layers."""
    rooms = {name.split(".")[1] for name in build_graph("tap_gladly").modules if "." in name}

    assert rooms - {"schemas"} == set().union(*LAYERS)


def test_cycle_is_found() -> None:
    """The check for cycles fails on one."""
    graph = build_graph("tap_gladly")
    graph.add_import(importer="tap_gladly.timestamps", imported="tap_gladly.tap")

    assert {"tap_gladly.timestamps", "tap_gladly.tap"} <= set(find_cycle(graph))


def test_upward_import_is_found() -> None:
    """The check for layers fails on an import from a higher layer, and on one from a room beside."""
    graph = build_graph("tap_gladly")
    graph.add_import(importer="tap_gladly.parsing.jsonl", imported="tap_gladly.streams.base")
    graph.add_import(importer="tap_gladly.state.bookmarks", imported="tap_gladly.transport.client")

    assert sorted(find_upward_imports(graph)) == [
        ("tap_gladly.parsing.jsonl", "tap_gladly.streams.base"),
        ("tap_gladly.state.bookmarks", "tap_gladly.transport.client"),
    ]
