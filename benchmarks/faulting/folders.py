"""What else befalls a folder of results: two commands at once, damaged files, another configuration under a name."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

from faulting import tiny
from faulting.bench import Bench, fair, repeated
from faulting.child import command
from faulting.instants import kill_at, watch
from faulting.tally import Row, timed

_PAIRS, _DAMAGES, _BLOCKS, _CHANGES = 24, 40, 16, 8
_NOBODY = 65534


def disturbed(bench: Bench, seed: int) -> list[Row]:
    """All of them."""
    return [
        repeated(Row("two commands, one folder"), bench.times(_PAIRS), seed, lambda *a: _two(bench, *a)),
        repeated(Row("damaged result file"), bench.times(_DAMAGES), seed, lambda *a: _damaged(bench, *a)),
        repeated(Row("damaged checkpoint"), bench.times(_BLOCKS), seed, lambda *a: _damaged_block(bench, *a)),
        repeated(Row("changed configuration"), bench.times(_CHANGES), seed, lambda *a: _changed(bench, *a)),
        _changed_run(bench),
    ]


def _two(bench: Bench, row: Row, random: Random) -> None:
    """Both want the same cells at the same instants; one of them may be killed."""
    with bench.folder() as out:
        if random.random() < 0.3:
            tiny.prefill(bench.source, out, random)
        earlier = tiny.snapshot(out)
        first, second = (bench.sweep(out, *random.choice(((), ("--jobs", "2")))) for _ in range(2))
        if killed := random.random() < 0.5:
            time.sleep(random.uniform(0.0, bench.seconds))
            killed = first.kill_group()
        endings = [child.wait() for child in (first, second)]
        complaints = fair(endings[1], 0, "beside another command")
        complaints += [] if killed else fair(endings[0], 0, "beside another command")
        if len(tiny.final_files(out)) != len(bench.reference):
            complaints.append("the command that was not killed left results out")
        bench.prove(row, out, earlier, complaints)


def _truncated(path: Path, random: Random) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: random.randrange(len(content))])


def _flipped(path: Path, random: Random) -> None:
    content = bytearray(path.read_bytes())
    content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    path.write_bytes(content)


def _overwritten(path: Path, random: Random) -> None:
    content = path.read_bytes()
    place = random.randrange(len(content))
    path.write_bytes(content[:place] + random.randbytes(min(512, len(content) - place)) + content[place + 512 :])


def _emptied(path: Path, random: Random) -> None:
    path.write_bytes(b"")


def _another(path: Path, random: Random) -> None:
    """The whole file of another result."""
    path.write_bytes(random.choice([each for each in path.parent.glob(f"*{path.suffix}") if each != path]).read_bytes())


def _closed(path: Path, random: Random) -> None:
    path.chmod(0)


def _dangling(path: Path, random: Random) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def _folder(path: Path, random: Random) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: Mapping[str, Callable[[Path, Random], None]] = {
    "truncated": _truncated,
    "flipped": _flipped,
    "overwritten": _overwritten,
    "emptied": _emptied,
    "another": _another,
    "closed": _closed,
    "dangling": _dangling,
    "folder": _folder,
}


def _damaged(bench: Bench, row: Row, random: Random) -> None:
    """A finished file is damaged: the sweep says so in one sentence and makes it again; a folder stays."""
    name = list(DAMAGES)[row.injected % len(DAMAGES)]
    with bench.folder() as out:
        bench.copy(out)
        path, others = random.choice(tiny.final_files(out)), tiny.snapshot(out)
        others.pop(str(path.relative_to(out)))
        DAMAGES[name](path, random)
        ending = bench.sweep(out, before=lambda: _as_nobody(out) if name == "closed" else None).wait()
        complaints = [f"{name}: {each}" for each in fair(ending, 4 if name == "folder" else 0, "a damaged file")]
        told = [line for line in ending.err.splitlines() if path.name in line and not line.startswith("gradlag: ")]
        # A link to nowhere is no file; a folder is told of when it is found, and once more when it stands in the way.
        if len(told) != {"dangling": 0, "folder": 2}.get(name, 1):
            complaints.append(f"{name}: told {len(told)} times")
        if name == "folder":
            path.rmdir()
        bench.prove(row, out, others, complaints)


def _as_nobody(out: Path) -> None:
    """Go on without the rights of the superuser, to whom no file is closed."""
    if os.geteuid() == 0:
        for path in (out, *out.rglob("*")):
            os.chown(path, _NOBODY, _NOBODY)
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)


def _damaged_block(bench: Bench, row: Row, random: Random) -> None:
    """A checkpoint, the block of a run that was killed, is damaged: its seeds are run again."""
    with bench.folder() as out:
        number = 0
        while not (blocks := list(out.glob("cells/.*.parts/*.nc"))):
            shutil.rmtree(out / "cells", ignore_errors=True)
            number = random.randrange(10, 60)
            bench.sweep(out, before=partial(watch, out, kill_at(number))).wait()
        name = random.choice([name for name in DAMAGES if name not in ("another", "closed", "dangling", "folder")])
        DAMAGES[name](random.choice(blocks), random)
        bench.prove(row, out, tiny.snapshot(out), [])


def _changed(bench: Bench, row: Row, random: Random) -> None:
    """A cell of the same name asks for something else: it gets another file, and the old ones stay."""
    steps = random.randrange(3, 12)
    others = tuple(replace(cell, steps=steps) for cell in tiny.CELLS)

    def change() -> None:
        vars(tiny)["CELLS"] = others

    with bench.folder() as out:
        bench.copy(out)
        earlier = tiny.snapshot(out)
        complaints = fair(bench.sweep(out, before=change).wait(), 0, "a changed configuration")
        added = [path for path in tiny.final_files(out) if str(path.relative_to(out)) not in earlier]
        if len(added) != len(others):
            complaints.append(f"{len(added)} new files for {len(others)} changed cells")
        for path in added:
            if tiny.content(path).configuration.steps != steps:
                complaints.append(f"{path.name} does not hold what was asked for")
            path.unlink()
        bench.prove(row, out, earlier, complaints)


def _changed_run(bench: Bench) -> Row:
    """`gradlag run` into a file that holds another run, or is no result at all: refused with status 2."""
    row = Row("changed configuration, one file")
    with timed(row), bench.folder() as out:
        run, other = out / "run.nc", out / "other.nc"
        streams = bench.place / "changed"
        asked = ["run", "--problem", "quadratic:d=4", "--schedule", "1/(s*L)", "--staleness", "2", "--seeds", "2"]
        made = command(streams, [*asked, "--steps", "10", "--out", str(run)]).wait()
        other.write_text("a text of the user's own")
        for path, flags in ((run, []), (run, ["--json"]), (other, []), (other, ["--json"])):
            before = path.read_bytes()
            ending = command(streams, [*asked, "--steps", "11", "--out", str(path), *flags]).wait()
            complaints = fair(made, 0, "a run") + fair(ending, 2, "another run", as_json=bool(flags))
            lost = int(path.read_bytes() != before)
            row.count([f"{row.fault}: {each}" for each in complaints], lost)
    return row
