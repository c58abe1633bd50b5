"""The page as one file: templates, styles and modules put together with what the library knows."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from experiments.common.files import check_writable, write_atomically
from figures.report.mathematics import mathml, prose
from gradlag.teaching.notebook import COURSE
from gradlag.teaching.page.library import BOUNDS, LONGEST, MOMENTA, SCHEDULES, SEEDS, javascript
from gradlag.teaching.page.words import CONTESTANTS, DELAYS, LIMIT, OBJECTIVES, PRESETS
from theory.bounds.parts.checked import checkers
from theory.bounds.registry import get
from theory.methods.counter_momentum import CounterMomentum
from theory.methods.momentum import Momentum
from theory.methods.waiting import Wait
from theory.schedules.schedule import Schedule

#: In the order in which each needs those before it.
MODULES = ("random", "operators", "library", "dynamics", "situation", "state", "words", "plot", "pictures", "main")
_IMPORT = re.compile(r"^import .*?;\n", re.M | re.S)
_EXPORT = re.compile(r"^export ", re.M)
#: Template, style and modules.
SOURCES = COURSE / "page"


def module(name: str) -> str:
    """A module by name, as it stands in its file or as the library gives it."""
    return javascript() if name == "library" else (SOURCES / "scripts" / f"{name}.js").read_text(encoding="utf-8")


def script() -> str:
    """All modules as one: names are their own, so that imports and exports can go."""
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", module(name))) for name in MODULES)


def page() -> str:
    """The page as HTML: no address in it is loaded, and its policy forbids every other source.

    >>> "http-equiv" in page(), len(page().encode()) < 500_000
    (True, True)
    """
    style, code = (SOURCES / "page.css").read_text(encoding="utf-8"), script()
    template = _ENVIRONMENT.from_string((SOURCES / "page.html").read_text(encoding="utf-8"))
    return template.render(style=Markup(style), script=Markup(code), policy=_policy(style, code), **_shown())


def build(out: Path | str) -> None:
    """Write the page to a file; the same library gives the same bytes."""
    check_writable(Path(out))
    write_atomically(Path(out), page().encode())


def _policy(style: str, code: str) -> str:
    def source(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    return (
        f"default-src 'none'; script-src {source(code)}; style-src {source(style)}; base-uri 'none'; form-action 'none'"
    )


def _shown() -> dict[str, Any]:
    return {
        "bounds": [get(name) for name in BOUNDS],
        "checkers": {name: _checkers(name) for name in BOUNDS},
        "presets": PRESETS,
        "objectives": OBJECTIVES,
        "delay_laws": DELAYS,
        "contestants": CONTESTANTS,
        "schedules": {name: Schedule(text) for name, text in SCHEDULES.items()},
        "limit": LIMIT,
        "longest": LONGEST,
        "momenta": MOMENTA,
        "seeds": SEEDS,
        "momentum": Momentum(0.0),
        "wait": Wait(),
        "counter": CounterMomentum(),
    }


def _checkers(name: str) -> str:
    words = {"kernel": "gradlag's kernel", "coq": "Coq"}
    return " and by ".join(words[checker] for checker in checkers(name, get(name).verified))


_ENVIRONMENT = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
_ENVIRONMENT.filters |= {"math": mathml, "prose": prose}
