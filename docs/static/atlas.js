/* Which bounds of the atlas are shown: those that meet every ticked box. */
document.addEventListener("DOMContentLoaded", () => {
  const group = document.querySelector(".atlas-filters");
  const table = document.querySelector(".atlas-table table");
  if (!group || !table) return;
  const columns = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  const met = { noise: "allowed", delays: "allowed", coherence: "not needed" };
  const rows = [...table.tBodies[0].rows];
  const show = () => {
    const asked = [...group.querySelectorAll("input:checked")].map((box) => box.dataset.column);
    for (const row of rows) {
      row.hidden = !asked.every((name) => row.cells[columns.indexOf(name)].textContent.trim() === met[name]);
    }
    const shown = rows.filter((row) => !row.hidden).length;
    group.querySelector("output").textContent = `${shown} of ${rows.length} shown`;
  };
  group.addEventListener("change", show);
  addEventListener("pageshow", show);
  show();
});
