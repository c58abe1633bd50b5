"""The map of the house: every room with what lives there and the rooms that it uses, the lowest first.

`python benchmarks/house.py` writes it into CONTRIBUTING.md; a test compares the two. Names come from the files alone:
nothing of the product is imported.
"""

import ast
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("theory", "experiments", "figures", "gradlag")
BEGIN, END = "<!-- the map of the house: made by benchmarks/house.py -->", "<!-- end of the map -->"


def files(root: Path = ROOT) -> Mapping[str, Path]:
    """Every module of the product by its dotted name, a room's opening under the name of the room."""
    found = {}
    for floor in FLOORS:
        for path in sorted((root / floor).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path: Path, modules: Mapping[str, Path]) -> Iterator[str]:
    """The modules of the product that a file imports, at its head, in a function, or for types alone."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield from (name for name in (f"{node.module}.{alias.name}", node.module) if name in modules)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)


def rooms(root: Path = ROOT) -> dict[str, set[str]]:
    """Each room of the second level (theory.bounds, ...) with the other rooms that its files import."""
    modules = files(root)
    uses: dict[str, set[str]] = {}
    for name, path in modules.items():
        here = ".".join(name.split(".")[:2])
        if (root / here.replace(".", "/")).is_dir() and here not in FLOORS:
            found = {".".join(other.split(".")[:2]) for other in imported(path, modules)}
            uses.setdefault(here, set()).update(found - {here} - set(FLOORS))
    return uses


def purpose(room: str, root: Path = ROOT) -> str:
    """The first line of a room's opening."""
    opening = root / room.replace(".", "/") / "__init__.py"
    return (ast.get_docstring(ast.parse(opening.read_text(encoding="utf-8"))) or "").splitlines()[0]


def house_map(root: Path = ROOT) -> str:
    """The map as a table in Markdown."""
    uses = rooms(root)
    order = [
        room
        for room in TopologicalSorter({room: sorted(uses[room]) for room in sorted(uses)}).static_order()
        if room in uses
    ]
    lines = ["| room | what lives there | uses |", "|---|---|---|"]
    for floor in FLOORS:
        for room in (room for room in order if room.startswith(f"{floor}.")):
            own = sorted(other.removeprefix(f"{floor}.") for other in uses[room])
            lines.append(f"| `{room.replace('.', '/')}` | {purpose(room, root)} | {', '.join(own) or '-'} |")
    return "\n".join(lines)


def main() -> None:
    """Write the map into CONTRIBUTING.md."""
    page = ROOT / "CONTRIBUTING.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n{house_map()}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
