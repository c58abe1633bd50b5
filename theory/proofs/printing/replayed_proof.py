"""A replayed proof with everything that is to be printed of it.

A reader of the printed proof alone must be able to write it on a board: every letter is explained, every abbreviation
is defined before it is used, and every step says for which indices and runs it holds, why, and from which steps.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from theory.bounds import REGISTRY, Bound
from theory.bounds.parts.assumptions import COHERENCE
from theory.bounds.parts.conditions import Relation
from theory.formulas.formula import Defined, Formula, Name, Number, Readers, WhereOvertaken, Window, Younger
from theory.proofs import kernel
from theory.proofs.kernel import LAST, ZERO, Context, Index, Le, le
from theory.proofs.nodes import Inner, Travelled, Vector, Walk, written
from theory.proofs.printing.prose import mixed
from theory.proofs.proof import Apply, Assumed, Claim, Proof, Ref, Report
from theory.proofs.refuting.refute import refute
from theory.proofs.statement import fraction
from theory.proofs.theorem import same


@dataclass(frozen=True)
class PrintedLine:
    """One step: `where` says for which indices and runs it holds, `uses` counts the earlier steps that it needs."""

    title: str
    definitions: tuple[str, ...]
    claim: str
    where: str
    why: str
    uses: tuple[int, ...]
    rules: Mapping[str, int]
    rule: str
    ok: bool
    refusal: str


@dataclass(frozen=True)
class Account:
    """A replayed proof; all texts are sentences with formulas between dollar signs.

    Args:
        name, title: of the bound; notation: what the letters of the claims mean.
        steps: in order; the first that is refused is the last.
        conclusion: the theorem and its abbreviations; domain: for which runs it is; assumptions: what it assumes;
        assumed: its side conditions, every one; axioms: what the proof rests on;
        refusal: why the last step is not the theorem;
            counterexample: to a claim, on a small run; seconds: that it took.
    """

    name: str
    title: str
    notation: tuple[str, ...]
    steps: tuple[PrintedLine, ...]
    conclusion: tuple[str, ...]
    domain: str
    assumptions: tuple[str, ...]
    assumed: tuple[str, ...]
    axioms: tuple[str, ...]
    refusal: str
    seconds: float
    counterexample: str = ""

    @property
    def proved(self) -> bool:
        """Whether every step was accepted, the last one is the theorem, and no run contradicts any of it."""
        return not self.refusal and not self.counterexample and all(step.ok for step in self.steps)

    @property
    def applications(self) -> int:
        """How many rules of the kernel were applied, the comparison of each step with its claim included."""
        return sum(sum(step.rules.values()) for step in self.steps)


def replay(proof: Proof) -> Account:
    """Replay a proof, try to refute what it claims on small runs, and write down what became of it."""
    start = time.perf_counter()
    bound = REGISTRY.get(proof.name)
    report = proof.verify()
    contradicted = refute(proof, report, bound=bound) if report.proved else None
    seconds = time.perf_counter() - start
    ended = len(report.lines) > len(proof.steps)
    return Account(
        name=proof.name,
        title=bound.title if bound else proof.name,
        notation=_notation(proof, bound),
        steps=tuple(_lines(proof, report)),
        conclusion=tuple(_conclusion(proof, bound)),
        domain=_domain(proof, bound),
        assumptions=tuple(mixed(one.text) for one in bound.assumptions) if bound else (),
        assumed=tuple(_conditions(bound) if bound else _assumed(proof, report)),
        axioms=tuple(mixed(axiom) for axiom in sorted(report.axioms) if not axiom.startswith(kernel.CONDITIONAL)),
        refusal=report.lines[-1].refusal if ended else "",
        seconds=seconds,
        counterexample=mixed(contradicted.sentence()) if contradicted else "",
    )


def _lines(proof: Proof, report: Report) -> Iterator[PrintedLine]:
    numbers = {step.name: position for position, step in enumerate(proof.steps, 1)}
    defined: set[str] = set()
    for step, line in zip(proof.steps, report.lines, strict=False):
        fact = report.facts.get(step.name)
        yield PrintedLine(
            title=mixed(step.title),
            definitions=tuple(f"${node.definition()}$" for node in _new_abbreviations(step.claim, defined)),
            claim=f"${step.claim.latex()}$",
            where=where(fact.context) if fact else "",
            why=mixed(step.why),
            uses=tuple(sorted({numbers[part.step] for part in _parts(step.derivation) if isinstance(part, Ref)})),
            rules=Counter([*(part.rule for part in _parts(step.derivation) if isinstance(part, Apply)), "restate"]),
            rule=line.rule,
            ok=line.ok,
            refusal=line.refusal,
        )


def _new_abbreviations(claim: Claim, defined: set[str]) -> Iterator[Defined]:
    """The abbreviations that a claim is the first to use, those used by others first."""
    for side in (claim.left, claim.right):
        for node in _abbreviations(side):
            if node.symbol not in defined:
                defined.add(node.symbol)
                yield node


def _abbreviations(node: Formula) -> Iterator[Defined]:
    """The abbreviations of a formula from left to right, those that one needs before it."""
    for child in node.children:
        yield from _abbreviations(child)
    if isinstance(node, Defined):
        yield node


def _parts(node: Any) -> Iterator[Any]:
    """All calls and references of a derivation."""
    if isinstance(node, Apply | Ref):
        yield node
    inside = (*node.arguments, *node.named.values()) if isinstance(node, Apply) else node
    for part in inside if isinstance(inside, tuple) else ():
        yield from _parts(part)


# ---------------------------------------------------------------------------------------------- where a claim holds

_START = kernel.lt(ZERO, LAST)


def where(context: Context) -> str:
    """A context in words: for which indices, in chains of inequalities, and if what is known of the run."""
    needed = sorted(
        context.constraints - {_START}, key=lambda c: (any(len(core) == 3 for core in (c.left, c.right)), c)
    )
    for constraint in tuple(needed):
        others = [_opaque(c) for c in needed if c != constraint]
        if Context(frozenset([_START, *others])).entails(_opaque(constraint)):
            needed.remove(constraint)
    chains, laws = [f"${chain}$" for chain in _chains(needed)], sorted(map(_law, context.laws))
    return ", ".join([*(["for " + joined(chains)] if chains else []), *(["if " + joined(laws)] if laws else [])])


def _opaque(constraint: Le) -> Le:
    """The constraint with reads as plain indices: what follows from the laws of delays alone is still worth saying."""
    cores = (constraint.left, constraint.right)
    left, right = (("v", "read" + re.sub(r"\W", "_", repr(core))) if len(core) == 3 else core for core in cores)
    return le(Index(left), Index(right, constraint.gap))


def _chains(constraints: list[Le]) -> Iterator[str]:
    """Inequalities, with 0 <= k and k < T as 0 <= k < T."""
    left = [c for c in constraints if c.gap in (0, -1)]
    while left:
        link = next((c for c in left if all(other.right != c.left for other in left)), left[0])
        text = written(Index(link.left))
        while link in left:
            left.remove(link)
            text += (" < " if link.gap else r" \le ") + written(Index(link.right))
            link = next((c for c in left if c.left == link.right), link)
        yield text
    for other in (c for c in constraints if c.gap not in (0, -1)):
        yield rf"{written(Index(other.left))} \le {written(Index(other.right, other.gap))}"


_LAWS = {
    kernel.NOISELESS: "there is no noise",
    kernel.IN_ORDER: "no gradient overtakes another",
    kernel.IN_ORDER_IF_NOISY: "no gradient overtakes another where there is noise",
    kernel.PROMPT: "there is no delay",
    kernel.FIXED: "there is one delay for every step",
    kernel.RANDOM: "delays are drawn at random",
    kernel.SEVERAL: "an update may apply several gradients",
    kernel.MIXED: "blocks of coordinates may be read apart",
    kernel.WORKERS: "several workers read at points of their own",
}


#: Vectors of one entry for each worker.
_OF_WORKERS = {
    "M": r"$M_{k}$ are the workers' memories, or their points less $x_{k}$; of what each worker has $|v|^{2}$ is the "
    "mean over the workers",
    "h": r"$h_{k}$ are the workers' stochastic gradients",
    "b": r"$b_{k}$ are the workers' gradients less $g_{k}$",
    "z": r"$z_{k}$ are the gradients of the $f_{i}$ at $x_{k}$ less $g_{k}$",
}


def _law(law: kernel.Law) -> str:
    if law[0] != "latest":
        return _LAWS.get(law, str(law[0]))
    step = written(Index(law[1], law[2]))
    return rf"no gradient applied within $W_{{{step}}}$ is younger than $g_{{\tau_{{{step}}}}}$"


# ----------------------------------------------------------------------------------------- the theorem and its letters


def _conclusion(proof: Proof, bound: Bound | None) -> Iterator[str]:
    """The theorem, how it counts, and its abbreviations."""
    if bound is None:
        yield f"${proof.conclusion.latex()}$"
        return
    yield f"${bound.quantity} \\le {bound.latex()}$"
    yield from (f"${line}$" for line in bound.latex_definitions())


def _domain(proof: Proof, bound: Bound | None) -> str:
    """For which runs the theorem is."""
    laws = sorted(map(_law, proof.laws))
    under = fraction(bound.value)[1] if bound is not None else None
    asked = any(c.relation is Relation.ABOVE and same(c.left, under) for c in bound.conditions) if bound else False
    positive = ", where the denominator is positive" if asked else ""
    return rf"for $T \ge {proof.least_steps}$" + (f", if {joined(laws)}" if laws else "") + positive


def _assumed(proof: Proof, report: Report) -> Iterator[str]:
    """What a proof without a bound assumes: each name, and the formula that was assumed under it."""
    stated = {side.name: side.claim for side in proof.assumed if isinstance(side, Assumed)}
    for axiom in sorted(report.axioms):
        if axiom.startswith(kernel.CONDITIONAL):
            name = axiom.removeprefix(kernel.CONDITIONAL)
            yield mixed(name) + (f": ${stated[name].latex()}$" if name in stated else "")


def _conditions(bound: Bound) -> Iterator[str]:
    """The side conditions of the theorem, by name and formula; those of a letter by their formula."""
    for c in bound.conditions:
        of_a_letter = isinstance(c.left, Name) and isinstance(c.right, Number) and not c.left.sequence
        yield f"${c.latex()}$" if of_a_letter else f"{mixed(c.name)}: ${c.latex()}$"


def _notation(proof: Proof, bound: Bound | None) -> tuple[str, ...]:
    """What the letters mean, as far as the claims use them."""
    nodes = [node for side in _sides(proof) for node in side.walk()]
    kinds, letters = {type(node) for node in nodes}, {node.name for node in nodes if isinstance(node, Vector | Name)}
    lines = [_iteration(proof)]
    if kinds & {Window, Younger, Readers, WhereOvertaken, Travelled}:
        one = r"$W_{k} = \{\tau_{k}, \dots, k-1\}$ are the steps applied since the read of step $k$"
        many = r"$W_{k} = \{j: \tau_{k} \le u_{j} < u_{k}\}$ are the gradients applied since gradient $k$ was read"
        lines.append(many if kernel.SEVERAL in proof.laws else one)
    if kinds & {Inner, Travelled, Walk}:
        lines.append(r"$|v|^{2}$ and $\langle u, v \rangle$ stand for their expectations")
    if "f" in letters:
        lines.append(r"$f_{k} = \mathbb{E} F(x_{k}) - \inf F$")
    lines += [line for letter, line in _OF_WORKERS.items() if letter in letters]
    if "r" in letters:
        lines.append(r"$r_{k} = (g_{k+1} - g_{k})/\eta_{k}$, and $0$ where $\eta_{k} = 0$")
    if "m" in letters:
        last = "T" if bound is None or bound.covers_last else "T-1"
        lines.append(rf"$m$ is the least of the $|g_{{t}}|^{{2}}$ with $0 \le t \le {last}$")
    if bound is not None and COHERENCE in bound.assumptions:
        lines.append(rf"coherence: ${COHERENCE.needed}$")
    return tuple(lines)


def _iteration(proof: Proof) -> str:
    """The iteration, as far as the runs of the theorem have noise and delays."""
    read = r"g_{\tau_{k}}" if kernel.PROMPT not in proof.laws else "g_{k}"
    apart = kernel.MIXED in proof.laws
    workers = kernel.WORKERS in proof.laws
    applied = "a_{k}" if apart or workers or kernel.RANDOM in proof.laws else read
    quiet = kernel.NOISELESS in proof.laws
    moved = applied if quiet else rf"\left({applied} + e_{{k}}\right)"
    where = [r"$g_{k} = \nabla F(x_{k})$"]
    where += [] if quiet or workers else ["$e_{k}$ is the noise"]
    where += [r"$a_{k}$ is the gradient at the point that step $k$ reads"] if kernel.RANDOM in proof.laws else []
    where += ["$a_{k}$ is the mean of the workers' gradients, and $e_{k}$ that of their noises"] if workers else []
    if apart:
        mixed = r"whose blocks are those of points from $x_{\tau_{k}}$ to $x_{u_{k}}$"
        where += [rf"$a_{{k}}$ is the gradient at a point {mixed}"]
    if kernel.SEVERAL in proof.laws:
        where += [r"$u_{k}$ is the update that applies gradient $k$", r"$0 \le \tau_{k} \le u_{k}$"]
        each = rf"\sum_{{j: u_{{j}} = k}} \eta_{{j}} \, {moved.replace('{k}', '{j}')}"
        return rf"$x_{{k+1}} = x_{{k}} - {each}$ for $k = 0, \dots, T-1$; {joined(where)}"
    where += [r"$0 \le \tau_{k} \le k$"] if applied == r"g_{\tau_{k}}" else []
    run = rf"$x_{{k+1}} = x_{{k}} - \eta_{{k}} \, {moved}$ for $k = 0, \dots, T-1$"
    return f"{run}; {joined(where)}"


def _sides(proof: Proof) -> Iterator[Formula]:
    for claim in (*(step.claim for step in proof.steps), proof.conclusion):
        yield from (claim.left, claim.right)


def joined(texts: Iterable[str]) -> str:
    """A list in words.

    >>> joined(["1", "2", "5"])
    '1, 2 and 5'
    """
    *before, last = texts
    return f"{', '.join(before)} and {last}" if before else last
