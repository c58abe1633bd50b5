"""Certificates read by the verifier alone: hand-made ones that hold, wrong ones, changed ones, hostile ones."""

import hashlib
import random
import re
import subprocess
import sys
from fractions import Fraction

import flint
import numpy as np
import pytest

from theory.common.errors import CertificateError, GradlagError, StoreError
from theory.staleness.count import Staleness
from theory.worst_case.certificate.text import KINDS, Argument, Statement, rounded_up
from theory.worst_case.certificate.verify import check_positive, slack_form, verify, verify_file, write
from theory.worst_case.question import Question
from theory.worst_case.solution import Multipliers
from theory.worst_case.solvers.accuracy import slack_matrix

BY_HAND = """\
gradlag certificate 1
claim: For every L-smooth F with F(x_0) - inf F <= Delta, x_{k+1} = x_k - eta_k grad F(x_{k-d_k}) for k = 0..T-1: \
the minimum over x_0..x_T of |grad F(x_k)|^2 is at most 0.8, where T = 1, L = 1.0, Delta = 1.0, \
for the steps eta_k and the delays d_k of the certificate.
steps: 1
staleness: 1
measure: min
L: 0x1.0000000000000p+0
Delta: 0x1.0000000000000p+0
sigma^2: 0x0.0p+0
coherence: none
unit: 0
step 0 0x1.0000000000000p+0 0
start 4
pair 0 1 4
floor 1 4
measure 0 2
measure 1 3
upper: 4/5
probe: 0
sum: 7144908
"""


def signed(body):
    """The text with its digest."""
    return f"{body}sha256: {hashlib.sha256(body.encode()).hexdigest()}\n"


def claim(steps=(1.0,), delays=None, *, s=None, measure="min", L=1.0, Delta=1.0, variance=0.0, coherence=None):
    delays = tuple(delays or [0] * len(steps))
    return Statement(tuple(steps), delays, s or 1 + max(delays), measure, L, Delta, variance, coherence)


def argument(unit=0, **tables):
    return Argument(unit, {kind: tables.get(kind, {}) for kind in KINDS})


#: One step of length 1: S = diag(4/2 - 2, 4/4 + 4/2 - 3) = 0, and the bound is 4/5 exactly.
ONE_STEP = {"start": {(): 4}, "pair": {(0, 1): 4}, "floor": {(1,): 4}, "measure": {(0,): 2, (1,): 3}}
#: The same with noise: S has (3 - 2, 1; 1, 3 - 1) at g_1 and e_0.
NOISY = {**ONE_STEP, "measure": {(0,): 2, (1,): 2}, "noise": {(0,): 3}}


def refusal(statement, given):
    """Why a well-formed text is refused."""
    with pytest.raises(CertificateError) as error:
        verify(write(statement, given))
    return str(error.value)


# ------------------------------------------------------------------------------------------------------- what holds


def test_a_certificate_written_by_hand_is_accepted_and_says_what_it_proves():
    text = signed(BY_HAND)
    accepted = verify(text)
    assert accepted.upper == Fraction(4, 5)
    assert text == write(claim(), argument(**ONE_STEP))
    assert accepted.statement in text
    assert "|grad F(x_k)|^2 is at most 0.8" in accepted.statement


def test_the_bound_in_words_is_never_below_the_exact_one():
    for value in (Fraction(1, 3), Fraction(2, 3), Fraction(1, 10), Fraction(1, 10**400), Fraction(10**400)):
        assert rounded_up(value) >= value


def test_noise_enters_the_bound_and_its_conditions_enter_the_words():
    accepted = verify(write(claim(variance=1.0), argument(**NOISY)))
    assert accepted.upper == Fraction(4 + 3, 4)
    assert "E[e_k | x_0, e_0..e_{k-1}] = 0, E|e_k|^2 <= sigma^2" in accepted.statement


def test_l_delta_and_variance_scale_as_functions_do():
    accepted = verify(write(claim([0.25], L=4.0, Delta=3.0, variance=12.0), argument(**NOISY)))
    assert accepted.upper == 12 * Fraction(7, 4)


def test_the_mean_takes_its_weights_from_the_steps():
    given = {"start": {(): 8}, "pair": {(0, 1): 8}, "floor": {(1,): 8}, "mean": {(): 4}}
    accepted = verify(write(claim(measure="mean"), argument(**given)))
    assert accepted.upper == 2
    assert "mean over x_0..x_{T-1}, weighted by the steps" in accepted.statement


