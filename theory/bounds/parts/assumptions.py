"""What theorems assume of the objective, the noise and the delays, each stated once, and where results come from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Assumption:
    """What a theorem assumes of the objective, the noise or the delays.

    Args:
        name: short name; text: one line; latex: as the theorem states it.
        needed: LaTeX of what the proof uses of it, where that is less.
    """

    name: str
    text: str
    latex: str
    needed: str = ""


SMOOTH = Assumption(
    "smooth",
    "F is L-smooth: its gradient is Lipschitz continuous with constant L (F need not be convex).",
    r"\|\nabla F(x) - \nabla F(y)\| \le L \|x - y\|",
)
BOUNDED_BELOW = Assumption(
    "bounded below",
    "F is bounded below, and Delta is at least its gap at the start.",
    r"F(x_0) - \inf F \le \Delta",
)
UNBIASED = Assumption(
    "unbiased",
    "Each step applies a fresh stochastic gradient: its noise has mean zero given all iterates up to that step and the "
    "noise of the steps before it.",
    r"\mathbb{E}[e_k \mid x_0, \dots, x_k, e_0, \dots, e_{k-1}] = 0",
)
BOUNDED_VARIANCE = Assumption(
    "bounded variance",
    "The variance of the stochastic gradient is at most sigma^2.",
    r"\mathbb{E}\|e_k\|^2 \le \sigma^2",
)
DELAYS_FIXED = Assumption(
    "delays fixed",
    "Delays and step sizes are fixed before the run or drawn independently of the noise.",
    r"d_k, \eta_k \text{ independent of } e_0, e_1, \dots",
)
STEPS_FIXED = Assumption(
    "steps fixed",
    "Step sizes are fixed before the run or drawn independently of the noise (and of delays that are drawn).",
    r"\eta_k \text{ independent of } e_0, e_1, \dots",
)
DELAYS_DRAWN = Assumption(
    "random delays",
    "Delays have one law, of mean E[d] and mean square E[d^2], each is drawn independently of the points and the noise "
    "before, and the noise of its step has mean zero given all points, noises and delays so far; there may be no "
    "largest one.",
    r"d_k \sim d \text{ independent of } x_0, \dots, x_k, e_0, \dots, e_{k-1}, d_0, \dots, d_{k-1}; \quad"
    r" \tau_k = \max(0, k - d_k); \quad \mathbb{E}[e_k \mid x_0, \dots, x_k, e_0, \dots, e_{k-1}, d_0, \dots, d_k] = 0",
)
COHERENCE = Assumption(
    "coherence",
    "Gradients within the window agree in direction up to mu. As published this is asked on every path and of every "
    "point of the window; the proof uses only the expectation, at the point that is read.",
    r"\langle \nabla F(x_k), \nabla F(x_t) \rangle \ge \mu \|\nabla F(x_k)\|^2 \quad (k - s + 1 \le t \le k)",
    r"\mathbb{E}\langle \nabla F(x_k), \nabla F(x_{\tau_k}) \rangle \ge \mu \, \mathbb{E}\|\nabla F(x_k)\|^2",
)
SEVERAL_READS = Assumption(
    "several gradients an update",
    "Every update applies B gradients, each read at a point of its own and each with a share of the step; given all "
    "points up to that update and the noise before it, their noises have mean zero and are independent of one another.",
    r"x_{k+1} = x_{k} - \sum_{j:\, u_{j} = k} \eta_{j} (\nabla F(x_{\tau_{j}}) + e_{j}), \quad "
    r"\mathbb{E}[e_j \mid x_0, \dots, x_{u_j}] = 0, \quad e_j \text{ independent given } x_0, \dots, x_{u_j}",
)
BLOCK_READS = Assumption(
    "blocks of coordinates read apart",
    "The point whose gradient is applied need not be one of the run: each of its blocks of coordinates may be that of "
    "another point, none older than the delay says.",
    r"\hat{x}_{k} = \sum_{j} \Pi_j x_{\tau_{k,j}}, \quad \tau_{k} = \min_j \tau_{k,j}, \quad \sum_j \Pi_j = I "
    r"\text{ (orthogonal projections on blocks)}",
)
MOVES_TAKEN_BACK = Assumption(
    "moves taken back",
    "Every step also takes back a part of the moves of the steps before, the same parts at every step.",
    r"x_{k+1} = x_{k} - \eta_{k} \nabla F(x_{\tau_{k}}) - \sum_{j<k} m_{j} (x_{k-j} - x_{k-j-1})",
)
NO_NOISE = Assumption("no noise", "The gradients are exact.", r"\sigma = 0")
NO_DELAY = Assumption("no delay", "Every step applies a gradient of the point where it is.", r"\tau_k = k")
ORDERED_READS = Assumption(
    "ordered reads",
    "No gradient overtakes another: each step reads a point no older than the step before it did.",
    r"\tau_0 \le \tau_1 \le \tau_2 \le \dots",
)


@dataclass(frozen=True)
class Source:
    """Where a result is published, or that it is gradlag's own."""

    authors: str
    year: int
    title: str
    where: str
    result: str

    def text(self) -> str:
        """One line for a table."""
        return f"{self.authors} ({self.year}): {self.title}; {self.where}; {self.result}"
