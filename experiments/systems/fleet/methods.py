"""The servers that are compared: each says what a stale gradient weighs. All else about them is the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from experiments.systems.fleet.controlled import ControlledDelay
from experiments.systems.fleet.dampening import Averaging, Boosting, Dampening, Exponential, Inverse, similarities
from theory.common.types import Floats, Ints


@dataclass(frozen=True)
class Method:
    """A server.

    Args:
        title: what it is called in figures and tables.
        dampening: of stale gradients.
        boosting: of dissimilar ones, if any.
        waits: whether it waits for every gradient, so that none is stale.
    """

    title: str
    dampening: Dampening
    boosting: Boosting | None = None
    waits: bool = False

    def weights(self, staleness: Ints, counts: Ints) -> Floats:
        """The weights (T, K) of gradients of this staleness (T, K) with these label counts (T K, classes)."""
        flat = staleness.ravel()
        found = self.dampening.weights(flat)
        if self.boosting is not None:
            found = self.boosting.boosted(found, flat, similarities(counts, staleness.shape[1]))
        return found.reshape(staleness.shape)


#: The boost of every gradient, with a cap: as the paper has it by recollection.
METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "synchronous": Method("synchronous", Averaging(), waits=True),
        "adasgd": Method("AdaSGD", Exponential(), Boosting(capped=True)),
        "exponential": Method("AdaSGD, no boost", Exponential()),
        "inverse": Method("DynSGD", Inverse()),
        "averaging": Method("FedAvg", Averaging()),
    }
)


def long_tail_methods(model: ControlledDelay) -> Mapping[str, Method]:
    """Servers for a long tail, as the released code has them: weights saturate at the number of models that are kept.

    Gradients staler than 1.5 times that number are boosted, without a cap; beta is given, that of the range.
    """
    kept = model.maximum + 1
    dampening = Exponential(float(model.maximum), saturation=kept)
    return MappingProxyType(
        {
            "boosted": Method("AdaSGD", dampening, Boosting(beyond=1.5 * kept)),
            "saturated": Method("AdaSGD, no boost", dampening),
            "inverse": METHODS["inverse"],
            "averaging": METHODS["averaging"],
        }
    )
