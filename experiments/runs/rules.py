"""What the method of a run comes to: the linear rule that engines take, and the steps at which bounds are asked."""

from __future__ import annotations

import numpy as np

from theory.bounds import Setting
from theory.methods.registry import parse_method
from theory.methods.rule import LinearRule
from theory.staleness.traces import oldest


def rule_of(method: str, setting: Setting) -> LinearRule:
    """The linear rule of a method at the steps and delays of a setting.

    Where a step reads several points the oldest counts: a method that waits takes a gradient if all its reads were at
    the present point, and one that holds gradients holds them until the oldest read is old enough.

    >>> from theory.staleness.count import Staleness
    >>> run = Setting([0.5] * 3, [0, 1, 1], Staleness(2), {"L": 1.0})
    >>> rule_of("wait", run).gradient_weights[:, 0]
    array([0.5, 0. , 0.5])
    """
    smoothness = setting.constants.get("L", 1.0)
    return parse_method(method).linear(setting.step_sizes, oldest(setting.delays), smoothness, setting.staleness)


def as_delayed(rule: LinearRule, setting: Setting) -> Setting | None:
    """The same points as those of delayed steps, moves apart, about which bounds are; None where there are none.

    They are where a rule weighs each gradient once, the same number of them alike at every step that is not zero.
    Without moves a step of zero leaves the point, so that a read counts as one of the last point that is the same. An
    exact gradient may come again where moves are taken back.

    >>> from theory.staleness.count import Staleness
    >>> run = Setting([0.5] * 3, [0, 1, 1], Staleness(2), {"L": 1.0})
    >>> waiting = as_delayed(rule_of("wait", run), run)
    >>> waiting.step_sizes, waiting.delays
    (array([0.5, 0. , 0.5]), array([0, 0, 0]))
    """
    weights, (rows, lags) = rule.gradient_weights, np.nonzero(rule.gradient_weights)
    if np.array_equal(weights, setting.step_sizes[:, None]) and not rule.move_weights.any():
        return setting
    arrived, counts = rows - lags, np.bincount(rows, minlength=rule.updates)
    moving = np.flatnonzero(counts)
    alike = weights[rows, lags] == weights.max(axis=1)[rows]
    moved = rule.move_weights.any()
    once = np.unique(arrived).size == arrived.size or (moved and setting.constants.get("sigma") == 0)
    if not (once and np.unique(counts[moving]).size == 1 and alike.all() and (weights >= 0).all()):
        return None
    delays = setting.delays.reshape(rule.updates, -1)[arrived]
    points = arrived[:, None] - delays
    points = points if moved else moving[np.searchsorted(moving, points)]
    late = np.zeros((rule.updates, delays.size // moving.size), dtype=np.int64)
    late[moving] = (rows[:, None] - points).reshape(moving.size, -1)
    back = -rule.move_weights if moved else ()
    return Setting(weights.sum(axis=1), late, setting.staleness, setting.constants, setting.apart, back)
