"""Residual networks: known sizes, gradients against differences, normalisation, starts, and the workers' engines."""

import numpy as np
import pytest

from experiments.workers.engines.scanned import simulate_scanned
from experiments.workers.jax.training import Routines
from experiments.workers.optimizers import OPTIMIZERS
from experiments.workers.setting import WorkerSetting
from experiments.workers.simulate import simulate_workers
from experiments.workloads import get_workload
from experiments.workloads.jax.resnet import blocks_of, by_group, by_patches, centred, directly, shapes_of
from theory.common.errors import EnvironmentFailure, InputError

jax = pytest.importorskip("jax")
pytestmark = pytest.mark.usefixtures("compiled_in_a_hurry")

TINY = "resnet:width=2"


@pytest.mark.parametrize(("depth", "millions"), [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85), (110, 1.7)])
def test_networks_for_colour_images_have_the_published_numbers_of_parameters(depth, millions):
    # Table 6 of He et al., whose networks are 6n + 2 layers with shortcuts without parameters.
    parameters = sum(int(np.prod(shape)) for shape in shapes_of(blocks_of(depth, 16), 3, 10))
    assert round(parameters / 1e6, 1 if depth == 110 else 2) == millions


@pytest.mark.parametrize("depth", [8, 14, 20, 32])
def test_the_depth_counts_the_layers_with_weights(depth):
    shapes = shapes_of(blocks_of(depth, 16), 3, 10)
    assert sum(len(shape) in (2, 4) for shape in shapes) == depth


@pytest.mark.parametrize(("size", "stride"), [(8, 1), (8, 2), (7, 2), (2, 2)])
def test_a_convolution_is_the_sum_over_its_patches(size, stride):
    rng = np.random.default_rng(0)
    image, weights = rng.standard_normal((2, size, size, 3)), rng.standard_normal((3, 3, 3, 4))
    padded = np.pad(image, ((0, 0), (1, 1), (1, 1), (0, 0)))
    rows = range(0, size, stride)
    windows = np.array([[padded[:, i : i + 3, j : j + 3] for j in rows] for i in rows])
    expected = np.einsum("xynijc,ijco->nxyo", windows, weights)
    for convolve in (directly, by_patches):
        with jax.enable_x64(True):
            np.testing.assert_allclose(convolve(image, weights, stride), expected, rtol=1e-12, atol=1e-12)


