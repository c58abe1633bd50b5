"""Runs of several workers that read beside x_k: error feedback, and means over groups, with exact expectations.

F is the mean of f_i = sum over the coordinates of c_ij shape_j(x_j). What an assumption bounds, the gradients by G and
the difference between workers by zeta, is taken from the run itself, so that nothing is to spare.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np

from theory.proofs.kernel import PROMPT, WORKERS, Context
from theory.proofs.refuting.runs import EnumeratedRun

#: A round of means over groups of two of four workers, and the next one.
_PAIRS = (((0, 1), (2, 3)), ((0, 2), (1, 3)))


class Workers(EnumeratedRun):
    """Workers with memories where `kept` says what a compressor leaves of a square, else with means of their points.

    The means leave a share `left` of the squared distance in every round, or are over groups that change.

    What a worker has is an array (paths, workers, 2); g, a and e are the same for all of them.
    """

    def __init__(
        self,
        steps: int,
        step_sizes: Any,
        seed: int,
        deviation: float,
        workers: int,
        kept: float | None = None,
        left: float | None = None,
        **given: float,
    ) -> None:
        self.workers, self.kept, self.left = workers, kept, left
        self.apart: list[np.ndarray] = []
        self.stochastic: list[np.ndarray] = []
        self.exact: list[np.ndarray] = []
        group = 2 if workers == 4 else workers
        own = {"workers": float(workers), "group": float(group), "delta": 1 - (kept or left or 0.0)}
        super().__init__(range(steps), step_sizes, seed, deviation, None, None, None, **given, **own)
        self.constants["G"] = max(self.inner(h, h) for h in self.stochastic) ** 0.5
        differ = (self._own(x) - g[:, None] for x, g in zip(self.points, self.gradients, strict=True))
        self.constants["zeta"] = max(self.inner(z, z) for z in differ) ** 0.5

    def _lay_paths(self) -> None:
        ratios = self.draw.uniform(0.3, 1.7, size=(self.workers, 2))
        self.each = self.curvatures * ratios / ratios.mean(axis=0)
        count = self.workers * self.steps
        self.signs = np.array(list(product((-1.0, 1.0), repeat=count)) if self.noisy else [(1.0,) * count])
        self.weights = np.full(len(self.signs), 1 / len(self.signs))
        self.apart.append(np.zeros((len(self.signs), self.workers, 2)))

    def _constants(self) -> dict[str, float]:
        # Memories are read by all workers at one point: there the smoothness of F counts.
        smoothness = self.curvatures if self.kept is not None else self.each
        return super()._constants() | {"L": float(smoothness.max())}

    def _own(self, x: np.ndarray) -> np.ndarray:
        """The gradients of all f_i, each worker's at its point (paths, workers, 2), or all at one (paths, 2)."""
        places = x[:, None] if x.ndim == 2 else x
        slopes = [slope(places[..., j]) for j, (_, slope) in enumerate(self.shapes)]
        return np.asarray(self.each * np.stack(slopes, axis=-1))

    def _walk(self, k: int) -> None:
        step, x, away = self.step_sizes[k], self.points[k], self.apart[k]
        read = x + away.mean(axis=1) if self.kept is not None else x[:, None] + away
        noise, exact = self._noise(k), self._own(read)
        moved = step * (exact + noise)
        self.exact.append(np.broadcast_to(exact, away.shape))
        self.applied.append(exact.mean(axis=1))
        self.noises.append(noise.mean(axis=1))
        self.stochastic.append(exact + noise)
        self.points.append(x - moved.mean(axis=1))
        self.gradients.append(self._gradient(self.points[-1]))
        self.apart.append(self._left(away + moved) if self.kept is not None else self._mixed(away - moved, k))

    def _noise(self, k: int) -> np.ndarray:
        """Signs of each worker's own, times what may depend on all signs before."""
        known = self.signs[:, : k * self.workers]
        past = np.unique(known, axis=0, return_inverse=True)[1].reshape(-1) if k else np.zeros(len(known), int)
        angles = self.draw.uniform(0, 2 * np.pi, size=(past.max() + 1, self.workers))[past]
        lengths = self.draw.choice([self.deviation, self.deviation / 2], size=(past.max() + 1, self.workers))[past]
        signs = self.signs[:, k * self.workers : (k + 1) * self.workers]
        return np.asarray((signs * lengths)[..., None] * np.stack([np.cos(angles), np.sin(angles)], axis=-1))

    def _left(self, u: np.ndarray) -> np.ndarray:
        """What a compressor leaves of u: the share of its square that it may leave, turned by some angle."""
        angle, share = self.draw.uniform(0, 2 * np.pi), np.sqrt(self.kept or 0.0)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        return np.asarray(share * u @ turn.T)

    def _mixed(self, moved: np.ndarray, k: int) -> np.ndarray:
        """What the means of a round lack of the mean of all."""
        if self.left is not None:
            away = moved - moved.mean(axis=1, keepdims=True)
            return np.asarray(np.sqrt(self.left) * away[:, self.draw.permutation(self.workers)])
        groups = _PAIRS[k % 2] if self.workers == 4 else (tuple(range(self.workers)),)
        mixed = np.empty_like(moved)
        for group in map(list, groups):
            mixed[:, group] = moved[:, group].mean(axis=1, keepdims=True)
        return np.asarray(mixed - moved.mean(axis=1, keepdims=True))

    def obeys(self, law: tuple[Any, ...], names: Mapping[str, int]) -> bool:
        return law in (WORKERS, PROMPT) or super().obeys(law, names)

    def allows(self, context: Context, names: Mapping[str, int]) -> bool:
        return WORKERS in context.laws and super().allows(context, names)

    def vector(self, name: str, k: int) -> Any:
        known = {"M": self.apart, "h": self.stochastic}.get(name)
        if known is not None or name in ("b", "z"):
            last = self.steps if name in ("M", "z") else self.steps - 1
            k = min(max(k, 0), last)  # beyond the run any vector will do
            return known[k] if known else (self.exact[k] if name == "b" else self._own(self.points[k])) - self._g(k)
        return np.asarray(super().vector(name, k))[:, None]

    def _g(self, k: int) -> np.ndarray:
        return np.asarray(self.gradients[k][:, None])

    def inner(self, one: Any, other: Any) -> float:
        """The mean over the workers; what has no workers is the same for all."""
        pair = [v if np.ndim(v) == 3 else v[:, None] for v in (one, other) if np.ndim(v)]
        return self.mean((pair[0] * pair[1]).sum(axis=-1).mean(axis=1)) if len(pair) == 2 else 0.0
