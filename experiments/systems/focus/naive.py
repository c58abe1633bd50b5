"""Focus as it is written on paper, a detection and a cluster at a time: the oracle of what is compiled."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.systems.focus.clustering import ACTIVE, Clusters
from experiments.systems.focus.detections import OTHER, Cheap
from theory.common.types import Matrix


def naive_cluster(features: Matrix, radius: float, active: int = ACTIVE) -> tuple[list[int], list[int]]:
    """The cluster of each detection, and the detection that opened each cluster."""
    places: list[tuple[list[float], int]] = []  # centre and name of the active clusters
    sizes: list[int] = []  # of all clusters
    of: list[int] = []
    centres: list[int] = []
    for i, row in enumerate(features.tolist()):
        squares = [_square(row, centre) for centre, _ in places]
        nearest = min(range(len(places)), key=squares.__getitem__, default=-1)
        if nearest < 0 or squares[nearest] > radius * radius:
            new = (row, len(centres))
            centres.append(i)
            sizes.append(0)
            if len(places) < active:
                nearest = len(places)
                places.append(new)
            else:
                nearest = min(range(active), key=lambda place: sizes[places[place][1]])
                places[nearest] = new
        name = places[nearest][1]
        sizes[name] += 1
        of.append(name)
    return of, centres


def _square(row: Sequence[float], centre: Sequence[float]) -> float:
    distance = 0.0
    for one, other in zip(row, centre, strict=True):
        distance += (one - other) * (one - other)
    return distance


def naive_query(
    cheap: Cheap, clusters: Clusters, classes: Sequence[int], most: int, wanted: int, skip: float
) -> tuple[list[int], list[int]]:
    """The detections returned, and those classified exactly."""
    label = wanted if wanted in cheap.specialised.tolist() else OTHER
    taken, asked = set(), []
    for name, centre in enumerate(clusters.centres.tolist()):
        for listed, confidence in zip(cheap.labels[centre, :most], cheap.confidence[centre, :most], strict=True):
            if listed != label:
                continue
            if label != OTHER and confidence > skip:
                taken.add(name)
                continue
            asked.append(centre)
            if classes[centre] == wanted:
                taken.add(name)
    return [i for i, name in enumerate(clusters.of.tolist()) if name in taken], asked
