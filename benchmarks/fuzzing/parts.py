"""The parts of a fuzzing run: how an input of each is made and judged; the files' part brings its own folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any


@dataclass(frozen=True)
class Part:
    """A sort of input.

    Args:
        make: from a random generator, a group and an input of it, text or bytes; judge: from both, what became of it.
    """

    make: Callable[[Random], tuple[str, Any]]
    judge: Callable[[str, Any], str]


NAMES = ("schedules", "spellings", "files", "logs")


def prepare(folder: Path) -> None:
    """Whatever the parts need on the disk, once; also with `folder` as the place to work in."""
    from fuzzing.places import hostile_files
    from fuzzing.valid_files import write_valid_files

    (folder / "valid").mkdir(parents=True)
    hostile_files(folder)
    write_valid_files(folder / "valid")


def load(folder: Path) -> Mapping[str, Part]:
    """The parts, for this process; it works within the folder from now on."""
    from fuzzing import files, logs_made, schedules, spellings

    os.chdir(folder)
    spellings.environment()
    reading = files.Files.of(folder)
    return {
        "schedules": Part(schedules.one, schedules.judge),
        "spellings": Part(spellings.one, spellings.judge),
        "files": Part(reading.one, reading.judge),
        "logs": Part(logs_made.one, logs_made.judge),
    }


def made(part: Part, seed: int, name: str, index: int) -> tuple[str, Any]:
    """The input of that number: the same for the same seed, whatever ran before."""
    return part.make(Random(f"{seed} {name} {index}"))
