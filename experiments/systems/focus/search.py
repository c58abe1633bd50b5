"""The parameter search: every setting of a grid on a labelled sample, those that meet the targets, and whom to choose.

The idea: a setting costs c exact classifications a detection at ingest, and a share of the detections at a query. Of
the settings that meet the targets the Pareto front is kept; Balance is the least sum, Opt-Ingest and Opt-Query are the
ends. Costs of a video are divided by its detections: 1 is the exact classifier on everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from experiments.systems.focus.trials import Trial
from theory.common.errors import InputError


@dataclass(frozen=True, eq=False)
class Choice:
    """What a search found.

    Args:
        front: the Pareto front of the settings that meet the targets, by rising cost at ingest.
        balance: the least sum; opt_ingest, opt_query: the least cost at ingest, and of a query.
    """

    front: tuple[Trial, ...]
    balance: Trial
    opt_ingest: Trial
    opt_query: Trial


def checked_target(value: float, what: str) -> float:
    """A target in (0, 1]."""
    if not 0 < value <= 1:
        raise InputError(f"The target of {what} must be above 0 and at most 1. Got {value}.")
    return value


def meeting(trials: Sequence[Trial], recall: float, precision: float) -> tuple[Trial, ...]:
    """The trials that reach both targets; InputError if none does, with the nearest."""
    recall, precision = checked_target(recall, "recall"), checked_target(precision, "precision")
    there = tuple(trial for trial in trials if trial.recall >= recall and trial.precision >= precision)
    if not there:
        near = max(trials, key=lambda trial: min(trial.recall - recall, trial.precision - precision), default=None)
        told = f" The nearest has {near.recall:.4g} and {near.precision:.4g}." if near else " None was tried."
        raise InputError(
            f"No setting has a recall of {recall:g} and a precision of {precision:g} on the sample.{told} "
            "Lower the targets, or try more settings."
        )
    return there


def pareto(trials: Sequence[Trial]) -> tuple[Trial, ...]:
    """Those that no other beats at ingest and at the query, by rising cost at ingest; of equal ones the first."""
    front: list[Trial] = []
    for trial in sorted(trials, key=lambda each: (each.ingest, each.query)):
        if not front or trial.query < front[-1].query:
            front.append(trial)
    return tuple(front)


def choose(trials: Sequence[Trial], recall: float, precision: float) -> Choice:
    """The settings to take.

    Args:
        trials: of all settings, on a labelled sample; recall, precision: the targets, in (0, 1].

    Raises:
        InputError: a target outside (0, 1], or one that no setting reaches.
    """
    front = pareto(meeting(trials, recall, precision))
    return Choice(front, min(front, key=lambda trial: trial.total), front[0], front[-1])
