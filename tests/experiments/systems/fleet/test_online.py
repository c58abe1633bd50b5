"""A stream that drifts: online learning hears of new labels before the night; without drift the two are alike."""

import numpy as np
import pytest

from experiments.systems.fleet.controlled import D1
from experiments.systems.fleet.methods import METHODS
from experiments.systems.fleet.online import DAY, StreamSize, draw_stream, learn_daily, learn_online, quality
from theory.common.errors import InputError

SIZE = StreamSize(days=3, posts=20, hashtags=30)


def test_hashtags_come_and_go_with_their_age():
    stream = draw_stream(StreamSize(days=8, posts=50, life=12.0), seed=1)
    hours = stream.hashtags.reshape(-1, 50)
    first = np.array([np.argmax((hours == c).any(axis=1)) if (hours == c).any() else -1 for c in range(60)])
    assert (first > DAY).sum() > 30
    early = set(hours[0].tolist())
    assert not early & set(hours[-1].tolist())  # 16 lives later


def test_quality_is_a_third_where_every_post_is_hit_and_nothing_where_nothing_is_known():
    stream = draw_stream(SIZE, seed=2)
    size = SIZE.features * SIZE.hashtags
    nothing = np.zeros((1, size + SIZE.hashtags))
    assert quality(stream, nothing)[0] == 0
    knowing = nothing.copy()
    own = stream.hashtags[SIZE.posts : 2 * SIZE.posts]
    popular = np.bincount(own, minlength=SIZE.hashtags)
    knowing[0, size:] = popular
    hit = np.isin(own, np.argsort(-popular, kind="stable")[:5]).mean()
    assert quality(stream, knowing)[0] <= hit / 3 + 1e-12
    assert quality(stream, np.full_like(nothing, np.inf))[0] == 0


def test_on_the_first_day_daily_learning_knows_nothing_and_online_learning_does():
    stream = draw_stream(SIZE, seed=3)
    daily, online = learn_daily(stream, 3.0, seed=1), learn_online(stream, METHODS["inverse"], D1, 3.0, seed=1)
    assert daily.shape == online.shape == (3 * DAY - 1,)
    assert (daily[: DAY - 1] == 0).all() and online[DAY // 2 : DAY - 1].mean() > 0.1


def test_where_hashtags_stay_the_night_does_no_harm():
    still = StreamSize(days=3, posts=20, hashtags=5, life=1e9)
    stream = draw_stream(still, seed=4)  # five hashtags: any of them is recommended
    daily, online = learn_daily(stream, 3.0), learn_online(stream, METHODS["adasgd"], D1, 3.0)
    np.testing.assert_allclose(daily[DAY:], online[DAY:])


@pytest.mark.parametrize("change", [{"days": 1}, {"posts": 0}, {"life": 0.0}, {"noise": float("nan")}, {"batch": 0}])
def test_a_stream_without_size_is_refused(change):
    with pytest.raises(InputError):
        StreamSize(**change)
