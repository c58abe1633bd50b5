/* What the page does by itself: opens its pictures, its parts and its data; filters and sorts; copies commands. */
"use strict";
const inflate = async (text) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).text();
};

const draw = async (place) => {
  if (!place.dataset.packed) return;
  const text = place.dataset.packed;
  delete place.dataset.packed;
  place.innerHTML = await inflate(text);
};

const open = (element) => {
  for (let each = element; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
};

const arrive = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  open(target);
  requestAnimationFrame(() => target.scrollIntoView({ behavior: "instant" }));
};

/* Every picture is drawn at once, so that links lead where they should and a printer finds them all. */
const drawn = Promise.all([...document.querySelectorAll("[data-packed]")].map(draw));
addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details.part")) part.open = true;
});

/* What is folded away is unpacked when it is opened: configurations as text, proofs as what they are. */
for (const details of document.querySelectorAll("details:has([data-packed-text], [data-packed-html]):not(.part)")) {
  details.addEventListener("toggle", async () => {
    for (const each of details.querySelectorAll("[data-packed-text], [data-packed-html]")) {
      const { packedText, packedHtml } = each.dataset;
      delete each.dataset.packedText;
      delete each.dataset.packedHtml;
      each[packedHtml ? "innerHTML" : "textContent"] = await inflate(packedHtml ?? packedText);
      for (const formula of each.querySelectorAll(".display")) scrollers.observe(formula);
    }
  });
}

for (const button of document.querySelectorAll("button.data")) {
  button.addEventListener("click", async () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([await inflate(button.dataset.packedFile)], { type: "text/csv" }));
    link.download = button.dataset.file;
    link.click();
    URL.revokeObjectURL(link.href);
  });
}

for (const button of document.querySelectorAll("button.copy")) {
  const name = button.textContent;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
    } catch {
      button.textContent = button.dataset.copy;
    }
    setTimeout(() => (button.textContent = name), 4000);
  });
}

/* The table of verdicts: rows that hold every word typed, of the verdict chosen, in the order of the column clicked. */
const table = document.querySelector("#verdicts table");
if (table) {
  const rows = [...table.querySelectorAll("tbody tr:not(.group)")];
  const homes = rows.map((row) => row.parentElement);
  const bodies = [...table.tBodies];
  for (const row of rows) row.insertCell(0).outerHTML = `<td class="whose">${row.parentElement.querySelector("th").firstChild.textContent} ${row.parentElement.querySelector("code").textContent}</td>`;
  const head = table.tHead.rows[0];
  head.insertAdjacentHTML("afterbegin", '<th scope="col" class="whose">run</th>');
  const words = [...new Set(rows.map((row) => row.cells[2].textContent.trim()))];
  const form = document.createElement("form");
  form.className = "filter";
  form.innerHTML = '<label>Show <select></select></label> <label>with the words <input type="search"></label> <output></output>';
  const [select, typed, told] = form.querySelectorAll("select, input, output");
  for (const word of ["every verdict", ...words]) select.add(new Option(word));
  table.parentElement.before(form);
  const show = () => {
    const asked = typed.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row) => {
      const text = row.textContent.toLowerCase();
      const chosen = select.selectedIndex === 0 || row.cells[2].textContent.trim() === select.value;
      row.hidden = !chosen || !asked.every((word) => text.includes(word));
    });
    for (const body of bodies) body.hidden = [...body.rows].every((row) => row.hidden || row.className === "group");
    told.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
  };
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  const value = (row, column) => {
    const text = row.cells[column].firstChild?.textContent.trim().replace("−", "-").replace(/ × 10/, "e") ?? "";
    const power = row.cells[column].querySelector("sup")?.textContent.replace("−", "-") ?? "";
    const number = parseFloat(text + power);
    return Number.isNaN(number) ? row.cells[column].textContent.trim() : number;
  };
  const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)));
  [...head.cells].forEach((cell, column) => {
    if (column === 0) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...cell.childNodes);
    cell.append(button);
    button.addEventListener("click", () => {
      const turn = { none: "ascending", ascending: "descending", descending: "none" }[cell.ariaSort ?? "none"];
      for (const each of head.cells) each.removeAttribute("aria-sort");
      table.classList.toggle("sorted", turn !== "none");
      if (turn === "none") rows.forEach((row, place) => homes[place].append(row));
      else {
        cell.setAttribute("aria-sort", turn);
        const sign = turn === "ascending" ? 1 : -1;
        [...rows].sort((a, b) => sign * compare(value(a, column), value(b, column))).forEach((row) => bodies[0].append(row));
      }
      show();
    });
  });
  show();
}

const same = document.querySelector("[data-same]");
if (same) {
  const first = document.getElementById(same.dataset.same).querySelector("[role=img]");
  drawn.then(() => (same.firstElementChild.innerHTML = first.innerHTML.replaceAll(`${same.dataset.same}-`, "opening-")));
}

/* The values of a picture: of the point nearest to the pointer or the finger; the arrow keys go along a series, and
   from one to the next. The points are those of its table, whose places the picture says. */
