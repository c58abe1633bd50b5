// The pictures: the path, the gradient norm with what is proved, the map of stability, and the limit under momentum.

import { OBJECTIVES } from "./dynamics.js";
import { LIBRARY } from "./library.js";
import { Picture, axis, element, frame, path, scale } from "./plot.js";
import { limitAt } from "./situation.js";
import { SETTINGS } from "./state.js";
import { power } from "./words.js";

const REACH = 3.2;
const SMALLEST = 1e-7;
const LARGEST = 1e3;

function powers(low, high, every = 1) {
  const ticks = [];
  for (let e = Math.ceil(Math.log10(low)); e <= Math.log10(high); e += every) ticks.push([10 ** e, e === 0 ? "1" : power(e)]);
  return ticks;
}

/** The level curve of an objective: along every ray its value grows, so that a bisection finds it. */
function levelCurve(objective, level, x, y) {
  const { loss } = OBJECTIVES[objective.name];
  const at = (i, turn = (2 * Math.PI * i) / 96) => {
    let [near, far] = [0, 12];
    for (let round = 0; round < 30; round++) {
      const middle = (near + far) / 2;
      const value = loss(middle * Math.cos(turn), middle * Math.sin(turn), objective.curvatures);
      if (value < level) near = middle;
      else far = middle;
    }
    return [near * Math.cos(turn), near * Math.sin(turn)];
  };
  return path(96, (i) => x(at(i)[0]), (i) => y(at(i)[1])) + "Z";
}

/** The points of the first run on the level curves; with a marked update, where it stands and what it read. */
export class PathPicture {
  constructor(svg, marked) {
    this.marked = marked;
    this.shown = "";
    this.picture = new Picture(svg, this.marked ? 0.9 : 0.8, (picture) => this.lay(picture));
  }

  lay(picture) {
    const { svg, width, height } = picture;
    const half = Math.min(width, height) / 2;
    const within = (center) => (value) => center + (Math.min(Math.max(value, -60), 60) / REACH) * half;
    [this.x, this.y] = [within(width / 2), (value) => within(height / 2)(-value)];
    this.shown = "";
    const margin = { left: 0, right: 0, top: 0, bottom: 0 };
    const inside = element(svg, "g", { "clip-path": frame(svg, `${svg.id}-frame`, margin, picture) });
    const levels = element(inside, "g", { class: "levels" });
    element(inside, "path", { d: `M${this.x(-0.06)} ${this.y(0)}h${this.x(0.12) - this.x(0)}M${this.x(0)} ${this.y(-0.06)}v${this.y(0.12) - this.y(0)}`, class: "minimum" });
    return {
      levels,
      line: element(inside, "path", { class: "run" }),
      dots: element(inside, "path", { class: "dots" }),
      start: element(inside, "circle", { r: 4.5, class: "start" }),
      end: element(inside, "circle", { r: 4.5, class: "end" }),
      arrow: element(inside, "path", { class: "arrow" }),
      late: element(inside, "path", { class: "late" }),
      read: element(inside, "rect", { width: 11, height: 11, class: "read" }),
      here: element(inside, "circle", { r: 6, class: "here" }),
      gone: element(svg, "text", { x: width - 8, y: 18, "text-anchor": "end", class: "told" }),
    };
  }

  draw(found, update) {
    const { x, y, picture } = this;
    const { parts } = picture;
    const { points, objective, delays } = found;
    if (this.shown !== objective.name) {
      this.shown = objective.name;
      const values = objective.name === "valley" ? [0.05, 0.2, 0.5, 1, 2, 3.5, 5.5] : [0.05, 0.2, 0.4, 0.7, 1, 1.3, 1.6];
      const curves = values.map((level) => levelCurve(objective, level, x, y)).join("");
      parts.levels.replaceChildren();
      element(parts.levels, "path", { d: curves });
    }
    const count = points.length / 2;
    const px = (i) => x(points[2 * i]);
    const py = (i) => y(points[2 * i + 1]);
    const outside = points.findIndex((value) => !(Math.abs(value) <= REACH));
    const drawn = outside < 0 ? count : Math.min(count, (outside >> 1) + 40);
    parts.line.setAttribute("d", path(drawn, px, py));
    parts.dots.setAttribute("d", Array.from({ length: Math.min(drawn, 120) }, (_, i) => `M${px(i).toFixed(1)} ${py(i).toFixed(1)}h0`).join(""));
    for (const [mark, i] of [[parts.start, 0], [parts.end, count - 1]]) {
      mark.setAttribute("cx", px(i));
      mark.setAttribute("cy", py(i));
    }
    parts.gone.textContent = outside < 0 ? "" : `leaves the picture at update ${outside >> 1}`;
    if (this.marked) this.mark(found, Math.min(update, count - 2, delays.length - 1), px, py);
  }

