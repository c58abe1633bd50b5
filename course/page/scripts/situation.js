// A situation, from what the reader set to everything that is shown: runs, the limit of stability, bounds, the race.

import { METHODS, delaysOf, run } from "./dynamics.js";
import { BOUNDS, LIBRARY, SCHEDULES } from "./library.js";
import { Environment, assess } from "./operators.js";

const PREFIXES = 12;

/** The limit of L times the step at a delay, or null where none is known. */
export function limitAt(law, delay, momentum) {
  const place = LIBRARY.momenta.findIndex((beta) => Math.abs(beta - momentum) < 1e-9);
  return LIBRARY.limits[law][delay][place];
}

function runningLeast(norms) {
  let least = Infinity;
  return norms.map((norm) => (least = Math.min(least, norm)));
}

function environmentOf(state, objective, steps, delays, more = {}) {
  const constants = { L: objective.L, Delta: objective.Delta, sigma: state.noise };
  return new Environment({ constants, staleness: state.delay + 1, steps, delays, ...more });
}

/** Every bound of the page at a run, and the smallest that applies. */
export function judged(environment) {
  if (environment.s === 1) {
    const longest = Math.min(1, (environment.L * environment.eta[0]) / 2);
    environment.angle = Math.min(Math.max(2 * Math.acos(longest), Math.PI / 3), (2 * Math.PI) / 3);
  }
  const all = Object.values(BOUNDS).map((bound) => ({ bound, ...assess(bound, environment) }));
  const best = all.filter(({ value }) => value !== null).sort((a, b) => a.value - b.value)[0] ?? null;
  return { all, best };
}

function allowedSoFar(environment, all) {
  const applying = all.filter(({ value }) => value !== null);
  const times = new Set();
  for (let i = 0; i <= PREFIXES; i++) times.add(Math.round(environment.T ** (i / PREFIXES)));
  if (applying.length === 0) return [];
  return [...times].map((t) => {
    const values = applying.map(({ bound }) => assess(bound, environment.first(t)).value).filter((one) => one !== null);
    return [t, Math.min(...values)];
  });
}

/** The reader's own run, and what the library says of it. */
export function situation(state) {
  const objective = LIBRARY.objectives[state.problem];
  const delays = delaysOf(state.delays, state.delay, state.steps, state.seed, LIBRARY.periods[state.delay]);
  const steps = new Float64Array(state.steps).fill(state.step / objective.L);
  const rule = METHODS.momentum(steps, delays, state.momentum);
  const found = run(objective, rule, delays, state.seed, LIBRARY.seeds, state.noise);
  const environment = environmentOf(state, objective, steps, delays, { moves: rule.moves.map((move) => -move) });
  const { all, best } = judged(environment);
  return {
    state,
    objective,
    delays,
    ...found,
    least: runningLeast(found.norms),
    limit: limitAt(state.delays, state.delay, state.momentum),
    bounds: all,
    best,
    allowed: allowedSoFar(environment, all),
  };
}

/** The contestants: the steps that each takes, how, and the environment in which bounds are about them. */
const CONTESTANTS = {
  constant: (state, steps, delays) => ({ rule: METHODS.delayed(steps), steps, delays }),
  wait: (state, steps, delays) => {
    const rule = METHODS.wait(steps, delays);
    return { rule, steps: rule.weights, delays: new Int32Array(delays.length) };
  },
  adaptive: (state, steps, delays) => ({ rule: METHODS.delayed(steps), steps, delays }),
  counter: (state, steps, delays, { L }) => {
    const tuning = LIBRARY.tunings[state.delay];
    const rule = METHODS.counter(steps, delays, tuning, L);
    const late = rule.lags.map((lag, k) => lag + delays[k - lag]);
    const moves = rule.moves.map((move) => -move);
    return { rule, steps: rule.weights, delays: late, moves, angle: tuning.theta, counter: true };
  },
};

function stepsOf(name, state, objective, delays) {
  const blank = new Float64Array(delays.length);
  // Who waits takes the step of no delay.
  const staleness = name === "wait" ? 1 : state.delay + 1;
  const sizes = SCHEDULES[name]?.sizes(environmentOf(state, objective, blank, delays, { staleness })) ?? blank;
  return sizes.map((size) => state.boldness * size);
}

/** The race: each contestant on the same arrivals, under the same noise. */
export function race(state) {
  const objective = LIBRARY.objectives[state.problem];
  const delays = delaysOf(state.delays, state.delay, state.steps, state.seed, LIBRARY.periods[state.delay]);
  return Object.entries(CONTESTANTS).map(([name, contestant]) => {
    const entered = contestant(state, stepsOf(name, state, objective, delays), delays, objective);
    const found = run(objective, entered.rule, delays, state.seed, LIBRARY.seeds, state.noise);
    const { best } = judged(environmentOf(state, objective, entered.steps, entered.delays, entered));
    const least = runningLeast(found.norms);
    const updates = entered.rule.weights.reduce((count, weight) => count + (weight > 0), 0);
    return { name, ...found, least, final: least[least.length - 1], updates, best };
  });
}
