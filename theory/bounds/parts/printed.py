"""What is printed with a bound: how its steps are counted, its abbreviations, and Python that evaluates it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from theory.formulas.formula import (
    Defined,
    Formula,
    Power,
    Previous,
    Product,
    Readers,
    Served,
    WhereOvertaken,
    Window,
    Younger,
)

#: How steps are counted wherever a bound is printed. A schedule, and what a user is told of a run, counts from 1.
STEP_NUMBERING = r"\text{step } k = 0, \dots, T-1 \text{ takes } x_{k} \text{ to } x_{k+1}"
READS = r"\tau_{k} = k - d_{k}, \quad W_{k} = \{\tau_{k}, \dots, k-1\}"
#: The same where an update applies several gradients: a step size, a read and a window belong to each of these.
GRADIENT_NUMBERING = (
    r"\text{gradient } k \text{ is read at } x_{\tau_{k}} \text{ and applied by the update from } x_{u_{k}}"
    r" \text{ to } x_{u_{k}+1}, \quad W_{k} = \{j : \tau_{k} \le u_{j} < u_{k}\}"
)
#: What a letter is at the step before the first.
BEFORE = r"\text{what has an index below } 0 \text{ is } 0"

#: A formula that is printed, with its index and how many entries at the start it is not asked for.
Root = tuple[Formula, str, int]


def abbreviations(roots: Iterable[Root]) -> Iterator[tuple[Defined, str]]:
    """The abbreviations of some formulas, each once, those used by others first, with the index of their definition."""
    found: dict[str, tuple[Defined, str]] = {}
    for root, index, _ in roots:
        for node in root.definitions():
            found.setdefault(node.symbol, (node, index if node is root else "k"))
    yield from found.values()


def explained(roots: tuple[Root, ...], several: bool) -> Iterator[str]:
    """LaTeX of all that formulas need to be read: the numbering of steps, or of gradients where an update applies
    several, reads, abbreviations, the time before.
    """
    nodes = [(node, since) for root, _, since in roots for node in root.walk()]
    reads = any(isinstance(node, Window | Younger | Readers | Served | WhereOvertaken) for node, _ in nodes)
    yield GRADIENT_NUMBERING if several else STEP_NUMBERING + (rf", \quad {READS}" if reads else "")
    yield from (node.definition(index) for node, index in abbreviations(roots))
    if any(isinstance(node, Previous) and node.of_a_letter and not since for node, since in nodes):
        yield BEFORE


def listed(texts: tuple[str, ...]) -> str:
    """Formulas in a sentence."""
    quoted = [f"${text}$" for text in texts]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " and " + quoted[-1]


def measured(weights: Formula | None, covers_last: bool, of_reads: bool, expected: bool, both: bool) -> str:
    """LaTeX of what is bounded: the minimum or a mean of |grad F|^2, at points of the run, those read, or both."""
    last = r"t \le T" if covers_last else "t < T"
    squared = r"\|\nabla F(\hat{x}_t)\|^2" if of_reads else r"\|\nabla F(x_t)\|^2"
    squared = rf"\mathbb{{E}} {squared}" if expected else squared
    if weights is None:
        least = rf"\min_{{0 \le {last}}} {squared}"
        read = squared.replace("x_t", r"\hat{x}_{k}")
        return rf"\min\left({least}, \min_{{k}} {read}\right)" if both else least
    weight = weights.bracketed(Power.strength if weights.reaches_on else Product.strength, "t")
    return rf"\frac{{\sum_{{{last}}} {weight} \, {squared}}}{{\sum_{{{last}}} {weight}}}"


_PYTHON = """\
# {title}
import numpy as np

from theory.bounds import Setting, get
from theory.schedules import parse_schedule
from theory.staleness import Staleness

steps, staleness = 1000, Staleness({window})
constants = {constants}
delays = np.minimum(np.arange(steps), staleness.maximum_delay)
schedule = parse_schedule("{schedule}")
step_sizes = schedule.step_sizes(steps, delays=delays, s=staleness.window, **constants)
print(get("{name}").evaluate(Setting(step_sizes, delays, staleness, constants{given})))
"""

#: The same for a bound about the method of that name, which has steps of its own.
_PYTHON_OF_METHOD = """\
# {title}
import numpy as np

from theory.bounds import Setting, get
from theory.methods import parse_method
from theory.staleness import Staleness

steps, staleness = 1000, Staleness({window})
constants = {constants}
delays = np.minimum(np.arange(steps), staleness.maximum_delay)
rule = parse_method("{name}").linear(np.ones(steps), delays, constants["L"], staleness)
setting = Setting(rule.gradient_weights[:, 0], delays, staleness, constants, moves=-rule.move_weights)
print(get("{name}").evaluate(setting))
"""


def program(
    name: str,
    title: str,
    schedule: str,
    constants: Mapping[str, float],
    window: int,
    given: Mapping[str, float],
    has_steps: bool,
) -> str:
    """Python that evaluates a bound; `has_steps`: it is about the method of its name, which has steps of its own."""
    text, more = _PYTHON_OF_METHOD if has_steps else _PYTHON, f" | {dict(given)}" if given else ""
    return text.format(name=name, title=title, schedule=schedule, constants=constants, window=window, given=more)
