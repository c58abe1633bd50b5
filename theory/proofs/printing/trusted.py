"""What must be trusted, counted: `python -m theory.proofs.printing.trusted` prints the two tables of docs/kernel.md."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from theory.common import table
from theory.proofs import axioms, kernel, statement, theorem
from theory.proofs.axioms import AXIOMS, Axiom
from theory.proofs.kernel import FIXED, IN_ORDER_IF_NOISY, MIXED, RANDOM, SEVERAL, WORKERS, Le

#: The files that decide what is a fact and whether it is the theorem of a bound.
TRUSTED: tuple[ModuleType, ...] = (kernel, axioms, statement, theorem, table)
_SILENT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
_LAWS = {
    FIXED: "one delay",
    RANDOM: "delays drawn",
    IN_ORDER_IF_NOISY: "in order where there is noise",
    MIXED: "blocks read apart",
    SEVERAL: "several gradients an update",
    WORKERS: "several workers",
}


def lines(module: ModuleType) -> tuple[int, int]:
    """The lines of a module, and those of code: neither blank nor comment nor docstring."""
    text = Path(str(module.__file__)).read_text(encoding="utf-8")
    tokens = [token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type not in _SILENT]
    code = {line for token in tokens for line in range(token.start[0], token.end[0] + 1)}
    return len(text.splitlines()), len(code - set(_docstrings(text)))


def _docstrings(text: str) -> Iterator[int]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            yield from range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)


def file_rows() -> list[str]:
    """The table of the trusted files."""
    counted = [(str(module.__name__).rpartition(".")[2], *lines(module)) for module in TRUSTED]
    whole = ("all", sum(row[1] for row in counted), sum(row[2] for row in counted))
    return [
        f"| {f'`{name}.py`' if name != 'all' else name} | {code} | {every} |" for name, every, code in (*counted, whole)
    ]


def axiom_rows() -> list[str]:
    """The table of the axioms."""
    return [_row(axiom) for axiom in AXIOMS.values()]


def _row(axiom: Axiom) -> str:
    asked = ([_LAWS[axiom.law]] if axiom.law else []) + [_plainly(premise) for premise in axiom.premises]
    asked += ["delays not drawn"] if axiom.drawn is None and axiom.law != FIXED else []
    asked += ["one gradient a step"] if not axiom.several and not axiom.law else []
    letters = ", ".join([*axiom.letters, *(["v"] if axiom.of_a_vector else [])])
    said = "; ".join(axiom.sentences) or "two names of one point have one gradient"
    return f"| `{axiom.name}` | {letters} | {'; '.join(asked)} | {'=' if axiom.equality else '>='} 0 | {said} |"


def _plainly(premise: Le) -> str:
    return repr(premise).replace("+0", "")


if __name__ == "__main__":
    print("\n".join([*file_rows(), "", *axiom_rows()]))
