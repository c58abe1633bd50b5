"""gradlag: what staleness costs stochastic gradient descent.

The door to the three floors: `import gradlag as gl` gives the public names, each loaded when it is first used. Every
command is a function here, of the same name (`gradlag async` is `gl.serve`, `gradlag check --claim` is
`gl.check_claim`, `--run` `gl.check_log`, `reproduce --list` `gl.list_figures`); what it returns shows itself in a
notebook, and its `to_dict()` is what `--json` prints.

>>> import gradlag as gl
>>> verdict = gl.check("1/(2*s*L)", "quadratic:d=5,noise=0", staleness=4, steps=100, seeds=1)
>>> str(verdict.verdict), verdict.bound
('holds', 'theorem-b')
"""

import ast
import importlib
from pathlib import Path
from typing import Any

from gradlag.terminal.import_clash import warn_if_shadowed

# The stub is the one list of names, for type checkers as for Python. lazy_loader cannot read it: it hands on names of
# its own package only, and these live on three floors.
_STUB = Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8")
_HOME = {
    each.name: node.module for node in ast.parse(_STUB).body if isinstance(node, ast.ImportFrom) for each in node.names
}

__all__ = sorted(_HOME)

warn_if_shadowed()


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("gradlag")
    if name not in _HOME:
        raise AttributeError(f"module 'gradlag' has no attribute {name!r}")
    if _HOME[name] == __name__:  # a room of this package
        return importlib.import_module(f"{__name__}.{name}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """The public names."""
    return __all__
