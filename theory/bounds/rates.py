r"""Published results that are known here as rates only: no constants, no evaluator, no proof that replays.

They stand in the library beside the bounds, with the same fields, so that a reader sees what else is known. Each says
how it is known; none may be used to judge a run. A rate that gets constants and a proof becomes a bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from theory.bounds.parts.assumptions import (
    BOUNDED_BELOW,
    BOUNDED_VARIANCE,
    DELAYS_FIXED,
    SMOOTH,
    UNBIASED,
    Assumption,
    Source,
)

CONVEX = Assumption("convex", "F is convex.", r"F \text{ convex}")
QUADRATIC = Assumption(
    "quadratic", "F is a convex quadratic.", r"F(x) = \tfrac12 x^\top A x + b^\top x, \; 0 \preceq A \preceq L I"
)
COMPACT = Assumption(
    "compact", "The iterates are kept in a convex set of radius R.", r"\|x - y\| \le R \text{ on the domain}"
)
BOUNDED_GRADIENTS = Assumption("bounded gradients", "No gradient is longer than G.", r"\|\nabla F(x)\| \le G")
FIXED_DELAY = Assumption("fixed delay", "Every gradient is applied with the same delay.", r"\tau_k = \max(0, k - \tau)")
WORKERS = Assumption(
    "fixed speeds",
    "Worker i needs at most h_i seconds for a gradient, sorted with the fastest first.",
    r"h_1 \le h_2 \le \dots \le h_n",
)
OWN_DATA = Assumption(
    "data of their own",
    "Each of n workers has an objective of its own, L-smooth, of which F is the mean.",
    r"F = \frac1n \sum_{i=1}^n f_i",
)
UNBOUNDED_DELAY = Assumption("unbounded delay", "Delays need not have a bound.", r"\sup_k d_k \le \infty")

NON_CONVEX = (SMOOTH, BOUNDED_BELOW, UNBIASED, BOUNDED_VARIANCE)


@dataclass(frozen=True, eq=False)
class RateOnly:
    """A published rate without the constants that would make it a bound.

    Args:
        name: its name in the library; title: what a heading says.
        summary: what is reported, in one or two sentences.
        assumptions: what it assumes, as far as it is known here.
        quantity: LaTeX of what decays; rate: LaTeX of how; rate_text: the rate in plain text.
        source: where it is published.
        known: how it is known here.
    """

    name: str
    title: str
    summary: str
    assumptions: tuple[Assumption, ...]
    quantity: str
    rate: str
    rate_text: str
    source: Source
    known: str
    verified: str = "rate only"
    domain: tuple[str, ...] = ()

    @property
    def statement(self) -> str:
        """The result as reported, in words and LaTeX."""
        assumed = ", ".join(assumption.name for assumption in self.assumptions)
        return f"{self.summary} Assumed: {assumed}. Reported: ${self.quantity} = {self.rate}$. Known {self.known}."

    def to_dict(self) -> dict[str, Any]:
        """The result as `gradlag bounds --json` prints it: the keys that a bound has, and how it is known."""
        return {
            "name": self.name,
            "title": self.title,
            "statement": self.statement,
            "latex": self.latex(),
            "assumptions": [assumption.text for assumption in self.assumptions],
            "domain": list(self.domain),
            "source": self.source.text(),
            "rate": self.rate_text,
            "verified": self.verified,
            "checked_by": [],
            "known": self.known,
        }

    def latex(self) -> str:
        """LaTeX of the rate."""
        return self.rate


_FROM_ABSTRACT = "from its abstract"
_RESTATED = "as restated in later work"
_RECALLED = "as reported; the shape is recalled, not checked against the work"
_SQUARED = r"\mathbb{E}\|\nabla F(x_{out})\|^2"
_SUBOPTIMALITY = r"\mathbb{E} F(x_{out}) - F^*"

_ALL = (
    RateOnly(
        "agarwal2011",
        "Delays are asymptotically negligible for smooth convex stochastic optimisation",
        "Dual averaging and mirror descent with delayed stochastic gradients: the delay enters at lower order.",
        (SMOOTH, CONVEX, COMPACT, BOUNDED_GRADIENTS, UNBIASED, BOUNDED_VARIANCE, FIXED_DELAY),
        _SUBOPTIMALITY,
        r"O\left(\frac{L R^2 + \tau G R}{T} + \frac{\sigma R}{\sqrt{T}}"
        r" + \frac{L G^2 R^2 \tau^2 \ln T}{\sigma^2 T}\right)",
        "O(1/sqrt T), the delay at order log T/T",
        Source("Agarwal, Duchi", 2011, "Distributed Delayed Stochastic Optimization", "NeurIPS 2011", "main rate"),
        f"{_RECALLED}; that delays are asymptotically negligible, {_FROM_ABSTRACT}",
    ),
    RateOnly(
        "arjevani2020",
        "Delayed SGD on quadratics: without noise the delay divides the number of steps",
        "Fixed delay on convex quadratics: without noise as if only one step in tau counted, with noise negligible.",
        (QUADRATIC, UNBIASED, BOUNDED_VARIANCE, FIXED_DELAY),
        _SUBOPTIMALITY,
        r"O\left(\frac{L \tau R^2}{T} + \frac{\sigma R}{\sqrt{T}}\right)",
        "O(tau/T + 1/sqrt T), with matching lower bounds",
        Source(
            "Arjevani, Shamir, Srebro",
            2020,
            "A Tight Convergence Analysis for Stochastic Gradient Descent with Delayed Updates",
            "ALT 2020",
            "convex quadratics",
        ),
        f"{_RECALLED}; the division by tau and the matching lower bounds {_FROM_ABSTRACT}",
    ),
    RateOnly(
        "sra2016",
        "AdaDelay: steps from the delays that occur",
        "Steps 1/(L + c sqrt(k + d_k)): convergence at the undelayed rate, with the mean delay in the lower order.",
        (SMOOTH, CONVEX, COMPACT, UNBIASED, BOUNDED_VARIANCE),
        _SUBOPTIMALITY,
        r"O\left(\frac{1}{\sqrt{T}}\right)",
        "O(1/sqrt T)",
        Source(
            "Sra, Yu, Li, Smola",
            2016,
            "AdaDelay: Delay Adaptive Distributed Stochastic Optimization",
            "AISTATS 2016",
            "main rate",
        ),
        f"{_RECALLED}; the idea {_FROM_ABSTRACT}",
    ),
    RateOnly(
        "zhang2018",
        "Unbounded delays",
        "Asynchronous SGD on a non-convex objective, with delays that have no bound.",
        (*NON_CONVEX, UNBOUNDED_DELAY),
        _SQUARED,
        r"o\left(\frac{1}{\sqrt{T}}\right)",
        "o(1/sqrt T)",
        Source(
            "Zhang, Liu, Zhu",
            2018,
            "Taming Convergence for Asynchronous SGD with Unbounded Delay in Non-Convex Learning",
            "arXiv 1805.09470",
            "main rate",
        ),
        f"{_FROM_ABSTRACT}; what else is assumed is recalled",
    ),
    RateOnly(
        "aviv2021",
        "Asynchronous optimisation through the mean delay and its spread",
        "Convex and strongly convex objectives: mean and standard deviation of the delay, not its largest value.",
        (SMOOTH, CONVEX, BOUNDED_GRADIENTS, UNBIASED, BOUNDED_VARIANCE, DELAYS_FIXED),
        _SUBOPTIMALITY,
        r"\text{a rate through the mean and the standard deviation of the delay, its form not recovered}",
        "through the mean and the standard deviation of the delay; its form is not recovered",
        Source(
            "Aviv, Hakimi, Schuster, Levy",
            2021,
            "Asynchronous Distributed Learning: Adapting to Gradient Delays without Prior Knowledge",
            "ICML 2021",
            "main rate",
        ),
        _RESTATED,
    ),
    RateOnly(
        "cohen2021",
        "Picky SGD: a gradient is applied only where the iterate has moved little since it was read",
        "A gradient is applied where the iterate has moved at most eps/(2 L) since its read: through the mean delay.",
        (*NON_CONVEX, DELAYS_FIXED),
        r"T(\|\nabla F\| \le \varepsilon)",
        r"O\left(\frac{\sigma^2}{\varepsilon^4} + \frac{\tau_{mean}}{\varepsilon^2}\right)",
        "O(sigma^2/eps^4 + mean delay/eps^2) steps, with probability at least 1/2",
        Source(
            "Cohen, Daniely, Drori, Koren, Schain",
            2021,
            "Asynchronous Stochastic Optimization Robust to Arbitrary Delays",
            "NeurIPS 2021",
            "non-convex rate",
        ),
        f"{_FROM_ABSTRACT}; the rule {_RESTATED}",
    ),
    RateOnly(
        "tyurin2023",
        "The optimal time of n workers with fixed speeds",
        "No asynchronous method is faster, and collecting batches at one point (Rennala) attains it; eps bounds |g|^2.",
        (*NON_CONVEX, WORKERS),
        r"\text{seconds}(\mathbb{E}\|\nabla F\|^2 \le \varepsilon)",
        r"\Theta\left(\min_{m} \left(\frac{1}{m} \sum_{i \le m} \frac{1}{h_i}\right)^{-1}"
        r" \left(\frac{L \Delta}{\varepsilon} + \frac{\sigma^2 L \Delta}{m \varepsilon^2}\right)\right)",
        "optimal time complexity, a minimum over the m fastest workers",
        Source(
            "Tyurin, Richtarik",
            2023,
            "Optimal Time Complexities of Parallel Stochastic Optimization Methods Under a Fixed Computation Model",
            "NeurIPS 2023",
            "homogeneous time complexity",
        ),
        _RESTATED,
    ),
    RateOnly(
        "attia2025",
        "Through any quantile of the delays",
        "Asynchronous mini-batches and filtered gradients: for any q, the q-quantile of the delays.",
        (*NON_CONVEX, DELAYS_FIXED),
        _SQUARED,
        r"O\left(\frac{\tau_q}{q T} + \frac{\sigma}{\sqrt{q T}}\right)",
        "O(quantile/(q T) + sigma/sqrt(q T)) for any q",
        Source(
            "Attia, Gaash, Koren",
            2025,
            "Faster Stochastic Optimization with Arbitrary Delays via Asynchronous Mini-Batching",
            "ICML 2025, arXiv 2408.07503",
            "non-convex rate",
        ),
        _FROM_ABSTRACT,
    ),
    RateOnly(
        "maranjyan2026",
        "Ringleader: a table with the gradients of every worker, whose data may be of any kind",
        "A server applies the mean of a table of the last gradients of all workers; delays are at most 2 n - 2, and B "
        "is the harmonic mean of the batches. Optimal time for workers of any data. Its step for an accuracy eps.",
        (*NON_CONVEX, OWN_DATA, WORKERS),
        r"\eta(\mathbb{E}\|\nabla F\|^2 \le \varepsilon)",
        r"\min\left\{\frac{1}{8 n L}, \frac{\varepsilon B}{10 L \sigma^2}\right\}",
        "the step min(1/(8 n L), eps B/(10 L sigma^2)) for an accuracy eps",
        Source(
            "Maranjyan, Richtarik",
            2026,
            "Ringleader ASGD: The First Asynchronous SGD with Optimal Time Complexity under Data Heterogeneity",
            "ICLR 2026, arXiv 2509.22860",
            "its step",
        ),
        f"{_FROM_ABSTRACT}; delays and step as summarised by others, the theorem itself was not seen",
    ),
)

#: Every rate by its name.
RATES: Mapping[str, RateOnly] = MappingProxyType({rate.name: rate for rate in _ALL})
