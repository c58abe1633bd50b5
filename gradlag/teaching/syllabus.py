"""The lessons: what each is called, what it is for, and how its ninety minutes are spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from theory.common.table import Table


@dataclass(frozen=True)
class Entry:
    """A lesson of the course.

    Args:
        number, title: as on its first line; aims: what a student can do afterwards.
        needs: what a student must know before.
        plan: the ninety minutes in the classroom, as (minutes, what is done).
        proves, shows: what is proved in it, and what is only seen.
    """

    number: int
    title: str
    aims: tuple[str, ...]
    needs: str
    plan: tuple[tuple[int, str], ...]
    proves: str
    shows: str

    @property
    def minutes(self) -> int:
        """How long it takes."""
        return sum(minutes for minutes, _ in self.plan)

    @property
    def stem(self) -> str:
        """The name of its notebook, of its exercises, of its pictures and of its solutions, without an ending."""
        return f"lesson_{self.number:02d}"


_ENTRIES = (
    Entry(
        1,
        "Delay as instability",
        (
            "write gradient descent with a delay on a quadratic as a linear recursion, and find its growth from roots",
            "say which step sizes are stable at a delay, and why the largest falls like one over the delay",
            "build a sequence of delays that is worse than its own largest delay all the time",
        ),
        "Calculus, complex numbers in polar form, geometric sequences.",
        (
            (10, "a late driver: the iteration, and the first picture"),
            (15, "predict the largest stable step, reveal it, say where the guess went wrong"),
            (20, "the characteristic equation and its roots, at the board; the second picture"),
            (35, "exercises 1 to 3, alone and then in pairs"),
            (10, "what was proved, what was seen, and what the next lesson asks"),
        ),
        "The largest stable step of a fixed delay on a quadratic, with equality.",
        "That changing delays may be worse than the largest of them: by one sequence, whose growth is computed.",
    ),
    Entry(
        2,
        "What a bound says",
        (
            "read a bound: what is on the left, which functions it speaks of, and what each letter costs",
            "order what was measured, the worst case and theorems on one ladder, and say what a gap in it means",
            "use a theorem: the steps it asks for, the step sizes it likes, and what it says when it refuses",
        ),
        "Lesson 1. Gradients of functions of several variables; the logarithmic scale.",
        (
            (15, "one sentence taken apart: the bound, its letters and their units"),
            (10, "predict the slack on the parabola, reveal, discuss"),
            (20, "the ladder, rung by rung, with the second prediction"),
            (35, "exercises 1 to 3"),
            (10, "why a bound that is 30 times too large may still be right, and what would make it wrong"),
        ),
        "Theorems A and B are quoted; `gradlag prove` replays them. The worst cases are exact, by certificates.",
        "Where the rungs lie, at small numbers of steps.",
    ),
    Entry(
        3,
        "Noise, and what it may know",
        (
            "say what mean zero given the past means, and which products with noise it makes vanish",
            "find the cross terms that delays bring in, and say when they must not be dropped",
            "recognise a system in which lateness depends on the noise, and say which theorem is then about nothing",
        ),
        "Lesson 2. Expectation, variance, independence; that a fair coin has mean zero.",
        (
            (15, "fair coins as noise; the two ways to read the mean of a product"),
            (20, "predict a sign, reveal the table of products, read its triangle"),
            (20, "the race of two workers: prediction and picture"),
            (25, "exercises 1 to 3"),
            (10, "which assumption of which theorem was broken, and who would notice"),
        ),
        "Which products of points and noise vanish, for every step size and delay fixed beforehand.",
        "What a race that looks at the noise does, on one function; the moments are exact.",
    ),
    Entry(
        4,
        "Theorem 1 proved",
        (
            "say what Theorem 1 of the staleness study assumes and promises, and where each assumption is used",
            "read a proof whose every step is checked, and put its steps in an order in which each rests on others",
            "tell a claim that is false from one that is true and not proved, and break a false one by a function",
        ),
        "Lesson 3: noise with mean zero given the past. Sums and inner products.",
        (
            (10, "the theorem: what is assumed, what is promised, in numbers"),
            (30, "the proof at the board, one step after the other; who uses which assumption"),
            (15, "predict what the kernel says of a weaker claim; the picture of the constant"),
            (25, "exercises 1 to 3"),
            (10, "what a proof is worth: axioms, kernel, and what no kernel can check"),
        ),
        "Theorem 1's argument for all steps that do not increase, all delays within the window, and every T.",
        "That a claim with a smaller constant is false, on runs that are found by chance.",
    ),
    Entry(
        5,
        "Coherence broken",
        (
            "compute the coherence of a run, and say from which step and staleness on it is negative",
            "say what Theorem 1 promises of a coherent run, and what its formula is worth on any other",
            "name the bounds that need no coherence, and what they ask in its place",
        ),
        "Lessons 1 and 4: overshooting, and where Theorem 1 uses its assumptions.",
        (
            (15, "coherence defined; one window computed at the board"),
            (20, "predict where it breaks on the parabola, reveal, raise step and staleness in the picture"),
            (20, "the hill: predict what becomes of the run, then see which theorem speaks of it"),
            (25, "exercises 1 to 3"),
            (10, "an assumption about a run, and who could check it before the run"),
        ),
        "From which step on coherence breaks on a parabola; Theorems A and B, which need none, are quoted.",
        "What a run does whose coherence is broken: on one parabola, on one hill and in one plane.",
    ),
    Entry(
        6,
        "The function that defeats you",
        (
            "draw a function of one variable by its slopes, and find what a stale run is slow on",
            "say what a witness and a certificate prove, and why together they leave nothing open",
            "read a certificate as a flow, and say which of its numbers may be changed and which may not",
        ),
        "Lesson 2: worst cases and the straight slope. Areas under curves; inner products.",
        (
            (20, "draw: who finds the slowest function of one variable? why dips help"),
            (10, "predict what more variables can do; reveal; look at the turning gradients"),
            (20, "the certificate: inequalities, multipliers, the flow; predict what a changed number does"),
            (30, "exercises 1 to 3"),
            (10, "an upper and a lower end that meet, and who has to be trusted for each"),
        ),
        "The worst case of one run to nine digits, from above by a certificate and from below by a function.",
        "What the worst function looks like: it is one of many, found by a solver and then checked.",
    ),
    Entry(
        7,
        "The exact constant",
        (
            "say what the constant C of a method means, and read it off against the step at every delay",
            "name the best constant step, waiting and counter-momentum by what each costs, and in order",
            "show by a computation why steps that are tuned on quadratics may be bad for other functions",
        ),
        "Lessons 1 and 6: stable steps, and the worst function that turns. The number e.",
        (
            (15, "from worst cases of long runs to one number, C"),
            (20, "predict the best step at delay 1, reveal; the whole curve, at every delay"),
            (15, "why a quadratic is not enough, at the board"),
            (10, "predict who is best at delay 8, reveal"),
            (25, "exercises 1 to 3"),
            (5, "what is open: the best method is not known"),
        ),
        "C from above, by certified multipliers; below it are turning gradients. Counter-momentum's bound is quoted.",
        "That C has one least value over the steps, and that it grows by nearly the same for each delay.",
    ),
    Entry(
        8,
        "Claim it yourself",
        (
            "write down a claim about every run so that it can be true or false, with its constants and its units",
            "say what settles a claim: a theorem for all T, a certificate at one T, one function that breaks it",
            "tell three words apart: proved, refuted, and open, and say what would decide what is open",
        ),
        "Lessons 2 and 4; the slope of lesson 2. Powers and logarithms.",
        (
            (10, "what a claim is, and what settles it"),
            (15, "the picture: move a claim until it is refuted; where is the edge?"),
            (15, "predict what becomes of half of a theorem; the function that breaks it"),
            (40, "exercises 1 to 3: ten minutes alone, then in pairs, who tries each other's claims"),
            (10, "what is open, and what would decide it"),
        ),
        "What the kernel replays, for every T; what a witness refutes, exactly; what certificates bound, at single T.",
        "Where verdicts change as a claim moves.",
    ),
    Entry(
        9,
        "Design",
        (
            "choose step sizes by their certified worst case, and say what is certain of a design and what is not",
            "explain why a stale gradient is stale by movement, and why leaving a step out can make a run better",
            "turn a list of good steps into a rule for every number of steps",
        ),
        "Lessons 2 and 6: the worst case and its certificate.",
        (
            (15, "the question turned round; draw step sizes, and try to get below the constant step"),
            (15, "predict what leaving a step out does; reveal; explain it to your neighbour"),
            (15, "stale by movement: the sum of the steps in between; waiting, the extreme"),
            (35, "exercises 1 to 3, as a contest: the lowest certified worst case of the room"),
            (10, "what a design assumes, and what it is worth when T changes"),
        ),
        "The worst case of every list of steps that is drawn or typed, from above, by a certificate each.",
        "That no other list is better than the design: a search from several starts.",
    ),
    Entry(
        10,
        "Networks, real servers, and other ways to be late",
        (
            "say why delays of real workers are short on the average and long at worst, and what sets both",
            "choose a step by the delay of the gradient that has arrived, and say what that buys",
            "recognise lateness in systems that withhold, compress or group, and say what a theorem would need",
        ),
        "Lessons 1, 5 and 9. What a neural network and its layers are.",
        (
            (15, "eight workers on a clock: the picture, with one slow worker and with three"),
            (20, "rules that look at the delay; what theorems say of the mean delay"),
            (15, "predict how staleness hurts deep networks; reveal; why a layer adds to it"),
            (30, "exercises 1 to 3"),
            (10, "withheld, compressed, grouped: late in another way. The end of the course"),
        ),
        "The mean delay of a server: each update ages all gradients on their way by one.",
        "What slow workers, rules and depth do: runs on a virtual clock and measurements on small networks.",
    ),
)

#: The lessons by number.
SYLLABUS: Mapping[int, Entry] = Table({entry.number: entry for entry in _ENTRIES})
