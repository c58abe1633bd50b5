"""The index that ingest leaves behind, and what a query does with it.

The idea: a cluster is listed under the K labels that the cheap classifier finds likeliest for its centre. A query for a
class asks the exact classifier about the centres listed under its label, and takes the cluster if the centre is of that
class. Where the cheap classifier is surer of the class than Skip_th, its word is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from experiments.systems.focus.clustering import Clusters
from experiments.systems.focus.detections import OTHER, Cheap, known_labels
from theory.common.errors import InputError
from theory.common.types import Flags, Ints, Matrix
from theory.staleness.count import whole_number

#: Detections to their classes; each is one exact classification.
Exact = Callable[[Ints], Ints]


@dataclass(frozen=True, eq=False)
class Index:
    """Which clusters are listed under which label.

    Args:
        clusters: of the detections.
        labels: int64 (m, K), under which each is listed; confidence: float64 (m, K), in its centre's label.
        specialised: the classes that are told apart, increasing; kinds: how many classes there are.
    """

    clusters: Clusters
    labels: Ints
    confidence: Matrix
    specialised: Ints
    kinds: int

    def __post_init__(self) -> None:
        if not self.clusters.centres.size:
            raise InputError("The index has no cluster: nothing was ingested. Ingest at least one detection.")


@dataclass(frozen=True, eq=False)
class Answer:
    """What a query gives.

    Args:
        taken: bool (m,), the clusters whose members are returned; exact: int64, the detections classified exactly.
    """

    taken: Flags
    exact: Ints


def build_index(cheap: Cheap, clusters: Clusters, most: int, kinds: int) -> Index:
    """The index of the top-K labels of each centre.

    Args:
        cheap: what the cheap classifier says of the detections; clusters: of them.
        most: K, from 1 to the number of labels that the classifier has; kinds: the number of classes.

    Raises:
        InputError: K outside its range, or no cluster.
    """
    labels = cheap.specialised.size + (cheap.specialised.size < kinds)
    if not 1 <= whole_number(most, 0, "K", InputError) <= labels:
        raise InputError(
            f"K, the number of labels under which a cluster is listed, must be from 1 to {labels}, as many as the "
            f"cheap classifier tells apart. Got {most}."
        )
    if most > cheap.labels.shape[1]:
        raise InputError(
            f"The cheap classifier keeps {cheap.labels.shape[1]} labels of each detection. Got K = {most}."
        )
    centres = clusters.centres
    return Index(clusters, cheap.labels[centres, :most], cheap.confidence[centres, :most], cheap.specialised, kinds)


def exact_index(clusters: Clusters, exact: Exact, kinds: int) -> Index:
    """The index of an exact classifier that is asked about each centre at ingest: nothing is left for a query."""
    certain = np.ones((clusters.centres.size, 1))
    return Index(clusters, exact(clusters.centres)[:, None], certain, np.arange(kinds), kinds)


def query(index: Index, wanted: int, exact: Exact, skip: float = 1.0) -> Answer:
    """The clusters of a class, as far as the index leads to them; their members' frames are what a user sees.

    Args:
        index: of the video; wanted: the class.
        exact: the exact classifier, which is asked about centres alone.
        skip: Skip_th in [0, 1]: a cluster whose centre is of the class with a confidence above it is taken without
            asking; 1 asks always. The label OTHER is no class, and is always asked about.

    Raises:
        InputError: a class that the video does not have, or a Skip_th outside [0, 1].

    Example:
        >>> clusters = Clusters(np.array([0, 1, 0, 2]), np.array([0, 1, 3]))
        >>> index = Index(clusters, np.array([[0, 1], [1, 0], [1, 0]]), np.full((3, 2), 0.5), np.arange(2), 2)
        >>> found = query(index, 0, lambda rows: np.array([0, 1, 0, 0])[rows])
        >>> found.taken, found.exact
        (array([ True, False,  True]), array([0, 1, 3]))
    """
    if not 0 <= wanted < index.kinds:
        raise InputError(f"There is no class {wanted}. The classes of this video are 0 to {index.kinds - 1}.")
    if not 0 <= skip <= 1:
        raise InputError(f"Skip_th is a confidence from 0 to 1. Got {skip}.")
    label = known_labels(np.array([wanted]), index.specialised)[0]
    listed, places = np.nonzero(index.labels == label)  # a cluster has each label once
    sure = (index.confidence[listed, places] > skip) & (label != OTHER)
    taken, centres = np.zeros(index.labels.shape[0], np.bool_), index.clusters.centres
    taken[listed[sure]] = True
    asked = listed[~sure]
    taken[asked] = exact(centres[asked]) == wanted
    return Answer(taken, centres[asked])
