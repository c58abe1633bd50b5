r"""Check a saved certificate of a worst case: in integers alone, with the standard library and certificate_text.py.

The theorem. Put h_k = L eta_k; measure f = F - inf F in Delta, |grad F|^2 in L Delta and lengths so that
x_{k+1} = x_k - h_k (g_{k-d_k} + e_k), g_k = grad F(x_k); or, with weights, x_k - x_{k+1} is the sum of
L w_{k,i} (g_{k-i-d_{k-i}} + e_{k-i}) over i and of m_j (x_{k-j} - x_{k+1-j}) over j. Write <u, v> for E u.v. Every F
and every run in the statement satisfy, for all points i and j (as F + L|x|^2/2 is convex and 2L-smooth; expectations
of what holds on each path):
    pair i j        f_i - f_j - <g_i + g_j, x_i - x_j>/2 - |g_i - g_j|^2/4 + |x_i - x_j|^2/4 >= 0
    floor k         f_k - |g_k|^2/2 >= 0
    start           1 - f_0 >= 0
    coherent k t    <g_k, g_t> - mu |g_k|^2 >= 0      where the statement assumes it: max(0, k-s+1) <= t < k < T
    noise k         sigma^2/(L Delta) - |e_k|^2 >= 0
    gradient k i    <e_k, g_i> = 0 for i <= k;        noises k l      <e_k, e_l> = 0 for l < k
Multiply each inequality by a number n >= 0 and add them up. If the f cancel at every k, what is left over is
    sum_k measure_k |g_k|^2  <=  start + sigma^2/(L Delta) sum_k noise_k - <S, G>,
G the Gram matrix of all g and e, and S a symmetric matrix whose entries at inner products that are 0 may be chosen:
they are the numbers at `gradient` and `noises`. If S is positive semidefinite then <S, G> >= 0, so that
    min_k E|grad F(x_k)|^2 <= (L Delta start + sigma^2 sum_k noise_k) / sum_k measure_k.
For the step-weighted mean, measure_k = mean * h_k for k < T, and the same holds with that mean on the left.

What is checked: the multipliers are >= 0, the f cancel, the bound is what the file says, and S is positive definite
(but for rows of zeros). All numbers are integers over a power of two, and nothing is rounded; the floats of a statement
are taken as the exact numbers that they are. Trusted: these two files, Python's integers, fractions, re and hashlib.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

from theory.common.errors import CertificateError, StoreError
from theory.worst_case.certificate.text import (
    MOST_BYTES,
    Argument,
    Statement,
    Table,
    named,
    probe_weight,
    read,
    rounded_up,
    spelled,
)

#: {u: {v: coefficient of <u, v>}} with v <= u. Nodes in the order of their births: g_k is 2k, e_k is 2k + 1.
Form = dict[int, dict[int, int]]
_MOST_WORK = 20_000_000  # multiplications, roughly
_MOST_BITS = 1 << 16  # of a length


@dataclass(frozen=True)
class Verified:
    """A certificate that passed.

    Args:
        statement: what is now certain, in words; claim: the same as numbers.
        upper: the bound, exactly.
        nodes: how many gradients and noises there are, the size of S.
    """

    statement: str
    claim: Statement
    upper: Fraction
    nodes: int

    @property
    def upper_float(self) -> float:
        """The bound as the least float that is not below it."""
        return rounded_up(self.upper)


def verify_file(path: Path | str) -> Verified:
    """Check the certificate in a file; see `verify`."""
    try:
        if Path(path).stat().st_size > MOST_BYTES:
            raise StoreError(f"{path} is larger than any certificate, {MOST_BYTES >> 20} MiB. Give the right file.")
        text = Path(path).read_bytes().decode("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path} cannot be read as a certificate: {error}. Give a file that gradlag wrote.") from None
    return verify(text)


def verify(text: str) -> Verified:
    """Check a certificate: the whole text, byte for byte.

    Returns:
        The statement that is now certain.

    Raises:
        StoreError: the text is not a certificate, or was changed after it was written.
        CertificateError: it is one, but its argument does not hold; says which step fails.
    """
    claim, argument = read(text)
    check_multipliers(claim, argument)
    check_flow(claim, argument)
    upper = upper_bound(claim, argument)
    form, whole = slack_form(claim, argument)
    _check_text(text, spelled(claim, argument, upper, _probe(form, whole, argument)))
    check_positive(form)
    return Verified(claim.sentence(upper), claim, upper, len(form))


def write(claim: Statement, argument: Argument) -> str:
    """The text of a certificate; whether it holds is for `verify` to say."""
    form, whole = slack_form(claim, argument)
    return spelled(claim, argument, upper_bound(claim, argument), _probe(form, whole, argument))


def _probe(form: Form, whole: int, argument: Argument) -> Fraction:
    """The number z'Sz for a fixed z: it changes with every number that enters S."""
    units = sum(n * probe_weight(u) * probe_weight(v) for u, row in form.items() for v, n in row.items())
    return Fraction(units, whole << argument.unit)


