"""The methods by name, and their spelling."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from theory.common.errors import InputError
from theory.common.spelling import meant, read_options, shown
from theory.common.table import Table
from theory.methods.counter_momentum import CounterMomentum
from theory.methods.filters import Filtered, read_filter
from theory.methods.method import Method
from theory.methods.momentum import Momentum, Nesterov
from theory.methods.waiting import BatchWait, Delayed, Wait

METHODS: Mapping[str, type[Method]] = Table(
    {
        method.spelling.partition(":")[0].partition("[")[0]: method
        for method in (Delayed, Wait, BatchWait, Momentum, Nesterov, CounterMomentum, Filtered)
    }
)


def parse_method(text: str) -> Method:
    """The method that a user spells.

    Args:
        text: `delayed`, `wait`, `batch-wait[:batch=B]`, `momentum:beta=B`, `nesterov:beta=B`,
            `counter-momentum[:theta=A,noise=NU]` or `filter:FILE`.

    Returns:
        The method; its `text` spells it back.

    Raises:
        InputError: an unknown method, an option that is missing, unknown, repeated or malformed, or a value that the
            method refuses; or a file of a filter that holds no filter.

    >>> parse_method("momentum:beta=-0.5"), parse_method("batch-wait").text
    (Momentum(beta=-0.5), 'batch-wait')
    """
    name, colon, told = text.strip().partition(":")
    if name not in METHODS:
        raise InputError(
            f"The method must be one of {'; '.join(method.spelling for method in METHODS.values())}. "
            f"Got {shown(text)}.{meant(name, METHODS)}"
        )
    if name == "filter":
        return read_filter(told)
    kind = METHODS[name]
    malformed = InputError(f"The method {name} is written {kind.spelling}. Got {shown(text)}.")
    given = read_options(told if colon else None, kind.options, lambda _: malformed)
    build: Callable[..., Method] = kind
    try:
        return build(**given)
    except TypeError:  # an option without a default is missing
        raise malformed from None
