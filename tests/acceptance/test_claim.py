"""`gradlag check --claim` as a user meets it: proved, refuted with a file that breaks the claim, or undecided."""

from __future__ import annotations

import pytest

from theory.bounds import REGISTRY

KEYS = {
    "verdict", "numbers", "bound", "slack_min", "rate", "rate_interval", "assumptions", "times", "measured",
    "measured_lower", "measured_upper", "bounds", "would_decide",
}  # fmt: skip
ADAPTIVE = "1/(2*L*max(1,d))"
#: claim, schedule, staleness, steps, further flags
PROVED = ("2*s*L*Delta/T", "1/(s*L)", 3, 40)
CERTIFIED = ("1.2*L*Delta", ADAPTIVE, 2, 3, "--constants", "sigma=0.7")
REFUTED = ("2*L*Delta/sqrt(T)", "0.3/(L*sqrt(s*k))", 4, 1000)
OPEN = ("1.3", ADAPTIVE, 2, 2, "--constants", "sigma=2")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("claim")
    (folder / "steps").write_text("0.1\n0.2\n0.1\n")
    (folder / "trace").write_text("0\n1\n0\n")
    (folder / "future").write_text("0\n2\n0\n")
    return folder


def line(claim, schedule, staleness, steps, *flags):
    asked = ("--claim", claim, "--schedule", schedule, "--staleness", staleness, "--steps", steps)
    return ["check", *asked, *flags]


@pytest.fixture(scope="module")
def judged(gradlag, place):
    """The verdict on a claim, in JSON or as text."""

    def of(case, *flags, **options):
        return gradlag(*line(*case), *flags, folder=place, **options)

    return of


CASES = [(PROVED, 0, "proved"), (CERTIFIED, 0, "proved"), (REFUTED, 1, "refuted"), (OPEN, 3, "undecided")]


@pytest.mark.parametrize(("case", "status", "verdict"), CASES, ids=["kernel", "certificates", "refuted", "undecided"])
def test_the_verdict_is_the_exit_status_and_the_keys_are_those_of_check(judged, case, status, verdict):
    told = judged(case, "--json")
    assert (told.status, told.json["verdict"]) == (status, verdict)
    assert set(told.json) >= KEYS and told.json["sentence"]
    words = {"proved": "below", "refuted": "above", "undecided": "undecided"}
    assert told.json["numbers"] == words[verdict]
    assert (told.json["would_decide"] is not None) == (verdict == "undecided")
    lengths = {len(told.json[key]) for key in ("times", "claimed", "upper", "lower")}
    assert len(lengths) == 1
    assert set(told.json["bounds"]) <= set(REGISTRY)


@pytest.mark.parametrize(("case", "status", "verdict"), CASES, ids=["kernel", "certificates", "refuted", "undecided"])
def test_the_text_opens_with_the_word_and_fits(judged, case, status, verdict):
    told = judged(case)
    assert told.status == status and told.out.startswith(f"{verdict.upper()}. ")
    assert max(map(len, told.out.splitlines())) <= 80


def test_a_proof_by_the_kernel_is_for_all_T_and_shows_its_steps(judged):
    told = judged(PROVED, "--json").json
    assert (told["how"], told["bound"]) == ("the kernel for all T", "corollary-1")
    assert told["steps"] and all(step["ok"] for step in told["steps"])
    assert told["slack_min"] >= 1 - 1e-12 and told["certificates"] == []
    assert "1. the proof of corollary-1" in judged(PROVED).out


def test_certificates_prove_the_T_of_the_grid_and_no_other(gradlag, judged, place):
    told = judged(CERTIFIED, "--out", "certified", "--json").json
    assert told["times"] == [1, 2, 3] and told["how"] == "certificates at T = 1, 2, 3"
    assert "Of other T nothing is said" in told["sentence"]
    for path, upper, claimed in zip(told["certificates"], told["upper"], told["claimed"], strict=True):
        assert path.startswith("certified/")
        checked = gradlag("verify", path, "--json", folder=place)
        assert checked.status == 0 and checked.json["upper"] == upper <= claimed


def test_a_refutation_has_a_witness_whose_gradients_break_the_claim(gradlag, judged, place):
    told = judged(REFUTED, "--out", "refuted", "--json").json
    assert told["witness"].startswith("refuted/") and told["certificates"] == []
    checked = gradlag("verify", told["witness"], "--json", folder=place)
    assert checked.status == 0 and checked.json["lower"] > told["claimed"][-1]
    assert told["lower"][-1] == pytest.approx(checked.json["lower"], rel=1e-9)
    assert told["slack_min"] < 1
    assert f"`gradlag verify {told['witness']}` checks it" in " ".join(judged(REFUTED, "--out", "refuted").out.split())