def test_free_entries_stand_where_noise_meets_its_past():
    given = {**NOISY, "measure": {(0,): 1, (1,): 2}, "noise": {(0,): 4}, "gradient": {(0, 0): -1}}
    assert verify(write(claim(variance=1.0), argument(**given))).upper == Fraction(8, 3)
    assert "not positive definite" in refusal(claim(variance=1.0), argument(**{**given, "gradient": {(0, 0): 9}}))


def test_the_slack_matrix_is_that_of_the_solver_on_random_multipliers():
    rng = np.random.default_rng(4)
    for _ in range(6):
        question, multipliers = random_argument(rng)
        form, whole = slack_form(*exactly(question, multipliers))
        expected = slack_matrix(question, multipliers).toarray()
        points = question.steps + 1
        place = {2 * k: k for k in range(points)} | {2 * k + 1: points + k for k in range(points - 1)}
        found = np.zeros_like(expected)
        for u, row in form.items():
            for v, n in row.items():
                entry = n / whole / 2**40 / (1 if u == v else 2)
                found[place[u], place[v]] = found[place[v], place[u]] = entry
        assert np.allclose(found, expected, atol=1e-9)


def random_argument(rng):
    """A question with everything in it, and multipliers that balance nothing."""
    steps = 6
    delays = np.minimum(np.arange(steps), rng.integers(0, 3, steps))
    question = Question(
        rng.random(steps) * 0.3, delays, smoothness=3.0, gap=2.0, variance=0.7, coherence=-0.25, staleness=Staleness(3)
    )
    pairs = np.array([(i, j) for i in range(steps + 1) for j in range(steps + 1) if i != j])
    coherent = np.array([(k, t) for k in range(steps) for t in range(max(0, k - 2), k)])
    free = np.array([(k, n) for k in range(steps) for n in [*range(k + 1), *range(steps + 1, steps + 1 + k)]])
    numbers = {"pair": len(pairs), "floor": steps + 1, "measure": steps + 1, "coherence": len(coherent), "noise": steps}
    drawn = {name: rng.random(size) for name, size in numbers.items()}
    signs = rng.standard_normal(len(free))
    return question, Multipliers(pairs=pairs, gap=1.0, coherent=coherent, orthogonal=free, free=signs, **drawn)


def exactly(question, multipliers):
    """The same as a statement and an argument, without any balancing."""

    def whole(keys, numbers):
        return {tuple(np.atleast_1d(key).tolist()): round(n * 2**40) for key, n in zip(keys, numbers, strict=True)}

    k, points = np.arange(question.steps + 1), question.steps + 1
    past = multipliers.orthogonal[:, 1] < points
    free, place = multipliers.free, multipliers.orthogonal
    given = {
        "pair": whole(multipliers.pairs, multipliers.pair),
        "floor": whole(k, multipliers.floor),
        "measure": whole(k, multipliers.measure),
        "coherent": whole(multipliers.coherent, multipliers.coherence),
        "noise": whole(k[:-1], multipliers.noise),
        "gradient": whole(place[past], free[past]),
        "noises": whole(place[~past] - [0, points], free[~past]),
    }
    constants = {"L": question.smoothness, "Delta": question.gap, "variance": question.variance}
    steps, delays = question.step_sizes.tolist(), question.delays.tolist()
    return claim(steps, delays, s=3, coherence=question.coherence, **constants), argument(40, **given)


# ------------------------------------------------------------------------------------------- positive semidefiniteness


def form_of(matrix):
    """A symmetric integer matrix as a form over the nodes 0, 2, 4, .."""
    size = len(matrix)
    return {2 * i: {2 * j: matrix[i][j] * (1 if i == j else 2) for j in range(i + 1)} for i in range(size)}


def accepted(matrix):
    try:
        check_positive(form_of(matrix))
    except CertificateError:
        return False
    return True


