// What the reader set: read from the fragment of the address, checked, and written back, so that it can be linked.

import { LIBRARY } from "./library.js";

/** Every setting: its first value and what may stand there. */
export const SETTINGS = {
  problem: { first: "valley", choices: Object.keys(LIBRARY.objectives) },
  delays: { first: "constant", choices: Object.keys(LIBRARY.limits) },
  delay: { first: 4, low: 0, high: LIBRARY.longest, grid: 1 },
  step: { first: 0.25, low: 0.01, high: 4, digits: 3 },
  noise: { first: 0, low: 0, high: 2, grid: 0.05 },
  momentum: { first: 0, low: LIBRARY.momenta[0], high: LIBRARY.momenta.at(-1), grid: 0.05 },
  steps: { first: 200, low: 50, high: 400, grid: 50 },
  seed: { first: 0, low: 0, high: 999999, grid: 1 },
  boldness: { first: 1, low: 0.25, high: 4, digits: 3 },
};

export const FIRST = Object.freeze(Object.fromEntries(Object.entries(SETTINGS).map(([name, { first }]) => [name, first])));

/** The nearest value that a setting may have; undefined where there is none. */
export function admitted(name, given) {
  const { choices, low, high, grid, digits } = SETTINGS[name];
  if (choices) return choices.includes(given) ? given : undefined;
  const value = Math.min(Math.max(Number(given), low), high);
  if (String(given).trim() === "" || Number.isNaN(value)) return undefined;
  return digits ? Number(value.toPrecision(digits)) : Number((Math.round(value / grid) * grid).toFixed(2));
}

/** The state that a fragment describes, and what in it was not understood. */
export function parsed(fragment) {
  const state = { ...FIRST };
  const ignored = [];
  for (const [name, given] of new URLSearchParams(fragment.replace(/^#/, ""))) {
    const value = name in SETTINGS ? admitted(name, given) : undefined;
    if (value === undefined) ignored.push(`${name}=${given}`);
    else state[name] = value;
  }
  return { state: Object.freeze(state), ignored };
}

/** The fragment of a state: what differs from the first one. */
export function fragment(state) {
  const changed = Object.entries(state).filter(([name, value]) => value !== FIRST[name]);
  return changed.length ? `#${new URLSearchParams(changed)}` : "#";
}