  /** The update from x_k: the gradient that it applies was read at an older point. */
  mark({ delays }, k, px, py) {
    const { parts } = this.picture;
    const read = k - delays[k];
    parts.here.setAttribute("cx", px(k));
    parts.here.setAttribute("cy", py(k));
    parts.read.setAttribute("x", px(read) - 5.5);
    parts.read.setAttribute("y", py(read) - 5.5);
    parts.arrow.setAttribute("d", `M${px(k)} ${py(k)}L${px(k + 1)} ${py(k + 1)}`);
    parts.late.setAttribute("d", path(delays[k] + 1, (i) => px(read + i), (i) => py(read + i)));
  }
}

/** |grad F|^2 along the run, the least of it so far, and what is proved of that. */
export class NormPicture {
  constructor(svg) {
    this.picture = new Picture(svg, 0.8, (picture) => this.lay(picture));
  }

  lay(picture) {
    const { svg } = picture;
    this.margin = { left: 44, right: 10, top: 30, bottom: 36 };
    this.y = scale([SMALLEST, LARGEST], [picture.height - this.margin.bottom, this.margin.top], true);
    const bottom = element(svg, "g");
    axis(svg, "left", this.y, powers(SMALLEST, LARGEST, 2), "|∇F|²", picture, this.margin);
    const inside = element(svg, "g", { "clip-path": frame(svg, `${svg.id}-frame`, this.margin, picture) });
    return {
      bottom,
      measured: element(inside, "path", { class: "measured" }),
      least: element(inside, "path", { class: "least" }),
      allowed: element(inside, "path", { class: "allowed" }),
      told: element(svg, "text", { x: picture.width - 14, y: this.margin.top + 16, "text-anchor": "end", class: "told" }),
      proved: element(svg, "text", { "text-anchor": "end", class: "proved" }),
    };
  }

  draw({ norms, least, allowed, best, diverged, state }) {
    const { picture, y, margin } = this;
    const { parts, width } = picture;
    const x = scale([0, state.steps], [margin.left, width - margin.right]);
    if (this.steps !== state.steps || !parts.bottom.firstChild) {
      this.steps = state.steps;
      parts.bottom.replaceChildren();
      const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => [share * state.steps, String(Math.round(share * state.steps))]);
      axis(parts.bottom, "bottom", x, ticks.filter((_, i) => width > 300 || i % 2 === 0), "update k", picture, margin);
    }
    parts.measured.setAttribute("d", path(norms.length, x, (k) => y(norms[k])));
    parts.least.setAttribute("d", path(least.length, x, (k) => y(least[k])));
    parts.allowed.setAttribute("d", path(allowed.length, (i) => x(allowed[i][0]), (i) => y(allowed[i][1])));
    parts.told.textContent = diverged > 0 || norms.at(-1) > 10 * norms[0] ? "diverges" : "";
    parts.proved.textContent = best ? `${best.bound.title} allows` : "no bound applies";
    parts.proved.setAttribute("x", width - margin.right - 4);
    parts.proved.setAttribute("y", best ? y(best.value) - 7 : y(SMALLEST) - 10);
  }
}

/** Delay across, step up: where every quadratic settles, where some diverge, and where the reader stands. */
export class MapPicture {
  constructor(svg, moved) {
    this.picture = new Picture(svg, 0.8, (picture) => this.lay(picture));
    const follow = (event) => {
      if (event.buttons === 0 && event.type === "pointermove") return;
      const box = svg.getBoundingClientRect();
      const delay = Math.round(this.x.back(event.clientX - box.left));
      moved({ delay: Math.min(Math.max(delay, 0), LIBRARY.longest), step: this.y.back(event.clientY - box.top) });
    };
    svg.addEventListener("pointerdown", (event) => {
      svg.setPointerCapture(event.pointerId);
      follow(event);
    });
    svg.addEventListener("pointermove", follow);
  }

  lay(picture) {
    const { svg, width, height } = picture;
    const margin = { left: 44, right: 12, top: 30, bottom: 36 };
    const { low, high } = SETTINGS.step;
    this.x = scale([0, LIBRARY.longest], [margin.left + 10, width - margin.right - 6]);
    this.y = scale([low, high], [height - margin.bottom, margin.top], true);
    this.curve = "";
    const area = element(svg, "path", { class: "area" });
    const ticks = [0, 4, 8, 12, 16].map((delay) => [delay, String(delay)]);
    axis(svg, "bottom", this.x, ticks, "delay D", picture, margin);
    axis(svg, "left", this.y, [0.01, 0.03, 0.1, 0.3, 1, 3].map((step) => [step, String(step)]), "step size × L", picture, margin);
    return {
      area,
      limit: element(svg, "path", { class: "limit" }),
      dots: element(svg, "path", { class: "limits" }),
      settles: element(svg, "text", { class: "zone", x: margin.left + 8, y: height - margin.bottom - 10 }, "settles"),
      diverges: element(svg, "text", { class: "zone", x: width - margin.right - 8, y: margin.top + 16, "text-anchor": "end" }, "diverges"),
      line: element(svg, "path", { class: "cross" }),
      you: element(svg, "circle", { r: 8, class: "you" }),
    };
  }

