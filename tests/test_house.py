"""The house is kept: no file lies flat on a floor, rooms say what lives there, and functions and files stay short."""

import ast
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from house import BEGIN, END, FLOORS, ROOT, files, house_map, purpose

MODULES = files()
ROOMS = sorted({name for name, path in MODULES.items() if path.name == "__init__.py"} - set(FLOORS))
# Catalogues of like files may be longer than a dozen; so may the core of the proofs, which is read as one.
CATALOGUES = {
    "theory.bounds", "theory.proofs.theorems", "experiments.problems", "figures.draw", "gradlag.commands",
}  # fmt: skip
TRUSTED = {"theory/formulas/formula.py"} | {
    f"theory/proofs/{name}.py" for name in ("kernel", "axioms", "statement", "theorem")
}


def inside(room):
    folder = ROOT / room.replace(".", "/")
    return [p for p in folder.iterdir() if (p.suffix == ".py" and p.stem != "__init__") or (p / "__init__.py").exists()]


def test_nothing_lies_flat_on_a_floor():
    flat = {str(p.relative_to(ROOT)) for floor in FLOORS for p in (ROOT / floor).glob("*.py")}
    assert flat == {f"{floor}/__init__.py" for floor in FLOORS} | {"gradlag/cli.py", "gradlag/__main__.py"}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_lives_there_and_holds_a_dozen_at_most(room):
    assert len(purpose(room)) > 20
    assert room in CATALOGUES or len(inside(room)) <= 12


@pytest.mark.parametrize("room", sorted(set(ROOMS) - {"theory.proofs"}))
def test_an_opening_hands_on_names_and_holds_no_code(room):
    body = ast.parse((ROOT / room.replace(".", "/") / "__init__.py").read_text(encoding="utf-8")).body[1:]
    assert all(isinstance(node, ast.Import | ast.ImportFrom | ast.Assign) for node in body)


def test_the_map_in_contributing_is_that_of_the_files():
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert page.partition(BEGIN)[2].partition(END)[0].strip() == house_map(), "write it with python benchmarks/house.py"


def test_no_file_is_longer_than_350_lines_outside_the_trusted_core():
    sizes = {str(p.relative_to(ROOT)): len(p.read_text(encoding="utf-8").splitlines()) for p in MODULES.values()}
    assert {name: size for name, size in sizes.items() if size > 350 and name not in TRUSTED} == {}


def test_no_body_of_a_function_is_longer_than_50_lines():
    def bodies():
        for path in MODULES.values():
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef):
                    body = node.body[ast.get_docstring(node) is not None :]
                    if body and body[-1].end_lineno - body[0].lineno + 1 > 50:
                        yield f"{path.relative_to(ROOT)}:{node.lineno}"

    assert list(bodies()) == []
