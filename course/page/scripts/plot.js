// Pictures in SVG: as many user units as pixels, so that text keeps its size at every width.

const SPACE = "http://www.w3.org/2000/svg";

/** A new element with attributes, put into a parent. */
export function element(parent, name, attributes = {}, text = "") {
  const made = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  parent?.append(made);
  return made;
}

/** A picture that is laid out anew when its width changes: `lay(plot)` draws what stays, and returns what moves. */
export class Picture {
  constructor(svg, ratio, lay) {
    Object.assign(this, { svg, ratio, lay, width: 0, height: 0 });
    this.fit();
  }

  /** Whether the width has changed, after which everything is drawn anew. */
  fit() {
    const width = Math.max(240, Math.round(this.svg.getBoundingClientRect().width));
    if (width === this.width) return false;
    this.width = width;
    // A narrow screen is not high either, and the controls take their part of it.
    this.height = Math.round(Math.min(width * (width < 350 ? Math.min(this.ratio, 0.66) : this.ratio), 420));
    this.svg.setAttribute("viewBox", `0 0 ${width} ${this.height}`);
    this.svg.setAttribute("height", this.height);
    this.svg.replaceChildren();
    this.parts = this.lay(this);
    return true;
  }
}

/** From values to pixels, straight or by powers of ten; what is beyond the ends stays at them. */
export function scale([low, high], [from, to], logarithmic = false) {
  const turned = logarithmic ? Math.log10 : (value) => value;
  const [start, end] = [turned(low), turned(high)];
  const place = (value) => from + ((turned(Math.min(Math.max(value, low), high)) - start) / (end - start)) * (to - from);
  place.back = (pixel) => {
    const value = start + ((pixel - from) / (to - from)) * (end - start);
    return logarithmic ? 10 ** value : value;
  };
  return place;
}

/** The path through points (x, y), with one decimal. */
export function path(count, x, y) {
  let text = "";
  for (let i = 0; i < count; i++) text += `${i ? "L" : "M"}${x(i).toFixed(1)} ${y(i).toFixed(1)}`;
  return text;
}

/** An axis below or at the left, with its ticks and its name. */
export function axis(parent, side, place, ticks, name, { width, height }, margin) {
  const group = element(parent, "g", { class: "axis" });
  const [left, bottom] = [margin.left, height - margin.bottom];
  for (const [value, label] of ticks) {
    const at = place(value);
    if (side === "bottom") {
      element(group, "line", { x1: at, x2: at, y1: margin.top, y2: bottom, class: "grid" });
      element(group, "text", { x: at, y: bottom + 16, "text-anchor": "middle" }, label);
    } else {
      element(group, "line", { x1: left, x2: width - margin.right, y1: at, y2: at, class: "grid" });
      element(group, "text", { x: left - 6, y: at + 4, "text-anchor": "end" }, label);
    }
  }
  if (side === "bottom") {
    const middle = (left + width - margin.right) / 2;
    element(group, "text", { x: middle, y: height - 4, "text-anchor": "middle", class: "name" }, name);
  } else {
    element(group, "text", { x: 4, y: margin.top - 13, class: "name" }, name);
  }
  return group;
}

/** A rectangle outside which nothing is drawn; its address. */
export function frame(svg, id, { left, top, right, bottom }, { width, height }) {
  const clip = element(element(svg, "defs"), "clipPath", { id });
  element(clip, "rect", { x: left, y: top, width: width - left - right, height: height - top - bottom });
  return `url(#${id})`;
}
