"""What theorems assume of the objective, the noise and the delays, each stated once, and where results come from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Assumption:
    """What a theorem assumes of the objective, the noise or the delays.

    Args:
        name: short name; text: one line; latex: as the theorem states it.
        needed: LaTeX of what the proof uses of it, where that is less.
        measured: LaTeX of what a theorem about such runs bounds, and points: where, if not a squared gradient.
    """

    name: str
    text: str
    latex: str
    needed: str = ""
    measured: str = ""
    points: str = ""


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
BOUNDED_GRADIENT = Assumption(
    "bounded gradients",
    "The mean square of every stochastic gradient that is applied is at most G^2.",
    r"\mathbb{E}\|\nabla F(x_{\tau_k}) + e_k\|^2 \le G^2",
)
DELAYS_FIXED = Assumption(
    "delays fixed",
    "Delays and step sizes are fixed before the run or drawn independently of the noise.",
    r"d_k, \eta_k \text{ independent of } e_0, e_1, \dots",
)
STEPS_FIXED = Assumption(
    "steps fixed",
    "Step sizes are fixed before the run or drawn independently of the noise (and of delays, compressors and means "
    "that are drawn).",
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
    "points up to that update and the noise before it, their noises have mean zero and are independent of one another. "
    "What is said elsewhere of x_k, of k - d_k or of what is before k is said of the update u_k that applies the "
    "gradient k.",
    r"x_{k+1} = x_{k} - \sum_{j:\, u_{j} = k} \eta_{j} (\nabla F(x_{\tau_{j}}) + e_{j}), \quad "
    r"\mathbb{E}[e_j \mid x_0, \dots, x_{u_j}] = 0, \quad e_j \text{ independent given } x_0, \dots, x_{u_j}",
)
BLOCK_READS = Assumption(
    "blocks of coordinates read apart",
    "The point whose gradient is applied need not be one of the run: each of its blocks of coordinates may be that of "
    "another point, none older than the delay says; which these are is fixed before the run or independent of the "
    "noise.",
    r"\hat{x}_{k} = \sum_{j} \Pi_j x_{\tau_{k,j}}, \quad \tau_{k} = \min_j \tau_{k,j}, \quad \sum_j \Pi_j = I "
    r"\text{ (orthogonal projections on blocks)}",
)
MOVES_TAKEN_BACK = Assumption(
    "moves taken back",
    "Every step also takes back a part of the moves of the steps before, the same parts at every step.",
    r"x_{k+1} = x_{k} - \eta_{k} (\nabla F(x_{\tau_{k}}) + e_k) - \sum_{j<k} m_{j} (x_{k-j} - x_{k-j-1})",
)
ERROR_FEEDBACK = Assumption(
    "error feedback",
    "F is the mean of the f_i of N workers. They read one point, the model, and each keeps what its compressor C "
    "leaves: of u, its memory plus its step, it sends C(u), by the mean of which the model moves, and keeps u - C(u), "
    "whose mean square is at most 1 - delta times that of u. The memories are empty at the start; x_k is the model "
    "less the mean memory.",
    r"\hat{x}_{k+1} = \hat{x}_{k} - \frac{1}{N} \sum_i C(u_k^i), \quad u_k^i = M_k^i + \eta_k (\nabla f_i(\hat{x}_k) "
    r"+ e_k^i), \quad M_{k+1}^i = u_k^i - C(u_k^i), \quad M_0^i = 0, \quad \mathbb{E}\|u - C(u)\|^2 \le (1 - \delta) "
    r"\, \mathbb{E}\|u\|^2, \quad x_k = \hat{x}_k - \frac{1}{N} \sum_i M_k^i",
)
GROUP_AVERAGING = Assumption(
    "group averaging",
    "Each of N workers takes a step from a point of its own, all starting at one, and then the mean over its group of "
    "m; the groups are fixed or drawn apart from all else, and change so that the means of two rounds in a row are the "
    "mean of all. x_k is the mean of the points.",
    r"x_{k+1}^i = \sum_j (W_k)_{ij} (x_k^j - \eta_k (\nabla f_j(x_k^j) + e_k^j)), \quad "
    r"W_{k+1} W_k = \tfrac{1}{N} \mathbf{1} \mathbf{1}^{\top}, \quad x_k = \frac{1}{N} \sum_i x_k^i",
)
RANDOM_MIXING = Assumption(
    "random mixing",
    "Each of N workers takes a step from its own point, all starting at one, and then a mean of points, by weights "
    "that keep the mean of all and are fixed or drawn apart from all else: it leaves at most 1 - delta of the squared "
    "distance from that mean, x_k, on average.",
    r"x_{k+1}^i = \sum_j (W_k)_{ij} (x_k^j - \eta_k (\nabla f_j(x_k^j) + e_k^j)), \quad "
    r"\mathbb{E}\|W_k v - \bar{v}\|^2 \le (1 - \delta) \|v - \bar{v}\|^2, \quad x_k = \frac{1}{N} \sum_i x_k^i",
)
WORKERS_NOISE = Assumption(
    "noise of workers",
    "The noise of every worker's gradient has mean zero given all that was before and a variance of at most sigma^2; "
    "given that, the noises of one step are independent of one another.",
    r"\mathbb{E}[e_k^i \mid \text{past}] = 0, \quad \mathbb{E}\|e_k^i\|^2 \le \sigma^2, \quad "
    r"e_k^1, \dots, e_k^N \text{ independent given the past}",
)
WORKERS_BOUNDED = Assumption(
    "bounded gradients of workers",
    "The mean square of the workers' stochastic gradients, over workers and noise, is at most G^2.",
    r"\frac{1}{N} \sum_i \mathbb{E}\|\nabla f_i(\hat{x}_k) + e_k^i\|^2 \le G^2",
)
WORKERS_SMOOTH = Assumption(
    "smooth workers",
    "F is the mean of the workers' f_i, and each of them is L-smooth.",
    r"\|\nabla f_i(x) - \nabla f_i(y)\| \le L \|x - y\|",
)
WORKERS_ALIKE = Assumption(
    "alike workers",
    "The gradients of the workers' f_i differ from that of F by at most zeta, in mean square over the workers.",
    r"\frac{1}{N} \sum_i \|\nabla f_i(x) - \nabla F(x)\|^2 \le \zeta^2",
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
