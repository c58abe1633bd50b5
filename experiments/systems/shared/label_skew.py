"""Labelled rows spread over clients whose labels differ: a share of the rows goes by label, the others at random.

The idea: the rows are put in an order drawn once. The first of them, as many as the percentage says, are dealt by
label; the others one by one, so that 0 per cent gives clients that are alike and 100 per cent the strongest skew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from experiments.common.arrays import frozen
from experiments.kernels.counters import uniforms
from theory.common.errors import InputError
from theory.common.spelling import meant
from theory.common.types import Ints
from theory.staleness.count import whole_number

LABEL_SKEW = 7  # the stream of random numbers, beside those of experiments/kernels
SHARDS_EACH = 2  # of a client


def random_order(seed: int, part: int, count: int) -> Ints:
    """An order of so many things, drawn from the counters of a seed; parts are drawn independently.

    >>> random_order(0, 0, 5)
    array([0, 1, 2, 4, 3])
    """
    return np.argsort(uniforms(seed, LABEL_SKEW, part, count), kind="stable")


def by_shards(labels: Ints, clients: int, seed: int) -> Ints:
    """The client of each row: rows sorted by label, cut into two shards for each client, and the shards dealt."""
    shards = np.array_split(np.argsort(labels, kind="stable"), SHARDS_EACH * clients)
    owners = np.empty(labels.size, np.int64)
    for place, shard in enumerate(random_order(seed, 1, len(shards))):
        owners[shards[shard]] = place // SHARDS_EACH
    return owners


def by_label(labels: Ints, clients: int, seed: int) -> Ints:
    """The client of each row: its label modulo the number of clients."""
    return labels % clients


RULES: Mapping[str, Callable[[Ints, int, int], Ints]] = MappingProxyType({"shards": by_shards, "label": by_label})


def label_skew(
    labels: ArrayLike, clients: int, percent: float = 100.0, *, seed: int = 0, by: str = "shards"
) -> tuple[Ints, ...]:
    r"""The rows of each client: $p$ per cent of the rows dealt by label, the others at random.

    By "shards" the skewed rows are sorted by label and cut into 2 K shards of nearly equal size, of which each client
    gets two; by "label" a row of label $y$ goes to client $y \bmod K$. The other rows are dealt one by one.

    Args:
        labels: int64 (n,), the label of each row, at least 0.
        clients: K, at least 1 and at most n.
        percent: p, from 0 (clients alike) to 100 (all rows by label).
        seed: a whole number below 2^63; the order in which rows and shards are dealt.
        by: "shards" or "label".

    Returns:
        K arrays int64 of rows, each increasing; every row is in one of them.

    Raises:
        InputError: a percentage outside 0..100, more clients than rows, a client without rows, labels that are not
            whole numbers of at least 0, or no such rule.

    Source: the shards are those of McMahan et al., Communication-Efficient Learning of Deep Networks from Decentralized
        Data, AISTATS 2017; the labels modulo K those of the code released by Hsieh et al., The Non-IID Data Quagmire of
        Decentralized Machine Learning, ICML 2020.

    Example:
        >>> [rows.tolist() for rows in label_skew([0, 1, 2, 0, 1, 2], 3, by="label")]
        [[0, 3], [1, 4], [2, 5]]
        >>> [len(rows) for rows in label_skew([0, 1, 2, 0, 1, 2], 3, percent=0)]
        [2, 2, 2]
    """
    checked = _checked_labels(labels)
    count = whole_number(clients, 1, "The number of clients", InputError)
    if by not in RULES:
        raise InputError(f"Rows are dealt by {' or '.join(RULES)}. Got {by!r}.{meant(by, RULES)}")
    if not 0 <= percent <= 100:
        raise InputError(f"The percentage of rows dealt by label must lie in 0..100. Got {percent}.")
    if count > checked.size:
        raise InputError(f"There are {count} clients and only {checked.size} rows. Take at most one client a row.")
    order = random_order(whole_number(seed, 0, "The seed", InputError, most=2**63 - 1), 0, checked.size)
    skewed = round(checked.size * percent / 100)
    owners = np.empty(checked.size, np.int64)
    owners[order[:skewed]] = RULES[by](checked[order[:skewed]], count, seed)
    owners[order[skewed:]] = np.arange(checked.size - skewed) % count
    rows = tuple(frozen(np.flatnonzero(owners == client)) for client in range(count))
    empty = [client for client, own in enumerate(rows) if not own.size]
    if empty:
        raise InputError(
            f"{len(empty)} of {count} clients would have no rows, client {empty[0]} the first. "
            "Take fewer clients, a lower percentage, or deal by shards."
        )
    return rows


def equal_shares(labels: ArrayLike, clients: int, percent: float = 100.0, *, seed: int = 0, by: str = "shards") -> Ints:
    """int64 (K, m): the rows of `label_skew`, of each client as many as the smallest has.

    The mean over the clients is then that over all rows that are used.

    >>> equal_shares([0, 1, 0, 1, 0], 2, by="label")
    array([[0, 2],
           [1, 3]])
    """
    dealt = label_skew(labels, clients, percent, seed=seed, by=by)
    return np.stack([own[: min(map(len, dealt))] for own in dealt])


def label_counts(labels: Ints, rows: tuple[Ints, ...], classes: int) -> Ints:
    """int64 (K, classes): how many rows of each label each client has.

    >>> label_counts(np.array([0, 1, 0]), (np.array([0, 2]), np.array([1])), 2)
    array([[2, 0],
           [0, 1]])
    """
    return np.array([np.bincount(labels[own], minlength=classes) for own in rows])


def _checked_labels(labels: ArrayLike) -> Ints:
    given = np.asarray(labels)
    if given.ndim != 1 or given.dtype.kind not in "iu" or not given.size or given.min() < 0:
        raise InputError(
            "Labels must be a list of whole numbers of at least 0, one for each row. "
            f"Got shape {given.shape} of type {given.dtype}."
        )
    return given.astype(np.int64)