def positive_in_balls(matrix):
    """The same by python-flint: a Cholesky factor in ball arithmetic, with every pivot certainly positive."""
    size = len(matrix)
    lower = [[flint.arb(0)] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = flint.arb(matrix[i][j]) - sum((lower[i][k] * lower[j][k] for k in range(j)), flint.arb(0))
            if i == j and not rest > 0:
                return False
            lower[i][j] = rest.sqrt() if i == j else rest / lower[j][j]
    return True


def test_random_matrices_are_judged_as_ball_arithmetic_judges_them():
    rng, agreed = np.random.default_rng(8), {True: 0, False: 0}
    flint.ctx.prec = 400
    for _ in range(200):
        size = int(rng.integers(1, 9))
        factor = [[int(n) for n in row] for row in rng.integers(-9, 10, (size, (size + 1) // 2))]
        matrix = [[10**9 * sum(a * b for a, b in zip(p, q, strict=True)) for q in factor] for p in factor]
        for i in range(size):
            matrix[i][i] += int(rng.choice([-1, 1, 2])) * 10 ** int(rng.integers(0, 9))
        assert accepted(matrix) == positive_in_balls(matrix)
        agreed[accepted(matrix)] += 1
    flint.ctx.prec = 53
    assert min(agreed.values()) > 30


def test_one_unit_decides():
    big = 10**30
    assert accepted([[big, big], [big, big + 1]])
    assert not accepted([[big, big], [big, big - 1]])
    assert not accepted([[-1]])
    assert accepted([[0]]) and accepted([[0, 0], [0, 5]])
    assert not accepted([[0, 1], [1, 5]])


def test_a_matrix_that_is_indefinite_by_a_billionth_is_refused():
    wrong = {**ONE_STEP, "measure": {(0,): 2 * 10**9 + 1, (1,): 3 * 10**9}}
    for kind in ("start", "pair", "floor"):
        wrong[kind] = {key: n * 10**9 for key, n in ONE_STEP[kind].items()}
    assert "not positive definite: it fails at g_0" in refusal(claim(), argument(**wrong))


# ------------------------------------------------------------------------------------------------------- what is wrong


@pytest.mark.parametrize(
    ("statement", "change", "why"),
    [
        (claim(), {"pair": {(0, 1): 5, (1, 0): 1, (0, 0): 1}}, "does not have `pair 0 0`"),
        (claim(), {"pair": {(0, 1): 4, (1, 2): 1}}, "does not have `pair 1 2`"),
        (claim(), {"pair": {(0, 1): 3, (1, 0): -1}}, "has to be positive. Got -1"),
        (claim(), {"measure": {(0,): 4, (1,): -1}}, "has to be positive"),
        (claim(), {"pair": {(0, 1): 3}}, "do not cancel at k = 0: -1 units"),
        (claim(), {"floor": {(1,): 5}}, "do not cancel at k = 1: 1 units"),
        (claim(), {"measure": {(0,): 2, (2,): 3}}, "does not have `measure 2`"),
        (claim(), {"mean": {(): 1}}, "does not have `mean`"),
        (claim(measure="mean"), {"mean": {(): 1}}, "does not have `measure 0`"),
        (claim(), {"noise": {(0,): 3}}, "does not have `noise 0`"),
        (claim(variance=1.0), {"noise": {(1,): 3}}, "does not have `noise 1`"),
        (claim(variance=1.0), {"noise": {(0,): -3}}, "has to be positive"),
        (claim(variance=1.0), {**NOISY, "gradient": {(0, 1): 1}}, "does not have `gradient 0 1`"),
        (claim(variance=1.0), {**NOISY, "noises": {(0, 0): 1}}, "does not have `noises 0 0`"),
        (claim((1.0, 1.0), variance=1.0), {"noises": {(0, 1): 1}}, "does not have `noises 0 1`"),
        (claim((1.0, 1.0)), {"coherent": {(1, 0): 1}}, "does not have `coherent 1 0`"),
        (claim((1.0, 1.0), s=2, coherence=0.5), {"coherent": {(0, 1): 1}}, "does not have `coherent 0 1`"),
        (claim((1.0, 1.0), s=2, coherence=0.5), {"coherent": {(2, 1): 1}}, "does not have `coherent 2 1`"),
        (claim((1.0, 1.0, 1.0), s=2, coherence=0.5), {"coherent": {(2, 0): 1}}, "does not have `coherent 2 0`"),
        (claim((1.0, 1.0), s=2, coherence=0.5), {"coherent": {(1, 0): -1}}, "has to be positive"),
    ],
)
def test_an_argument_that_does_not_hold_is_refused_in_words(statement, change, why):
    given = argument(**{**ONE_STEP, **change})
    with pytest.raises(CertificateError, match=re.escape(why)) as error:
        verify(readable(statement, given))
    assert error.value.exit_status == 1


def test_a_slack_matrix_that_is_not_positive_definite_is_refused_with_its_place():
    assert "fails at g_1" in refusal(claim(), argument(measure=ONE_STEP["measure"]))
    assert "fails at e_0" in refusal(claim(variance=1.0), argument(**{**NOISY, "noise": {(0,): 1}}))


def readable(statement, given):
    """A well-formed text with these multipliers, whether or not the statement has their inequalities."""
    simple = {**ONE_STEP, "measure": {}, "mean": {(): 1}} if statement.measure == "mean" else ONE_STEP
    head, rest = write(statement, argument(**simple)).split("start 4\n")
    entries = [(kind, *key, n) for kind, table in given.tables.items() for key, n in sorted(table.items())]
    lines = "".join(" ".join(map(str, entry)) + "\n" for entry in entries)
    return signed(head + lines + rest[rest.index("upper") : rest.index("sha256")])


@pytest.mark.parametrize("gradient", ["2 0", "1 2"])
def test_noise_is_not_independent_of_what_it_moves(gradient):
    k, i = map(int, gradient.split())
    given = argument(**{**NOISY, "gradient": {(k, i): 1}})
    with pytest.raises(CertificateError, match="does not have"):
        verify(readable(claim((1.0, 1.0), variance=1.0), given))


def test_a_delay_that_reads_before_the_start_or_the_future_is_refused():
    for delay in ("2", "-1"):
        text = write(claim((1.0, 1.0), (0, 1), s=3), argument(**ONE_STEP))
        with pytest.raises(StoreError, match="a delay is a whole number, here of at most 1"):
            verify(signed(re.sub(r"(step 1 \S+) 1\n", rf"\1 {delay}\n", text).partition("sha256")[0]))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("upper: 4/5", "upper: 3/5"),
        ("upper: 4/5", "upper: 8/10"),
        ("at most 0.8", "at most 0.7"),
        ("probe: 0", "probe: 1"),
        ("L: 0x1.0000000000000p+0", "L: 0x1p+0"),
        ("L: 0x1.0000000000000p+0", "L: 1"),
        ("L: 0x1.0000000000000p+0", "L: -0x1.0000000000000p+0"),
        ("L: 0x1.0000000000000p+0", "L: 0x1.0000000000000p+9999"),
        ("sigma^2: 0x0.0p+0", "sigma^2: inf"),
        ("coherence: none", "coherence: nan"),
        ("measure: min", "measure: max"),
        ("unit: 0", "unit: 00"),
        ("unit: 0", "unit: 1"),
        ("unit: 0", "unit: 401"),
        ("steps: 1", "steps: 2"),
        ("steps: 1", "steps: 0"),
        ("steps: 1", "steps: 999999"),
        ("staleness: 1", "staleness: 0"),
        ("staleness: 1", "staleness: 2"),
        ("start 4", "start 04"),
        ("start 4", "start +4"),
        ("start 4", "start 4 "),
        ("start 4", "start  4"),
        ("start 4\npair 0 1 4", "pair 0 1 4\nstart 4"),
        ("pair 0 1 4", "pair 0 1 4\npair 0 1 4"),
        ("pair 0 1 4", "pair 0 1 1\npair 0 1 4"),
        ("pair 0 1 4", "pair 0 1 4\npair 1 0 0"),
        ("pair 0 1 4", "pair 0 1 4e0"),
        ("pair 0 1 4", "pair 0 1 " + "4" * 5000),
        ("pair 0 1 4", "pairs 0 1 4"),
        ("floor 1 4", "floor 1 __import__('os')"),
        ("\nfloor", "\n\nfloor"),
        ("\nfloor", "\r\nfloor"),
        ("certificate 1", "certificate 2"),
    ],
)
def test_any_other_spelling_or_number_is_refused_even_with_a_fitting_digest(old, new):
    with pytest.raises(GradlagError):
        verify(signed(BY_HAND.replace(old, new, 1)))


# ------------------------------------------------------------------------------------------------------ changed numbers


def rich():
    """A certificate in which every kind of number occurs."""
    steps, delays = (1.0, 0.25, 0.0, 0.5), (0, 1, 0, 2)
    statement = claim(steps, delays, s=3, L=0.5, Delta=3.0, variance=0.25, coherence=0.75)
    scale = 10**6
    given = {
        "start": {(): 9 * scale},
        "pair": {(0, 1): 9 * scale + 7, (1, 0): 7, (1, 2): 9 * scale, (2, 3): 9 * scale, (3, 4): 9 * scale, (2, 4): 3},
        "floor": {(1,): 5, (4,): 9 * scale},
        "measure": {(0,): scale, (1,): scale // 9, (4,): scale},
        "coherent": {(1, 0): 11, (3, 1): 13},
        "noise": {(k,): 20 * scale for k in range(4)},
        "gradient": {(1, 0): 17, (3, 3): -19},
        "noises": {(2, 1): 23},
    }
    given["pair"][2, 3] -= 3
    given["pair"][3, 4] -= 3
    given["pair"][1, 2] -= 5
    given["pair"][2, 3] -= 5
    given["pair"][3, 4] -= 5
    given["floor"][(4,)] -= 5
    return statement, argument(20, **given)


def test_the_certificate_to_be_changed_holds():
    assert verify(write(*rich())).nodes == 9


def changed(text, rng):
    """The text with one of its numbers changed."""
    places = list(re.finditer(r"-?\b(0x[0-9a-fp.+-]+|[0-9]+)\b", text.partition("sha256")[0]))
    while True:
        match = rng.choice(places)
        found = another(match[0], rng)
        if found != match[0]:
            return text[: match.start()] + found + text[match.end() :]


def another(word, rng):
    if word.lstrip("-").startswith("0x"):
        value = float.fromhex(word)
        return rng.choice([np.nextafter(value, 9.0), value * 2, value + 1, value * rng.random(), 0.0, -value]).hex()
    value, size = int(word), len(word)
    digit = rng.randrange(size)
    flipped = word[:digit] + rng.choice("0123456789") + word[digit + 1 :]
    near = [value + 1, value - 1, value + rng.randrange(1, 99)]
    return str(rng.choice([*near, -value, 2 * value, 10 * value, 0, flipped]))


@pytest.mark.parametrize("digest", [False, True])
def test_a_certificate_with_any_number_changed_is_refused(digest):
    """1500 single changes each: with the digest as it was, and with a digest made to fit."""
    rng, text = random.Random(5), write(*rich())
    for _ in range(1500):
        tried = changed(text, rng)
        if digest:
            tried = signed(tried.partition("sha256")[0])
        with pytest.raises((CertificateError, StoreError)):
            verify(tried)


def test_a_cut_or_lengthened_certificate_is_refused():
    text = signed(BY_HAND)
    for tried in (*(text[:n] for n in range(0, len(text), 7)), text + "\n", text + text, text[:-1]):
        with pytest.raises(StoreError):
            verify(tried)


# ------------------------------------------------------------------------------------------------------- hostile input


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gradlag certificate 1\n",
        signed("gradlag certificate 1\n"),
        signed("gradlag certificate 1\n" + "x\n" * 100_000),
        signed(BY_HAND.replace("steps: 1", "steps: 100000")),
        signed(BY_HAND.replace("start 4", "start " + "9" * 300)),
        "gradlag certificate 1\n" + "9" * (1 << 25),
        "gradlag certificate 1\n\u00e9",
    ],
)
def test_garbage_is_refused_before_anything_is_built(text):
    with pytest.raises(StoreError):
        verify(text)


def test_a_certificate_that_would_take_too_long_is_refused():
    steps = 9000
    given = argument(start={(): 1}, pair={(0, steps): 1}, floor={(steps,): 1}, measure={(0,): 1})
    with pytest.raises(StoreError, match="would take too long"):
        write(claim((1.0,) * steps), given)


def test_files_that_cannot_be_read_are_refused_in_words(tmp_path):
    (tmp_path / "latin").write_bytes(b"gradlag certificate 1\n\xe9")
    for path in (tmp_path / "missing", tmp_path, tmp_path / "latin"):
        with pytest.raises(StoreError, match="cannot be read as a certificate"):
            verify_file(path)
    (tmp_path / "good").write_text(signed(BY_HAND), encoding="ascii")
    assert verify_file(tmp_path / "good").upper == Fraction(4, 5)


def test_the_verifier_imports_neither_a_solver_nor_the_producer():
    program = (
        "import sys, theory.worst_case.certificate.verify; "
        "names = ('clarabel', 'cvxpy', 'numpy', 'scipy', 'flint', 'theory.worst_case.certificate.certify', "
        "'theory.worst_case.solvers.inequalities', 'theory.worst_case.question', 'theory.worst_case.solve'); "
        "print([name for name in names if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
