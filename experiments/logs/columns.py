"""Which columns of a log are meant: by their documented names, as the user says, or guessed where that is plain.

What was guessed is said, and so is what a name shows: a squared norm, clipping, an optimizer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from theory.common.errors import DataError, InputError
from theory.common.numbers import NUMBER
from theory.common.spelling import nearest

ROLES = ("step", "grad_norm", "grad_product", "seed", "delay", "step_size")
# Names of loggers for each role, the first of which is taken where a log has several.
_STEPS = (
    *("step", "global_step", "trainer/global_step", "train/global_step", "_step", "train_step", "training_step"),
    *("iteration", "iterations", "iter", "update", "updates", "num_updates"),
)
_SIZES = ("step_size", "learning_rate", "lr", "eta")
_NORMS = ("gnorm", "g_norm", "norm_grad", "grad2", "grad_l2", "l2_grad")
_SQUARED = {"sq", "squared", "square", "sqr", "sqnorm", "normsq", "grad2"}
# A norm of such a name is a statistic of norms, or that of a part of the gradient.
_STATISTICS = {
    "max",
    "maximum",
    "min",
    "minimum",
    "log",
    "log10",
    "ln",
    "std",
    "var",
    "variance",
    "ema",
    "avg",
    "average",
}
_STATISTICS |= {"mean", "median", "rms", "root", "sqrt", "smooth", "smoothed", "running", "ratio"}
_PART = re.compile(
    r"(layer|block|weight|bias|conv|fc|linear|enc|encoder|dec|decoder|emb|embed|embedding|head|mlp)s?\d*"
)
_CLIPPED = {"clip", "clipped", "clipping", "unclipped", "preclip", "postclip"}
_ADAPTIVE = frozenset(
    ["adam", "adamw", "adamax", "nadam", "radam", "adagrad", "adadelta", "adafactor", "rmsprop", "lamb", "lion"]
)
_OFF = ("false", "none", "null", "off")
# What decays besides weights.
_NO_DECAY = {"lr", "rate", "ema", "step", "steps"}
# What the web export of Weights & Biases adds to a curve: its smallest and largest value in a bin.
_EXTREMES = ("__MIN", "__MAX")
_LOGGERS = re.compile(r"(?i)(epoch|wall.?time|_timestamp|_runtime|(train|val|valid|validation|eval|test)[_/].*)")
# TensorBoard names no curve in its export.
_TENSORBOARD = ("wall_time", "step", "value")


@dataclass(frozen=True)
class Columns:
    """Where the columns stand.

    Args:
        step, seed, delay, step_size: places in a row, None without such a column.
        norms: places of the gradient norms, one for each run, or that of the products.
        named_seeds: whether the seeds may be names, in a column that the user chose.
        product: whether they are products of two half batches; squared: whether their names call them squared.
        documented: whether the names are those that gradlag documents.
        said: what was guessed, in sentences.
    """

    step: int
    norms: tuple[int, ...]
    seed: int | None
    delay: int | None
    step_size: int | None
    named_seeds: bool
    product: bool
    squared: bool
    documented: bool
    said: tuple[str, ...]


def parse_columns(text: str | Mapping[str, str] | None) -> Mapping[str, str]:
    """The columns that a user names as `grad_norm=train/grad_norm,step=global_step`, or by role.

    Raises:
        InputError: a part that is not ROLE=NAME, an unknown role, or one given twice.

    >>> parse_columns("grad_norm=train/grad_norm, step=global_step")
    {'grad_norm': 'train/grad_norm', 'step': 'global_step'}
    """
    if isinstance(text, Mapping):
        return text
    found: dict[str, str] = {}
    # A comma belongs to a name unless a role follows it.
    for part in re.split(rf",(?=\s*(?:{'|'.join(ROLES)})\s*=)", text) if text else ():
        role, equals, name = (piece.strip() for piece in part.partition("="))
        if not (equals and name) or role not in ROLES:
            raise _no_role(part)
        if role in found:
            raise InputError(f"The column of {role} is given twice in --columns. Give it once.")
        found[role] = name
    return found


def _no_role(part: str) -> InputError:
    return InputError(
        f"Columns are written grad_norm=NAME,step=NAME, with {', '.join(ROLES)} for what a column holds. "
        f"Got {part[:80]!r}."
    )


def choose(header: Sequence[str], asked: Mapping[str, str], form: str, path: Path | str) -> Columns:
    """The columns of a log.

    Args:
        header: its names; asked: names by role, as the user gives them.
        form: of the file; path: for sentences.

    Raises:
        DataError: a column that is not there, is there twice, or that no name makes plain.
    """
    names = [name.strip() for name in header]
    unknown = [role for role in asked if role not in ROLES]
    if unknown:
        raise _no_role(f"{unknown[0]}={asked[unknown[0]]}")
    found = {role: _asked(names, name, path) for role, name in asked.items()}
    step = found.get("step", _plain(names, "step", _STEPS, path))
    if step is None:
        raise _missing("step", names, path)
    norms = _norms(names, found, path)
    rest = {role: found.get(role, _plain(names, role, kinds, path)) for role, kinds in _REST.items()}
    product = "grad_product" in (names[norms[0]], *(role for role in asked if role == "grad_product"))
    used = {"step": step, "grad_product" if product else "grad_norm": norms[0], **rest}
    guessed = {role: at for role, at in used.items() if at is not None and role not in asked and names[at] != role}
    own = not asked and not guessed.keys() & {"step", "grad_norm", "grad_product"}
    bare = set(names) <= set(ROLES) if form != "CSV" else not any(map(_LOGGERS.fullmatch, names))
    documented = own and bare
    squared = not product and bool(_words(names[norms[0]]) & _SQUARED)
    said = [f"Read from the log: {', '.join(f'{role} from {names[at]!r}' for role, at in guessed.items())}."]
    said = said if guessed else []
    if len(norms) > 1:
        runs = ", ".join(f"seed {at} is {names[place]!r}" for at, place in enumerate(norms))
        said.append(f"Each column of norms is a run of its own: {runs}.")
    if squared:
        said.append(f"{names[norms[0]]!r} is named a squared norm, and read as one.")
    kinds = {"named_seeds": "seed" in asked, "product": product, "squared": squared, "documented": documented}
    return Columns(step, norms, rest["seed"], rest["delay"], rest["step_size"], **kinds, said=tuple(said))


_REST: Mapping[str, tuple[str, ...]] = {"seed": ("seed",), "delay": ("delay",), "step_size": _SIZES}


def _norms(names: Sequence[str], found: Mapping[str, int], path: Path | str) -> tuple[int, ...]:
    """Where the gradient norms stand: one column, or one a run."""
    measures = ("grad_norm", "grad_product")
    for at in (*(found.get(role) for role in measures), *(_exact(names, role, path) for role in measures)):
        if at is not None:
            return (at,)
    places = [at for at, name in enumerate(names) if _is_norm(name) and not name.endswith(_EXTREMES)]
    places = [at for at in places if not _words(names[at]) & _CLIPPED] or places
    whole = [at for at in places if not any(map(_PART.fullmatch, _words(names[at])))]
    if not whole and len(places) < 2:
        raise _missing("grad_norm", names, path)
    places = whole or places
    curves = {names[at].rpartition(" - ")[2] for at in places}
    if len(places) > 1 and not (whole and len(curves) == 1 and all(" - " in names[at] for at in places)):
        shown = ", ".join(repr(names[at]) for at in places[:6])
        raise DataError(
            f"The log {path} has several columns that may be the gradient norm: {shown}. Say which it is, for example "
            f"--columns grad_norm={names[places[0]]}."
        )
    return tuple(places)


def _is_norm(name: str) -> bool:
    last = _simple(name.rpartition(" - ")[2])
    short = last.rpartition("/")[2]
    of_all = "norm" in last and short in ("total", "all", "global")
    if _words(last) & _STATISTICS:
        return False
    return short in _NORMS or ("grad" in last and ("norm" in short or of_all or bool(_words(short) & _SQUARED)))


def _plain(names: Sequence[str], role: str, kinds: Sequence[str], path: Path | str) -> int | None:
    """The column of a role by its own name, or by one that loggers use for it."""
    own = _exact(names, role, path)
    if own is not None:
        return own
    simple = [_simple(name.rpartition(" - ")[2]) for name in names]
    for full in (True, False):
        for kind in kinds:
            places = [at for at, name in enumerate(simple) if (name if full else name.rpartition("/")[2]) == kind]
            if len(places) == 1:
                return places[0]
            if places and role == "step":
                raise DataError(
                    f"The log {path} has the column {names[places[0]]} twice. Keep one, or say which is meant with "
                    f"--columns {role}=NAME."
                )
    if role == "step_size":
        lightning = [at for at, name in enumerate(names) if re.fullmatch(r"lr-\w+", name)]
        return lightning[0] if len(lightning) == 1 else None
    return None


def _exact(names: Sequence[str], role: str, path: Path | str) -> int | None:
    if names.count(role) > 1:
        raise DataError(f"The log {path} has the column {role} twice. Keep one.")
    return names.index(role) if role in names else None


def _asked(names: Sequence[str], name: str, path: Path | str) -> int:
    if names.count(name) == 1:
        return names.index(name)
    if name in names:
        raise DataError(f"The log {path} has the column {name} twice. Keep one.")
    near = nearest(name, names)
    meant = f" Did you mean {near!r}?" if near else ""
    raise DataError(f"The log {path} has no column {name!r}.{meant} Its columns are {_listed(names)}.")


def _missing(role: str, names: Sequence[str], path: Path | str) -> DataError:
    simple = [_simple(name) for name in names]
    epochs = ""
    if role == "step" and "epoch" in simple:
        epochs = " If every epoch is one step, on all the data, say so with --columns step=epoch."
    if tuple(simple) == _TENSORBOARD:
        epochs = f" If the curve is the gradient norm, say so with --columns grad_norm={names[2]}."
    return DataError(
        f"The log {path} has no column {role}. Its first line must name the columns step,grad_norm[,seed,delay]. "
        f"Got {','.join(names)[:80]!r}. Where they have other names, say which they are: --columns "
        f"step=NAME,grad_norm=NAME.{epochs}"
    )


def trained_otherwise(header: Sequence[str], first: Sequence[str]) -> tuple[str, str] | None:
    """What the names of the columns, and the first row under them, show of a training that was no plain SGD.

    Returns:
        The column, and momentum, adam, clipping or decay; None where nothing shows.
    """
    for name, entry in zip(header, first, strict=True):
        words, text = _words(name), entry.strip().lower()
        if text in _OFF or (NUMBER.fullmatch(text) and float(text) == 0):
            continue
        named = words | (_words(text) if words & {"optimizer", "optim", "optimiser"} else set())
        if named & (_ADAPTIVE | {"beta1", "beta2"}):
            return name, "adam"
        if ("momentum" in named and text) or "nesterov" in named:
            return name, "momentum"
        if words & _CLIPPED:
            return name, "clipping"
        if text and words & {"decay", "wd"} and not words & _NO_DECAY:
            return name, "decay"
    return None


def _words(name: str) -> set[str]:
    return set(re.split(r"[^a-z0-9]+", name.lower()))


def _simple(name: str) -> str:
    return re.sub(r"[\s.-]+", "_", name.strip().lower())


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:12])) + (", ..." if len(names) > 12 else "")
