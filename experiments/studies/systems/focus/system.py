"""Focus as its section of the report shows it: what it does, what is claimed, what stays untested or is smaller."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from experiments.studies.claim import Effect, StudyClaim
from experiments.studies.systems.focus.cells import DECIDING, MADE, FocusCell, focus_cells
from experiments.studies.systems.focus.effects import (
    IMAGES,
    cheaper_ingest,
    clusters_save,
    faster_query,
    faster_than_lazy,
    grows_with_k,
    keeps_targets,
    keeps_targets_with_room,
    near_both_ends,
    near_the_least_sum,
    not_beaten,
    predicted_in_time,
    product_holds,
    rare_as_well,
)
from experiments.studies.systems.system import Lemma, Limit, Sizes, System
from experiments.systems.focus.recall import LEAST, MOST, PREDICTED

_BOTH = "the lesser of the made video and that of images"


def _claim(
    name: str,
    statement: str,
    predicate: str,
    effect: Callable[[Any], Effect],
    threshold: float = 0.0,
    *,
    within: bool = False,
) -> StudyClaim:
    return StudyClaim(f"focus-{name}", "focus", statement, predicate, effect, threshold, within, DECIDING)


CLAIMS = (
    _claim(
        "grows-with-k",
        "Recall never falls as K grows, and gains at least 0.02 from K = 1.",
        "recall in detections of the cheapest model, queries that always ask: from K = 1 to the largest K, or its "
        f"worst step if one is down; {_BOTH}: above 0.02",
        grows_with_k,
        0.02,
    ),
    _claim(
        "clusters-save",
        "Clusters cut the exact classifications of a query by half at least.",
        "log2 of the cost of a query of the best setting without clusters, at no more cost at ingest than Balance, "
        f"over Balance's, on the second half; {_BOTH}: above 1",
        clusters_save,
        1.0,
    ),
    _claim(
        "keeps-targets",
        "What the search chooses keeps both targets afterwards, to 0.01.",
        f"the lesser of recall and precision of Balance on the second half, less the target; {_BOTH}: above -0.01",
        keeps_targets,
        -0.01,
    ),
    _claim(
        "keeps-targets-with-room",
        "It keeps them whole if the search holds back half of the errors.",
        f"the same of Balance of a search at (1 + target)/2, less the target; {_BOTH}: above 0",
        keeps_targets_with_room,
    ),
    _claim(
        "not-beaten",
        "Balance lies on the Pareto front afterwards, too.",
        "log2 of the factor by which Balance is ahead, at ingest or at a query, of the nearest other setting of the "
        f"front, on the second half; {_BOTH}: above 0",
        not_beaten,
    ),
    _claim(
        "near-both-ends",
        "Balance costs at most twice as much as Opt-Ingest at ingest, and as Opt-Query at a query.",
        f"minus the larger of the two log2 ratios, on the second half; {_BOTH}: above -1",
        near_both_ends,
        -1.0,
    ),
    _claim(
        "near-least-sum",
        "The sum of Balance's costs is at most twice the cheapest ingest plus the cheapest query.",
        f"minus log2 of its sum over that of the two ends, on the second half; {_BOTH}: above -1",
        near_the_least_sum,
        -1.0,
    ),
    *(
        _claim(
            f"cheaper-ingest-{video}",
            f"On the video {words} ingest costs at most half of what exact ingest does.",
            "log2 of the cost of ingest that classifies every centre exactly, tuned on the same grid, over Balance's, "
            "on the second half: above 1",
            partial(cheaper_ingest, video=video),
            1.0,
        )
        for video, words in ((MADE, "that is made"), (IMAGES, "of images"))
    ),
    *(
        _claim(
            f"faster-query-{video}",
            f"On the video {words} a query costs at most half of what a cascade over everything does.",
            "log2 of the cost of a query that runs a cheap classifier on everything and asks the exact one where that "
            "is not sure, tuned on the same grid, over Balance's, on the second half: above 1",
            partial(faster_query, video=video),
            1.0,
        )
        for video, words in ((MADE, "that is made"), (IMAGES, "of images"))
    ),
    _claim(
        "faster-than-lazy",
        "A query costs at most half of all of Focus begun when the query comes.",
        f"log2 of the least sum of the costs of any setting, over the cost of Balance's query, on the second half; "
        f"{_BOTH}: above 1",
        faster_than_lazy,
        1.0,
    ),
    _claim(
        "product",
        "Recall is the product that independence would give, to 0.01.",
        "mean over models and K of the size of recall in detections less p q, both of the second half, queries that "
        "always ask; mean of both videos: within 0.01",
        product_holds,
        0.01,
        within=True,
    ),
    _claim(
        "predicted",
        "The product on the sample predicts recall afterwards to 0.02.",
        "mean over the Pareto front of recall in detections on the second half less p q on the sample; mean of both "
        "videos: within 0.02",
        predicted_in_time,
        0.02,
        within=True,
    ),
    _claim(
        "rare-as-well",
        "Classes that only OTHER leads to are found as well as those that the cheap classifier knows, to 0.05.",
        "recall in detections of all other classes less that of the known ones, pooled, of the specialised setting "
        "with the least sum, on the second half of the made video: within 0.05",
        rare_as_well,
        0.05,
        within=True,
    ),
)

_ALGORITHM = (
    "Ingest: a cheap classifier gives every detection scores and features; specialised, it tells the $L_s$ most "
    "frequent classes apart and calls the rest OTHER.",
    "A detection joins the nearest active cluster within $T$, else it is the centre of a new one.",
    "At most 100 clusters are active: the smallest is sealed when a new one has no place.",
    "Each cluster is listed under the $K$ likeliest labels of its centre, with their confidence.",
    "Query for $X$: the clusters listed under $X$, or under OTHER if $X$ is not specialised.",
    "Where the confidence in $X$ is above Skip_th the cluster is taken; else its centre alone is classified exactly.",
    "Returned are the frames of all members of clusters whose centre is of class $X$.",
    "Tuning: on a sample that is labelled exactly every model with every $L_s$, $T$, $K$ and Skip_th is tried, and "
    "those that meet the targets of recall and precision are kept.",
    "Of their Pareto front in the costs of ingest and query, Balance has the least sum; Opt-Ingest and Opt-Query are "
    "its ends.",
)

_LEMMA = Lemma(
    "Lemma (gradlag's own)",
    "Of a random detection of class $X$ with centre $c$ let $A$ say that the cluster is listed under the label of "
    "$c$'s own class, $B$ that this class is $X$, $p=P(A)$ and $q=P(B)$. A query that always asks has the recall $R$:",
    (
        f"R = {PREDICTED.latex()} + \\mathrm{{cov}}(1_A, 1_B)",
        f"{LEAST.latex()} \\;\\le\\; R \\;\\le\\; {MOST.latex()}",
    ),
    (
        "It is returned if and only if its cluster is listed under the label of $X$ and $c$ is of class $X$; "
        "given the second, the first is $A$. So $R=P(A\\cap B)$.",
        "The equation is what covariance means. So $R$ is the product if and only if, given $X$, whether the cheap "
        "classifier covers the centre's class is independent of whether that is the member's class.",
        "The bounds need no independence: $A\\cap B$ is part of $A$ and of $B$, and $1_A+1_B-1_{A\\cap B}\\le 1$.",
        "A larger $K$ enlarges $A$ and leaves $B$: recall grows with $K$. A smaller Skip_th gives up no cluster.",
    ),
    "experiments/systems/focus/recall.py",
)

_LIMITS = (
    Limit(
        "Ingest 48 times cheaper than ingest-heavy analysis and queries 125 times faster than NoScope, on average over "
        "14 streams of 12 hours, as the paper tells",
        "the streams, their networks with YOLOv2 as the exact one, and GPUs; here costs are counted in exact "
        "classifications, and clustering is not counted",
    ),
    Limit(
        "Targets of 99 per cent, as in the paper",
        "a sample with thousands of tracks of each class: here the rarest queried class has tens of them",
    ),
    Limit(
        "Streams that drift, and tuning again in time",
        "recordings of days; frequencies of classes here are the same in both halves",
    ),
    Limit("An exact classifier that errs", "labels by people beside it; here its word is the truth"),
    Limit(
        "Queries with a limit, or over many cameras at once",
        "a system that schedules them; here a query classifies all that it must",
    ),
)

_SIZES = (
    Sizes("videos", "14 of 12 hours, a frame a second", "4 made, 4 of digits", "12 made, 12 of images", "14 of each"),
    Sizes("detections of a video", "–", "8000", "40 000; 16 000", "259 200; 86 400"),
    Sizes("images", "frames of cameras", "8 x 8 digits", "5,000 of MNIST", "MNIST (on request)"),
    Sizes("classes", "80 (also 1000)", "80; 10", "80; 10", "80; 10"),
    Sizes("share of the frequent", "2-10 % have 95 %", "6 % have 95 %; images: rank^-1.5", "the same", "the same"),
    Sizes("exact classifier", "YOLOv2", "the labels", "the labels", "the labels"),
    Sizes("cheap classifiers", "specialised networks", "confusion models; softmax", "the same", "the same"),
    Sizes("active clusters", "100", "100", "100", "100"),
    Sizes("targets", "99 %", "95 %", "95 %", "99 %"),
)

FOCUS = System(
    name="focus",
    title="Focus: cheap answers at ingest, exact ones at a query",
    source="Hsieh et al., OSDI 2018 (full text); the lemma on recall is gradlag's own",
    about="A month of video is recorded, and somebody asks for the frames that show a class. The exact classifier is "
    "too dear for all of it, before the question and after; what do cheap answers at ingest save, and what is missed? "
    "Ingest computes with cheap, incomplete answers, as an asynchronous server does with old gradients, and a query "
    "buys exact ones where they decide. As there, what the shortcut can cost is proved, here of recall, and measured "
    "beside it.",
    algorithm=_ALGORITHM,
    bounds=(),
    claims=CLAIMS,
    limits=_LIMITS,
    sizes=_SIZES,
    cells=focus_cells,
    kinds=(FocusCell,),
    lemmas=(_LEMMA,),
)
