// The iteration of the library: delays, the linear rule of a method, and its points (experiments/simulate).

import { delayUniforms, normals } from "./random.js";

const FAR_SQUARED = 1e300;

/** The objectives in two dimensions: value and gradient; the rest of each comes from the library. */
export const OBJECTIVES = {
  valley: {
    loss: (x, y, [a, b]) => 0.5 * (a * x * x + b * y * y),
    slope: (t, curvature) => curvature * t,
  },
  hills: {
    loss: (x, y) => (x * x) / (1 + x * x) + (y * y) / (1 + y * y),
    slope: (t) => {
      const share = 1 / (1 + t * t);
      return 2 * t * share * share;
    },
  },
};

function kept(make) {
  const known = new Map();
  return (...key) => {
    const name = key.join();
    if (!known.has(name)) {
      if (known.size > 256) known.clear();
      known.set(name, make(...key));
    }
    return known.get(name);
  };
}

const noiseOf = kept(normals);
const uniformsOf = kept(delayUniforms);

/** The delays of steps k = 0..T-1, d_k <= min(D, k). */
export function delaysOf(law, delay, steps, seed, period) {
  const uniforms = law === "uniform" ? uniformsOf(seed, steps) : null;
  const distribution = Float64Array.from({ length: delay + 1 }, () => 1 / (delay + 1));
  for (let j = 1; j <= delay; j++) distribution[j] += distribution[j - 1];
  return Int32Array.from({ length: steps }, (_, k) => {
    if (law === "constant") return Math.min(delay, k);
    if (law === "adversarial") return Math.min(k % period, delay, k);
    let drawn = 0;
    while (drawn < delay && distribution[drawn] / distribution[delay] <= uniforms[k]) drawn++;
    return Math.min(drawn, k);
  });
}

/** A rule: x_{k+1} = x_k - w_k g_{k - lag_k} + sum_j m_j (x_{k+1-j} - x_{k-j}), g_k the gradient that arrives at k. */
export const METHODS = {
  delayed: (steps) => ({ weights: steps, lags: null, moves: [] }),
  momentum: (steps, delays, beta) => ({ weights: steps, lags: null, moves: beta === 0 ? [] : [beta] }),
  wait: (steps, delays) => {
    let present = 0;
    const weights = steps.map((step, k) => {
      if (k - delays[k] < present) return 0;
      present = step > 0 ? k + 1 : present;
      return step;
    });
    return { weights, lags: null, moves: [] };
  },
  counter: (steps, delays, tuning, smoothness) => ({
    weights: steps.map((_, k) => (tuning.step * (k < tuning.delay ? tuning.start[k] : 1)) / smoothness),
    lags: held(delays, tuning.delay),
    moves: tuning.moves.map((move) => -move),
  }),
};

/** How many updates ago the gradient came that is applied now: of those at most D old, the newest of the oldest. */
function held(delays, delay) {
  return Int32Array.from(delays, (own, k) => {
    let [eldest, lag] = [k - own, 0];
    for (let wait = 1; wait <= Math.min(delay, k); wait++) {
      const before = k - wait - delays[k - wait];
      if (before >= k - delay && before < eldest) [eldest, lag] = [before, wait];
    }
    return lag;
  });
}

/** Adds the squared gradient norms of one seed, infinite from where the point is too far out; its points stay in x. */
function runSeed(objective, rule, delays, seed, noise, norms, { x, g, went }) {
  const steps = delays.length;
  const { slope } = OBJECTIVES[objective.name];
  const [c0, c1] = objective.curvatures;
  const { weights, lags, moves } = rule;
  const drawn = noise > 0 ? noiseOf(seed, steps) : null;
  const deviation = noise / Math.SQRT2;
  [x[0], x[1]] = objective.start;
  for (let k = 0; ; k++) {
    const gx = slope(x[2 * k], c0);
    const gy = slope(x[2 * k + 1], c1);
    norms[k] += gx * gx + gy * gy;
    if (k === steps) return steps;
    const read = 2 * (k - delays[k]);
    g[2 * k] = slope(x[read], c0);
    g[2 * k + 1] = slope(x[read + 1], c1);
    if (drawn) {
      g[2 * k] += deviation * drawn[2 * k];
      g[2 * k + 1] += deviation * drawn[2 * k + 1];
    }
    const at = lags ? 2 * (k - lags[k]) : 2 * k;
    let nx = x[2 * k] - weights[k] * g[at];
    let ny = x[2 * k + 1] - weights[k] * g[at + 1];
    for (let j = 0, last = 2 * k - 2; j < moves.length && j < k; j++, last -= 2) {
      nx += moves[j] * went[last];
      ny += moves[j] * went[last + 1];
    }
    if (!(nx * nx + ny * ny <= FAR_SQUARED)) {
      norms.fill(Infinity, k + 1);
      return k;
    }
    went[2 * k] = nx - x[2 * k];
    went[2 * k + 1] = ny - x[2 * k + 1];
    x[2 * k + 2] = nx;
    x[2 * k + 3] = ny;
  }
}

/** The mean over seeds of the squared gradient norms at x_0..x_T, and the points of the first seed. */
export function run(objective, rule, delays, firstSeed, seeds, noise) {
  const steps = delays.length;
  const norms = new Float64Array(steps + 1);
  const scratch = { x: new Float64Array(2 * steps + 2), g: new Float64Array(2 * steps), went: new Float64Array(2 * steps) };
  const count = noise > 0 ? seeds : 1;
  let points = null;
  let diverged = 0;
  for (let s = 0; s < count; s++) {
    const last = runSeed(objective, rule, delays, firstSeed + s, noise, norms, scratch);
    points ??= scratch.x.slice(0, 2 * last + 2);
    diverged += last < steps;
  }
  for (let k = 0; k < norms.length; k++) norms[k] /= count;
  return { norms, points, diverged, seeds: count };
}
