"""What is known of a delay model's stability before a run: its exact limit, and the warning when steps exceed it."""

from __future__ import annotations

import numpy as np

from theory.common.errors import DelayError
from theory.common.types import Floats
from theory.staleness import momentum as heavy_ball
from theory.staleness.delay_model import DelayModel
from theory.staleness.stability import fixed_delay_limit, mean_dynamics_limit


def stability_limit(model: DelayModel, momentum: float = 0.0) -> float:
    """Where gradient descent under a model's delays first stops being stable; in the mean if they are independent.

    Args:
        model: the delays; a constant delay, independent delays of any law, or, without momentum, the adversary's trace.
        momentum: q of heavy ball, above -1 and below 1.

    Returns:
        The limit of a, the step size in units of 1/curvature.

    Raises:
        DelayError: no limit is known for these delays.
        InputError: the momentum is not in that range.

    Source: `fixed_delay_limit`, `mean_dynamics_limit`, `adversarial_delay_limit`.

    >>> from theory.staleness.delays import ConstantDelay, UniformDelay
    >>> [round(stability_limit(delays, momentum=0.75), 12) for delays in (ConstantDelay(1), UniformDelay(1))]
    [0.25, 0.5]
    """
    momentum, largest = heavy_ball.check_momentum(momentum), model.largest
    if model.probabilities[largest] == 1.0:
        return fixed_delay_limit(largest, momentum)
    if model.independent:
        return mean_dynamics_limit(model.probabilities, momentum)
    if momentum == 0 and model.stability_limit is not None:
        return model.stability_limit
    raise DelayError(
        f"No stability limit is known for the delays {model.text}{f' with momentum {momentum:g}' if momentum else ''}. "
        "Take constant or independent delays."
    )


def announcement(step_sizes: Floats, delays_model: DelayModel, curvature: float | None) -> str | None:
    """A sentence for the user when step sizes lie beyond the stability limit of their delays, else None.

    Args:
        step_sizes: float64 (T,), step k at position k - 1.
        delays_model: the delays of the run.
        curvature: the largest curvature of the objective; None when it has none to offer.

    Returns:
        The first such step, its size, the limit, and how many of the T steps are beyond it. The limit is exact for the
        constant delay and the adversarial trace; for other delays it is that of their largest, held throughout, with
        the limit in the mean beside it where they are independent.

    Source: `fixed_delay_limit`, `adversarial_delay_limit`, `mean_dynamics_limit`.

    >>> import numpy as np
    >>> from theory.staleness.delays import ConstantDelay
    >>> print(announcement(np.full(9, 0.7), ConstantDelay(2), 1.0))
    Step 1 has size 0.7, beyond 0.618034, the exact stability limit on curvature 1 for the constant delay 2;
    so it is for 9 of the 9 steps, and gradient descent that stays beyond it diverges.
    >>> announcement(np.full(9, 0.6), ConstantDelay(2), 1.0)
    """
    if curvature is None or not curvature > 0:
        return None
    limit, whose, outcome = _limit_in_words(delays_model, curvature)
    # A step set to the limit itself, rounded, is not beyond it.
    beyond = np.flatnonzero(step_sizes > limit * (1 + 1e-12))
    if not beyond.size:
        return None
    first = int(beyond[0])
    return (
        f"Step {first + 1} has size {step_sizes[first]:.6g}, beyond {limit:.6g}, the exact stability limit on "
        f"curvature {curvature:.6g} {whose}; so it is for {beyond.size} of the {step_sizes.size} steps, and "
        f"gradient descent that stays beyond it {outcome}."
    )


def _limit_in_words(model: DelayModel, curvature: float) -> tuple[float, str, str]:
    """The limit of the step size, the delays it belongs to, and what happens beyond it."""
    largest, exact = model.largest, model.stability_limit
    if exact is not None:
        kind = "constant delay" if model.probabilities[largest] == 1.0 else f"{model.text} delays up to"
        return exact / curvature, f"for the {kind} {largest}", "diverges"
    mean = mean_dynamics_limit(model.probabilities) / curvature if model.independent else None
    beside = "" if mean is None else f" (in the mean over these delays it is {mean:.6g})"
    return fixed_delay_limit(largest) / curvature, f"if every delay were {largest}{beside}", "may diverge"
