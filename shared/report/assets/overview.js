// Shows the rows whose name holds what is typed, and on demand only those to look at.
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
  document.getElementById("choose").hidden = false;
  // A browser may have kept what was typed.
  if (name.value || look.checked) choose();
})();
