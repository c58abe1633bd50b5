"""Logs and files of delays, made in the forms that programs write: what is read must be what was put in.

An input is JSON: how it is read, what was put in, and its text. One in three is changed afterwards; then it may be
refused, and what is read need only be fit to be judged.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from experiments.check.training_log import check_log
from experiments.logs.log import TrainingLog
from experiments.logs.read import read_log
from fuzzing.mutations import TEXTUAL, mutated
from fuzzing.verdicts import accepted_or_refused, require
from theory.staleness.count import Staleness
from theory.staleness.delays import read_trace

_STEPS = ("step", "global_step", "Step", "_step", "iteration", "trainer/global_step")
_NORMS = ("grad_norm", "train/grad_norm", "Grad_Norm", "gradient norm", "gnorm", "grad-norm", "total_grad_norm")
_SIZES = ("lr", "learning_rate", "step_size", "train/lr", "lr-SGD")
_OTHERS = ("loss", "epoch", "train_loss", "val_loss", "note", "a, b", "x=y", "param_norm")
_CONSTANTS = {"L": 1.0, "Delta": 2.0, "sigma": 0.5}
_SHORT = 5_000
_JUDGED = 4  # one in so many that are read is judged as well

Rows = list[dict[str, str]]


def one(rng: Random) -> tuple[str, str]:
    """A form, and an input of it."""
    form = rng.choice(tuple(_FORMS))
    made = {"read": {"norm": rng.choice(("full", "minibatch"))}, "form": form} | _FORMS[form](rng)
    text: str = made["text"]
    if rng.random() < 1 / 3:
        changed = mutated(rng, text.encode(), _FORMS[form](rng)["text"].encode(), TEXTUAL)
        text = changed.decode("latin-1")  # back to these bytes in the file
        made |= {"put in": None}
    else:
        text = text.encode().decode("latin-1")
    return form, json.dumps(made | {"text": text, "judged": rng.random() < 1 / _JUDGED})


def judge(form: str, given: str) -> str:
    """What became of it."""
    made = json.loads(given)
    path = Path(os.environ["GRADLAG_DATA"]) / "made.log"
    path.write_bytes(made["text"].encode("latin-1"))
    read = _read_delays if form == "delays" else _read_log
    if made["put in"] is None:
        return accepted_or_refused(lambda: read(path, made))
    return read(path, made)  # a refusal of what is right escapes


def _read_delays(path: Path, made: Mapping[str, Any]) -> str:
    found = read_trace(path, made["steps"], Staleness(9)).values.tolist()
    require(made["put in"] in (None, found), f"{found} where {made['put in']} was put in")
    return "accepted"


def _read_log(path: Path, made: Mapping[str, Any]) -> str:
    log = read_log(path, **made["read"])
    require(
        bool((log.measured >= 0).all()) and bool((np.diff(log.times) > 0).all()), "norms below zero, or steps twice"
    )
    if made["put in"] is not None:
        found = _told(log)
        require(found == made["put in"], f"{found} where {made['put in']} was put in")
    if made["judged"] and log.steps < _SHORT:
        schedule = "log" if log.step_sizes is not None else "1/(4*s*L*sqrt(k))"
        check_log(log, schedule, 9, _CONSTANTS, bounds=["theorem-a"])
    return "accepted"


def _told(log: TrainingLog) -> dict[str, Any]:
    return {
        "times": log.times.tolist(),
        "norms": log.measured.tolist(),
        "delays": None if log.delays is None else log.delays.tolist(),
        "sizes": None if log.step_sizes is None else log.step_sizes.tolist(),
    }


def _number(rng: Random, value: float) -> str:
    """A number as some program prints it."""
    return rng.choice((repr, "{:.3e}".format, "{:.6f}".format, "{:.17g}".format, "{:+.4g}".format))(value)


def _whole(rng: Random, value: int) -> str:
    return rng.choice((str, str, str, "{:.1f}".format, "{:.2f}".format, "{:.18e}".format, "{:03d}".format))(value)


def _delays(rng: Random) -> dict[str, Any]:
    count, reads = rng.randrange(1, 40), rng.choice((1, 1, 2, 3))
    delays = [[min(k, rng.randrange(9)) for _ in range(reads)] for k in range(count)]
    spelled = rng.choice((lambda d: _whole(rng, d), str, "{:.18e}".format))
    between, (left, right) = (
        rng.choice((" ", ", ", ",", "\t", ";", " | ")),
        rng.choice((("", ""), ("[", "]"), ("( ", ")"))),
    )
    lines = [rng.choice(("", " ", "\t")) + left + between.join(map(spelled, row)) + right for row in delays]
    for _ in range(rng.choice((0, 0, 1, 3))):
        lines.insert(rng.randrange(len(lines) + 1), rng.choice(("# a remark", "#", " # 3")))
    end = rng.choice(("\n", "\r\n"))
    put_in = [row[0] for row in delays] if reads == 1 else delays
    return {"text": _marked(rng, end.join(lines) + end * rng.randrange(4)), "put in": put_in, "steps": count}


def _log(rng: Random, *, every: bool = False) -> tuple[dict[str, Any], Rows]:
    """What is put in, and rows step, grad_norm[, seed, delay, size] that say it."""
    seeds, first = rng.choice((1, 1, 1, 2, 3)), rng.choice((0, 0, 0, 1))
    stride = 1 if every else rng.choice((1, 1, 1, 2, 7))
    steps = [first + stride * at for at in range(rng.randrange(2, 15))]
    if first and stride > 1:
        steps = [stride * at for at in range(1, len(steps) + 1)]  # as one counts from 1: 7, 14, ...
    first = min(steps[0], 1)
    norms = [[_number(rng, rng.lognormvariate(0, 2)) for _ in steps] for _ in range(seeds)]
    has_delays = stride == 1 and rng.random() < 0.4
    lags = [min(max(step - 1, 0), rng.randrange(9)) for step in steps]
    size = repr(rng.choice((0.1, 1e-3, 0.25))) if rng.random() < 0.4 else ""
    rows = [
        {"step": _whole(rng, step), "grad_norm": norms[seed][at]}
        | ({"seed": str(seed)} if seeds > 1 else {})
        | ({"delay": _whole(rng, lags[at]) if step else rng.choice(("", "0"))} if has_delays else {})
        | ({"step_size": size} if size else {})
        for seed in range(seeds)
        for at, step in enumerate(steps)
    ]
    last = steps[-1] - first
    told = {
        "times": [step - first for step in steps],
        "norms": [[float(norm) for norm in own] for own in norms],
        "delays": [[lag for lag, step in zip(lags, steps, strict=True) if 1 <= step <= last]] * seeds,
        "sizes": [float(size)] * steps[-1] if size else None,
    }
    return told | ({} if has_delays and last else {"delays": None}), rows


def _named(rng: Random, rows: Rows) -> Rows:
    """The rows under names of some logger, with columns of no meaning between them."""
    names = {"step": rng.choice(_STEPS), "grad_norm": rng.choice(_NORMS), "step_size": rng.choice(_SIZES)}
    others = rng.sample(_OTHERS, rng.randrange(3))
    order = rng.sample([*rows[0], *others], len(rows[0]) + len(others))
    return [{names.get(name, name): row.get(name, rng.choice(("", "0.5", "word"))) for name in order} for row in rows]


def _csv(rng: Random) -> dict[str, Any]:
    told, rows = _log(rng)
    if rng.random() < 0.5:
        rows = _named(rng, rows)
    mark, end = rng.choice((",", ",", ";", "\t", "|")), rng.choice(("\n", "\n", "\r\n"))
    quoted = rng.random() < 0.3
    lines = [_line(list(rows[0]), mark, quoted), *(_line(list(row.values()), mark, quoted) for row in rows)]
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        lines.insert(rng.randrange(len(lines) + 1), rng.choice(("", "# a remark", "  ", mark * (len(rows[0]) - 1))))
    if rng.random() < 0.1:
        lines.insert(0, f"sep={mark}")
    return {"text": _marked(rng, end.join(lines) + rng.choice((end, ""))), "put in": told}


def _line(entries: list[str], mark: str, quoted: bool) -> str:
    return mark.join(f'"{entry}"' if quoted or mark in entry else entry for entry in entries)


def _marked(rng: Random, text: str) -> str:
    return "\ufeff" * (rng.random() < 0.1) + text


def _resumed(rng: Random) -> dict[str, Any]:
    """A training that was taken up at an earlier step than it had come to, with its header once more."""
    told, rows = _log(rng, every=True)
    if "seed" in rows[0] or len(rows) < 3:
        return _csv(rng)
    at = rng.randrange(1, len(rows))
    lost = [row | {"grad_norm": "99.5"} for row in rows[at : at + rng.randrange(1, 4)]]
    header = ",".join(rows[0])
    parts = [header, *(",".join(row.values()) for row in (*rows[:at], *lost)), header]
    return {"text": "\n".join([*parts, *(",".join(row.values()) for row in rows[at:]), ""]), "put in": told}


def _json(rng: Random) -> dict[str, Any]:
    told, rows = _log(rng)
    entries = [{name: _value(value) for name, value in row.items()} for row in _named(rng, rows)]
    way = rng.randrange(4)
    if way == 0:
        text = "".join(f"{json.dumps(entry)}\n" for entry in entries)
    elif way == 1:
        text = json.dumps(entries, indent=rng.choice((None, 2)))
    elif way == 2:
        ends = [{"step": entries[-1].get("step", told["times"][-1]), "train_loss": 0.5}] if "step" in entries[0] else []
        text = json.dumps({"global_step": 7, "log_history": entries + ends}, indent=rng.choice((None, 2)))
    else:
        text = json.dumps({name: [entry[name] for entry in entries] for name in entries[0]})
    return {"text": text, "put in": told}


def _value(text: str) -> Any:
    """What a text would be in JSON."""
    try:
        return None if not text else json.loads(text)
    except ValueError:
        return text


def _web(rng: Random) -> dict[str, Any]:
    """The exports of Weights & Biases, one column a run, and of TensorBoard."""
    told, rows = _log(rng)
    told |= {"delays": None, "sizes": None}
    steps = [row["step"] for row in rows[: len(told["times"])]]
    if "seed" not in rows[0] and rng.random() < 0.5:
        lines = [f"17{at:08d}.5,{row['step']},{row['grad_norm']}" for at, row in enumerate(rows)]
        text = "\n".join(["Wall time,Step,Value", *lines, ""])
        return {"text": text, "put in": told, "read": {"norm": "full", "columns": {"grad_norm": "Value"}}}
    runs = [[row["grad_norm"] for row in rows if row.get("seed", "0") == str(run)] for run in range(len(told["norms"]))]
    name = rng.choice(("grad_norm", "train/grad_norm"))
    header = ["Step", *(f"run-{at} - {name}{end}" for at in range(len(runs)) for end in ("", "__MIN", "__MAX"))]
    lines = [_line(header, ",", quoted=True)]
    for at, step in enumerate(steps):
        lines.append(_line([step, *(run[at] for run in runs for _ in range(3))], ",", quoted=True))
    return {"text": "\n".join([*lines, ""]), "put in": told}


_FORMS: Mapping[str, Callable[[Random], dict[str, Any]]] = {
    "delays": _delays,
    "csv": _csv,
    "resumed": _resumed,
    "json": _json,
    "web": _web,
}
