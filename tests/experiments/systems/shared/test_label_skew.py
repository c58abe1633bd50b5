"""Label skew: every row has one client, 0 per cent leaves the labels as they are, 100 per cent separates them."""

import numpy as np
import pytest

from experiments.systems.shared.label_skew import RULES, label_counts, label_skew
from theory.common.errors import InputError

LABELS = np.arange(1000) % 10


@pytest.mark.parametrize("by", RULES)
@pytest.mark.parametrize("percent", [0, 37.5, 100])
@pytest.mark.parametrize("clients", [1, 7, 10])
def test_every_row_has_one_client(by, percent, clients):
    rows = label_skew(LABELS, clients, percent, by=by)
    assert len(rows) == clients
    np.testing.assert_array_equal(np.sort(np.concatenate(rows)), np.arange(1000))


def test_at_0_per_cent_clients_are_as_large_and_as_mixed_as_can_be():
    counts = label_counts(LABELS, label_skew(LABELS, 7, 0), 10)
    assert np.ptp(counts.sum(axis=1)) <= 1
    # Hypergeometric: each of the 70 counts has mean 14.3 and deviation below 3.5.
    assert abs(counts - 1000 / 70).max() < 14


def test_two_whole_shards_hold_two_labels():
    counts = label_counts(LABELS, label_skew(LABELS, 10, 100), 10)
    assert ((counts > 0).sum(axis=1) <= 2).all()
    assert (counts.sum(axis=1) == 100).all()


def test_by_label_a_client_has_the_labels_of_its_remainder():
    for client, rows in enumerate(label_skew(LABELS, 5, 100, by="label")):
        assert set(LABELS[rows]) == {client, client + 5}


@pytest.mark.parametrize("by", RULES)
def test_skew_grows_with_the_percentage(by):
    def distance(percent):
        """Mean total variation between a client's labels and those of all."""
        counts = label_counts(LABELS, label_skew(LABELS, 10, percent, by=by), 10)
        return abs(counts / counts.sum(axis=1, keepdims=True) - 0.1).sum(axis=1).mean() / 2

    found = [distance(percent) for percent in (0, 20, 40, 60, 80, 100)]
    assert found == sorted(found) and found[0] < 0.2 and found[-1] >= 0.8


def test_the_seed_decides_and_nothing_else():
    first, again, other = (label_skew(LABELS, 10, 50, seed=seed) for seed in (1, 1, 2))
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert any(a.shape != b.shape or (a != b).any() for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"percent": -1}, "0..100"),
        ({"percent": 100.5}, "0..100"),
        ({"percent": float("nan")}, "0..100"),
        ({"clients": 1001}, "1001 clients and only 1000 rows"),
        ({"clients": 0}, "number of clients"),
        ({"clients": 12, "by": "label"}, "2 of 12 clients would have no rows, client 10"),
        ({"by": "shard"}, "shards or label"),
        ({"labels": []}, "whole numbers"),
        ({"labels": [0.5, 1.0]}, "whole numbers"),
        ({"labels": [-1, 1]}, "whole numbers"),
        ({"seed": -1}, "seed"),
    ],
)
def test_bad_input_is_refused_by_name(change, told):
    with pytest.raises(InputError, match=told):
        label_skew(**{"labels": LABELS, "clients": 10} | change)
