"""Momentum of either sign: heavy ball, and Nesterov's, whose points are those at which gradients are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from theory.common.spelling import Option
from theory.formulas.formula import Formula, Name, Previous
from theory.methods.method import ETA, Constant
from theory.staleness.momentum import check_momentum

_BETA = Name("beta", r"\beta")
_MOMENTUM = Option("beta", "the momentum", 0.0, -1.0)


@dataclass(frozen=True)
class _WithMomentum(Constant):
    beta: float
    options: ClassVar[Mapping[str, Callable[[str], Any]]] = {"beta": _MOMENTUM.read}
    move_terms: ClassVar[tuple[Formula, ...]] = (_BETA,)

    def __post_init__(self) -> None:
        object.__setattr__(self, "beta", check_momentum(self.beta))


@dataclass(frozen=True)
class Momentum(_WithMomentum):
    r"""Heavy ball: each update repeats the last move times beta, or takes it back where beta is below 0.

    Args:
        beta: above -1 and below 1.

    >>> Momentum(0.9).latex()
    'x_{k+1} = x_{k} - \\eta_{k} \\, \\gamma_{k} + \\beta \\, \\left(x_{k} - x_{k-1}\\right)'
    """

    spelling: ClassVar[str] = "momentum:beta=B"
    words: ClassVar[str] = "Heavy ball: each update repeats the last move times beta, or takes it back below 0."


@dataclass(frozen=True)
class Nesterov(_WithMomentum):
    r"""Nesterov's momentum, as a rule for the points at which gradients are read.

    With z_{k+1} = x_k - eta_k gamma_k and x_k = z_k + beta (z_k - z_{k-1}), z_0 = z_{-1}: as z_k = x_{k-1} - eta_{k-1}
    gamma_{k-1}, it is x_{k+1} = (1 + beta)(x_k - eta_k gamma_k) - beta (x_{k-1} - eta_{k-1} gamma_{k-1}), any steps.

    Args:
        beta: above -1 and below 1.

    >>> Nesterov(0.5).linear([1.0, 2.0], [0, 0]).gradient_weights
    array([[ 1.5,  0. ],
           [ 3. , -0.5]])
    """

    spelling: ClassVar[str] = "nesterov:beta=B"
    words: ClassVar[str] = (
        "Nesterov's momentum: gradients are read at x_k = z_k + beta (z_k - z_{k-1}), z_{k+1} = x_k - eta_k gamma_k."
    )
    gradient_terms: ClassVar[tuple[Formula, ...]] = ((1 + _BETA) * ETA, -(_BETA * Previous(ETA)))
