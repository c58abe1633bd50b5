"""The command. Thin: it reads flags, calls the door, prints, and sets the exit status.

0 holds / proved / done, 1 violated / refuted, 2 bad input, 3 undecided or assumption broken, 4 the environment
failed, 130 interrupted.
Heavy modules are imported inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradlag.terminal.import_clash import shadow_sentences
from gradlag.terminal.output import print_error, print_json, print_note, print_prose, print_text
from gradlag.terminal.usage import real, whole, with_certificate_file

try:
    from gradlag.terminal.failures import exit_status
    from theory.common.errors import InputError
except ImportError as stranger:  # another `theory` stands in front
    print_error(" ".join(shadow_sentences()) or str(stranger), 4, "--json" in sys.argv)
    sys.exit(4)

if TYPE_CHECKING:
    from experiments.runs.configuration import RunOptions

app = typer.Typer(
    name="gradlag",
    help="What staleness costs SGD: what can be proved, and what is measured, side by side.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
ScheduleText = Annotated[
    str,
    typer.Option("--schedule", help="Step sizes: an expression in k, T, s, L, mu, sigma, Delta, d; a name; or @file."),
]
ProblemText = Annotated[str, typer.Option("--problem", help="The objective: a name of `gradlag problems`, or FILE.py.")]
StalenessWindow = Annotated[int, whole("--staleness", "The theorem's s; 1 is synchronous.")]
Steps = Annotated[int, whole("--steps", "The number of steps T.")]
Seeds = Annotated[int, whole("--seeds", "How many independent runs.")]
FirstSeed = Annotated[int, whole("--seed", "The first seed.")]
Batch = Annotated[int | None, whole("--batch", "Minibatch size; 0 is the full gradient. Default: the problem's own.")]
RecordEvery = Annotated[int, whole("--record-every", "Measure the full gradient every so many steps.")]
Delays = Annotated[
    str,
    typer.Option(
        "--delays",
        help="constant (s - 1), uniform, geometric:mean=M, cyclic:period=P, normal:mean=M,sd=D, adversarial.",
    ),
]
DelaysOrWorst = Annotated[
    str, typer.Option("--delays", help="As in `check`; or worst: the trace that makes the worst case largest.")
]
DelaysFile = Annotated[Path | None, typer.Option("--delays-file", help="T lines, line k the delay of step k.")]
Constants = Annotated[str | None, typer.Option("--constants", help="Values of symbols: mu=0.5,L=1.")]
Level = Annotated[float, real("--level", "How often the verdict `violated` may be wrong.")]
Smoothness = Annotated[float, real("--smoothness", "L.")]
Gap = Annotated[float, real("--gap", "Delta, F(x_0) - inf F.")]
Variance = Annotated[float, real("--variance", "sigma^2, of the noise of one gradient.")]
Coherence = Annotated[float | None, real("--coherence", "Assume gradient coherence mu within the staleness.")]
OutputFolder = Annotated[Path | None, typer.Option("--out", help="The folder for runs, verdict and picture.")]
BoundNames = Annotated[list[str] | None, typer.Option("--bound", help="A bound of `gradlag bounds`; repeatable.")]


@app.command()
def bounds(
    name: Annotated[str | None, typer.Argument(help="One bound, whole.")] = None,
    latex: Annotated[bool, typer.Option("--latex", help="Only the formula, as LaTeX.")] = False,
    python: Annotated[bool, typer.Option("--python", help="Python that evaluates it.")] = False,
    as_json: Json = False,
) -> None:
    """The library of bounds: statement, assumptions, domain, source, rate, how verified."""
    from gradlag.commands import library

    if latex and python:
        raise InputError("A formula is printed as LaTeX or as Python. Give --latex or --python, not both.")
    if as_json:
        print_json({"bounds": library.describe_bounds(name)})
    elif latex or python:
        print_text(library.formulas(name, python=python))
    elif name is None:
        library.print_bounds()
    else:
        library.print_bound(name)


@app.command()
def prove(
    name: Annotated[str | None, typer.Argument(help="A bound of `gradlag bounds`; all by default.")] = None,
    latex: Annotated[bool, typer.Option("--latex", help="The proof as LaTeX.")] = False,
    as_json: Json = False,
) -> None:
    """Replay a proof, step by step: claims, reasons, rules, axioms."""
    from gradlag.commands import proving

    if latex and as_json:
        raise InputError("A proof is printed as LaTeX or as JSON. Give --latex or --json, not both.")
    accounts = proving.replay_proofs(name, print_note)
    if as_json:
        print_json(proving.describe(accounts, name))
    else:
        proving.print_proofs(accounts, name, as_latex=latex)
    raise typer.Exit(proving.exit_status(accounts))


@app.command()
def problems(as_json: Json = False) -> None:
    """The objectives, their constants and how each is known."""
    from gradlag.commands import library

    described = library.describe_problems()
    if as_json:
        print_json({"problems": described})
    else:
        library.print_problems(described)


@app.command()
def data(
    action: Annotated[str, typer.Argument(help="list, or get.")] = "list",
    name: Annotated[str | None, typer.Argument(help="The data set to get.")] = None,
    as_json: Json = False,
) -> None:
    """The data sets: what is there, what it is, and under which licence."""
    from gradlag.commands import library

    if (action, name is None) not in (("list", True), ("get", False)):
        got = " ".join(filter(None, [action, name]))
        raise InputError(f"`gradlag data` knows `list`, and `get NAME` with the name of a data set. Got {got!r}.")
    described = library.describe_data() if name is None else [library.get_data(name, print_note)]
    requested = library.describe_requested_data() if name is None else []
    if as_json:
        print_json({"data": described} | ({"on_request": requested} if name is None else {}))
    else:
        library.print_data([*described, *requested])
        if name is None:
            library.print_data_advice()
        else:
            library.print_place(name)


@app.command()
def run(
    problem: ProblemText,
    schedule: ScheduleText,
    staleness: StalenessWindow,
    steps: Steps,
    out: Annotated[Path, typer.Option("--out", help="The result file (netCDF; xarray opens it).")],
    seeds: Seeds = 32,
    seed: FirstSeed = 0,
    batch: Batch = None,
    record_every: RecordEvery = 1,
    delays: Delays = "constant",
    delays_file: DelaysFile = None,
    constants: Constants = None,
    as_json: Json = False,
) -> None:
    """One simulation, stored. Interrupted, it goes on where it stopped."""
    from gradlag.commands import api, reports

    options = _options(seeds, seed, batch, record_every, delays, delays_file, constants)
    done = api.run(
        schedule, problem, staleness=staleness, steps=steps, out=out, announce=print_note, progress=True, **options
    )
    summary = reports.summarise_run(done, out)
    if as_json:
        print_json(summary)
    else:
        reports.print_run(summary)


@app.command("worst-case")
def worst_case(
    schedule: ScheduleText,
    staleness: StalenessWindow,
    steps: Steps,
    smoothness: Smoothness = 1.0,
    gap: Gap = 1.0,
    variance: Variance = 0.0,
    coherence: Coherence = None,
    constants: Constants = None,
    delays: DelaysOrWorst = "constant",
    delays_file: DelaysFile = None,
    measure: Annotated[str, typer.Option("--measure", help="min, or mean (weighted by the steps).")] = "min",
    dense: Annotated[bool, typer.Option("--dense", help="All pairs in one dense problem; to some 50 steps.")] = False,
    certify: Annotated[
        str | None, typer.Option("--certify", help="Certify the value, and keep the certificate in a file.")
    ] = None,
    witness: Annotated[bool, typer.Option(help="Look for the worst function and replay it.")] = True,
    out: Annotated[
        Path | None, typer.Option("--out", help="A folder for answer, certificate, witness, picture.")
    ] = None,
    as_json: Json = False,
) -> None:
    """How bad can it get? The exact worst case over all smooth functions, certified, with the worst function."""
    from gradlag.commands import extremes, worst_cases

    found = worst_cases.worst_case(
        schedule,
        staleness=staleness,
        steps=steps,
        dense=dense,
        witness=witness,
        certificate_file=certify,
        out=out,
        progress=True,
        smoothness=smoothness,
        gap=gap,
        variance=variance,
        coherence=coherence,
        constants=_constants(constants),
        delays=delays,
        delays_file=delays_file,
        measure=measure,
    )
    if as_json:
        print_json(found.to_dict())
    else:
        extremes.print_worst_case(found)
    raise typer.Exit(found.exit_status)


@app.command()
def design(
    staleness: StalenessWindow,
    steps: Steps,
    variance: Variance = 0.0,
    target: Annotated[str, typer.Option("--for", help="theorem-a, theorem-1 or worst-case.")] = "theorem-a",
    schedule: Annotated[str | None, typer.Option("--schedule", help="Your own schedule, to be set beside it.")] = None,
    smoothness: Smoothness = 1.0,
    gap: Gap = 1.0,
    coherence: Annotated[float | None, real("--coherence", "mu of Theorem 1's steps and sums; 1 by default.")] = None,
    delays: Delays = "constant",
    delays_file: DelaysFile = None,
    certify: Annotated[bool, typer.Option(help="Certify the worst cases of all schedules.")] = True,
    out: Annotated[Path | None, typer.Option("--out", help="A folder for the steps, the answer, the picture.")] = None,
    as_json: Json = False,
) -> None:
    """A better schedule: the best step sizes for a theorem or for the worst case itself, and why."""
    from gradlag.commands import designs, extremes

    found = designs.design(
        staleness=staleness,
        steps=steps,
        target=target,
        schedule=schedule,
        smoothness=smoothness,
        gap=gap,
        variance=variance,
        mu=coherence,
        delays=delays,
        delays_file=delays_file,
        certify=certify,
        out=out,
        progress=True,
    )
    if as_json:
        print_json(found.to_dict())
    else:
        extremes.print_design(found)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A certificate or a witness that `gradlag` wrote.")],
    as_json: Json = False,
) -> None:
    """Check a saved certificate on its own, in exact arithmetic: without the solver and without what made it."""
    from gradlag.commands import verification

    checked = verification.verify(file)
    if as_json:
        print_json(checked)
    else:
        print_prose(checked["statement"], checked["how"])


@app.command()
def check(
    context: typer.Context,
    schedule: ScheduleText,
    staleness: StalenessWindow,
    problem: Annotated[str | None, typer.Option("--problem", help="The objective; see `gradlag problems`.")] = None,
    steps: Annotated[int | None, whole("--steps", "The number of steps T.")] = None,
    seeds: Seeds = 32,
    seed: FirstSeed = 0,
    batch: Batch = None,
    level: Level = 0.05,
    record_every: RecordEvery = 1,
    bound: BoundNames = None,
    delays: Delays = "constant",
    delays_file: DelaysFile = None,
    constants: Constants = None,
    log: Annotated[
        Path | None, typer.Option("--run", help="Your own training log: CSV with step, grad_norm[, seed, delay].")
    ] = None,
    worst_case: Annotated[
        bool | None, typer.Option(help="Add the exact worst case to the bounds. Default: with --out.")
    ] = None,
    claim: Annotated[
        str | None, typer.Option("--claim", help="A bound of your own, in T, s, L, Delta, sigma, mu; no problem.")
    ] = None,
    coherence: Annotated[float | None, real("--coherence", "What --claim may assume of gradient coherence.")] = None,
    out: OutputFolder = None,
    as_json: Json = False,
) -> None:
    """Does the bound hold? A run, your own training log, or a claim of your own meets what can be proved."""
    from gradlag.commands import api, reports

    told: list[str] = []
    if claim is not None:
        _refuse_beside_claim(context)
        _check_claim(schedule, claim, staleness, steps, coherence, constants, delays, delays_file, out, as_json)
    if coherence is not None:
        raise InputError("--coherence belongs to --claim. Give mu of a run with --constants mu=NUMBER.")
    if log is not None:
        _refuse_flags(context, "problem", "seeds", "seed", "batch", "record_every")
        verdict = api.check_log(
            log,
            schedule,
            staleness=staleness,
            steps=steps,
            constants=_constants(constants),
            bounds=bound,
            level=level,
            delays=delays,
            delays_file=delays_file,
            out=out,
        )
    else:
        if problem is None or steps is None:
            raise InputError("`gradlag check` needs --problem and --steps, or --claim and --steps, or --run LOG.csv.")
        verdict = api.check(
            schedule,
            problem,
            staleness=staleness,
            steps=steps,
            bounds=bound,
            level=level,
            worst_case=worst_case,
            out=out,
            announce=_heard(told),
            progress=True,
            **_options(seeds, seed, batch, record_every, delays, delays_file, constants),
        )
    if as_json:
        print_json(verdict.to_dict())
    else:
        reports.print_verdict(verdict, out, told)
    raise typer.Exit(verdict.exit_status)


@app.command()
def compare(
    schedules: Annotated[list[str], typer.Argument(help="Two or more schedules.")],
    problem: ProblemText,
    staleness: StalenessWindow,
    steps: Steps,
    seeds: Seeds = 32,
    seed: FirstSeed = 0,
    batch: Batch = None,
    level: Level = 0.05,
    record_every: RecordEvery = 1,
    delays: Delays = "constant",
    delays_file: DelaysFile = None,
    constants: Constants = None,
    out: Annotated[Path, typer.Option("--out", help="Where to keep runs, table and picture.")] = Path("compare"),
    as_json: Json = False,
) -> None:
    """Several schedules on one problem: one table and one picture."""
    from gradlag.commands import api, reports

    comparison = api.compare(
        schedules,
        problem,
        staleness=staleness,
        steps=steps,
        level=level,
        out=out,
        announce=print_note,
        progress=True,
        **_options(seeds, seed, batch, record_every, delays, delays_file, constants),
    )
    if as_json:
        print_json(comparison.to_dict())
    else:
        reports.print_comparison(comparison)


@app.command("async")
def asynchronous(
    problem: ProblemText,
    schedule: ScheduleText,
    workers: Annotated[
        str, typer.Option("--workers", help="The workers and their speeds: 7*constant:seconds=1+1*exponential:mean=4.")
    ],
    steps: Annotated[int, whole("--steps", "The number of applied updates T.")],
    out: Annotated[Path, typer.Option("--out", help="The file for the run and its trace (netCDF).")],
    staleness: Annotated[
        int | None, whole("--staleness", "What s stands for in the schedule. Default: the number of workers.")
    ] = None,
    bound: Annotated[
        int | None, whole("--bound", "How many gradients a worker may be ahead of the slowest. Default: no bound.")
    ] = None,
    seed: Annotated[int, whole("--seed", "The seed of the draws.")] = 0,
    batch: Batch = None,
    constants: Constants = None,
    record_every: RecordEvery = 1,
    virtual: Annotated[bool, typer.Option("--virtual", help="On the virtual clock, without processes.")] = False,
    cluster: Annotated[
        str | None, typer.Option("--cluster", help="A Ray cluster, HOST:PORT. Default: Ray on this machine.")
    ] = None,
    as_json: Json = False,
) -> None:
    """A real asynchronous server: every delay recorded, with its worker and its times."""
    from gradlag.commands import asynchrony

    asynchrony.serve(
        problem,
        schedule,
        workers,
        steps=steps,
        out=out,
        staleness=staleness,
        bound=bound,
        seed=seed,
        batch=batch,
        constants=_constants(constants),
        record_every=record_every,
        virtual=virtual,
        cluster=cluster,
        progress=True,
    )
    told = asynchrony.describe(out)
    if as_json:
        print_json(told)
    else:
        asynchrony.print_trace(told)


@app.command()
def trace(
    file: Annotated[Path, typer.Argument(help="A run of `gradlag async`, or a text file with one delay a line.")],
    delays_out: Annotated[Path | None, typer.Option("--delays-out", help="Write the delays, one a line.")] = None,
    as_json: Json = False,
) -> None:
    """What a trace says: how late gradients were, what delays depend on, which bound covers the run."""
    from gradlag.commands import asynchrony

    told = asynchrony.describe(file)
    if delays_out is not None:
        told["delays_out"] = str(asynchrony.write_delays(file, delays_out))
    if as_json:
        print_json(told)
    else:
        asynchrony.print_trace(told)


@app.command()
def reproduce(
    figures: Annotated[list[str] | None, typer.Argument(help="Figures by name; all by default.")] = None,
    list_figures: Annotated[bool, typer.Option("--list", help="Only say which figures there are.")] = False,
    scale: Annotated[str, typer.Option("--scale", help="quick, lesson or paper.")] = "quick",
    jobs: Annotated[int, whole("--jobs", "Local processes.")] = 1,
    cluster: Annotated[
        str | None, typer.Option("--cluster", help="A Ray cluster, HOST:PORT; or local, to start Ray here.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Where results, figures and the report go.")] = Path("out"),
    as_json: Json = False,
) -> None:
    """Every figure, measured anew or taken from finished results, and the report."""
    from gradlag.commands import reproduction

    if list_figures:
        listed = reproduction.describe_figures()
        if as_json:
            print_json({"figures": listed})
        else:
            reproduction.print_figures(listed)
    else:
        path = reproduction.reproduce(
            tuple(figures or ()), scale=scale, jobs=jobs, cluster=cluster, out=out, announce=print_note
        )
        _print_report(path, as_json)


@app.command()
def report(
    out: Annotated[Path, typer.Option("--out", help="The folder with the results.")] = Path("out"),
    as_json: Json = False,
) -> None:
    """Rebuild the HTML report from stored results."""
    from gradlag.commands import reproduction

    _print_report(reproduction.rebuild_report(out), as_json)


def _refuse_beside_claim(context: typer.Context) -> None:
    """A claim is about every function and every noise: flags of one run say nothing of it."""
    for name in ("problem", "seeds", "batch", "level", "record_every", "bound", "log", "worst_case"):
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            flag = "--run" if name == "log" else f"--{name.replace('_', '-')}"
            raise InputError(f"{flag} is about one run, and a claim is about every function. Leave it out.")


def _check_claim(
    schedule: str,
    claim: str,
    staleness: int,
    steps: int | None,
    coherence: float | None,
    constants: str | None,
    delays: str,
    delays_file: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    from experiments.claims.check_claim import check_claim
    from gradlag.commands import extremes

    if steps is None:
        raise InputError("A claim is looked at up to some number of steps. Give it with --steps.")
    verdict = check_claim(
        schedule,
        claim,
        staleness=staleness,
        steps=steps,
        coherence=coherence,
        constants=_constants(constants),
        delays=delays,
        delays_file=delays_file,
        out=out or Path("claim"),
        progress=True,
    )
    if as_json:
        print_json(verdict.to_dict())
    else:
        extremes.print_claim(verdict)
    raise typer.Exit(verdict.exit_status)


def _heard(told: list[str]) -> Callable[[str], None]:
    """Print remarks and remember them."""

    def announce(sentence: str) -> None:
        told.append(sentence)
        print_note(sentence)

    return announce


def _refuse_flags(context: typer.Context, *names: str) -> None:
    """Refuse flags of a simulation where a log is judged: they would have no effect."""
    for name in names:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            flag = f"--{name.replace('_', '-')}"
            raise InputError(f"{flag} is about a simulation and says nothing of a log. Leave it out beside --run.")


def _options(
    seeds: int,
    first_seed: int,
    batch: int | None,
    record_every: int,
    delays: str,
    delays_file: Path | None,
    constants: str | None,
) -> RunOptions:
    """The flags that run, check and compare share, as the door takes them."""
    return {
        "seeds": seeds,
        "first_seed": first_seed,
        "batch": batch,
        "record_every": record_every,
        "delays": delays,
        "delays_file": delays_file,
        "constants": _constants(constants),
    }


def _constants(text: str | None) -> dict[str, float]:
    """The values of `--constants`."""
    from theory.formulas.notation import constants_from_text

    return {} if text is None else constants_from_text(text)


def _print_report(path: Path, as_json: bool) -> None:
    if as_json:
        print_json({"report": str(path)})
    else:
        print_text(f"The report is {path.resolve()}")


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    """What staleness costs SGD: what can be proved, and what is measured, side by side."""
    if show:
        from importlib.metadata import version as installed

        print_text(f"gradlag {installed('gradlag')}")
        raise typer.Exit()


def execute(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit status; every failure ends as one sentence."""
    line = with_certificate_file(arguments) or ["--help"]
    return exit_status(lambda: int(app(args=line, standalone_mode=False) or 0), "--json" in arguments)


def main() -> None:
    """The `gradlag` command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without Greek letters
    sys.exit(execute(sys.argv[1:]))


__all__ = ["app", "execute", "main"]
