"""Many runs of the workers' iteration side by side on one device: a lane is one seed under one setting.

The idea: the iteration is a pure function of a lane's state and of what the host drew for it, scanned over a block of
iterations and mapped over lanes. A ring that fits the largest extra delay serves all lanes, for only the due times
tell when an update is read.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from experiments.workers.jax.library import jax, jnp
from experiments.workers.jax.training import JaxForm, Leaves
from experiments.workers.optimizers import updated
from theory.common.types import Array

# What stands in the ring for infinity: beyond the limits of divergence, and still 0 where it is multiplied by 0.
_HUGE = {np.dtype(np.float32): 1e30, np.dtype(np.float64): 1e200}


class Lanes(NamedTuple):
    """The state of N lanes, on the device; each array of the parameters is a leaf.

    caches: leaves (N, P, ...); updates: leaves (N, slots P, ...), that of (iteration t, worker p) at place
    (t mod slots) P + p; due: int32 (N, slots P, receiver); moments: leaves (N, P, m, ...), the optimisers' states;
    numbers: (N, 5), the optimisers' coefficients; diverged_at: int32 (N,), -1 while a lane goes on.
    """

    caches: Leaves
    updates: Leaves
    due: Any
    moments: Leaves
    numbers: Any
    diverged_at: Any


class Block(NamedTuple):
    """What the host draws for a block of B iterations: times int32 (B,), Adam's corrections (B, 2), inputs of the
    gradients (B, N, P, ...) and delays int32 (B, N, sender, receiver).
    """

    times: Array
    corrections: Array
    inputs: tuple[Array, ...]
    delays: Array


def start_lanes(form: JaxForm, starts: Array, numbers: Array, workers: int, slots: int, state: Array) -> Lanes:
    """The state before the first iteration.

    Args:
        form: the workload.
        starts: (N, d), the parameters of each lane.
        numbers: (N, 5).
        workers: P.
        slots: iterations whose updates are kept.
        state: (m,), what the vectors of an optimiser's state are filled with.
    """
    started: Lanes = _starting(form, workers, slots * workers, tuple(state.tolist()))(starts, numbers)
    return started


@lru_cache(maxsize=32)
def _starting(form: JaxForm, workers: int, places: int, state: tuple[float, ...]) -> Any:
    """The compiled function behind `start_lanes`."""

    def make(starts: Any, numbers: Any) -> Lanes:
        lanes, filled = len(starts), np.array(state, form.precision)
        return Lanes(
            tuple(jnp.repeat(leaf[:, None], workers, axis=1) for leaf in form.split(starts)),
            tuple(jnp.zeros((lanes, places, *shape), form.precision) for shape in form.shapes),
            jnp.full((lanes, places, workers), -1, np.int32),
            tuple(_filled((lanes, workers, len(state), *shape), filled) for shape in form.shapes),
            numbers,
            jnp.full(lanes, -1, np.int32),
        )

    return jax.jit(make)


def _filled(shape: tuple[int, ...], values: Array) -> Any:
    """An array whose third axis holds these values."""
    return jnp.broadcast_to(values.reshape(len(values), *(1 for _ in shape[3:])), shape)


@lru_cache(maxsize=32)
def advancing(form: JaxForm, optimizer: int, limit: float) -> Callable[[Lanes, Any, Block], Lanes]:
    """The compiled function that moves lanes on by a block; their old state is used up."""

    def iterate(lane: Lanes, data: Any, t: Any, corrections: Any, inputs: Any, delays: Any) -> Lanes:
        gradients = jax.vmap(jax.grad(form.loss), in_axes=(0, None, 0))(lane.caches, data, inputs)
        pairs = [
            _updates(optimizer, lane.numbers, corrections, gradient, moments)
            for gradient, moments in zip(gradients, lane.moments, strict=True)
        ]
        workers = delays.shape[0]
        place = t % (lane.due.shape[0] // workers) * workers
        updates = tuple(_put(ring, _finite(u), place) for ring, (u, _) in zip(lane.updates, pairs, strict=True))
        lane = lane._replace(
            updates=updates, moments=tuple(m for _, m in pairs), due=_put(lane.due, t + 1 + delays, place)
        )
        return _delivered(lane, t + 1, limit)

    def advance(lanes: Lanes, data: Any, block: Block) -> Lanes:
        every = jax.vmap(iterate, in_axes=(0, None, None, None, 0, 0))

        def step(state: Lanes, given: Block) -> tuple[Lanes, None]:
            return every(state, data, given.times, given.corrections, given.inputs, given.delays), None

        return jax.lax.scan(step, lanes, block)[0]  # type: ignore[no-any-return]

    compiled: Callable[[Lanes, Any, Block], Lanes] = jax.jit(advance, donate_argnums=0)
    return compiled


def _delivered(lane: Lanes, t: Any, limit: float) -> Lanes:
    """Every cache takes what is due at iteration t; a lane that has diverged keeps its caches."""
    goes_on = lane.diverged_at < 0
    arrived = (lane.due == t).astype(lane.numbers.dtype)
    caches = tuple(
        cache + jnp.where(goes_on, jnp.tensordot(arrived, ring, axes=(0, 0), precision="highest"), 0)
        for cache, ring in zip(lane.caches, lane.updates, strict=True)
    )
    inside = jnp.stack([jnp.all(jnp.abs(cache[0]) <= limit) for cache in caches]).all()
    return lane._replace(caches=caches, diverged_at=jnp.where(goes_on & ~inside, t, lane.diverged_at))


def _put(ring: Any, values: Any, place: Any) -> Any:
    return jax.lax.dynamic_update_slice_in_dim(ring, values.astype(ring.dtype), place, axis=0)


def _finite(values: Any) -> Any:
    """Numbers that stay 0 when multiplied by 0, since deliveries are products; what diverges diverges all the same."""
    huge = _HUGE[np.dtype(values.dtype)]
    return jnp.clip(jnp.where(jnp.isnan(values), huge, values), -huge, huge)


def _updates(kind: int, numbers: Any, corrections: Any, gradient: Any, moments: Any) -> tuple[Any, Any]:
    """The updates (P, ...) and the states (P, m, ...) after them."""
    vectors = tuple(moments[:, i] for i in range(moments.shape[1]))
    change, after = updated(kind, numbers, corrections, gradient, vectors, jnp.sqrt)
    return change, jnp.stack(after, axis=1) if after else moments


class Measures:
    """The compiled functions that look at the first workers' caches of all lanes; `caches` are leaves (N, P, ...)."""

    def __init__(self, form: JaxForm) -> None:
        def gradients(caches: Leaves, data: Any, inputs: Any) -> Any:
            return form.join(jax.vmap(jax.grad(form.loss), in_axes=(0, None, None))(_firsts(caches), data, inputs))

        self.form = form
        self._context = jax.jit(lambda caches, data: jax.vmap(form.context, in_axes=(0, None))(_firsts(caches), data))
        self._tally = jax.jit(
            lambda caches, context, part: jax.vmap(form.tally, in_axes=(0, 0, None))(_firsts(caches), context, part)
        )
        self._gradients = jax.jit(gradients)
        self._flat = jax.jit(lambda caches: form.join(_firsts(caches)))

    def flat(self, caches: Leaves) -> Array:
        """(N, d): the caches themselves."""
        return np.asarray(self._flat(caches))

    def metrics(self, caches: Leaves) -> Array:
        """float64 (N, metrics)."""
        context = self._context(caches, self.form.device_data)
        sums = [np.asarray(self._tally(caches, context, part), np.float64) for part in self.form.held_out_parts]
        return np.asarray(np.sum(sums, axis=0) / len(self.form.held_out[0]))

    def gradients(self, caches: Leaves, sample: int) -> Array:
        """float64 (N, d): the mean of the parts' gradients on the fixed sample."""
        parts = self.form.sample_parts(sample)
        found = (
            share * np.asarray(self._gradients(caches, self.form.device_data, inputs), np.float64)
            for share, inputs in parts
        )
        return np.asarray(sum(found))


def _firsts(caches: Leaves) -> Leaves:
    return tuple(leaf[:, 0] for leaf in caches)


@lru_cache(maxsize=16)
def measures_of(form: JaxForm) -> Measures:
    """Kept, as the compiled functions are."""
    return Measures(form)


def chosen_lanes(lanes: Lanes, places: Array) -> Lanes:
    """The lanes at these places."""
    chosen: Lanes = _choose()(lanes, places)
    return chosen


@lru_cache(maxsize=1)
def _choose() -> Any:
    return jax.jit(lambda lanes, places: jax.tree.map(lambda array: array[places], lanes))
