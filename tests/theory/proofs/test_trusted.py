"""What docs/kernel.md says must be trusted is what there is: files, lines, axioms, imports of the trusted files."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from theory.proofs.axioms import AXIOMS
from theory.proofs.printing.trusted import TRUSTED, axiom_rows, file_rows, lines

PAGE = (Path(__file__).parents[3] / "docs" / "kernel.md").read_text(encoding="utf-8")
#: Classes of formulas, conditions, assumptions and bounds: data that is compared; and how a refusal writes an index.
DATA = ("theory.formulas.formula", "theory.formulas.notation", "theory.bounds", "theory.proofs.plain")
STANDARD = {
    "__future__", "collections.abc", "dataclasses", "fractions", "functools", "itertools", "operator", "types",
    "typing", "weakref", "re", "math",
}  # fmt: skip


def test_the_page_counts_the_trusted_lines_as_they_are():
    for row in file_rows():
        assert row in PAGE, row


def test_the_trusted_part_is_small():
    assert sum(lines(module)[1] for module in TRUSTED) <= 1635


def test_the_page_lists_every_axiom():
    for row in axiom_rows():
        assert row in PAGE, row
    assert PAGE.count("\n| `") == len(AXIOMS) + len(TRUSTED)


@pytest.mark.parametrize("module", TRUSTED, ids=lambda module: module.__name__.rpartition(".")[2])
def test_the_trusted_files_rest_on_nothing_else(module):
    """On one another, on the data that they compare, and on the standard library."""
    trusted = {one.__name__ for one in TRUSTED}
    for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
        assert not isinstance(node, ast.Import) or all(alias.name in STANDARD for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            here = f"{node.module}.{node.names[0].name}"
            known = {node.module, here} & (trusted | STANDARD) or here.startswith(DATA)
            assert known, node.module
