"""Collapsed Gibbs sampling with stale tables: the exact posterior, the oracle, another sampler, and conservation."""

import itertools
import logging
from importlib import resources

import numpy as np
import pytest

from experiments.data.tables import Corpus, corpus
from experiments.workers.engines.gibbs import initial_topics, tables
from experiments.workers.engines.gibbs_kernel import draw_topic
from experiments.workers.engines.gibbs_naive import NaiveGibbsSeed
from experiments.workers.memory import predicted_worker_memory
from experiments.workers.setting import WorkerPlan, WorkerSetting
from experiments.workers.simulate import simulate_workers
from experiments.workloads import get_workload
from experiments.workloads.lda import TopicModel
from theory.common.errors import DataError, InputError, TooLargeError

LAWS = ("uniform", "constant", "geometric:mean=1.5")


def documents(*texts):
    """A corpus of documents given as lists of word numbers."""
    words = np.concatenate([np.array(text, np.int32) for text in texts]).astype(np.int32)
    starts = np.append(0, np.cumsum([len(text) for text in texts])).astype(np.int64)
    words.setflags(write=False), starts.setflags(write=False)
    return Corpus("own", words, starts, int(words.max()) + 1)


def random_documents(rng, count, vocabulary, length=12):
    return documents(
        *(rng.integers(0, vocabulary, rng.integers(1, length)) for _ in range(count - 1)), [vocabulary - 1]
    )


def model(data, topics, alpha=0.1, beta=0.1):
    return TopicModel("own", data, topics, alpha, beta)


