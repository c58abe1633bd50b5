"""What the assumptions of the bounds are in Coq: definitions about runs, or nothing where a run is so by its making."""

from __future__ import annotations

from collections.abc import Mapping

from theory.bounds.asp_regret import CONVEX_LOSSES, SEVERAL_CENTRES
from theory.bounds.counter_momentum import SOFT_START
from theory.bounds.leave_one_out import CURVED, LEFT_OUT
from theory.bounds.parts.assumptions import (
    BOUNDED_BELOW,
    BOUNDED_VARIANCE,
    COHERENCE,
    DELAYS_DRAWN,
    DELAYS_FIXED,
    MOVES_TAKEN_BACK,
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

#: The same where delays are random, in RandomRun.v.
ASSUMED_AT_RANDOM: Mapping[Assumption, str] = {
    SMOOTH: "RandomRun.smooth run",
    BOUNDED_BELOW: "RandomRun.bounded_below run",
    UNBIASED: "",  # the next but one says more: given the delays too
    BOUNDED_VARIANCE: "RandomRun.bounded_variance run",
    DELAYS_DRAWN: "RandomRun.unbiased run -> RandomRun.drawn_afresh run -> RandomRun.one_law run Ed Ed2",
    STEPS_FIXED: "",
}

#: The same of a method that takes back moves, in MovingRun.v.
ASSUMED_OF_A_METHOD: Mapping[Assumption, str] = {
    SMOOTH: "MovingRun.smooth run",
    BOUNDED_BELOW: "MovingRun.bounded_below run",
    UNBIASED: "MovingRun.unbiased run",
    BOUNDED_VARIANCE: "MovingRun.bounded_variance run",
    STEPS_FIXED: "",
    MOVES_TAKEN_BACK: "",
    # A side condition says these.
    SOFT_START: "",
    FIXED_DELAY: "",
}

#: The same of several centres, in CentresRun.v.
ASSUMED_OF_CENTRES: Mapping[Assumption, str] = {
    CONVEX_LOSSES: "CentresRun.convex_losses run G radius",
    SEVERAL_CENTRES: "CentresRun.several_centres run centres threshold size",
}

#: The same of federated averaging with a client left out, in LeftOutRun.v.
ASSUMED_OF_CLIENTS: Mapping[Assumption, str] = {
    NO_DELAY: "",
    LEFT_OUT: "LeftOutRun.federated run -> LeftOutRun.influence_at_most run influence",
    CURVED: "LeftOutRun.curved run lowest highest bend",
}
