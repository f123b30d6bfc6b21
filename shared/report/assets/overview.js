// Shows the rows whose name holds what is typed, and on demand only those to look at; times in UTC on demand.
"use strict";
(() => {
  const rows = [...document.querySelectorAll("#targets tr")];
  const name = document.getElementById("name"), look = document.getElementById("look");
  const told = document.getElementById("told");
  function choose() {
    const wanted = name.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      row.hidden = !row.dataset.name.includes(wanted) || (look.checked && !row.classList.contains("look"));
      shown += !row.hidden;
    }
    told.textContent = shown + " of " + rows.length + " rows are shown.";
  }
  name.addEventListener("input", choose);
  look.addEventListener("change", choose);
  // Each target's zone is its own: what the page says is kept, not worked out again.
  const utc = document.getElementById("utc");
  const day = new Intl.DateTimeFormat("en-GB", { weekday: "short", timeZone: "UTC" });
  const times = [...document.querySelectorAll("#targets time")].map((it) => [it, it.textContent]);
  utc.addEventListener("click", () => {
    const on = utc.getAttribute("aria-pressed") !== "true";
    utc.setAttribute("aria-pressed", String(on));
    for (const [it, local] of times) {
      const at = new Date(it.dateTime);
      it.textContent = on ? day.format(at) + " " + at.toISOString().slice(0, 16).replace("T", " ") : local;
    }
  });
  document.getElementById("choose").hidden = false;
  // A browser may have kept what was typed.
  if (name.value || look.checked) choose();
})();
