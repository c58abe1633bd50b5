"""What is measured at every recorded point: each quantity is named here, and nowhere else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, overload

from numpy.typing import NDArray


class NamedArrays(ABC):
    """Something that holds arrays under names: what an engine returns, or a stored run."""

    @abstractmethod
    def array(self, name: str) -> NDArray[Any]:
        """The array of that name."""


@dataclass(frozen=True)
class Variable:
    """One row of a schema: dimensions, type, units and meaning. As an attribute of what holds arrays it reads its own.

    Args:
        dims, dtype, units, meaning: what a file says of it.
        name: in the file; by default that of the attribute.
    """

    dims: tuple[str, ...]
    dtype: str
    units: str
    meaning: str
    name: str = ""

    def __set_name__(self, owner: type, name: str) -> None:
        object.__setattr__(self, "name", self.name or name)

    @overload
    def __get__(self, holder: None, owner: type) -> Variable: ...
    @overload
    def __get__(self, holder: NamedArrays, owner: type) -> NDArray[Any]: ...
    def __get__(self, holder: NamedArrays | None, owner: type) -> Variable | NDArray[Any]:
        return self if holder is None else holder.array(self.name)


def _series(units: str, meaning: str) -> Variable:
    return Variable(("seed", "time"), "float64", units, meaning)


class Series(NamedArrays):
    """The seven series (S, R), with g_k the full gradient at the recorded point x_k.

    After a seed has diverged its `gradient_norm_squared` is inf and the others are NaN. `coherence` runs over the
    window t = max(0, k - window + 1)..k, is at most 1, and is NaN where g_k = 0 or where it was not asked for;
    `inner_product` and `cosine` are NaN at k = T; `smoothness` is NaN at k = 0, and where |x_k - x_j| <= 2^-26 |x_k|,
    which rounding would blur, and less what the rounding of a user's numbers may add; `displacement` is 0 where every
    point is recorded.
    """

    gradient_norm_squared = _series("f^2/x^2", "|grad F(x_k)|^2; inf after divergence")
    loss = _series("f", "F(x_k); nan where it is not known")
    coherence = _series("1", "mu_k = min over t in the window of <g_k, g_t>/|g_k|^2")
    inner_product = _series("f^2/x^2", "<g_k, g_t>, t the point that step k+1 reads")
    cosine = _series("1", "cosine of the angle between g_k and g_t, t as above")
    smoothness = _series("f/x^2", "|g_k - g_j|/|x_k - x_j|, x_j recorded before x_k")
    displacement = _series("x", "largest |x_j - x_k| before the next recorded point")


SERIES = tuple(variable for variable in vars(Series).values() if isinstance(variable, Variable))
MEASURES = tuple(variable.name for variable in SERIES)
#: Their rows in what an engine records, for code that is compiled.
NORM_SQUARED, LOSS, COHERENCE, INNER_PRODUCT, COSINE, SMOOTHNESS, DISPLACEMENT = range(len(SERIES))
