"""Mutated files: each is read by the library's own reader, and what is accepted is compared with what stands in it.

A sort of file with a digest must come back as one of the right files it was made from, or be refused. Where the digest
was made anew for the mutated content (the groups with "+"), it means what it says: then the reader may accept it, and
must be right to.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from fuzzing.claims_made import certificate_stands, witness_stands
from fuzzing.meanings import data_meaning, delays_meaning, log_meaning, run_meaning, steps_meaning, trace_meaning
from fuzzing.mutations import BINARY, TEXTUAL, Change, inner, mutated
from fuzzing.verdicts import accepted_or_refused, require

_PLACE = "input"


@dataclass(frozen=True)
class Sort:
    """A sort of file.

    Args:
        stem: of the right files; changes: what may be done to one; share: how often.
        suffix: that the reader wants.
        read: from the path and the content to the meaning; it may escape.
        statuses: of a refusal.
        seal: makes the digest fit a mutated content.
        kept: whether an accepted file must mean what a right one does.
    """

    stem: str
    changes: Sequence[Change]
    share: int
    suffix: str
    read: Callable[[Path, bytes], Any]
    statuses: tuple[int, ...] = (2,)
    seal: Callable[[bytes], bytes] | None = None
    kept: bool = False


def _certificate_digest(content: bytes) -> bytes:
    body = content.rpartition(b"sha256: ")[0] or content
    return body + b"sha256: " + hashlib.sha256(body).hexdigest().encode() + b"\n"


def _witness_digest(content: bytes) -> bytes:
    body = content.rpartition(b"digest ")[0] or content
    return body + b"digest " + hashlib.sha256(body).hexdigest().encode() + b"\n"


def _json_digest(content: bytes) -> bytes:
    """The digest of the content, where it is still an object of JSON."""
    try:
        stored = json.loads(content)
        stored.pop("content")
        text = json.dumps(stored, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (ValueError, AttributeError, KeyError, RecursionError):
        return content
    return json.dumps(stored | {"content": hashlib.sha256(text.encode()).hexdigest()}).encode()


def _staleness(path: Path, content: bytes) -> str:
    from experiments.studies.staleness.store import STALENESS

    return repr(STALENESS.load(path))


def _worst_case(path: Path, content: bytes) -> str:
    from experiments.studies.worst_cases.store import SOLVED

    return repr(SOLVED.load(path))


def _system(path: Path, content: bytes) -> str:
    from experiments.studies.systems.store import SYSTEM_RESULTS

    return repr(SYSTEM_RESULTS.load(path))


def _sorts() -> Mapping[str, Sort]:
    certificate, witness, both = certificate_stands, witness_stands, (1, 2)
    return {
        "delays": Sort("delays", TEXTUAL, 14, ".txt", delays_meaning),
        "steps": Sort("steps", TEXTUAL, 12, ".txt", steps_meaning),
        "log": Sort("log", TEXTUAL, 14, ".csv", log_meaning),
        "run": Sort("run", BINARY, 12, ".nc", run_meaning, kept=True),
        "trace": Sort("trace", BINARY, 8, ".nc", trace_meaning, kept=True),
        "staleness": Sort("staleness", TEXTUAL, 5, ".json", _staleness, kept=True),
        "staleness+": Sort("staleness", TEXTUAL, 5, ".json", _staleness, seal=_json_digest),
        "worst-case": Sort("worst-case", TEXTUAL, 5, ".json", _worst_case, kept=True),
        "worst-case+": Sort("worst-case", TEXTUAL, 5, ".json", _worst_case, seal=_json_digest),
        "system": Sort("system", TEXTUAL, 5, ".json", _system, kept=True),
        "system+": Sort("system", TEXTUAL, 5, ".json", _system, seal=_json_digest),
        "certificate": Sort("certificate", TEXTUAL, 5, ".txt", certificate, both, kept=True),
        "certificate+": Sort("certificate", TEXTUAL, 8, ".txt", certificate, both, _certificate_digest),
        "witness": Sort("witness", TEXTUAL, 5, ".txt", witness, both, kept=True),
        "witness+": Sort("witness", TEXTUAL, 8, ".txt", witness, both, _witness_digest),
        "data": Sort("data", BINARY, 6, ".npz", data_meaning),
        "data+": Sort("data", (inner,), 4, ".npz", data_meaning),
    }


@dataclass(frozen=True)
class Files:
    """The right files by sort, and what they mean."""

    sorts: Mapping[str, Sort]
    right: Mapping[str, tuple[bytes, ...]]
    meanings: Mapping[str, tuple[Any, ...]]

    @classmethod
    def of(cls, folder: Path) -> Files:
        """Those in the folder's folder `valid`; what is read lies in one of this process alone."""
        own = folder / f"process-{os.getpid()}"
        own.mkdir()
        os.environ["GRADLAG_DATA"] = str(own)
        os.chdir(folder)
        sorts = _sorts()
        paths = {
            name: sorted((folder / "valid").glob(f"{sort.stem}-[0-9]{sort.suffix}")) for name, sort in sorts.items()
        }
        right = {name: tuple(path.read_bytes() for path in found) for name, found in paths.items()}
        files = cls(sorts, right, {})
        meanings = {name: tuple(files.read(name, content, own) for content in right[name]) for name in sorts}
        return cls(sorts, right, meanings)

    def one(self, rng: Random) -> tuple[str, bytes]:
        """A sort and a mutated file of it."""
        name = rng.choices(tuple(self.sorts), [sort.share for sort in self.sorts.values()])[0]
        sort = self.sorts[name]
        content = mutated(rng, rng.choice(self.right[name]), rng.choice(self.right[name]), sort.changes)
        return name, sort.seal(content) if sort.seal else content

    def judge(self, name: str, content: bytes) -> str:
        """What became of it."""
        sort = self.sorts[name]
        return accepted_or_refused(lambda: self._accepted(name, sort, content), sort.statuses)

    def read(self, name: str, content: bytes, folder: Path | None = None) -> Any:
        """What the library reads in this content."""
        sort = self.sorts[name]
        path = Path(os.environ["GRADLAG_DATA"]) / f"{_PLACE}{sort.suffix}"
        path.write_bytes(content)
        return sort.read(path, content)

    def _accepted(self, name: str, sort: Sort, content: bytes) -> str:
        meaning = self.read(name, content)
        require(not sort.kept or meaning in self.meanings[name], f"another meaning was accepted: {meaning!r:.300}")
        return "accepted"
