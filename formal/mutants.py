"""Wrong statements and wrong definitions, none of which may compile: constants, dropped terms, ranges, conditions.

    python -m formal.mutants

Each is one change of one place. In Statements.v it says more than the library does, so that the theorems written by
hand do not give it; in Run.v, Setting.v and Objective.v an assumption says less than the proofs use.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from formal.build import FILES, HERE, BuildError, compiled, stale

_STATED: dict[str, tuple[tuple[str, str], ...]] = {
    "theorem_a": (
        ("window (fun j => eta j) k", "window (fun j => eta j / 2) k"),
        ("where_overtaken 1 0 k", "where_overtaken 0 0 k"),
        ("(1 + 2 * o j * L * H j)", "(1 + o j * L * H j)"),
        ("eta k + served", "2 * eta k + served"),
        ("sigma ^ 2 / 2", "sigma ^ 2 / 4"),
        ("(1 + 3 * o i * L * H i)", "(1 + 2 * o i * L * H i)"),
        ("1 - c j / 2", "1 - c j / 4"),
        ("1 / (2 * L)", "1 / L"),
        ("(fun t => v t / 2)", "(fun t => v t)"),
        ("0 <= v t", "- 1 <= v t"),
        ("(t <= T)%nat /\\ mean", "(t < T)%nat /\\ mean"),
        ("smooth run -> ", ""),
        ("unbiased run -> ", ""),
        ("bounded_variance run -> ", ""),
    ),
    "theorem_ar": (
        ("(1 + rho k) / 2", "rho k"),
        ("eta k / 2 * (z k", "eta k * (z k"),
        ("+ previous (fun j => (1 - 1 / rho j) / (4 * L)) k", ""),
        ("+ 1 / rho j - 2", "- 1"),
        ("1 / 3 <= rho k", "1 / 4 <= rho k"),
        ("bounded_below run -> ", ""),
    ),
    "theorem_b": (
        ("H k + eta k", "H k"),
        ("k + eta k * H_plus k", "k"),
        ("Rmax (eta k)", "Rmax (eta k / 2)"),
        ("+ previous (fun j => eta j) k", "+ eta k"),
        ("1 - L * b j / 4", "1 - L * b j / 8"),
        ("no_noise run -> ", ""),
    ),
    "theorem_b_noise": (
        ("4 * o j * L * H j ^ 2", "3 * o j * L * H j ^ 2"),
        ("+ share k * eta k * H_plus k", ""),
        ("+ young k * eta k", ""),
        ("2 + 6 * o j", "2 + 5 * o j"),
        ("sigma ^ 2 / 4", "sigma ^ 2 / 8"),
        ("0 <= 1 - share k", "- 1 <= 1 - share k"),
        ("0 < young k", "0 <= young k"),
        ("2 - L * b j - L ^ 2 * C j", "2 - L * b j"),
    ),
    "theorem_c": (
        ("sine_ratio s theta", "sine_ratio (s - 1) theta"),
        ("sin (theta / 2)", "sin theta"),
        ("L * eta 0", "L * eta 0 / 2"),
        ("INR s * U_s", "(INR s - 1) * U_s"),
        ("Rmax 1 (h * b)", "Rmax 1 h"),
        ("h / 4 * A", "h / 2 * A"),
        ("Rmax 0 (- v)", "Rmax 0 v"),
        ("beta * h / 4", "beta * h / 8"),
        ("1 + 2 * nu", "1 + nu"),
        ("PI / (2 * INR s - 1)", "PI / (2 * INR s - 2)"),
        ("(1 <= k < T)%nat -> delay k", "(2 <= k < T)%nat -> delay k"),
        ("0 < S_", "0 <= S_"),
    ),
    "theorem_c_noise": (
        ("share * r ^ 2", "r ^ 2"),
        ("1 - share + share * A_0", "1 - share"),
        ("share * h * b + young", "share * h * b"),
        ("(INR s - 1) ^ 2 + INR s ^ 2", "(INR s - 1) ^ 2"),
        ("1 / young", "1 / (2 * young)"),
        ("(2 * INR s - 1)))", "(INR s - 1)))"),
        ("<= PI", "<= 2 * PI"),
        ("0 <= 1 - share", "0 <= 2 - share"),
    ),
    "corollary_1": (
        ("2 * INR s * L * Delta / INR T", "INR s * L * Delta / INR T"),
        ("sqrt (2 * L * Delta / INR T)", "sqrt (L * Delta / INR T)"),
        ("delay k <= INR s - 1", "delay k <= INR s"),
        ("0 < sigma -> delay k", "1 < sigma -> delay k"),
        ("(fun t => v t / 2)", "(fun t => v t)"),
        ("1 / (INR s * L", "2 / (INR s * L"),
    ),
    "corollary_2": (
        ("4 * INR s * L * Delta", "2 * INR s * L * Delta"),
        ("1 / (2 * INR s * L", "1 / (INR s * L / 2"),
    ),
    "dai2019": (
        ("ln (INR T) / INR s", "ln (INR T) / (2 * INR s)"),
        ("7 <= INR T", "2 <= INR T"),
        ("weighed_before_last (fun t => w t)", "weighed_before_last (fun t => 2 * w t)"),
        ("coherent run -> ", ""),
        ("mu / (INR s * L", "2 * mu / (INR s * L"),
    ),
    "dai2019_sum": (
        ("INR s * L / 2 * eta k ^ 2", "INR s * L / 4 * eta k ^ 2"),
        ("INR s * L / 2 * total", "L / 2 * total"),
        ("eta k <= previous", "eta k <= 2 * previous"),
    ),
    "dai2019_tight": (("mu * eta k - L / 2", "mu * eta k - L / 4"), ("sigma ^ 2 / 2", "sigma ^ 2 / 4")),
    "dai2019_constant": (("2 * Delta", "Delta"), ("eta k <= mu / (INR s * L)", "eta k <= 2 * mu / (INR s * L)")),
    "dai2019_strict": (("1 + ln (INR T)", "ln (INR T)"), ("(2 * INR s * L * Delta", "(INR s * L * Delta")),
    "lian2015": (("(INR s - 1) * eta k", "(INR s - 2) * eta k"), ("2 * L ^ 2 * sigma ^ 2", "L ^ 2 * sigma ^ 2")),
    "theorem_r": (
        ("(1 + nu / young) * L ^ 2", "L ^ 2"),
        ("peak (fun j => eta j)", "eta 0"),
        ("(1 + young) * L * eta_ * Ed", "L * eta_ * Ed"),
        ("where_noisy 1 0", "where_noisy 0 0"),
        ("c k <= 1", "c k <= 2"),
        ("RandomRun.drawn_afresh run -> ", ""),
        ("RandomRun.one_law run Ed Ed2", "RandomRun.one_law run Ed2 Ed"),
    ),
    "average_delay": (
        ("(1 + nu) * L ^ 2 * eta_ ^ 2 * d_max * n k", "L ^ 2 * eta_ ^ 2 * d_max * n k"),
        ("peak (fun j => delay j)", "total (fun j => delay j) / INR T"),
        ("2 * L * eta_ * d", "L * eta_ * d"),
        ("eta k = eta_", "eta k <= eta_"),
    ),
    "average_delay_adaptive": (
        ("served (fun k => eta k * (1 - c k)) t) / 2", "served (fun k => eta k * (1 - c k)) t)"),
        ("peak (fun j => eta j * delay j)", "peak (fun j => eta j)"),
        ("where_noisy 1 0", "where_noisy 0 0"),
        ("1 + 2 * L * eta_ * n j", "1 + L * eta_ * n j"),
    ),
    "average_delay_drop": (
        ("0 <= (eta_ - eta k)", "- 1 <= (eta_ - eta k)"),
        ("1 - d / cut", "1 - d / (2 * cut)"),
        ("+ 1 / L", "+ 2 / L"),
        ("c k <= 1", "c k <= 2"),
    ),
    "zhang2016": (("(1 + delay k)", "delay k"), ("sqrt (INR s)", "1")),
    "stich2020": (
        ("11 / 10", "1"),
        ("1 / (10 * INR s * L)", "1 / (5 * INR s * L)"),
        ("delay k <= previous", "0 <= previous"),
    ),
    "koloskova2022": (
        ("4 * L ^ 2", "L ^ 2"),
        ("readers (fun j => 1) k", "readers (fun j => 1 / 2) k"),
        ("1 / (2 * L)", "1 / L"),
        ("eta k = previous (fun j => eta j) k", "eta k <= previous (fun j => eta j) k"),
    ),
    "koloskova2022_adaptive": (("Rmax (Rmax 1 (delay k)) (n k)", "Rmax 1 (delay k)"), ("2 * L * eta k", "L * eta k")),
    "mishchenko2022": (("1 + peak", "peak"), ("Rmax w (delay k)", "w"), ("2 * L * sigma ^ 2", "L * sigma ^ 2")),
    "wu2022": (
        ("H k + eta k", "H k"),
        ("2 * Delta", "Delta"),
        ("window (fun j => eta j) k", "window (fun j => eta j / 2) k"),
    ),
    "maranjyan2025": (("1 / (2 * INR s * L)", "1 / (INR s * L)"), ("2 * L * sigma ^ 2", "L * sigma ^ 2")),
    "bottou2018": (("eta k <= 1 / L", "eta k <= 2 / L"), ("L * sigma ^ 2", "L / 2 * sigma ^ 2")),
    "counter_momentum": (
        ("1 / 2).", "1)."),
        ("sin (INR s * theta) * sin (theta / 2)", "sin (INR s * theta) * sin theta"),
        ("/ (2 * sin (theta / 2) ^ 2)", "/ (3 * sin (theta / 2) ^ 2)"),
        ("sigma ^ 2 * W * phi", "sigma ^ 2 * W ^ 2 * phi"),
        ("Rmin (INR (S j)) (INR s)", "Rmin (INR j) (INR s)"),
        ("where_noisy 2 1 <= INR s", "where_noisy 1 1 <= INR s"),
        ("(fun t => W - ", "(fun t => 2 * W - "),
        ("PI / (2 * INR s + 1) <= best", "PI / (4 * INR s + 2) <= best"),
        ("best <= 2 * PI", "best <= 3 * PI"),
        ("L * eta 0 <= sin theta", "L * eta 0 <= 2 * sin theta"),
        ("Rmin (INR (S k)) (INR s) * theta", "INR s * theta"),
        ("INR s - 1 / 2 - Rmin", "INR s - 1 - Rmin"),
        ("(t <= T)%nat", "(t < T)%nat"),
        ("MovingRun.smooth run -> ", ""),
        ("MovingRun.bounded_below run -> ", ""),
        ("MovingRun.unbiased run -> ", ""),
        ("MovingRun.bounded_variance run -> ", ""),
    ),
    "asp_regret": (
        ("radius ^ 2 / 2", "radius ^ 2 / 4"),
        ("peak (fun j => 1 / eta j)", "1 / eta 0"),
        ("eta j / 2 + H j", "eta j / 2 + H j / 2"),
        ("eta j / 2 + H j", "eta j / 3 + H j"),
        ("G ^ 2 * total", "G * total"),
        ("(centres - 1)", "(centres - 2)"),
        ("eta j * n j", "eta j"),
        ("/ INR T", "/ (2 * INR T)"),
        ("eta k <= previous", "eta k <= 2 * previous"),
        ("0 < eta k", "0 <= eta k"),
    ),
    "leave_one_out": (
        ("Rmax (Rabs (1 - eta 0 * lowest)) (Rabs (1 - eta 0 * highest))", "Rabs (1 - eta 0 * lowest)"),
        ("eta 0 * bend / 2", "eta 0 * bend / 4"),
        ("((LeftOutRun.local run) - 1)", "(LeftOutRun.local run)"),
        ("powers gamma 0 (T - 1)", "powers gamma 0 (T - 2)"),
        ("influence ^ 2", "influence"),
        ("eta k = eta 0", "eta k <= 2 * eta 0"),
        ("LeftOutRun.federated run -> ", ""),
    ),
    "abbaszadehpeivasti2022": (
        ("Rmax (eta k) (L * eta k ^ 2)", "eta k"),
        ("1 - L * b j / 4", "1 - L * b j / 8"),
        ("L * b k <= 3", "L * b k <= 4"),
    ),
    "rotaru2024": (
        ("Rmax (h - 1) (1 / 2) ^ 2", "Rmax (h - 1) (1 / 2) ^ 3"),
        ("Rmax (h - 1) (1 / 2)", "h - 1"),
        ("w ^ T", "w ^ S T"),
        ("2 * w ^ S k", "w ^ S k"),
        ("Rmax 1 (u j)", "u j"),
        ("Rmax h (h ^ 2) / 2", "h / 2"),
        ("Rmax h (h ^ 2) / 2", "Rmax h (h ^ 2) / 4"),
        ("L * eta k <= 2", "L * eta k <= 3"),
        ("eta k = eta 0", "eta k <= eta 0"),
        ("delay k <= 0", "delay k <= 1"),
        ("(t <= T)%nat", "(t < T)%nat"),
    ),
    "ghadimi2013": (("(2 * Delta", "(Delta"), ("delay k <= 0", "delay k <= 1")),
}

_WRITTEN: dict[str, tuple[tuple[str, str], ...]] = {
    "Objective": (
        ("norm (sub (grad x) (grad y)) <= L * norm", "norm (sub (grad x) (grad y)) <= 2 * L * norm"),
        ("derivable_pt_lim (fun u => F (add x (scale u v))) t", "derivable_pt_lim (fun u => F (add x (scale u v))) 0"),
    ),
    "MovingRun": (
        ("(x (k - j - 1) w)", "(x (k - j) w)"),
        ("(grad (x (tau k) w))", "(grad (x k w))"),
        ("F run (x run 0 w)) - F run y", "F run (x run 1 w)) - F run y"),
        ("(j <= k)%nat -> x run j w = x run j w'", "(j < k)%nat -> x run j w = x run j w'"),
        ("<= sigma * sigma.", "<= 2 * sigma * sigma."),
    ),
    "CentresRun": (
        ("norm (a run k) <= G", "norm (a run k) <= 2 * G"),
        ("norm (sub (x run k) (star run)) <= radius", "norm (sub (x run k) (star run)) <= 2 * radius"),
        ("(sub y (z run k)) <= loss run k y", "(sub y (z run k)) <= loss run k y + 1"),
        ("centres = INR others + 1", "centres = INR others"),
        ("norm (late k j) <= norm (a run j)", "norm (late k j) <= 2 * norm (a run j)"),
        ("threshold * eta (tau k) * size", "threshold * size"),
        ("scale (eta k) (a k)", "scale (2 * eta k) (a k)"),
    ),
    "LeftOutRun": (
        ("(share run t) = 1", "(share run t) = 2"),
        ("estimate_start : estimate 0 = zero", "estimate_start : estimate 0 = w 0"),
        ("start : w' 0 = w 0", "start : w' 1 = w 0"),
        ("<= largest * square v", "<= 2 * largest * square v"),
        ("<= bend * norm", "<= 2 * bend * norm"),
        ("(inner (hess run k (add u (scale r v)) v) q)", "(inner (hess run k u v) q)"),
        ("inner (hess run k u q) v) /\\", "inner (hess run k v q) u) /\\"),
        ("(hess (descent step grad w j)", "(hess w"),
    ),
    "Probability": (("chances_add_up : sum outcomes chance = 1", "chances_add_up : sum outcomes chance = 2"),),
    "Setting": (
        ("between (tau k) k j", "between (S (tau k)) k j"),
        ("(tau k <? tau j)%nat", "(S (tau k) <? tau j)%nat"),
        ("INR (k - tau k)", "INR (k - S (tau k))"),
        ("0 <= eta k;", "- 1 <= eta k;"),
        ("(tau k <= k)%nat;", "(tau k <= S k)%nat;"),
        ("sum T (fun k => ind (tau k =? t)%nat", "sum T (fun k => ind (tau k =? S t)%nat"),
    ),
    "Run": (
        ("(add (grad (x (tau k) w)) (e k w))", "(add (grad (x k w)) (e k w))"),
        ("(forall j, (j <= k)%nat -> x run j w", "(forall j, (j < k)%nat -> x run j w"),
        ("(forall j, (j < k)%nat -> e run j w = e run j w') ->", ""),
        ("square (e run k w)) <= sigma * sigma", "square (e run k w)) <= 2 * (sigma * sigma)"),
        ("- F run y <= Delta", "- F run y <= 2 * Delta"),
        ("mu * mean_square k <=", "mu / 2 * mean_square k <="),
    ),
    "RandomRun": (
        ("(forall j, (j < n)%nat -> d run j w = d run j w')", "True"),
        ("agree k k w w' -> h w = h w') ->", "agree (k - 1) k w w' -> h w = h w') ->"),
        ("EE (fun w => INR (d run 0%nat w)) = Ed", "EE (fun w => INR (d run 0%nat w)) = 2 * Ed"),
        ("(x (k - d k w)%nat w)", "(x (k - S (d k w))%nat w)"),
    ),
    "Sines": (("2 * cos theta * sine_ratio n theta", "cos theta * sine_ratio n theta"),),
}


@dataclass(frozen=True)
class Mutant:
    """One change: in a file, of a bound or of the whole file, the first place that reads `old`."""

    file: str
    bound: str | None
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.bound or self.file}: {self.old}  ->  {self.new or 'nothing'}"

    def applied(self, text: str) -> str:
        """The changed file.

        Raises:
            ValueError: no place reads so.
        """
        begin, end = (
            (text.index(f"Module {self.bound}."), text.index(f"End {self.bound}.")) if self.bound else (0, None)
        )
        pattern = r"\s+".join(map(re.escape, self.old.split()))
        part, count = re.subn(pattern, lambda _: self.new.strip(), text[begin:end], count=1)
        if not count:
            raise ValueError(f"No place reads {self.old} in {self.bound or self.file}.")
        return text[:begin] + part + (text[end:] if end is not None else "")


MUTANTS: tuple[Mutant, ...] = (
    *(Mutant("Statements", bound, *change) for bound, changes in _STATED.items() for change in changes),
    *(Mutant(file, None, *change) for file, changes in _WRITTEN.items() for change in changes),
)


def survivors(folder: Path) -> Iterator[tuple[Mutant, bool]]:
    """Each mutant, and whether it compiles. The folder is for the copies; the originals are built."""
    for mutant in MUTANTS:
        for file in FILES:
            for ending in (".v", ".vo"):
                shutil.copy2(HERE / f"{file}{ending}", folder)
        source = folder / f"{mutant.file}.v"
        source.write_text(mutant.applied(source.read_text(encoding="utf-8")), encoding="utf-8")
        after = ("Statements", "Link") if mutant.bound else FILES[FILES.index(mutant.file) :]
        yield mutant, _compile(folder, after)


def _compile(folder: Path, files: tuple[str, ...]) -> bool:
    try:
        for file in files:
            compiled(folder, file)
    except BuildError:
        return False
    return True


def main() -> int:
    """Try all; 1 if one compiles."""
    for file in stale(HERE):
        compiled(HERE, file)
    left = []
    with tempfile.TemporaryDirectory() as folder:
        for mutant, compiles in survivors(Path(folder)):
            print(f"{'COMPILES' if compiles else 'refused '}  {mutant}", flush=True)
            left += [mutant] if compiles else []
    print(f"{len(MUTANTS) - len(left)} of {len(MUTANTS)} wrong statements and definitions do not compile.")
    return int(bool(left))


if __name__ == "__main__":
    sys.exit(main())
