"""The registry: every bound by its name."""

from collections.abc import Mapping

from theory.bounds.abbaszadehpeivasti2022 import ABBASZADEHPEIVASTI2022
from theory.bounds.asp_regret import ASP_REGRET
from theory.bounds.average_delay import AVERAGE_DELAY, AVERAGE_DELAY_ADAPTIVE, AVERAGE_DELAY_DROP
from theory.bounds.bottou2018 import BOTTOU2018
from theory.bounds.corollaries import COROLLARY_1, COROLLARY_2
from theory.bounds.corollaries_b import COROLLARY_1B, COROLLARY_1B_PLUS
from theory.bounds.corollary_s import COROLLARY_S
from theory.bounds.corollary_star import AVERAGE_DELAY_B, COROLLARY_1B_STAR
from theory.bounds.counter_momentum import COUNTER_MOMENTUM
from theory.bounds.dai2019 import FACTOR_S_SUM, SMALL_STEPS, STATED, STRICT, TIGHT_SUM
from theory.bounds.ef_topk import EF_TOPK
from theory.bounds.ghadimi2013 import GHADIMI2013
from theory.bounds.group_averaging import GROUP_AVERAGING_BOUND
from theory.bounds.koloskova2022 import KOLOSKOVA2022
from theory.bounds.koloskova2022_adaptive import KOLOSKOVA2022_ADAPTIVE
from theory.bounds.leave_one_out import LEAVE_ONE_OUT
from theory.bounds.lian2015 import LIAN2015
from theory.bounds.maranjyan2025 import MARANJYAN2025
from theory.bounds.mishchenko2022 import MISHCHENKO2022
from theory.bounds.parts.bound import Bound
from theory.bounds.random_groups import RANDOM_GROUPS
from theory.bounds.rates import RATES
from theory.bounds.rotaru2024 import ROTARU2024
from theory.bounds.stich2020 import STICH2020
from theory.bounds.theorem_a import THEOREM_A
from theory.bounds.theorem_ab import THEOREM_AB
from theory.bounds.theorem_ab_overtaking import THEOREM_AB_OVERTAKING
from theory.bounds.theorem_ar import THEOREM_AR
from theory.bounds.theorem_arb import THEOREM_ARB
from theory.bounds.theorem_b import THEOREM_B
from theory.bounds.theorem_b_noise import THEOREM_B_NOISE
from theory.bounds.theorem_c import THEOREM_C
from theory.bounds.theorem_c_noise import THEOREM_C_NOISE
from theory.bounds.theorem_r import THEOREM_R, THEOREM_RB
from theory.bounds.theorem_s import THEOREM_S, THEOREM_S_READS
from theory.bounds.weighted_delays import WEIGHTED_DELAYS
from theory.bounds.wu2022 import WU2022
from theory.bounds.zhang2016 import ZHANG2016
from theory.common.errors import InputError
from theory.common.spelling import meant
from theory.common.table import Table

_ALL = (
    STATED, FACTOR_S_SUM, TIGHT_SUM, SMALL_STEPS, STRICT, THEOREM_A, THEOREM_AB, THEOREM_AB_OVERTAKING, THEOREM_AR,
    THEOREM_ARB, THEOREM_B, THEOREM_B_NOISE, THEOREM_C, THEOREM_C_NOISE, COROLLARY_1, COROLLARY_2, COROLLARY_1B,
    COROLLARY_1B_PLUS, COROLLARY_1B_STAR, COROLLARY_S, THEOREM_S, THEOREM_S_READS, THEOREM_R, THEOREM_RB,
    COUNTER_MOMENTUM, AVERAGE_DELAY, AVERAGE_DELAY_ADAPTIVE, AVERAGE_DELAY_DROP, AVERAGE_DELAY_B, LIAN2015, ZHANG2016,
    STICH2020, KOLOSKOVA2022, KOLOSKOVA2022_ADAPTIVE, MISHCHENKO2022, WU2022, MARANJYAN2025, GHADIMI2013, BOTTOU2018,
    ABBASZADEHPEIVASTI2022, ROTARU2024, WEIGHTED_DELAYS, EF_TOPK, GROUP_AVERAGING_BOUND, RANDOM_GROUPS,
    ASP_REGRET, LEAVE_ONE_OUT,
)  # fmt: skip

# Only these say that they are proved: a bound that is made from one of them is another.
for _bound in _ALL:
    object.__setattr__(_bound, "verified", "proved")

#: Every bound by its name.
REGISTRY: Mapping[str, Bound] = Table({bound.name: bound for bound in _ALL})


def get(name: str) -> Bound:
    """The bound of that name.

    Raises:
        InputError: there is none; the sentence lists those there are.

    >>> get("theorem-a").iterates
    'x_0..x_T'
    """
    if name in RATES:
        raise InputError(f"{name} is known as a rate only, without constants, so that no run can meet it.")
    if name not in REGISTRY:
        near = meant(name, (*REGISTRY, *RATES))
        raise InputError(f"There is no bound named {name!r}.{near} The bounds are {', '.join(REGISTRY)}.")
    return REGISTRY[name]