def _check_text(text: str, expected: str) -> None:
    if text != expected:
        lines = zip(text.split("\n"), expected.split("\n"), strict=False)
        given, wanted = next(((a, b) for a, b in lines if a != b), ("", ""))
        wrong = CertificateError if wanted.startswith(("claim", "upper", "probe", "sum")) else StoreError
        raise wrong(f"The certificate reads {given[:70]!r} where its numbers say {wanted[:70]!r}.")


# ------------------------------------------------------------------------------------------------------- the argument


def check_multipliers(claim: Statement, argument: Argument) -> None:
    """Every multiplier belongs to an inequality that the statement has, and has the right sign."""
    for kind, table in argument.tables.items():
        for key, n in table.items():
            if not _exists(kind, key, claim):
                raise CertificateError(f"The statement does not have `{named(kind, key)}`.")
            if n <= 0 and kind not in ("gradient", "noises"):
                raise CertificateError(f"The multiplier of `{named(kind, key)}` has to be positive. Got {n}.")


def _exists(kind: str, key: tuple[int, ...], claim: Statement) -> bool:
    """Whether the statement has this inequality, or knows that this inner product is 0."""
    k, j = (*key, 0, 0)[:2]
    if kind in ("start", "pair", "floor"):
        return max(k, j) <= claim.steps and (kind != "pair" or k != j)
    if kind in ("measure", "mean"):
        return k <= claim.steps and (kind == "mean") == (claim.measure == "mean")
    if kind == "coherent":
        return claim.coherence is not None and max(0, k - claim.staleness + 1) <= j < k < claim.steps
    return claim.noisy and k < claim.steps and (kind == "noise" or j < k or (kind == "gradient" and j == k))


def check_flow(claim: Statement, argument: Argument) -> None:
    """The f cancel: at each k, the pairs (k, j) and the floor have the weight of the pairs (j, k) and the start."""
    left = [0] * (claim.steps + 1)
    left[0] = -argument.total("start")
    for (i, j), n in argument.tables["pair"].items():
        left[i] += n
        left[j] -= n
    for (k,), n in argument.tables["floor"].items():
        left[k] += n
    for k, rest in enumerate(left):
        if rest:
            raise CertificateError(f"The function values do not cancel at k = {k}: {rest} units are left over.")


def upper_bound(claim: Statement, argument: Argument) -> Fraction:
    """(L Delta start + sigma^2 sum_k noise_k) / sum_k measure_k."""
    smoothness, gap, variance = map(Fraction, (claim.smoothness, claim.gap, claim.variance))
    weight = argument.total("measure") + argument.total("mean") * smoothness * sum(map(Fraction, claim.step_sizes))
    if weight <= 0:
        raise CertificateError("The certificate gives no weight to the gradients that it is to bound.")
    return (smoothness * gap * argument.total("start") + variance * argument.total("noise")) / weight


