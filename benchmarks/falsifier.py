"""Tries to break every bound of the library: inside its domain nothing may, outside of each condition something should.

Usage: python benchmarks/falsifier.py [BOUND ...] [--budget 60] [--seed 0] [--thorough] [--witnesses]

For each bound the largest measured / bound over all runs inside the domain: above 1 the bound is false. Then each
condition of the domain, with the smallest change found outside of it that breaks the formula. Where none was found the
domain is possibly not tight, and the largest ratio is given. Exit status 1 if a bound is broken inside its domain.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
import time
from collections.abc import Iterator

from experiments.falsify import Finding, falsify
from theory.bounds import REGISTRY, get


def lines(finding: Finding, seconds: float, *, witnesses: bool) -> Iterator[str]:
    """One bound of the table."""
    yield f"{finding.bound:24} {finding.verdict()} ({finding.inside_settings} settings, {seconds:.0f} s)"
    if witnesses and finding.inside and not finding.broken:
        yield from _indented(f"closest: {finding.inside.sentence()}")
    for edge in finding.edges:
        yield from _indented(f"{edge.condition}: {edge.verdict()}", first="  - ")
        if witnesses and edge.breaking:
            yield from _indented(edge.breaking.sentence())


def _indented(text: str, first: str = "      ") -> list[str]:
    return textwrap.wrap(text, 118, initial_indent=first, subsequent_indent="      ")


def main() -> int:
    """Attack the bounds named, or all, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bounds", nargs="*", metavar="BOUND", help="bounds of the library; all by default")
    parser.add_argument("--budget", type=int, default=60, help="patterns of steps and delays for each bound")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same table")
    parser.add_argument("--thorough", action="store_true", help="let the adversary also answer with gradients; slower")
    parser.add_argument("--witnesses", action="store_true", help="show the runs")
    arguments = parser.parse_args()
    broken = False
    for bound in map(get, arguments.bounds or REGISTRY):
        started = time.perf_counter()
        finding = falsify(bound, arguments.budget, arguments.seed, thorough=arguments.thorough)
        seconds = time.perf_counter() - started
        print("\n".join(lines(finding, seconds, witnesses=arguments.witnesses)), flush=True)
        broken = broken or finding.broken
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
