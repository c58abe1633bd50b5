"""What the assumptions of the bounds are in Coq: definitions of Run.v, or nothing where a run has it by its making."""

from __future__ import annotations

from collections.abc import Mapping

from theory.bounds.parts.assumptions import (
    BOUNDED_BELOW,
    BOUNDED_VARIANCE,
    COHERENCE,
    DELAYS_FIXED,
    NO_DELAY,
    NO_NOISE,
    ORDERED_READS,
    SMOOTH,
    STEPS_FIXED,
    UNBIASED,
    Assumption,
)
from theory.bounds.theorem_c import CONSTANT_STEP, FIXED_DELAY

#: A bound with another assumption is refused. The steps and reads of a `Setting` are the same in all outcomes.
ASSUMED: Mapping[Assumption, str] = {
    SMOOTH: "smooth run",
    BOUNDED_BELOW: "bounded_below run",
    UNBIASED: "unbiased run",
    BOUNDED_VARIANCE: "bounded_variance run",
    NO_NOISE: "no_noise run",
    COHERENCE: "coherent run",
    DELAYS_FIXED: "",
    STEPS_FIXED: "",
    # A side condition of each bound says these.
    ORDERED_READS: "",
    NO_DELAY: "",
    CONSTANT_STEP: "",
    FIXED_DELAY: "",
}
