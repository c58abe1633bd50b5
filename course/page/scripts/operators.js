// The operators of formulas over steps (theory/formulas/formula.py), and a bound met with a run: steps k = 0..T-1.

/** What the names of a formula stand for; the delays are those of steps that apply one gradient each. */
export class Environment {
  constructor({ constants, staleness, steps, delays, moves = [], angle = NaN, counter = false }) {
    Object.assign(this, constants, { s: staleness, T: steps.length, B: 1, angle });
    this.ofMethod = counter || (staleness === 1 && moves.length === 0);
    this.moved = moves.length > 0;
    this.eta = steps;
    this.d = delays;
    this.m = Float64Array.from(steps, (_, k) => moves[k] ?? 0);
  }

  /** The first steps of the same run. */
  first(count) {
    const made = Object.create(this);
    made.T = count;
    made.eta = this.eta.subarray(0, count);
    made.d = this.d.subarray(0, count);
    made.m = this.m.subarray(0, count);
    return made;
  }

  each(entry) {
    const found = new Float64Array(this.T);
    for (let k = 0; k < found.length; k++) found[k] = entry(k);
    return found;
  }

  /** Sum over the steps since the gradient of step k was read, for every k. */
  window(entry) {
    const values = this.each(entry);
    return this.each((k) => {
      let sum = 0;
      for (let j = k - this.d[k]; j < k; j++) sum += values[j];
      return sum;
    });
  }

  /** Sum over the steps in whose window k lies, for every k. */
  readers(entry) {
    const found = new Float64Array(this.T);
    for (let i = 0; i < found.length; i++) {
      const value = entry(i);
      for (let j = i - this.d[i]; j < i; j++) found[j] += value;
    }
    return found;
  }

  /** Sum over the steps that read the point t, for every t. */
  served(entry) {
    const found = new Float64Array(this.T);
    for (let k = 0; k < found.length; k++) found[k - this.d[k]] += entry(k);
    return found;
  }

  /** One where a gradient applied in the window of k was read later than that of k. */
  overtaken() {
    return this.each((k) => {
      for (let j = k - this.d[k]; j < k; j++) if (j - this.d[j] > k - this.d[k]) return 1;
      return 0;
    });
  }

  /** Sum over all steps, with the roundings added back (Neumaier). */
  total(entry) {
    let sum = 0;
    let lost = 0;
    for (let k = 0; k < this.T; k++) {
      const value = entry(k);
      const next = sum + value;
      lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
      sum = next;
    }
    return sum + lost;
  }

  /** The angle of counter-momentum that was taken. */
  methodAngle() {
    return this.angle;
  }

  /** The angle at which a bound is least, as the library looks for it: by zooming in on a grid. */
  bestAngle(h, reads, waits, at) {
    const limit = Math.PI / (2 * this.s - 1);
    const natural = Math.min(2 * Math.asin(Math.min(h / 2, 1)), limit);
    const rank = (angle) => {
      const [weight, value] = at(angle);
      const found = weight > 0 && 1 / value > 0 ? -1 / value : Math.max(-weight, 0);
      return Number.isFinite(found) ? found : Infinity;
    };
    let best = natural;
    for (let round = 0, reach = limit; round < 10; round++, reach /= 20) {
      const low = Math.max(0, best - reach);
      const high = Math.min(limit, best + reach);
      const angles = [0, natural, best];
      for (let i = 0; i < 65; i++) angles.push(low + ((high - low) * i) / 64);
      angles.sort((a, b) => a - b);
      let least = Infinity;
      for (const angle of angles) {
        const found = rank(angle);
        if (found < least) [least, best] = [found, angle];
      }
    }
    return best;
  }
}

/** sin(m angle)/sin(angle), and m at the angle 0. */
export function sineRatio(angle, m) {
  return angle === 0 ? m : Math.sin(m * angle) / Math.sin(angle);
}

const HOLDS = {
  ">=": (left, right, allowance) => left >= right - allowance,
  "<=": (left, right, allowance) => left <= right + allowance,
  ">": (left, right, allowance) => left > right + allowance,
  "==": (left, right, allowance) => Math.abs(left - right) <= allowance,
};

/** The first place where a condition fails, with both sides there; null where it holds. */
function failure(condition, [left, right], e) {
  const count = condition.index === null ? 1 : e.T;
  const terms = Math.min(e.s, e.T);
  let size = null;
  for (let k = condition.since; k < count; k++) {
    const [l, r] = [left(k), right(k)];
    const finite = Number.isFinite(l) && Number.isFinite(r);
    if (finite && condition.relation !== ">" && HOLDS[condition.relation](l, r, 0)) continue;
    size ??= condition.size(e);
    const allowance = (16 + 4 * terms) * Number.EPSILON * size(k) + condition.relative * Math.abs(r);
    if (finite && HOLDS[condition.relation](l, r, allowance)) continue;
    return { condition, k, left: l, right: r };
  }
  return null;
}

/** The value of a bound, or null and the first condition that fails. */
export function assess(bound, e) {
  if (bound.takesMoves ? !e.ofMethod : e.moved) return { value: null, failed: { condition: bound.otherKind } };
  const { sides, value } = bound.evaluate(e);
  for (let i = 0; i < sides.length; i++) {
    const failed = failure(bound.conditions[i], sides[i], e);
    if (failed) return { value: null, failed };
  }
  return Number.isFinite(value) ? { value, failed: null } : { value: null, failed: { condition: bound.beyond } };
}
