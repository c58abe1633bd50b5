"""The command. It only wires: flags to a verb of the door, what that gives to its printing, and the exit status.

0 holds / proved / done, 1 violated / refuted, 2 bad input, 3 undecided or assumption broken, 4 failed, 130 interrupted.
Heavy modules are imported inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gradlag.terminal.completion import ASKED, offered, script
from gradlag.terminal.import_clash import shadow_sentences
from gradlag.terminal.output import prepare_process, print_error, print_text

try:
    from gradlag.terminal import flags as flag
    from gradlag.terminal.application import app, command
    from gradlag.terminal.checks import answer_check
    from gradlag.terminal.course import lesson as lesson
    from gradlag.terminal.failures import exit_status
    from gradlag.terminal.usage import real, whole, with_certificate_file
    from gradlag.terminal.wiring import answer, call
    from theory.common.errors import InputError
except ImportError as stranger:  # another `theory` stands in front
    print_error(" ".join(shadow_sentences()) or str(stranger), 4, "--json" in sys.argv)
    sys.exit(4)


@command("bounds")
def bounds(
    name: flag.Bound = None,
    latex: Annotated[bool, typer.Option("--latex", help="Only the formula, as LaTeX.")] = False,
    python: Annotated[bool, typer.Option("--python", help="Python that evaluates it.")] = False,
    sympy: Annotated[bool, typer.Option("--sympy", help="Python that makes it a sympy expression.")] = False,
    as_json: flag.Json = False,
) -> None:
    """The library of bounds: statement, assumptions, domain, source, rate, how verified."""
    if latex + python + sympy > 1:
        raise InputError("A formula is printed as LaTeX, Python or sympy. Give one of --latex, --python and --sympy.")
    answer("bounds", {"name": name, "as_json": as_json}, name=name, latex=latex, python=python, sympy=sympy)


@command("prove")
def prove(
    name: flag.Proof = None,
    latex: Annotated[bool, typer.Option("--latex", help="The proof as LaTeX.")] = False,
    as_json: flag.Json = False,
) -> None:
    """Replay a proof, step by step: claims, reasons, rules, axioms."""
    if latex and as_json:
        raise InputError("A proof is printed as LaTeX or as JSON. Give --latex or --json, not both.")
    answer("prove", {"name": name, "as_json": as_json}, latex=latex)


@command("problems")
def problems(as_json: flag.Json = False) -> None:
    """The objectives, their constants and how each is known."""
    answer("problems", locals())


@command("data")
def data(
    action: flag.DataAction = "list",
    name: flag.DataName = None,
    as_json: flag.Json = False,
) -> None:
    """The data sets: what is there, what it is, and under which licence."""
    answer("data", locals())


@command("run")
def run(
    problem: flag.Problem,
    schedule: flag.Schedule,
    staleness: flag.Staleness,
    steps: flag.Steps,
    out: Annotated[Path, typer.Option("--out", help="The result file (netCDF; xarray opens it).")],
    seeds: flag.Seeds = 32,
    first_seed: flag.FirstSeed = 0,
    batch: flag.Batch = None,
    record_every: flag.RecordEvery = 1,
    delays: flag.Delays = "constant",
    delays_file: flag.DelaysFile = None,
    inconsistent: flag.Inconsistent = False,
    method: flag.Method = "delayed",
    constants: flag.Constants = None,
    as_json: flag.Json = False,
) -> None:
    """One simulation, stored. Interrupted, it goes on where it stopped."""
    answer("run", locals(), beside={"file": str(out)}, out=out)


@command("worst-case")
def worst_case(
    schedule: flag.Schedule,
    staleness: flag.Staleness,
    steps: flag.Steps,
    smoothness: flag.Smoothness = 1.0,
    gap: flag.Gap = 1.0,
    variance: flag.Variance = 0.0,
    coherence: flag.Coherence = None,
    constants: flag.Constants = None,
    delays: flag.DelaysOrWorst = "constant",
    delays_file: flag.DelaysFile = None,
    measure: flag.Measure = "min",
    method: flag.Method = "delayed",
    dense: Annotated[bool, typer.Option("--dense", help="All pairs in one dense problem; to some 50 steps.")] = False,
    certify: flag.Certify = None,
    witness: Annotated[bool, typer.Option(help="Look for the worst function and replay it.")] = True,
    out: flag.WorstCaseFolder = None,
    as_json: flag.Json = False,
) -> None:
    """How bad can it get? The exact worst case over all smooth functions, certified, with the worst function."""
    answer("worst_case", locals())


@command("cost")
def cost(
    staleness: Annotated[int | None, whole("--staleness", "A fixed delay of s - 1.")] = None,
    trace: Annotated[Path | None, typer.Option("--trace", help="A recorded run, or a file of delays.")] = None,
    workers: Annotated[str | None, typer.Option("--workers", help="Speeds, as for `gradlag async`.")] = None,
    inconsistent: flag.Inconsistent = False,
    variance: Annotated[float | None, real("--variance", "sigma^2 of one gradient; 1, or the problem's.")] = None,
    smoothness: Annotated[float | None, real("--smoothness", "L; 1, or the problem's.")] = None,
    gap: Annotated[float | None, real("--gap", "Delta, F(x_0) - inf F; 1, or the problem's.")] = None,
    accuracy: Annotated[float | None, real("--accuracy", "What min E|grad F|^2 shall be at most.")] = None,
    steps: Annotated[int | None, whole("--steps", "Instead: the accuracy that T steps promise.")] = None,
    problem: flag.MeasuredProblem = None,
    bounds: flag.Bounds = None,
    seed: Annotated[int, whole("--seed", "The seed of the virtual clock.")] = 0,
    out: Annotated[Path | None, typer.Option("--out", help="A folder for cost.json and the picture.")] = None,
    as_json: flag.Json = False,
) -> None:
    """What staleness costs: steps and time to an accuracy, for asynchrony and for methods that wait."""
    answer("cost", locals())


@command("design")
def design(
    staleness: flag.Staleness,
    steps: flag.Steps,
    variance: flag.Variance = 0.0,
    target: flag.Target = "theorem-a",
    schedule: flag.OwnSchedule = None,
    smoothness: flag.Smoothness = 1.0,
    gap: flag.Gap = 1.0,
    coherence: Annotated[float | None, real("--coherence", "mu of Theorem 1's steps and sums; 1 by default.")] = None,
    delays: flag.Delays = "constant",
    delays_file: flag.DelaysFile = None,
    certify: Annotated[bool, typer.Option(help="Certify the worst cases of all schedules.")] = True,
    out: Annotated[Path | None, typer.Option("--out", help="A folder for the steps, the answer, the picture.")] = None,
    as_json: flag.Json = False,
) -> None:
    """A better schedule: the best step sizes for a theorem or for the worst case itself, and why."""
    answer("design", locals())


@command("limit")
def limit(
    staleness: flag.Staleness = 2,
    method: flag.Method = "delayed",
    step: Annotated[float | None, real("--step", "L eta; the best one by default.")] = None,
    delays: flag.RepeatedDelays = None,
    steps: Annotated[int | None, whole("--steps", "T; a bound over T steps, too, with noise.")] = None,
    variance: flag.Variance = 0.0,
    smoothness: flag.Smoothness = 1.0,
    gap: flag.Gap = 1.0,
    out: Annotated[Path | None, typer.Option("--out", help="A folder for limit.json and the picture.")] = None,
    as_json: flag.Json = False,
) -> None:
    """The exact constant of a method under a fixed delay, without noise; with --steps a bound with noise."""
    answer("limit", locals())


@command("rate")
def rate(
    schedule: flag.Schedule,
    bounds: flag.Bounds = None,
    staleness: Annotated[int, whole("--staleness", "The theorem's s, for constants that depend on it.")] = 4,
    constants: flag.Constants = None,
    as_json: flag.Json = False,
) -> None:
    """How fast does a bound fall? Its leading term as T grows, with every constant, checked to ten million steps.

    The letters of a schedule are k, T, s, L, Delta, sigma and mu; free letters are not taken: write a number for them.
    """
    answer("rate", locals())


@command("verify")
def verify(
    file: Annotated[Path, typer.Argument(help="A certificate or a witness that `gradlag` wrote.")],
    as_json: flag.Json = False,
) -> None:
    """Check a saved certificate on its own, in exact arithmetic: without the solver and without what made it."""
    answer("verify", locals())


@command("check")
def check(
    context: typer.Context,
    schedule: flag.Schedule,
    staleness: flag.Staleness,
    problem: flag.ProblemOfCheck = None,
    steps: Annotated[int | None, whole("--steps", "The number of steps T.")] = None,
    seeds: flag.Seeds = 32,
    first_seed: flag.FirstSeed = 0,
    batch: flag.Batch = None,
    level: flag.Level = 0.05,
    tails: flag.Tails = "any",
    record_every: flag.RecordEvery = 1,
    bounds: flag.Bounds = None,
    delays: flag.Delays = "constant",
    delays_file: flag.DelaysFile = None,
    inconsistent: flag.Inconsistent = False,
    method: flag.Method = "delayed",
    constants: flag.Constants = None,
    log: flag.Log = None,
    norm: flag.LogNorm = None,
    columns: flag.LogColumns = None,
    squared: flag.LogSquared = False,
    optimizer: flag.LogOptimizer = None,
    estimates: flag.LogEstimates = "",
    worst_case: flag.WithWorstCase = None,
    claim: flag.Claim = None,
    coherence: Annotated[float | None, real("--coherence", "What --claim may assume of gradient coherence.")] = None,
    out: flag.OutputFolder = None,
    as_json: flag.Json = False,
) -> None:
    """Does the bound hold? A run, your own training log, or a claim of your own meets what can be proved."""
    answer_check(context, {name: value for name, value in locals().items() if name != "context"})


@command("compare")
def compare(
    schedules: flag.Schedules,
    problem: flag.Problem,
    staleness: flag.Staleness,
    steps: flag.Steps,
    seeds: flag.Seeds = 32,
    first_seed: flag.FirstSeed = 0,
    batch: flag.Batch = None,
    level: flag.Level = 0.05,
    tails: flag.Tails = "any",
    record_every: flag.RecordEvery = 1,
    delays: flag.Delays = "constant",
    delays_file: flag.DelaysFile = None,
    inconsistent: flag.Inconsistent = False,
    methods: flag.Methods = None,
    constants: flag.Constants = None,
    out: Annotated[Path, typer.Option("--out", help="Where to keep runs, table and picture.")] = Path("compare"),
    as_json: flag.Json = False,
) -> None:
    """Several schedules on one problem: one table and one picture."""
    answer("compare", locals())


@command("async")
def serve(
    problem: flag.Problem,
    schedule: flag.Schedule,
    workers: flag.Workers,
    steps: Annotated[int, whole("--steps", "The number of applied updates T.")],
    out: Annotated[Path, typer.Option("--out", help="The file for the run and its trace (netCDF).")],
    staleness: flag.ServerStaleness = None,
    bound: flag.Ahead = None,
    seed: Annotated[int, whole("--seed", "The seed of the draws.")] = 0,
    batch: flag.Batch = None,
    constants: flag.Constants = None,
    record_every: flag.RecordEvery = 1,
    buffer: Annotated[int, whole("--buffer", "How many gradients an update averages, as they arrive.")] = 1,
    virtual: Annotated[bool, typer.Option("--virtual", help="On the virtual clock, without processes.")] = False,
    cluster: Annotated[str | None, typer.Option("--cluster", help="Ray at HOST:PORT; this machine by default.")] = None,
    as_json: flag.Json = False,
) -> None:
    """A real asynchronous server: every delay recorded, with its worker and its times."""
    call("serve", "serve", locals())
    answer("trace", {"file": out, "as_json": as_json})


@command("trace")
def trace(
    file: Annotated[Path, typer.Argument(help="A run of `gradlag async`, or a text file of delays.")],
    delays_out: Annotated[Path | None, typer.Option("--delays-out", help="Write the delays, one a line.")] = None,
    as_json: flag.Json = False,
) -> None:
    """What a trace says: how late gradients were, what delays depend on, which bound covers the run."""
    answer("trace", locals())


@command("reproduce")
def reproduce(
    figures: flag.Figures = None,
    list_figures: Annotated[bool, typer.Option("--list", help="Only say which figures there are.")] = False,
    scale: flag.Scale = "quick",
    jobs: Annotated[int, whole("--jobs", "Local processes.")] = 1,
    cluster: Annotated[str | None, typer.Option("--cluster", help="Ray at HOST:PORT; or local, to start it.")] = None,
    out: Annotated[Path, typer.Option("--out", help="Where results, figures and the report go.")] = Path("out"),
    as_json: flag.Json = False,
) -> None:
    """Every figure, measured anew or taken from finished results, and the report."""
    flags = dict(locals())
    if list_figures:
        answer("reproduce", {"as_json": as_json}, verb="list_figures")
    del flags["list_figures"]
    answer("reproduce", flags | {"figures": tuple(figures or ())})


@command("report")
def report(
    out: Annotated[Path, typer.Option("--out", help="The folder with the results.")] = Path("out"),
    pdf: Annotated[bool, typer.Option("--pdf", help="Every figure as PDF as well.")] = False,
    jobs: Annotated[int, whole("--jobs", "Processes that draw.")] = 2,
    as_json: flag.Json = False,
) -> None:
    """Rebuild the HTML report from stored results."""
    answer("report", locals())


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
    shell: flag.Completion = None,
) -> None:
    """What staleness costs SGD: what can be proved, and what is measured, side by side."""
    if shell is not None:
        print_text(script(shell))
        raise typer.Exit()
    if show:
        from importlib.metadata import version as installed

        print_text(f"gradlag {installed('gradlag')}")
        raise typer.Exit()


def execute(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit status; every failure ends as one sentence."""
    line = [] if offered() else with_certificate_file(arguments) or ["--help"]
    return exit_status(lambda: int(app(args=line, complete_var=ASKED, standalone_mode=False) or 0), "--json" in line)


def main() -> None:
    """The `gradlag` command."""
    prepare_process()
    sys.exit(execute(sys.argv[1:]))
