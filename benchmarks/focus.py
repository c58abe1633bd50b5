"""Speed of Focus' ingest, compiled, against the plain loop that it equals bit for bit, and a million detections.

    python benchmarks/focus.py

The made video as its smallest cheap classifier sees it, 16 numbers a detection, and 100 active clusters; one thread,
processor time. The plain loop takes a part of the detections that ends with all places taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from statistics import median

from experiments.systems.focus.clustering import cluster
from experiments.systems.focus.naive import naive_cluster
from experiments.systems.focus.synthetic import SyntheticVideo
from experiments.systems.focus.tracks import Lengths

DETECTIONS, PLAIN, REPEATS = 1_000_000, 5_000, 5
RADII = (0.0, 0.3, 0.45, 0.6)


def seconds(run: Callable[[], object]) -> float:
    """Processor time."""
    began = time.process_time()
    run()
    return time.process_time() - began


def main() -> None:
    """Print the table."""
    features = SyntheticVideo(Lengths(DETECTIONS)).features(0)
    cluster(features[:2], 0.0)
    print(f"{'radius T':<10}{'clusters':>10}{'plain, us':>11}{'compiled, us':>14}{'times as fast':>15}{'10^6, s':>9}")
    for radius in RADII:
        turns = []
        for _ in range(REPEATS):
            plain = seconds(partial(naive_cluster, features[:PLAIN], radius)) / PLAIN
            fast = seconds(partial(cluster, features[:PLAIN], radius)) / PLAIN
            turns.append((plain, fast, plain / fast))
        plain, fast, ratio = (median(column) for column in zip(*turns, strict=True))
        every = seconds(lambda radius=radius: cluster(features, radius))
        clusters = cluster(features, radius).centres.size
        print(f"{radius:<10g}{clusters:>10}{1e6 * plain:>11.1f}{1e6 * fast:>14.2f}{ratio:>15.0f}{every:>9.2f}")


if __name__ == "__main__":
    main()
