// What is seen, in words: for the line under the pictures, and for those who do not see the pictures.

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

/** A number to three digits, as a reader expects it. */
export function said(value, digits = 3) {
  if (value === null || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  if (value !== 0 && (exponent < -3 || exponent >= 5)) {
    return `${Number(mantissa)} × ${power(Number(exponent))}`.replace("-", "−");
  }
  return String(Number(value.toPrecision(digits))).replace("-", "−");
}

/** Ten to a whole power. */
export function power(exponent) {
  return `10${[...String(exponent)].map((sign) => RAISED[sign]).join("")}`;
}

/** Why a bound does not apply, in the library's words. */
export function refusal({ bound, failed }) {
  const { condition, k, left, right } = failed;
  if (condition.symbol === undefined) return condition.broken;
  if (condition.index === null) return condition.broken;
  const place = condition.index === "k" ? k + 1 : k;
  const sides = `${condition.symbol}_${place} = ${said(left)}, needed ${condition.words}${said(right)}`;
  return `${condition.broken} at ${condition.index} = ${place} (${sides})`;
}

/** Where the step stands beside the limit. */
export function beside({ state, limit, objective }) {
  if (limit === null) return "No limit of stability is known for this delay with momentum";
  const law = { constant: "", uniform: ", in the mean", adversarial: " of these delays" }[state.delays];
  const ratio = state.step / limit;
  const place = ratio < 1 ? "below" : ratio > 1 ? "beyond" : "at";
  const where = objective.name === "hills" ? " at the bottom" : "";
  return `The step ${said(state.step)}/L is ${place} the limit of stability${where}${law}, ${said(limit)}/L`;
}

/** How the run ended. */
export function outcome({ norms, least, diverged, seeds, state, limit, objective }) {
  const last = norms.length - 1;
  const end = norms[last];
  if (diverged > 0) {
    const whose = seeds > 1 ? `${diverged} of ${seeds} runs diverged` : "the run diverged";
    return `${whose}: the gradient grew without end`;
  }
  if (end > 10 * norms[0]) return `the run diverges: after ${last} updates |∇F|² is ${said(end)}, from ${said(norms[0])}`;
  if (limit !== null && state.step > limit && objective.name === "valley") {
    return `slowly, the run diverges: |∇F|² was down to ${said(least[last])} and is ${said(end)} after ${last} updates`;
  }
  const through = end > 10 * least[last] ? `was down to ${said(least[last])} and is` : "is";
  return `after ${last} updates |∇F|² ${through} ${said(end)}, from ${said(norms[0])}`;
}

/** What can be said of the bound. */
export function allowance({ best, bounds, least }) {
  if (!best) return `None of the ${bounds.length} bounds here applies; the table below says why.`;
  const factor = best.value / least[least.length - 1];
  return `${best.bound.title} allows a least |∇F|² of ${said(best.value)}, ${said(factor)} times what was reached.`;
}

/** The whole line. */
export function seen(found) {
  const who = found.seeds > 1 ? `mean of ${found.seeds} runs: ` : "";
  return `${beside(found)}; ${who}${outcome(found)}. ${allowance(found)}`;
}