def test_the_worst_case_agrees_with_the_refutation(gradlag, judged, place):
    told = judged(REFUTED, "--json").json
    asked = ("--schedule", REFUTED[1], "--staleness", REFUTED[2], "--steps", told["times"][-1])
    worst = gradlag("worst-case", *asked, "--no-witness", "--json", folder=place).json["value"]
    assert told["claimed"][-1] < told["lower"][-1] <= worst * (1 + 1e-6)


def test_an_open_claim_lies_between_witness_and_certificate(judged):
    told = judged(OPEN, "--json").json
    both = [(low, high) for low, high in zip(told["lower"], told["upper"], strict=True) if low and high]
    assert both and all(low <= 1.3 <= high for low, high in both)
    assert "What would decide it: " in judged(OPEN).out


def test_a_larger_claim_is_proved_where_a_smaller_one_is_refuted(judged):
    verdicts = [judged((f"{c}*L*Delta/sqrt(T)", *REFUTED[1:3], 20), "--json").json["verdict"] for c in (1.5, 6)]
    assert verdicts == ["refuted", "proved"]


def test_the_units_do_not_matter(judged):
    for constants in ("L=100,Delta=0.01", "L=1e-4,Delta=300"):
        assert judged(PROVED, "--constants", constants).status == 0
        assert judged(REFUTED, "--constants", constants).status == 1


def test_a_coherence_may_be_assumed(judged):
    stated = "(s*L*Delta/mu^2 + sigma^2*log(T)/s)/sqrt(T)"
    case = (stated, "theorem-1", 2, 3, "--coherence", 0.5, "--constants", "sigma=0.5")
    told = judged(case, "--json")
    assert told.status == 0 and told.json["assumes"] == ["coherence"] and told.json["coherence"] == 0.5


def test_a_file_of_steps_and_a_trace_are_about_their_own_T(judged):
    told = judged(("2*L*Delta", "@steps", 2, 3, "--delays-file", "trace"), "--json")
    assert told.status == 0 and told.json["times"] == [3]


@pytest.mark.parametrize("case", [CERTIFIED, REFUTED, OPEN], ids=["certificates", "refuted", "undecided"])
def test_the_same_claim_has_the_same_verdict_and_files(judged, place, case):
    answers, files = [], []
    for _ in range(2):
        answers.append(judged(case, "--out", "twice", "--json").json)
        files.append({path.name: path.read_bytes() for path in (place / "twice").iterdir()})
    assert answers[0] == answers[1] and files[0] == files[1]


REFUSALS = [
    (("2*foo", "1/L", 2, 3), "The claim cannot be read at character 3"),
    (("", "1/L", 2, 3), "The claim cannot be read at character 1"),
    (("2*k", "1/L", 2, 3), "k is not a known name"),
    (("L*Delta/(T-2)", "1/L", 2, 3), "has no finite value at T = 2"),
    (("sigma*L", "0.1/L", 2, 3), "The claim uses sigma, which has no value here"),
    (("1", "0.1/L", 2, 0), "The number of steps must be a whole number of at least 1. Got 0."),
    (("1", "0.1/L", 0, 3), "The staleness must be a whole number of at least 1. Got 0."),
    (("1", "mu/L", 2, 3), "The schedule uses mu, which has no value here"),
    (("1", "0.1/L", 2, 3, "--coherence", 5), "The constant mu must be a finite number"),
    (("1", "0.1/L", 2, 3, "--problem", "quadratic"), "--problem is about one run, and a claim is about every function"),
    (("1", "0.1/L", 2, 3, "--seeds", 3), "--seeds is about one run"),
    (("1", "0.1/L", 2, 3, "--run", "x.csv"), "--run is about one run"),
    (("1", "0.1/L", 2, 3, "--out", "steps"), "The output folder steps cannot be written to"),
    (("1", "@steps", 2, 3, "--delays-file", "future"), "The delay in line 2 of future must be at most 1"),
    (("1", "@steps", 2, 4), "must hold one number for each of the 4 steps. Got 3."),
]


@pytest.mark.parametrize(("case", "sentence"), REFUSALS, ids=[sentence[:40] for _, sentence in REFUSALS])
def test_bad_input_is_refused_in_one_sentence(judged, place, case, sentence):
    told = judged(case)
    assert told.status == 2 and told.out == ""
    assert sentence in told.err and told.err.startswith("gradlag: ") and told.err.count("\n") == 1


def test_steps_are_asked_for(gradlag, place):
    told = gradlag("check", "--claim", "1", "--schedule", "0.1/L", "--staleness", 2, folder=place)
    assert told.status == 2 and "Give it with --steps." in told.err


def test_coherence_without_a_claim_is_refused(gradlag, place):
    asked = ("--schedule", "0.1/L", "--staleness", 2, "--steps", 4, "--problem", "quadratic")
    told = gradlag("check", *asked, "--coherence", 0.5, folder=place)
    assert told.status == 2 and "--coherence belongs to --claim" in told.err