def slack_form(claim: Statement, argument: Argument) -> tuple[Form, int]:
    """S as a quadratic form, and how many units of it are one unit of a multiplier."""
    steps = [Fraction(claim.smoothness) * Fraction(step) for step in claim.step_sizes]
    mu, moves = Fraction(claim.coherence or 0), _moves(claim, steps)
    lengths = [*steps, *(length for move in moves for length in move.values())]
    bits = max([length.denominator.bit_length() - 1 for length in lengths] + [mu.denominator.bit_length() // 2])
    one, whole = 1 << bits, 4 << 2 * bits  # lengths are integers over `one`, the form over `whole`
    form: Form = {node: {} for node in range(2 * len(steps) + 1) if claim.noisy or node % 2 == 0}
    whole_moves = [{node: int(length * one) for node, length in move.items()} for move in moves]
    _add_pairs(form, argument.tables["pair"], whole_moves, one)
    for (k,), n in argument.tables["floor"].items():
        _add(form, 2 * k, 2 * k, n * whole // 2)
    for (k,), n in argument.tables["measure"].items():
        _add(form, 2 * k, 2 * k, -n * whole)
    for k, step in enumerate(steps if claim.measure == "mean" else []):
        _add(form, 2 * k, 2 * k, -argument.total("mean") * int(step * whole))
    for (k, t), n in argument.tables["coherent"].items():
        _add(form, 2 * k, 2 * t, -n * whole)
        _add(form, 2 * k, 2 * k, n * int(mu * whole))
    for (k,), n in argument.tables["noise"].items():
        _add(form, 2 * k + 1, 2 * k + 1, n * whole)
    for kind, odd in (("gradient", 0), ("noises", 1)):
        for (k, j), n in argument.tables[kind].items():
            form[2 * k + 1][2 * j + odd] = 2 * n * whole  # S has this entry twice
    return form, whole


def _moves(claim: Statement, steps: Sequence[Fraction]) -> list[dict[int, Fraction]]:
    """The moves x_k - x_{k+1} = h_k (g_{k-d_k} + e_k), or those of the weights, as combinations of nodes."""
    if claim.weights:
        return _weighted(claim)
    moves = [{2 * (k - delay): step} for k, (step, delay) in enumerate(zip(steps, claim.delays, strict=True))]
    for k, step in enumerate(steps if claim.noisy else []):
        moves[k][2 * k + 1] = step
    return moves


def _weighted(claim: Statement) -> list[dict[int, Fraction]]:
    """The moves of a method: sums of L w_{k,i} (g_{k-i-d_{k-i}} + e_{k-i}) and of m_j times the move k - j."""
    smoothness, moves = Fraction(claim.smoothness), list[dict[int, Fraction]]()
    work = _worked(claim.steps**3)
    arrivals = [{2 * (k - delay): smoothness} for k, delay in enumerate(claim.delays)]
    for k, arrival in enumerate(arrivals if claim.noisy else []):
        arrival[2 * k + 1] = smoothness
    for k, row in enumerate(claim.weights):
        move: dict[int, Fraction] = {}
        terms = [(arrivals[k - i], w) for i, w in enumerate(row[: k + 1])]
        terms += [(moves[k - j], m) for j, m in enumerate(claim.moves[:k], start=1)]
        for part, weight in terms:
            work = _worked(work + 100 * len(part))  # the numbers grow with k
            for node, length in part.items():
                move[node] = move.get(node, Fraction(0)) + Fraction(weight) * length
        if any(
            length.numerator.bit_length() + length.denominator.bit_length() > _MOST_BITS for length in move.values()
        ):
            raise StoreError(f"The certificate would take too long to check: the move of step {k} has too many digits.")
        moves.append(move)
    return moves


def _add_pairs(form: Form, pairs: Table, moves: Sequence[Mapping[int, int]], one: int) -> None:
    """Each pair's <g_i + g_j, x_i - x_j>/2 + |g_i - g_j|^2/4 - |x_i - x_j|^2/4, over 4 one^2."""
    for (i, j), n in pairs.items():
        for u, v, factor in ((2 * i, 2 * i, 1), (2 * j, 2 * j, 1), (2 * i, 2 * j, -2)):
            _add(form, u, v, factor * n * one * one)
    for end, step, n in _ends(pairs):
        for node, length in moves[step].items():
            _add(form, 2 * end, node, 2 * one * n * length)
    for left, weights in _spans(pairs, len(moves)):
        others: Counter[int] = Counter()  # the moves from `left` on with their weights, added up
        for right, n in weights.items():
            for v, second in moves[right].items():
                others[v] += (-1 if left == right else -2) * n * second
        for u, first in moves[left].items():
            for v, second in others.items():
                _add(form, u, v, first * second)


def _ends(pairs: Table) -> Iterator[tuple[int, int, int]]:
    """For ends i and steps l the weight, with its sign, of all pairs with this end that span the step.

    x_i - x_j is the sum of the moves that {i, j} spans, with the sign - where i > j.
    """
    changes: dict[int, Counter[int]] = {}
    work = 0
    for (i, j), n in pairs.items():
        work = _worked(work + abs(i - j))
        signed = n if i < j else -n
        for end in (i, j):
            change = changes.setdefault(end, Counter())
            change[min(i, j)] += signed
            change[max(i, j)] -= signed
    for end, change in changes.items():
        weight = 0
        for step in range(min(change), max(change)):
            weight += change[step]
            if weight:
                yield end, step, weight


def _spans(pairs: Table, steps: int) -> Iterator[tuple[int, dict[int, int]]]:
    """For each step l the weights of all pairs that span l and m >= l, {i, j} with i <= l and m < j, by m.

    |x_i - x_j|^2 is the sum of <move_l, move_m> over all l and m that {i, j} spans.
    """
    ends: list[Counter[int]] = [Counter() for _ in range(steps)]
    for (i, j), n in pairs.items():
        ends[min(i, j)][max(i, j)] += n
    reach = list(accumulate((max(end, default=0) for end in ends), max))
    _worked(8 * sum(max(0, far - left) for left, far in enumerate(reach)))
    before = dict[int, int]()
    for left, far in enumerate(reach):
        weights, begun = dict[int, int](), 0
        for right in range(far - 1, left - 1, -1):
            begun += ends[left][right + 1]
            weights[right] = begun + before.get(right, 0)
        yield left, weights
        before = weights


def _add(form: Form, u: int, v: int, coefficient: int) -> None:
    """Add to the coefficient of <u, v>, unless that is 0: the later of two different nodes is a noise."""
    u, v = max(u, v), min(u, v)
    if u == v or u % 2 == 0:
        form[u][v] = form[u].get(v, 0) + coefficient


def check_positive(form: Form) -> None:
    """S is positive semidefinite: 2S = R R' + E in integers, where E has a dominant diagonal.

    One column of R after the other, from the last node to the first; E is what the divisions into whole numbers leave
    over. E is positive semidefinite as each of its diagonal entries is at least the sum of |the rest of its row|.
    """
    shift = max(0, 512 - max(row.get(u, 0).bit_length() for u, row in form.items()))  # a finer unit, for R's sake
    rows = {u: {v: n << shift + (u == v) for v, n in row.items() if n} for u, row in form.items()}
    left_over, work = dict.fromkeys(rows, 0), 0
    for u in sorted(rows, reverse=True):
        row = rows[u]
        pivot = row.pop(u, 0)
        work = _worked(work + len(row) * len(row))
        root = math.isqrt(max(0, pivot - left_over[u] - len(row) * math.isqrt(max(0, pivot))))
        column = {v: n // root if root else 0 for v, n in row.items()}
        rest = {v: abs(n - root * column[v]) for v, n in row.items()}
        if pivot - root * root < left_over[u] + sum(rest.values()):
            raise CertificateError(f"The slack matrix is not positive definite: it fails at {'ge'[u % 2]}_{u // 2}.")
        for v, n in column.items():
            left_over[v] += rest[v]
            for w, m in column.items():
                if w <= v:
                    rows[v][w] = rows[v].get(w, 0) - n * m


def _worked(work: int) -> int:
    if work > _MOST_WORK:
        raise StoreError("The certificate would take too long to check: its pairs are too many or too far apart.")
    return work
