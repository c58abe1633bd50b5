"""`gradlag limit`: the constant and its sides from one command, the picture, and refusals in a sentence."""

import json

import pytest


def test_counter_momentum_at_a_staleness(gradlag, tmp_path):
    told = gradlag("limit", "--staleness", "3", "--method", "counter-momentum", "--json", folder=tmp_path)
    assert told.status == 0
    assert told.json["constant"] == pytest.approx(3.36051, abs=6e-6)
    assert told.json["lower"] == pytest.approx(told.json["constant"], rel=1e-9)
    assert told.json["certified"] and told.json["start"] == 1.0 and told.json["method"] == "counter-momentum"
    assert told.json["beside"]["wait"] == pytest.approx(3.89711, abs=6e-5)


def test_the_text_says_what_is_proved(gradlag, tmp_path):
    told = gradlag("limit", "--staleness", "2", "--method", "momentum:beta=-0.4", folder=tmp_path)
    assert told.status == 0
    for words in ("C =", "Certified from above", "some function needs", "never settles", "counter-momentum"):
        assert words in told.out


def test_a_folder_gets_the_answer_and_the_picture(gradlag, tmp_path):
    told = gradlag("limit", "--staleness", "1", "--out", "new", "--json", folder=tmp_path)
    assert told.status == 0
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"limit.json", "limit.svg", "limit.pdf"}
    kept = json.loads((tmp_path / "new" / "limit.json").read_text())
    assert kept["constant"] == told.json["constant"] and len(kept["methods"]) == 1


def test_a_filter_from_a_file(gradlag, tmp_path):
    (tmp_path / "mine.txt").write_text("gradients 1\nmoves -0.48\n")
    told = gradlag("limit", "--method", "filter:mine.txt", "--step", "0.9116", "--json", folder=tmp_path)
    assert told.status == 0
    assert told.json["method"] == "filter:gradients=1.0,moves=-0.48"
    assert told.json["constant"] == pytest.approx(2.29389, abs=1e-3)


def test_delays_that_repeat(gradlag, tmp_path):
    told = gradlag("limit", "--staleness", "3", "--delays", "cyclic:period=4", "--json", folder=tmp_path)
    listed = gradlag("limit", "--delays", "0,1,2,2", "--step", str(told.json["step"]), folder=tmp_path)
    assert told.status == listed.status == 0
    assert told.json["certified"] and told.json["delays"] == [0, 1, 2, 2] and told.json["start"] == 1.0
    assert told.json["constant"] == pytest.approx(3.37615, abs=2e-5)
    assert told.json["beside"]["delayed"] == pytest.approx(4.2910, abs=1e-4)
    for words in ("Certified from above", "0.5857864 / L on, a quadratic does not settle."):
        assert words in " ".join(listed.out.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--delays", "uniform"], "delays that repeat"),
        (["--delays", "0,1", "--method", "wait"], "that of delayed steps"),
        (["--delays", "0,1", "--step", "1"], "does not settle"),
        (["--method", "nosuch"], "The method must be one of"),
        (["--method", "momentum:beta=1"], "above -1 and below 1"),
        (["--step", "1.5"], "some function never settles"),
        (["--step", "1"], "infinite"),
        (["--step", "0"], "above 0"),
        (["--staleness", "0"], "staleness"),
        (["--staleness", "66"], "up to a staleness of 65"),
        (["--method", "filter:moves=1"], "do not die out"),
        (["--method", "filter:nosuch"], "cannot be read"),
    ],
)
def test_what_has_no_constant_is_refused_in_a_sentence(gradlag, tmp_path, arguments, words):
    told = gradlag("limit", *arguments, "--json", folder=tmp_path)
    assert told.status == 2
    assert words in told.json["error"]