def test_group_normalisation_looks_at_one_image_and_one_group_of_channels():
    values = np.random.default_rng(1).standard_normal((3, 4, 4, 16)).astype(np.float32)
    found = np.asarray(by_group(values, np.ones(16, np.float32), np.zeros(16, np.float32)))
    groups = found.reshape(3, 16, 8, 2)
    np.testing.assert_allclose(groups.mean(axis=(1, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(groups.var(axis=(1, 3)), 1, rtol=1e-3)
    np.testing.assert_allclose(by_group(values[1:2], np.ones(16), np.zeros(16)), found[1:2], rtol=1e-5, atol=1e-6)


def test_channels_are_centred_and_scaled():
    pixels = np.random.default_rng(2).uniform(3, 9, (50, 4, 4, 3)).astype(np.float32)
    found = centred(pixels, pixels)
    np.testing.assert_allclose(found.mean(axis=(0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(found.std(axis=(0, 1, 2)), 1, rtol=1e-5)


@pytest.fixture(scope="module")
def tiny():
    return get_workload(TINY)


def test_the_gradient_is_the_derivative_of_the_loss_on_the_sample(tiny):
    # Differences of a 32-bit loss along the gradient itself: a step of 1 % of the loss keeps six of its digits.
    x, sample = tiny.initial(1), 200
    gradient = tiny.sample_gradient(x, sample).astype(np.float64)
    form, h = tiny.form, 0.01 / np.linalg.norm(gradient)
    with jax.enable_x64(True):
        (_, inputs), data = next(iter(form.sample_parts(sample))), form.data
        loss = jax.jit(lambda x: form.loss(form.split(x), data, inputs))
        direction = gradient / np.linalg.norm(gradient)
        slope = (loss(x + h * 1e-3 * direction) - loss(x - h * 1e-3 * direction)) / (2e-3 * h)
    assert float(slope) == pytest.approx(np.linalg.norm(gradient), rel=1e-4)


def test_the_gradient_on_a_sample_is_the_mean_over_its_parts(tiny):
    x = tiny.initial(2)
    parts = [(share, tiny.routines.gradient(x, rows)) for share, rows in tiny.form.sample_parts(600)]
    assert len(parts) == 3 and sum(share for share, _ in parts) == pytest.approx(1)
    expected = sum(share * gradient.astype(np.float64) for share, gradient in parts)
    np.testing.assert_allclose(tiny.sample_gradient(x, 600), expected, rtol=1e-6, atol=1e-9)


def test_gradients_differ_by_seed_iteration_and_worker_alone(tiny):
    x = tiny.initial(0)
    points = [(s, t, p) for s in range(2) for t in range(2) for p in range(2)]
    seen = {point: tiny.gradient(x, *point, 8).tobytes() for point in points}
    assert len(set(seen.values())) == 8
    assert all(tiny.gradient(x, *point, 8).tobytes() == seen[point] for point in points)


def test_the_quality_does_not_depend_on_how_held_out_rows_are_put_together(tiny):
    # Batch normalisation takes its statistics from training rows; `evaluate` counts the held-out rows in two parts.
    form, x = tiny.form, tiny.initial(0)
    assert len(form.held_out_parts) == 2
    whole = jax.jit(lambda x: form.tally(form.split(x), form.context(form.split(x), form.data), form.held_out))(x)
    np.testing.assert_allclose([*tiny.evaluate(x).values()], whole / len(form.held_out[1]), rtol=1e-5)


def test_the_start_is_hes():
    work = get_workload("resnet:width=32")
    x = work.initial(0)
    *layers, weights, biases = work.form.split(x)
    for kernel, scale, shift in zip(layers[::3], layers[1::3], layers[2::3], strict=True):
        # The smallest kernel has 288 numbers: 15 per cent is more than three deviations of its estimate.
        assert kernel.std() == pytest.approx(np.sqrt(2 / np.prod(kernel.shape[:3])), rel=0.15)
        assert (scale == 1).all() and (shift == 0).all()
    assert weights.std() == pytest.approx(1 / np.sqrt(128), rel=0.1) and (biases == 0).all()
    assert np.array_equal(x, work.initial(0)) and not np.array_equal(x, work.initial(1))


@pytest.mark.parametrize("optimizer", ["momentum", *(pytest.param(o, marks=pytest.mark.long) for o in OPTIMIZERS)])
def test_the_scan_agrees_with_the_oracle(tiny, optimizer):
    setting = WorkerSetting(3, 2, 20, optimizer, 0.003, batch=8, evaluate_every=20, lags=1, sample=200)
    found = simulate_scanned(tiny, [setting], [5], arrangement="scan")[0]
    expected = simulate_workers(tiny, setting, [5], engine="naive")
    np.testing.assert_allclose(found.final, expected.final, atol=1e-4)
    np.testing.assert_allclose(found.metrics["loss"], expected.metrics["loss"], rtol=1e-4)
    np.testing.assert_allclose(found.coherence["cosine"], expected.coherence["cosine"], atol=1e-3)


def test_on_a_processor_it_runs_as_a_loop_whose_numbers_are_the_black_boxs(tiny):
    if jax.default_backend() != "cpu":
        pytest.skip("for processors")
    setting = WorkerSetting(2, 3, 8, "momentum", 0.01, batch=8, evaluate_every=4)
    found, expected = (simulate_workers(tiny, setting, [0], engine=engine) for engine in ("scanned", "auto"))
    np.testing.assert_array_equal(found.final, expected.final)


def test_training_learns_digits(tiny):
    setting = WorkerSetting(2, 2, 150, "adam", 0.02, batch=32, evaluate_every=150)
    runs = simulate_workers(tiny, setting, [0])
    assert runs.metrics["accuracy"][0, 0] < 0.3 and runs.metrics["accuracy"][0, 1] > 0.6


@pytest.mark.parametrize("name", ["resnet", "resnet:depth=14,width=4", "resnet:width=8,norm=group"])
def test_a_name_rebuilds_the_network(name):
    work = get_workload(name)
    again = get_workload(work.name)
    assert again.name == work.name == name
    # Compiled functions hang on the form, and are shared by all that are built from the name.
    assert again.form is work.form is work.jax_form() and again.routines is work.routines
    assert isinstance(work.routines, Routines) and work.initial(0).size == work.parameters


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("resnet:depth=9", r"6n \+ 2 layers.* Got 9"),
        ("resnet:depth=2", "from 8 to"),
        ("resnet:norm=layer", "batch or group. Got 'layer'"),
        ("resnet:data=breast_cancer", "needs images"),
    ],
)
def test_a_wrong_name_is_refused(name, message):
    with pytest.raises(InputError, match=message):
        get_workload(name)


def test_without_jax_one_sentence_says_what_to_install(monkeypatch):
    get_workload("mlr").jax_form()  # its module is imported with JAX
    monkeypatch.setattr("experiments.workers.jax.library.jax", None)
    with pytest.raises(EnvironmentFailure, match=r"A ResNet needs JAX. Install it with: pip install 'gradlag\[nn\]'"):
        get_workload("resnet")
    with pytest.raises(EnvironmentFailure, match="The scanned engine needs JAX"):
        simulate_workers(get_workload("mlr"), WorkerSetting(1, 0, 5), [0], engine="scanned")