def sequential(work, seed, sweeps):
    """Collapsed Gibbs sampling as in a textbook, word after word, with the uniforms of the first worker."""
    from experiments.kernels.counters import MINIBATCH, uniform
    from experiments.kernels.keys import worker_key

    data, K = work.corpus, work.topics
    z = initial_topics(data.words.size, K, seed).tolist()
    ndk, nwk = (table.tolist() for table in tables(data, np.array(z, np.int16), K))
    nk = [sum(column) for column in zip(*nwk, strict=True)]
    for t in range(10 * sweeps):
        key, drawn = worker_key(seed, MINIBATCH, t, 0), 0
        for d in range(t % 10 * data.documents // 10, (t % 10 + 1) * data.documents // 10):
            for i in range(data.starts[d], data.starts[d + 1]):
                w = data.words[i]
                for counts in (ndk[d], nwk[w], nk):
                    counts[z[i]] -= 1
                weights = [
                    (ndk[d][k] + work.alpha) * (nwk[w][k] + work.beta) * (1.0 / (nk[k] + work.beta * data.vocabulary))
                    for k in range(K)
                ]
                sums = list(itertools.accumulate(weights))
                level = uniform(key, drawn) * sums[-1]
                z[i] = next(k for k in range(K) if sums[k] > level)
                drawn += 1
                for counts in (ndk[d], nwk[w], nk):
                    counts[z[i]] += 1
    return np.array(z)


@pytest.mark.parametrize("case", range(6))
def test_one_worker_without_delay_is_sequential_sampling_bit_for_bit(case):
    rng = np.random.default_rng(case)
    work = model(random_documents(rng, 23, 9), int(rng.integers(1, 7)), *rng.uniform(0.05, 1, 2))
    runs = simulate_workers(work, WorkerSetting(1, 0, 40), [case])
    np.testing.assert_array_equal(runs.final[0], sequential(work, case, 4))


@pytest.mark.parametrize("case", range(16))
def test_the_sampler_agrees_with_the_oracle_bit_for_bit_on_random_configurations(case):
    rng = np.random.default_rng(100 + case)
    work = model(random_documents(rng, int(rng.integers(2, 90)), 15), int(rng.integers(1, 9)), *rng.uniform(0.05, 1, 2))
    setting = WorkerSetting(
        int(rng.integers(1, 6)), int(rng.integers(0, 25)), 30, delays=str(rng.choice(LAWS)), evaluate_every=30
    )
    naive = NaiveGibbsSeed(
        work.corpus, work.topics, work.alpha, work.beta, WorkerPlan.of(setting, work.precision), case
    )
    naive.advance(0, 30)
    runs = simulate_workers(work, setting, [case])
    np.testing.assert_array_equal(runs.final[0], naive.cache)
    assert runs.metrics["log_likelihood"][0, -1] == work.evaluate(naive.cache)["log_likelihood"]


def test_words_too_frequent_for_16_bits_have_tables_of_32():
    rng = np.random.default_rng(0)
    work = model(documents(*(rng.integers(0, 2, 900) for _ in range(30))), 3)
    setting = WorkerSetting(2, 11, 12, evaluate_every=12)
    assert work.engine(WorkerPlan.of(setting, work.precision), 0).state.tables.dtype == np.int32
    assert get_workload("lda").engine(WorkerPlan.of(setting, work.precision), 0).state.tables.dtype == np.int16
    naive = NaiveGibbsSeed(work.corpus, 3, 0.1, 0.1, WorkerPlan.of(setting, work.precision), 0)
    naive.advance(0, 12)
    np.testing.assert_array_equal(simulate_workers(work, setting, [0]).final[0], naive.cache)


def test_the_log_likelihood_is_that_of_drawing_the_words_one_after_another():
    # Polya's urns: p(w, z) is a product of predictive probabilities, whatever the order.
    rng = np.random.default_rng(5)
    work = model(random_documents(rng, 12, 8), 3, 0.3, 0.2)
    z, data = work.initial(1), work.corpus
    ndk, nwk, topics, words = np.zeros((12, 3)), np.zeros((8, 3)), 0.0, 0.0
    for d in range(12):
        for i in range(data.starts[d], data.starts[d + 1]):
            k, w = z[i], data.words[i]
            topics += np.log((ndk[d, k] + 0.3) / (ndk[d].sum() + 3 * 0.3))
            words += np.log((nwk[w, k] + 0.2) / (nwk[:, k].sum() + 8 * 0.2))
            ndk[d, k] += 1
            nwk[w, k] += 1
    assert work.evaluate(z)["word_log_likelihood"] == pytest.approx(words, rel=1e-12)
    assert work.evaluate(z)["log_likelihood"] == pytest.approx(words + topics, rel=1e-12)


def test_without_delay_the_exact_posterior_of_a_tiny_corpus_is_sampled():
    work = model(documents([0, 0, 1], [1, 2], [2, 2, 0]), 2, 0.5, 0.4)
    states = [np.array(z, np.int16) for z in itertools.product(range(2), repeat=8)]
    logs = np.array([work.evaluate(z)["log_likelihood"] for z in states])
    posterior = np.exp(logs - logs.max())
    posterior /= posterior.sum()
    runs = simulate_workers(work, WorkerSetting(1, 0, 5000, evaluate_every=10), range(8))
    means = runs.metrics["log_likelihood"][:, 20:].mean(axis=1)
    error = means.std(ddof=1) / np.sqrt(means.size)
    assert error < 0.05
    assert abs(means.mean() - posterior @ logs) < 4 * error


def test_the_log_likelihood_reached_is_that_of_the_lda_package():
    lda = pytest.importorskip("lda")
    logging.getLogger("lda").setLevel(logging.ERROR)
    with (resources.files("lda") / "tests" / "reuters.ldac").open() as stream:
        counts = lda.utils.ldac2dtm(stream)[:100]
    counts = counts[:, counts.sum(axis=0) > 0]
    work = model(documents(*(np.repeat(np.arange(counts.shape[1]), row) for row in counts)), 10)

    def theirs(seed):
        fitted = lda.LDA(n_topics=10, n_iter=100, alpha=0.1, eta=0.1, random_state=seed, refresh=1000).fit(counts)
        words = work._words(np.asarray(fitted.nzw_).T)
        return words + work._documents(np.asarray(fitted.ndz_))

    others = np.array([theirs(seed) for seed in range(6)])
    ours = simulate_workers(work, WorkerSetting(1, 0, 1000, evaluate_every=1000), range(6)).metrics["log_likelihood"]
    error = np.sqrt((others.var(ddof=1) + ours[:, -1].var(ddof=1)) / 6)
    assert error < 0.005 * abs(others.mean())
    assert abs(others.mean() - ours[:, -1].mean()) < 4 * error
    assert others.mean() - ours[:, 0].mean() > 20 * error  # where both started


@pytest.mark.parametrize("law", LAWS)
def test_what_has_arrived_and_what_is_under_way_are_together_the_exact_tables(law):
    work = model(random_documents(np.random.default_rng(2), 80, 15), 4)
    engine = work.engine(WorkerPlan.of(WorkerSetting(4, 7, 33, delays=law), work.precision), 3)
    engine.advance(0, 33)
    _, exact = tables(work.corpus, engine.cache, 4)
    state, late = engine.state, 0
    for receiver in range(4):
        table = state.tables[receiver].copy()
        for place in np.flatnonzero(state.due[receiver] > 33):
            for i in range(state.lengths[place]):
                table[state.moved[place, i], state.before[place, i]] -= 1
                table[state.moved[place, i], state.after[place, i]] += 1
                late += 1
        np.testing.assert_array_equal(table, exact)
        np.testing.assert_array_equal(state.totals[receiver], state.tables[receiver].sum(axis=0))
    assert late > 0


def test_counts_fall_below_zero_when_moves_overtake_and_then_weigh_nothing():
    work = model(random_documents(np.random.default_rng(4), 80, 40), 6)
    engine = work.engine(WorkerPlan.of(WorkerSetting(4, 25, 60), work.precision), 1)
    lowest = min(int(engine.state.tables.min()) for t in range(60) if engine.advance(t, t + 1) == -1)
    assert lowest < 0
    counts, row = np.zeros(2, np.int32), np.array([-3, 0], np.int32)
    drawn = [draw_topic(counts, row, np.ones(2), np.zeros(2), 0.1, 0.1, u) for u in (0.0, 0.49, 0.51, 0.99)]
    assert drawn == [0, 0, 1, 1]  # -3 weighs as 0 does


def test_a_seed_is_the_same_alone_in_company_and_on_any_number_of_threads():
    work, setting = get_workload("lda"), WorkerSetting(4, 6, 12, evaluate_every=5)
    together = simulate_workers(work, setting, [8, 2, 5], threads=2)
    for s, seed in enumerate([8, 2, 5]):
        alone = simulate_workers(work, setting, [seed], threads=1)
        np.testing.assert_array_equal(together.final[s], alone.final[0])
        np.testing.assert_array_equal(together.metrics["log_likelihood"][s], alone.metrics["log_likelihood"][0])
    assert (together.metrics["log_likelihood"][0] != together.metrics["log_likelihood"][1]).all()


def test_every_word_is_drawn_once_in_ten_iterations_by_however_many_workers():
    for workers in (1, 3, 16):
        work = model(random_documents(np.random.default_rng(workers), 50, 10), 500)
        start, final = work.initial(0), simulate_workers(work, WorkerSetting(workers, 3, 10), [0]).final[0]
        assert (start != final).mean() > 0.8
        engine = work.engine(WorkerPlan.of(WorkerSetting(workers, 0, 9), work.precision), 0)
        engine.advance(0, 9)
        last = work.corpus.starts[9 * work.corpus.documents // 10]
        np.testing.assert_array_equal(engine.cache[last:], start[last:])


def test_staleness_slows_sampling_down():
    work = get_workload("lda")
    prompt, stale = (
        simulate_workers(work, WorkerSetting(4, delay, 60, evaluate_every=60), [0, 1]).metrics["log_likelihood"][:, -1]
        for delay in (0, 20)
    )
    assert stale.max() < prompt.min()


@pytest.mark.parametrize("topics", [10, 100])
def test_the_target_is_reached_without_delay_in_20_sweeps(topics):
    work = get_workload(f"lda:topics={topics}")
    runs = simulate_workers(work, WorkerSetting(2, 0, 200), [0], stop=work.target)
    assert 0 < runs.stopped_at[0] <= 200
    assert runs.batches_to(work.target)[0] == 2 * runs.stopped_at[0]


def test_memory_is_predicted_and_refused_beforehand():
    work, setting = get_workload("lda:topics=20"), WorkerSetting(4, 9, 100)
    state = work.engine(WorkerPlan.of(setting, work.precision), 0).state
    allocated = sum(array.nbytes for array in state)
    assert work.engine_memory(setting) == allocated
    assert predicted_worker_memory(work, setting, 3, engine="own") >= 3 * allocated
    with pytest.raises(TooLargeError):
        simulate_workers(work, setting, [0], memory_limit=allocated // 2)


def test_the_corpus_is_shuffled_and_without_empty_documents():
    news = corpus("newsgroups-2k")
    assert np.diff(news.starts).min() >= 1
    assert news.words.min() == 0 and news.words.max() == news.vocabulary - 1 == 1999
    assert not news.words.flags.writeable


def test_counts_of_the_users_own_are_read_and_checked(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADLAG_DATA", str(tmp_path))
    np.savez(tmp_path / "own.npz", train_indptr=[0, 2, 2, 3], train_indices=[0, 2, 1], train_counts=[2, 1, 3])
    data = corpus("own")
    texts = {tuple(data.words[a:b].tolist()) for a, b in itertools.pairwise(data.starts)}
    assert texts == {(0, 0, 2), (1, 1, 1)}
    np.savez(tmp_path / "falling.npz", indptr=[0, 2, 1], indices=[0], counts=[1])
    with pytest.raises(DataError, match="must rise"):
        corpus("falling")
    np.savez(tmp_path / "zero.npz", indptr=[0, 1], indices=[0], counts=[0])
    with pytest.raises(DataError, match="at least 1"):
        corpus("zero")


def test_what_cannot_be_is_refused():
    with pytest.raises(InputError, match="above 0"):
        get_workload("lda:alpha=0")
    with pytest.raises(InputError, match="at most"):
        get_workload("lda:topics=40000")
    work = get_workload("lda")
    with pytest.raises(InputError, match="no gradient"):
        simulate_workers(work, WorkerSetting(1, 0, 1), [0], engine="naive")
    with pytest.raises(InputError, match="without an optimiser"):
        simulate_workers(work, WorkerSetting(1, 0, 1, "adam"), [0])