const cells = (line) => [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map((found) => found[1].replace(/^"|"$/g, "").replaceAll('""', '"'));
const short = (text) => String(Number(Number(text).toPrecision(4))).replace("-", "−");
const part = (value, [log, begin, end]) => {
  const scale = log === null ? () => NaN : log ? Math.log : Number;
  return (scale(value) - scale(begin)) / (scale(end) - scale(begin));
};
const told = (value, is, [, , , names]) => `${is || "value"}: ${names[Math.round(value)] ?? short(value)}`;

const points = async (figure) => {
  const places = JSON.parse(await inflate(figure.querySelector("[data-places]").dataset.places));
  const rows = (await inflate(figure.querySelector("button.data").dataset.packedFile)).trim().split("\n").slice(1).map(cells);
  let first = 0;
  return places.flatMap(({ rows: count, box: [left, top, right, bottom], x, y }) =>
    rows.slice(first, (first += count)).map(([panel, series, a, b, low, high, xIs, yIs]) => ({
      series: `${panel}\u0000${series}`,
      x: left + part(a, x) * (right - left),
      y: bottom - part(b, y) * (bottom - top),
      text: `${series}\n${told(a, xIs, x)}\n${told(b, yIs, y)}${low && low !== high ? ` [${short(low)}, ${short(high)}]` : ""}`,
    })).filter((point) => point.x >= left - 0.01 && point.x <= right + 0.01 && point.y >= top - 0.01 && point.y <= bottom + 0.01));
};

const showValues = (drawing, figure) => {
  let found, at;
  const dot = Object.assign(document.createElement("span"), { className: "dot", hidden: true });
  const said = Object.assign(document.createElement("output"), { className: "value", hidden: true });
  drawing.append(dot, said);
  drawing.tabIndex = 0;
  drawing.setAttribute("role", "group");
  drawing.setAttribute("aria-label", "Values of the picture, by the arrow keys");
  const picture = () => drawing.querySelector("svg").getBoundingClientRect();
  const show = (point) => {
    at = point;
    dot.hidden = said.hidden = !point;
    if (!point) return;
    const [outer, inner] = [drawing.getBoundingClientRect(), picture()];
    const x = inner.left - outer.left + drawing.scrollLeft + point.x * inner.width;
    const y = inner.top - outer.top + point.y * inner.height;
    said.textContent = point.text;
    const beside = (place, turned) => (turned ? `calc(${place}px - 100% - 1.2rem)` : `${place}px`);
    dot.style.translate = `${x}px ${y}px`;
    said.style.translate = `${beside(x, point.x > 0.5)} ${beside(y, point.y > 0.5)}`;
  };
  const near = async (event) => {
    const { clientX, clientY } = event;
    found ??= await points(figure);
    const inner = picture();
    const away = (point) => Math.hypot(inner.left + point.x * inner.width - clientX, inner.top + point.y * inner.height - clientY);
    const nearest = found.reduce((best, point) => (away(point) < away(best) ? point : best), found[0]);
    show(nearest && away(nearest) < 48 ? nearest : undefined);
  };
  drawing.addEventListener("pointermove", near);
  drawing.addEventListener("pointerdown", near);
  drawing.addEventListener("pointerleave", () => show());
  drawing.addEventListener("blur", () => show());
  drawing.addEventListener("keydown", async (event) => {
    if (event.key === "Escape") return show();
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    found ??= await points(figure);
    const own = found.filter((point) => point.series === (at ?? found[0])?.series).sort((a, b) => a.x - b.x);
    if (!at) return show(own[0]);
    if (/Left|Right/.test(event.key)) return show(own[own.indexOf(at) + step] ?? at);
    const all = [...new Set(found.map((point) => point.series))];
    const next = all[all.indexOf(at.series) + step];
    const there = found.filter((point) => point.series === next);
    if (there.length) show(there.reduce((best, point) => (Math.abs(point.x - at.x) < Math.abs(best.x - at.x) ? point : best)));
  });
};
for (const drawing of document.querySelectorAll("figure .drawing")) showValues(drawing, drawing.closest("figure"));
if (same) showValues(same, document.getElementById(same.dataset.same));

/* What is wider than its place can be scrolled with the keyboard as well, and says what it is. */
const tables = [...document.querySelectorAll(".panel:not(.opening)")];
const scrollers = new ResizeObserver((seen) => {
  for (const { target } of seen) {
    const wide = target.scrollWidth > target.clientWidth + 1;
    target.toggleAttribute("tabindex", wide);
    if (wide) target.tabIndex = 0;
    if (!tables.includes(target)) continue;
    for (const told of ["role", "aria-label"]) target.toggleAttribute(told, wide);
    if (!wide) continue;
    target.setAttribute("role", "region");
    const name = target.querySelector("caption") ?? target.closest("section")?.querySelector("h2, h3");
    target.setAttribute("aria-label", `Table ${tables.indexOf(target) + 1}: ${name?.textContent.trim().slice(0, 80) ?? "scrolls sideways"}`);
  }
});
for (const each of [...tables, ...document.querySelectorAll(".display, dd, pre")]) scrollers.observe(each);
addEventListener("hashchange", arrive);
document.querySelector("#contents").addEventListener("click", (event) => {
  if (event.target.hash === location.hash) arrive();
});
Promise.all([drawn, document.fonts.ready]).then(arrive);
