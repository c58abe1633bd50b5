"""Rules of the kernel on random facts: `make kernel-fuzz`, or `benchmarks/kernel_fuzz.py [APPLICATIONS] [SEED] [KIND]`.

Every result is compared with what it means on a small instance; the table says how many of each rule, how many inputs
were refused, and what was false, which must be nothing. Instances are of all kinds, or of one: `one` gradient a step,
`several` an update, or `mixed`, whose blocks are read apart.
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fuzzing.kernel_rules import KINDS, Tally, examined

APPLICATIONS, SEED, CHUNK = 1_000_000, 0, 25


def main(wanted: int, seed: int, kind: str | None = None) -> int:
    """Apply rules until so many results were compared; 1 if one was false."""
    whole, start, began = Tally(), seed, time.perf_counter()
    workers = min(2, os.cpu_count() or 1)
    with ProcessPoolExecutor(workers) as pool:
        while sum(whole.compared.values()) < wanted and not whole.false:
            chunks = [range(start + n * CHUNK, start + (n + 1) * CHUNK) for n in range(4 * workers)]
            start += CHUNK * len(chunks)
            for tally in pool.map(examined, chunks, [kind] * len(chunks)):
                whole.add(tally)
            done = sum(whole.compared.values())
            print(f"{done:>9,} compared, {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    for rule, count in whole.compared.most_common():
        print(f"{rule:<20} {count:>9,}")
    print(f"{'all':<20} {sum(whole.compared.values()):>9,} results compared on {start - seed:,} instances")
    print(f"{whole.refused:,} applications refused; {whole.wrong:,} inputs of a wrong kind; {len(whole.false)} false")
    print("\n".join(whole.false[:5]))
    return int(bool(whole.false))


if __name__ == "__main__":
    given = sys.argv[1:]
    if given[2:] and given[2] not in KINDS:
        sys.exit(f"An instance is of the kind {', '.join(KINDS)}. Got {given[2]}.")
    wanted, seed = (int(given[place]) if given[place:] else usual for place, usual in enumerate((APPLICATIONS, SEED)))
    sys.exit(main(wanted, seed, given[2] if given[2:] else None))
