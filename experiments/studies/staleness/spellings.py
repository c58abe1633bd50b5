"""What the spelling of a workload says, without building it: building one may need data that are not there."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from theory.common.spelling import parts_of

_DATA: Mapping[str, str] = MappingProxyType(
    {"matrix-factorization": "movielens-small", "lda": "newsgroups-2k", "problem": ""}
)


def data_of(workload: str) -> str:
    """The data set; empty for gradlag's own objectives.

    >>> data_of("dnn:depth=2,data=mnist-5k"), data_of("mlr"), data_of("lda:topics=100"), data_of("problem:quadratic")
    ('mnist-5k', 'digits', 'newsgroups-2k', '')
    """
    name, given = parts_of(workload)
    default = _DATA.get(name, "digits")
    return given.get("data", default) if default else ""
