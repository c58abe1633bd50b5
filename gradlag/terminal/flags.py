"""The flags that several commands share, or that take more than a line to describe."""

from pathlib import Path
from typing import Annotated

import typer

from gradlag.terminal.completion import SHELLS, names, of
from gradlag.terminal.usage import real, whole

_schedules = names("theory.schedules.catalogue", "CATALOGUE")
PROBLEMS = names("experiments.problems.registry", "PROBLEMS")
_bounds = names("theory.bounds.registry", "REGISTRY")
_delays = names("theory.staleness.delays", "MODELS")

Completion = Annotated[
    str | None,
    typer.Option(
        "--show-completion",
        metavar="SHELL",
        autocompletion=of(*SHELLS),
        help="Print what bash, zsh or fish reads to complete commands, flags and names on TAB.",
    ),
]

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Schedule = Annotated[
    str,
    typer.Option(
        "--schedule",
        autocompletion=_schedules,
        help="Step sizes: an expression in k, T, s, L, mu, sigma, Delta, d; a name; or @file.",
    ),
]
_OBJECTIVE = "The objective: a name of `gradlag problems`, or FILE.py."
Problem = Annotated[str, typer.Option("--problem", autocompletion=PROBLEMS, help=_OBJECTIVE)]
Staleness = Annotated[int, whole("--staleness", "The theorem's s; 1 is synchronous.")]
MeasuredProblem = Annotated[
    str | None, typer.Option("--problem", autocompletion=PROBLEMS, help="Its constants, and tuned runs on it.")
]
_METHOD = (
    "delayed, wait, batch-wait[:batch=B], momentum:beta=B, nesterov:beta=B, counter-momentum, filter:FILE (lines such "
    "as `gradients 1 0.5` and `moves -0.48`)."
)
_methods = names("theory.methods.registry", "METHODS")
Method = Annotated[str, typer.Option("--method", autocompletion=_methods, help=_METHOD)]
Methods = Annotated[
    list[str] | None,
    typer.Option("--method", autocompletion=_methods, help=f"{_METHOD} Repeatable: one beside another."),
]
Steps = Annotated[int, whole("--steps", "The number of steps T.")]
Seeds = Annotated[int, whole("--seeds", "How many independent runs.")]
FirstSeed = Annotated[int, whole("--seed", "The first seed.")]
Batch = Annotated[int | None, whole("--batch", "Minibatch size; 0 is the full gradient. Default: the problem's own.")]
RecordEvery = Annotated[int, whole("--record-every", "Measure the full gradient every so many steps.")]
Delays = Annotated[
    str,
    typer.Option(
        "--delays",
        autocompletion=_delays,
        help="constant (s - 1), uniform, geometric:mean=M, cyclic:period=P, normal:mean=M,sd=D, adversarial.",
    ),
]
DelaysOrWorst = Annotated[
    str,
    typer.Option(
        "--delays",
        autocompletion=_delays,
        help="As in `check`; or worst: the trace that makes the worst case largest.",
    ),
]
DelaysFile = Annotated[Path | None, typer.Option("--delays-file", help="T lines, line k the delay of step k.")]
Inconsistent = Annotated[
    bool,
    typer.Option("--inconsistent", help="Several delays a line are of blocks of coordinates, not of gradients."),
]
Constants = Annotated[str | None, typer.Option("--constants", help="Values of symbols: mu=0.5,L=1.")]
Level = Annotated[float, real("--level", "How often the verdict `violated` may be wrong.")]
Tails = Annotated[str, typer.Option("--tails", help="What is known of |grad F|^2: any, kappa:K, bounded:M, gaussian.")]
RepeatedDelays = Annotated[
    str | None,
    typer.Option("--delays", help="Delays that repeat, in place of s - 1: cyclic:period=P, adversarial, 0,1,1."),
]
Smoothness = Annotated[float, real("--smoothness", "L.")]
Gap = Annotated[float, real("--gap", "Delta, F(x_0) - inf F.")]
Variance = Annotated[float, real("--variance", "sigma^2, of the noise of one gradient.")]
Coherence = Annotated[float | None, real("--coherence", "Assume gradient coherence mu within the staleness.")]
OutputFolder = Annotated[Path | None, typer.Option("--out", help="The folder for runs, verdict and picture.")]
Bounds = Annotated[
    list[str] | None,
    typer.Option("--bound", autocompletion=_bounds, help="A bound of `gradlag bounds`; repeatable."),
]
_figures = names("experiments.studies.registry", "STUDIES")
Figures = Annotated[list[str] | None, typer.Argument(autocompletion=_figures, help="Figures by name; all by default.")]
Bound = Annotated[
    str | None,
    typer.Argument(autocompletion=names("theory.bounds.registry", "REGISTRY", "RATES"), help="One bound, whole."),
]
Proof = Annotated[
    str | None, typer.Argument(autocompletion=_bounds, help="A bound of `gradlag bounds`; all by default.")
]
Workers = Annotated[
    str, typer.Option("--workers", help="The workers and their speeds: 7*constant:seconds=1+1*exponential:mean=4.")
]
ServerStaleness = Annotated[
    int | None, whole("--staleness", "What s stands for in the schedule. Default: the number of workers.")
]
Ahead = Annotated[
    int | None, whole("--bound", "How many gradients a worker may be ahead of the slowest. Default: no bound.")
]
Certify = Annotated[
    str | None, typer.Option("--certify", help="Certify the value, and keep the certificate in a file.")
]
WorstCaseFolder = Annotated[
    Path | None, typer.Option("--out", help="A folder for answer, certificate, witness, picture.")
]
Log = Annotated[
    Path | None,
    typer.Option("--run", help="Your own training log: step, grad_norm[, seed, delay, step_size], or a logger's."),
]
LogNorm = Annotated[
    str | None, typer.Option("--norm", help="What the norms of --run are of: full, or minibatch (most loggers).")
]
LogColumns = Annotated[
    str | None, typer.Option("--columns", help="Columns of --run: grad_norm=train/grad_norm,step=global_step.")
]
LogSquared = Annotated[bool, typer.Option("--squared", help="The norms of --run are squared.")]
LogOptimizer = Annotated[
    str | None, typer.Option("--optimizer", help="What --run was trained with: sgd, momentum, adam, clipping.")
]
LogEstimates = Annotated[
    str, typer.Option("--estimates", help="Constants that are only estimates, beside --run: L,sigma.")
]
WithWorstCase = Annotated[
    bool | None, typer.Option(help="Add the exact worst case to the bounds. Default: with --out.")
]
Claim = Annotated[
    str | None, typer.Option("--claim", help="A bound of your own, in T, s, L, Delta, sigma, mu; no problem.")
]
ProblemOfCheck = Annotated[
    str | None, typer.Option("--problem", autocompletion=PROBLEMS, help="The objective; see `gradlag problems`.")
]
Measure = Annotated[
    str, typer.Option("--measure", autocompletion=of("min", "mean"), help="min, or mean (weighted by the steps).")
]
Target = Annotated[
    str,
    typer.Option(
        "--for",
        autocompletion=of("theorem-a", "theorem-1", "worst-case"),
        help="theorem-a, theorem-1 or worst-case.",
    ),
]
OwnSchedule = Annotated[
    str | None,
    typer.Option("--schedule", autocompletion=_schedules, help="Your own schedule, to be set beside it."),
]
Scale = Annotated[
    str,
    typer.Option("--scale", autocompletion=of("quick", "lesson", "paper"), help="quick, lesson or paper."),
]
DataAction = Annotated[str, typer.Argument(autocompletion=of("list", "get"), help="list, or get.")]
_sets = names("experiments.data.sets", "DATASETS", "ON_REQUEST")
DataName = Annotated[str | None, typer.Argument(autocompletion=_sets, help="The data set to get.")]
Schedules = Annotated[list[str], typer.Argument(autocompletion=_schedules, help="Two or more schedules.")]
