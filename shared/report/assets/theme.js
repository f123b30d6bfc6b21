// Light or dark by a button; other pages of the same place remember it.
"use strict";
(() => {
  const root = document.documentElement, key = "forescale-theme";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  // A browser may keep nothing of files and of private windows.
  const keep = (work) => { try { return work(localStorage); } catch { return null; } };
  const kept = keep((store) => store.getItem(key));
  if (kept === "light" || kept === "dark") root.dataset.theme = kept;
  document.getElementById("theme").addEventListener("click", () => {
    const now = root.dataset.theme || (dark.matches ? "dark" : "light");
    root.dataset.theme = now === "dark" ? "light" : "dark";
    keep((store) => store.setItem(key, root.dataset.theme));
    root.dispatchEvent(new Event("theme"));
  });
  dark.addEventListener("change", () => root.dispatchEvent(new Event("theme")));
})();
