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

for (const details of document.querySelectorAll("figure details")) {
  details.addEventListener("toggle", async () => {
    for (const each of details.querySelectorAll("[data-packed-text]")) {
      const text = each.dataset.packedText;
      delete each.dataset.packedText;
      each.textContent = await inflate(text);
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
  const first = document.getElementById(same.dataset.same).querySelector(".drawing");
  drawn.then(() => (same.innerHTML = first.innerHTML.replaceAll(`${same.dataset.same}-`, "opening-")));
}
addEventListener("hashchange", arrive);
document.querySelector("#contents").addEventListener("click", (event) => {
  if (event.target.hash === location.hash) arrive();
});
Promise.all([drawn, document.fonts.ready]).then(arrive);
