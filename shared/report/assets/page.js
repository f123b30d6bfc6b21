// Draws the page's charts from the numbers that it carries. Nothing is fetched.
"use strict";
(() => {
  // Points drawn of each line; more of them would only cost time. Of what lies between, the lowest
  // and the highest are kept, so that no peak is lost.
  const MOST_POINTS = 1500;
  // Actions drawn and listed at once.
  const MOST_MARKS = 300;
  const LOOKS = {
    demand: { name: "demand", colour: "demand", width: 1.6 },
    unserved: { name: "not served", colour: "lost", fill: "tozeroy", width: 1 },
    median: { name: "forecast, p50", colour: "band", dash: "dot", width: 1.2 },
    upper: { name: "forecast, p99", colour: "band", width: 0.8 },
    required: { name: "required", colour: "required", dash: "dot", width: 1.2, servers: true },
    floor: { name: "planned floor", colour: "floor", dash: "dash", width: 1.6, servers: true },
    "in-service": { name: "in service", colour: "serving", fill: "tozeroy", width: 1.6, servers: true },
  };
  const root = document.documentElement;
  const views = [];
  let utc = false;

  const colour = (name) => getComputedStyle(root).getPropertyValue("--" + name).trim();
  const faint = (hex, share) =>
    "rgba(" + [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)).join(",") + "," + share + ")";
  const byId = (id) => document.getElementById(id);

  // Bytes of base64 that gzip packed.
  async function unpacked(id) {
    const text = atob(byId(id).textContent.trim());
    // A function for each letter would take as long as all the unpacking.
    const bytes = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).arrayBuffer();
  }

  // Seconds that the zone is ahead of UTC.
  function ahead(view, second) {
    if (utc) return 0;
    const offsets = view.data.offsets;
    let low = 0, high = offsets.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (offsets[middle][0] <= second) low = middle; else high = middle - 1;
    }
    return offsets[low][1];
  }
  // What the chart's axis shows as a time of day, and back again. The axis knows no zones.
  const shown = (view, second) => (second + ahead(view, second)) * 1000;
  const second = (view, milliseconds) => {
    const local = milliseconds / 1000;
    return local - ahead(view, local - ahead(view, local));
  };
  const asMilliseconds = (value) => (typeof value === "number" ? value : Date.parse(value.replace(" ", "T") + "Z"));
  const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  const clock = (view, at) => {
    const day = new Date(shown(view, at));
    return DAYS[day.getUTCDay()] + " " + day.toISOString().slice(0, 16).replace("T", " ");
  };

  // The points of a line within the view, thinned where there are too many.
  function points(view, values) {
    const { start, step } = view.data;
    const first = Math.max(0, Math.floor((view.from - start) / step) - 1);
    const last = Math.min(values.length, Math.ceil((view.to - start) / step) + 1);
    const x = [], y = [];
    const put = (index) => {
      const value = values[index];
      x.push(shown(view, start + index * step));
      y.push(Number.isNaN(value) ? null : value);
    };
    const bucket = Math.ceil((last - first) / (MOST_POINTS / 2));
    if (bucket <= 2) {
      for (let index = first; index < last; index++) put(index);
      return { x, y };
    }
    for (let from = first; from < last; from += bucket) {
      const to = Math.min(from + bucket, last);
      let low = -1, high = -1, gap = -1;
      for (let index = from; index < to; index++) {
        const value = values[index];
        if (Number.isNaN(value)) { gap = index; continue; }
        if (low < 0 || value < values[low]) low = index;
        if (high < 0 || value > values[high]) high = index;
      }
      if (low < 0) { put(gap); continue; }
      put(Math.min(low, high));
      if (low !== high) put(Math.max(low, high));
    }
    return { x, y };
  }

  function within(view) {
    return view.data.actions.filter((action) => action.at >= view.from && action.at <= view.to);
  }

  const wrapped = (text) => text.replace(/[<>&]/g, " ").replace(/(.{60}\S*)\s/g, "$1<br>");

  function traces(view) {
    const all = [];
    for (const { kind, values } of view.lines) {
      const look = LOOKS[kind];
      const ink = colour(look.colour);
      const { x, y } = points(view, values);
      all.push({
        type: "scatter", mode: "lines", name: look.name, x, y, connectgaps: false,
        yaxis: look.servers ? "y2" : "y",
        line: { color: ink, width: look.width, dash: look.dash || "solid", shape: look.servers || kind === "unserved" ? "hv" : "linear" },
        fill: kind === "upper" && view.lines.some((line) => line.kind === "median") ? "tonexty" : look.fill || "none",
        fillcolor: faint(ink, kind === "unserved" ? 0.5 : kind === "upper" ? 0.35 : 0.14),
        hovertemplate: look.servers ? "%{y:,.0f} servers" : "%{y:,.4~s}/min",
      });
    }
    const done = within(view);
    if (done.length && done.length <= MOST_MARKS) {
      all.push({
        type: "scatter", mode: "markers", name: "actions", yaxis: "y2",
        x: done.map((action) => shown(view, action.at)),
        y: done.map((action) => action.servers),
        text: done.map((action) => wrapped(action.by + ": " + action.reason)),
        marker: {
          size: 7, symbol: done.map((action) => (action.by === "responder" ? "diamond" : "triangle-up")),
          color: done.map((action) => colour(action.by === "responder" ? "lost" : "floor")),
        },
        hovertemplate: "%{y} servers<br>%{text}<extra></extra>",
      });
    }
    return all;
  }

  function frame() {
    const ink = colour("ink"), muted = colour("muted"), rule = colour("rule");
    const axis = { gridcolor: rule, linecolor: rule, zerolinecolor: rule, tickfont: { color: muted }, title: { font: { color: muted } } };
    return {
      axis,
      layout: {
        paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: ink, family: "system-ui, sans-serif", size: 13 },
        margin: { l: 58, r: 12, t: 8, b: 36 }, legend: { orientation: "h", y: 1.02, yanchor: "bottom" },
        hoverlabel: { bgcolor: colour("card"), bordercolor: rule, font: { color: ink }, align: "left" },
      },
    };
  }
  const CONFIG = { displaylogo: false, displayModeBar: false, responsive: true, doubleClick: false };

  function draw(view) {
    const { axis, layout } = frame();
    const range = [shown(view, view.from), shown(view, view.to)];
    Object.assign(layout, {
      hovermode: "x unified", dragmode: "zoom",
      xaxis: { ...axis, type: "date", range, anchor: "y2", hoverformat: "%a %Y-%m-%d %H:%M" },
      yaxis: { ...axis, domain: [0.47, 1], rangemode: "tozero", fixedrange: true, title: { ...axis.title, text: "requests a minute" }, tickformat: "~s" },
      yaxis2: { ...axis, domain: [0, 0.42], rangemode: "tozero", fixedrange: true, title: { ...axis.title, text: "servers" } },
    });
    list(view);
    return Plotly.react(view.chart, traces(view), layout, CONFIG);
  }

  // The actions of the view, as a table.
  function list(view) {
    const body = byId("actions-" + view.index);
    if (!body) return;
    const done = within(view);
    const rows = done.slice(0, MOST_MARKS).map((action) => {
      const row = document.createElement("tr");
      for (const [text, kind] of [[clock(view, action.at)], [action.servers, "n"], [action.by], [action.reason, "why"]]) {
        const cell = document.createElement("td");
        cell.textContent = text;
        if (kind) cell.className = kind;
        row.append(cell);
      }
      return row;
    });
    body.replaceChildren(...rows);
    const most = Math.min(done.length, MOST_MARKS);
    byId("shown-" + view.index).textContent =
      most + " of " + view.data.actions.length + " lie in what the chart shows" + (done.length > most ? " and are listed; zoom in for the others." : ".");
  }

  function look(view, from, to) {
    const span = Math.min(Math.max(to - from, 10 * view.data.step), view.end - view.data.start);
    view.from = Math.min(Math.max(from, view.data.start), view.end - span);
    view.to = view.from + span;
    draw(view);
  }

  function move(view, does) {
    const span = view.to - view.from, middle = (view.from + view.to) / 2;
    const around = (length) => look(view, middle - length / 2, middle + length / 2);
    switch (does) {
      case "earlier": return look(view, view.from - span / 2, view.to - span / 2);
      case "later": return look(view, view.from + span / 2, view.to + span / 2);
      case "nearer": return around(span / 2);
      case "farther": return around(span * 2);
      case "day": return around(86400);
      case "week": return around(7 * 86400);
      default: return look(view, view.data.start, view.end);
    }
  }

  // Cost and risk of each policy. What lost nothing is drawn on the lowest line.
  function compare(view) {
    const chart = byId("compared-" + view.index);
    const comparison = view.data.comparison;
    if (!chart || !comparison) return;
    const { axis, layout } = frame();
    const rows = comparison.rows;
    const shares = rows.map((row) => 100 * row.lost_share);
    const least = Math.min(...shares.filter((share) => share > 0), 0.01) / 3;
    const cost = (row) => (comparison.priced ? row.cost : row.server_hours);
    // Of many settings close together only those that matter carry their names; all do on hover.
    const tried = rows.some((row) => row.frontier);
    const named = (row, index) => !tried || !index || row.recommended || !row.name.includes(" = ");
    const text = rows.map((row, index) => (named(row, index) ? row.name : ""));
    // What costs far more than any setting would press these together: it stands in words.
    const most = 1.5 * Math.max(...rows.filter((row, index) => !index || row.frontier).map(cost));
    const dearer = tried ? rows.filter((row) => cost(row) > most) : [];
    const right = Math.max(...rows.filter((row) => !dearer.includes(row)).map(cost)), left = Math.min(...rows.map(cost));
    const money = comparison.priced ? " " + comparison.currency : " server-hours";
    Object.assign(layout, {
      showlegend: false, hovermode: "closest", margin: { l: 80, r: 60, t: 24, b: 44 },
      xaxis: { ...axis, title: { ...axis.title, text: comparison.priced ? "cost," + money : "server-hours" } },
      yaxis: { ...axis, type: "log", title: { ...axis.title, text: "% of demand not served" }, dtick: 1, ticksuffix: " %", exponentformat: "none" },
    });
    if (dearer.length) {
      const room = 0.12 * (right - left) + 1e-9;
      layout.xaxis.range = [left - room, right + room];
      layout.annotations = [{
        text: dearer.map((row) => row.name + ": " + cost(row).toLocaleString("en", { maximumFractionDigits: 2 }) + money).join("<br>") + " \u2192",
        xref: "paper", yref: "paper", x: 1, y: 1, xanchor: "right", yanchor: "top", showarrow: false, font: { color: colour("muted") },
      }];
    }
    const drawn = [{
      type: "scatter", mode: "markers+text", x: rows.map(cost), y: shares.map((share) => Math.max(share, least)), text,
      // Neighbours' names would overlap on one line.
      textposition: rows.map((_, index) => (index ? (index % 2 ? "bottom center" : "top center") : "middle right")), cliponaxis: dearer.length > 0,
      customdata: rows.map((row) => [row.lost_share * 100, row.server_hours, row.lost, row.name]),
      marker: { size: rows.map((_, index) => (index ? 9 : 13)), color: rows.map((_, index) => colour(index ? "muted" : "demand")) },
      hovertemplate: "<b>%{customdata[3]}</b><br>%{x:,.2f}" + money + "<br>%{customdata[1]:,.0f} server-hours<br>%{customdata[0]:.3f} % not served, %{customdata[2]:,.0f} requests<extra></extra>",
    }];
    // The settings that no other one beats, from the cheapest on; a ring is around the recommended one.
    const frontier = rows.filter((row) => row.frontier).sort((a, b) => cost(a) - cost(b));
    const place = (some) => ({ x: some.map(cost), y: some.map((row) => Math.max(100 * row.lost_share, least)), hoverinfo: "skip" });
    if (frontier.length > 1) {
      drawn.unshift({ type: "scatter", mode: "lines", name: "frontier", ...place(frontier), line: { color: colour("demand"), width: 1.5, dash: "dot" } });
    }
    const best = rows.filter((row) => row.recommended);
    if (best.length) {
      drawn.push({ type: "scatter", mode: "markers", name: "recommended", ...place(best), marker: { size: 19, symbol: "circle-open", color: colour("demand"), line: { width: 2 } } });
    }
    Plotly.react(chart, drawn, layout, CONFIG);
  }

  async function open(section) {
    const index = section.dataset.index;
    const view = { index, data: JSON.parse(byId("data-" + index).textContent), chart: byId("chart-" + index) };
    const numbers = view.chart ? new Float32Array(await unpacked("numbers-" + index)) : new Float32Array();
    let at = 0;
    view.lines = view.data.lines.map(([kind, length]) => ({ kind, values: numbers.subarray(at, (at += length)) }));
    const longest = Math.max(1, ...view.lines.map((line) => line.values.length));
    view.end = view.data.start + longest * view.data.step;
    [view.from, view.to] = [view.data.start, view.end];
    views.push(view);
    compare(view);
    if (!view.chart) return;
    await draw(view);
    view.chart.on("plotly_relayout", (change) => {
      const range = change["xaxis.range"] || [change["xaxis.range[0]"], change["xaxis.range[1]"]];
      if (range[0] !== undefined) look(view, ...range.map((value) => second(view, asMilliseconds(value))));
    });
    view.chart.on("plotly_doubleclick", () => move(view, "all"));
    section.querySelectorAll("button[data-does]").forEach((button) =>
      button.addEventListener("click", () => move(view, button.dataset.does)));
    const keys = { ArrowLeft: "earlier", ArrowRight: "later", "+": "nearer", "-": "farther", 0: "all" };
    view.chart.addEventListener("keydown", (event) => {
      const does = keys[event.key];
      if (!does || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      move(view, does);
    });
  }

  function redraw() {
    for (const view of views) {
      compare(view);
      if (view.chart) draw(view);
    }
  }

  function settings() {
    byId("utc").addEventListener("click", () => {
      utc = !utc;
      byId("utc").setAttribute("aria-pressed", String(utc));
      document.querySelectorAll(".target").forEach((section) => {
        const view = views.find((one) => one.index === section.dataset.index);
        if (view) section.querySelector(".zone").textContent = utc ? "UTC" : view.data.zone;
      });
      redraw();
    });
    const dark = matchMedia("(prefers-color-scheme: dark)");
    byId("theme").addEventListener("click", () => {
      const now = root.dataset.theme || (dark.matches ? "dark" : "light");
      root.dataset.theme = now === "dark" ? "light" : "dark";
      redraw();
    });
    dark.addEventListener("change", redraw);
  }

  async function begin() {
    const library = document.createElement("script");
    library.textContent = new TextDecoder().decode(await unpacked("library"));
    document.head.append(library);
    settings();
    // What is far down the page is drawn when it comes near.
    const near = new IntersectionObserver((entries) => {
      for (const entry of entries.filter((one) => one.isIntersecting)) {
        near.unobserve(entry.target);
        open(entry.target).then(() => { root.dataset.drawn = views.length; }, trouble);
      }
    }, { rootMargin: "800px" });
    document.querySelectorAll(".target").forEach((section) => near.observe(section));
  }

  function trouble(error) {
    const words = typeof DecompressionStream === "undefined" ? "this browser is older than 2023" : error;
    byId("trouble").textContent = "The charts cannot be drawn (" + words + "); the tables hold the same.";
    byId("trouble").hidden = false;
  }
  begin().catch(trouble);
})();