  draw({ state }) {
    const { x, y, picture } = this;
    const { parts, height } = picture;
    const curve = `${state.delays} ${state.momentum} ${state.problem}`;
    if (this.curve !== curve) {
      this.curve = curve;
      const limits = Array.from({ length: LIBRARY.longest + 1 }, (_, delay) => limitAt(state.delays, delay, state.momentum));
      const known = limits[1] !== null;
      const line = known ? path(limits.length, x, (delay) => y(limits[delay])) : "";
      parts.limit.setAttribute("d", line);
      parts.dots.setAttribute("d", known ? limits.map((limit, delay) => `M${x(delay).toFixed(1)} ${y(limit).toFixed(1)}h0`).join("") : "");
      parts.area.setAttribute("d", known ? `${line}V${height - 36}H${x(0)}Z` : "");
      parts.settles.textContent = known ? "settles" : "no limit is known here";
      parts.diverges.textContent = !known ? "" : state.problem === "hills" ? "never settles" : "diverges";
    }
    parts.you.setAttribute("cx", x(state.delay));
    parts.you.setAttribute("cy", y(state.step));
    parts.line.setAttribute("d", `M${x(state.delay)} ${y(state.step)}V${height - 36}M${x(state.delay)} ${y(state.step)}H44`);
  }
}

/** The limit of stability against momentum, at some delays; only the first before the reveal. */
export class MomentumPicture {
  constructor(svg, delays) {
    this.delays = delays;
    this.picture = new Picture(svg, 0.62, (picture) => this.lay(picture));
  }

  lay(picture) {
    const { svg, width, height } = picture;
    const margin = { left: 44, right: 54, top: 30, bottom: 36 };
    this.x = scale([LIBRARY.momenta[0], LIBRARY.momenta.at(-1)], [margin.left, width - margin.right]);
    this.y = scale([0.001, 5], [height - margin.bottom, margin.top], true);
    axis(svg, "bottom", this.x, [-0.5, 0, 0.5, 0.9].map((beta) => [beta, String(beta).replace("-", "−")]), "momentum β", picture, margin);
    axis(svg, "left", this.y, powers(0.001, 5), "limit of step size × L", picture, margin);
    const lines = this.delays.map((delay) => {
      const limit = (i) => limitAt("constant", delay, LIBRARY.momenta[i]);
      const group = element(svg, "g", { class: "of-delay" });
      const count = LIBRARY.momenta.length;
      element(group, "path", { d: path(count, (i) => this.x(LIBRARY.momenta[i]), (i) => this.y(limit(i))) });
      const end = { x: width - margin.right + 5, y: this.y(limit(count - 1)) + 4 };
      element(group, "text", end, `D = ${delay}`);
      return group;
    });
    return { lines };
  }

  draw(revealed) {
    this.picture.parts.lines.forEach((line, i) => line.classList.toggle("hidden", i > 0 && !revealed));
  }
}

/** The least gradient norm so far of every contestant. */
export class RacePicture {
  constructor(svg) {
    this.picture = new Picture(svg, 0.62, (picture) => this.lay(picture));
  }

  lay(picture) {
    const { svg, height } = picture;
    this.margin = { left: 44, right: 10, top: 30, bottom: 36 };
    const axes = element(svg, "g");
    const inside = element(svg, "g", { "clip-path": frame(svg, `${svg.id}-frame`, this.margin, picture) });
    return { axes, inside, lines: {}, told: element(svg, "text", { x: picture.width / 2, y: height / 2, "text-anchor": "middle", class: "told" }) };
  }

  draw(entered, steps) {
    const { parts, width, height } = this.picture;
    const { left, right, top, bottom } = this.margin;
    // Down to the best of them, by hundreds, so that those that are close stay apart.
    const best = Math.min(...(entered ?? []).map(({ final }) => final), 1e-2);
    const low = 100 ** Math.max(Math.floor(Math.log10(best) / 2), -5);
    const x = scale([0, steps], [left, width - right]);
    const y = scale([low, 10], [height - bottom, top], true);
    parts.axes.replaceChildren();
    const ticks = [0, 0.5, 1].map((share) => [share * steps, String(Math.round(share * steps))]);
    axis(parts.axes, "bottom", x, ticks, "gradients arrived", this.picture, this.margin);
    axis(parts.axes, "left", y, powers(low, 10, low < 1e-5 ? 2 : 1), "least |∇F|² so far", this.picture, this.margin);
    parts.told.textContent = entered ? "" : "first predict, then look";
    for (const { name, least } of entered ?? []) {
      parts.lines[name] ??= element(parts.inside, "path", { class: `racer ${name}` });
      parts.lines[name].setAttribute("d", path(least.length, x, (k) => y(least[k])));
    }
    if (!entered) Object.values(parts.lines).forEach((line) => line.setAttribute("d", ""));
  }
}
