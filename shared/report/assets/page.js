// Draws the page's charts from the numbers that it carries. Nothing is fetched.
"use strict";
(() => {
  // Points drawn of each line; more of them would only cost time. Of what lies between, the lowest
  // and the highest are kept, so that no peak is lost.
  const MOST_POINTS = 1500;
  // Actions drawn and listed at once.
  const MOST_MARKS = 300;
  // Rows of the chart as a table, and the spans in seconds that one may tell of.
  const MOST_ROWS = 62;
  const SPANS = [60, 300, 900, 3600, 6 * 3600, 86400, 7 * 86400, 28 * 86400];
  const LOOKS = {
    demand: { colour: "demand", width: 1.6 },
    unserved: { colour: "lost", area: 0.5, width: 1 },
    median: { colour: "band", dash: "dot", width: 1.2 },
    upper: { colour: "band", area: 0.35, over: "median", width: 0.8 },
    required: { colour: "required", dash: "dot", width: 1.2, servers: true },
    floor: { colour: "floor", dash: "dash", width: 1.6, servers: true },
    "in-service": { colour: "serving", area: 0.14, width: 1.6, servers: true },
  };
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const view = { data: JSON.parse(byId("data").textContent), chart: byId("chart"), actions: [], lines: [] };
  let utc = false;

  const colour = (name) => getComputedStyle(root).getPropertyValue("--" + name).trim();
  const faint = (hex, share) =>
    "rgba(" + [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)).join(",") + "," + share + ")";

  // Bytes of base64 that gzip packed.
  async function unpacked(id) {
    const text = atob(byId(id).textContent.trim());
    // A function for each letter would take as long as all the unpacking.
    const bytes = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).arrayBuffer();
  }

  // Index of the first of `all` for which `later` holds; it holds for all behind it.
  function first(all, later) {
    let low = 0, high = all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (later(all[middle])) high = middle; else low = middle + 1;
    }
    return low;
  }
  // Seconds that the zone is ahead of UTC.
  function ahead(second) {
    if (utc) return 0;
    const offsets = view.data.offsets;
    return offsets[Math.max(0, first(offsets, (it) => it[0] > second) - 1)][1];
  }
  // What the chart's axis shows as a time of day, and back again. The axis knows no zones.
  const shown = (second) => (second + ahead(second)) * 1000;
  const second = (milliseconds) => {
    const local = milliseconds / 1000;
    return local - ahead(local - ahead(local));
  };
  const asMilliseconds = (value) => (typeof value === "number" ? value : Date.parse(value.replace(" ", "T") + "Z"));
  const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  const clock = (at) => {
    const day = new Date(shown(at));
    return DAYS[day.getUTCDay()] + " " + day.toISOString().slice(0, 16).replace("T", " ");
  };
  const INSTANT = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/;
  const clocked = (text) => text.split(INSTANT).map((part, at) => (at % 2 ? clock(Date.parse(part) / 1000) : part)).join("");
  function instant(iso) {
    const element = document.createElement("time");
    element.dateTime = iso;
    element.textContent = clock(Date.parse(iso) / 1000);
    return element;
  }
  // Words with an element for each instant in them.
  const told = (text) => text.split(INSTANT).map((part, at) => (at % 2 ? instant(part) : part));
  const grouped = (value) => Math.round(value).toLocaleString("en");

  // Rows of the table `id`, each a list of cells: nodes, or a figure as [words, value].
  function fill(id, rows) {
    const body = byId(id);
    const headings = [...body.parentElement.querySelectorAll("thead th")];
    body.replaceChildren(...rows.map((cells) => {
      const row = document.createElement("tr");
      row.setAttribute("role", "row");
      cells.forEach((content, at) => {
        const cell = document.createElement(at ? "td" : "th");
        cell.setAttribute("role", at ? "cell" : "rowheader");
        if (!at) cell.scope = "row"; else cell.dataset.label = headings[at].textContent;
        if (at && headings[at].className) cell.className = headings[at].className;
        if (content.value !== undefined) cell.dataset.value = content.value;
        cell.append(...(content.nodes || [content.words]));
        row.append(cell);
      });
      return row;
    }));
  }

  // The points of a line within the view, thinned where there are too many.
  function points(values) {
    const { start, step } = view.data;
    const begin = Math.max(0, Math.floor((view.from - start) / step) - 1);
    const last = Math.min(values.length, Math.ceil((view.to - start) / step) + 1);
    const x = [], y = [];
    const put = (index) => {
      const value = values[index];
      x.push(shown(start + index * step));
      y.push(Number.isNaN(value) ? null : value);
    };
    const bucket = Math.ceil((last - begin) / (MOST_POINTS / 2));
    if (bucket <= 2) {
      for (let index = begin; index < last; index++) put(index);
      return { x, y };
    }
    for (let from = begin; from < last; from += bucket) {
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

  // Actions of the view.
  const within = () => view.actions.slice(
    first(view.actions, (it) => it.at >= view.from), first(view.actions, (it) => it.at > view.to));
  // Those that are marked: of too many the responder's, and then those that change most.
  function marked(done) {
    if (done.length <= MOST_MARKS) return done;
    const change = done.map((it, at) => (it.by === "responder" ? 1e9 : 0) + Math.abs(it.servers - done[Math.max(0, at - 1)].servers));
    // Of those that change as much some from everywhere.
    const spread = (at) => (at * 7919) % done.length;
    const order = [...done.keys()].sort((a, b) => change[b] - change[a] || spread(a) - spread(b));
    return order.slice(0, MOST_MARKS).sort((a, b) => a - b).map((at) => done[at]);
  }

  const wrapped = (text) => text.replace(/[<>&]/g, " ").replace(/(.{60}\S*)\s/g, "$1<br>");

  // A line's stretches between gaps, each as corners.
  function stretches({ x, y }, steps) {
    const all = [];
    let corners = null;
    y.forEach((value, at) => {
      if (value === null) { corners = null; return; }
      if (!corners) all.push(corners = []);
      else if (steps) corners.push([x[at], corners.at(-1)[1]]);
      corners.push([x[at], value]);
    });
    return all;
  }

  // What lies under a line, or between it and a lower one. The library would fill gaps too: each stretch
  // is closed by itself.
  function area(upper, lower) {
    const x = [], y = [];
    upper.forEach((corners, at) => {
      const back = lower ? [...lower[at]].reverse() : [[corners.at(-1)[0], 0], [corners[0][0], 0]];
      for (const [when, value] of [...corners, ...back, corners[0]]) { x.push(when); y.push(value); }
      x.push(null); y.push(null);
    });
    return { x, y };
  }

  function traces() {
    const all = [];
    for (const { kind, name, values } of view.lines) {
      const look = LOOKS[kind];
      const ink = colour(look.colour);
      const drawn = points(values);
      const steps = look.servers || kind === "unserved";
      const yaxis = look.servers ? "y2" : "y";
      const other = view.lines.find((line) => line.kind === look.over);
      const upper = stretches(drawn, steps), lower = other && stretches(points(other.values), steps);
      if (look.area && (!look.over || (lower && lower.length === upper.length))) {
        all.push({
          type: "scatter", mode: "none", ...area(upper, lower), yaxis, fill: "toself", fillcolor: faint(ink, look.area),
          hoverinfo: "skip", showlegend: false,
        });
      }
      all.push({
        type: "scatter", mode: "lines", name, ...drawn, connectgaps: false, yaxis,
        line: { color: ink, width: look.width, dash: look.dash || "solid", shape: steps ? "hv" : "linear" },
        hovertemplate: look.servers ? "%{y:,.0f}" : "%{y:,.0f}/min",
      });
    }
    const done = marked(within());
    if (done.length) {
      const responders = done.map((action) => action.by === "responder");
      all.push({
        type: "scatter", mode: "markers", name: "actions", yaxis: "y2",
        x: done.map((action) => shown(action.at)),
        y: done.map((action) => action.servers),
        text: done.map((action) => wrapped(action.by + ": " + clocked(action.reason))),
        marker: {
          size: responders.map((it) => (it ? 9 : 6)), symbol: responders.map((it) => (it ? "diamond" : "triangle-up")),
          color: responders.map((it) => colour(it ? "lost" : "floor")), line: { width: 0 },
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
  const narrow = (chart) => chart.clientWidth < 600;

  // The chart alone; what stands in tables follows when the view rests.
  function draw() {
    const { axis, layout } = frame();
    const small = narrow(view.chart);
    Object.assign(layout, {
      hovermode: "x unified", hoversubplots: "axis", dragmode: "zoom",
      xaxis: { ...axis, type: "date", range: [shown(view.from), shown(view.to)], anchor: "y2", hoverformat: "%a %Y-%m-%d %H:%M", nticks: small ? 5 : 10 },
      yaxis: { ...axis, domain: [0.47, 1], rangemode: "tozero", fixedrange: true, title: { ...axis.title, text: "requests a minute" }, tickformat: "~s" },
      yaxis2: { ...axis, domain: [0, 0.42], rangemode: "tozero", fixedrange: true, title: { ...axis.title, text: "servers" } },
    });
    if (small) {
      Object.assign(layout.margin, { l: 44, r: 4 });
      Object.assign(layout.font, { size: 11 });
    }
    return Plotly.react(view.chart, traces(), layout, CONFIG);
  }

  // The actions of the view, as a table.
  function list() {
    if (!byId("actions")) return;
    const done = within();
    fill("actions", done.slice(0, MOST_MARKS).map((action) => [
      { nodes: [instant(new Date(action.at * 1000).toISOString())] },
      { words: action.servers, value: action.servers },
      { words: action.by },
      { nodes: told(action.reason) },
    ]));
    const most = Math.min(done.length, MOST_MARKS);
    byId("shown").textContent = !view.chart ? "" :
      grouped(most) + " of " + grouped(view.actions.length) + " lie in what the chart shows" +
      (done.length > most ? " and are listed; zoom in for the others. The chart marks those that change most." : ".");
  }

  // The view as a table: the highest value of each line in spans of the same length, aligned to local days.
  function tabulate() {
    if (!view.chart || !byId("as-table").open) return;
    const { start, step } = view.data;
    const span = SPANS.find((it) => it >= step && (view.to - view.from) / it <= MOST_ROWS) || SPANS.at(-1);
    const last = Math.min(Math.ceil((view.to - start) / step), view.longest);
    const rows = [];
    let at = Math.max(0, Math.ceil((view.from - start) / step));
    while (at < last) {
      const bucket = Math.floor(shown(start + at * step) / 1000 / span);
      const begin = at;
      while (at < last && Math.floor(shown(start + at * step) / 1000 / span) === bucket) at++;
      const cells = view.lines.map(({ kind, values }) => {
        const known = values.subarray(begin, at).filter((value) => !Number.isNaN(value));
        if (!known.length) return { words: "" };
        const value = kind === "unserved" ? (known.reduce((sum, it) => sum + it, 0) * step) / 60 : known.reduce((a, b) => Math.max(a, b));
        return { words: grouped(value), value };
      });
      rows.push([{ nodes: [instant(new Date((start + begin * step) * 1000).toISOString())] }, ...cells]);
    }
    fill("steps", rows);
  }

  // Shows a stretch. Tables follow when it rests: a wheel turns often.
  let resting = 0;
  function look(from, to, soon) {
    const span = Math.min(Math.max(to - from, 10 * view.data.step), view.end - view.data.start);
    view.from = Math.min(Math.max(from, view.data.start), view.end - span);
    view.to = view.from + span;
    clearTimeout(resting);
    if (soon) resting = setTimeout(tables, 150); else tables();
    draw();
  }
  function tables() {
    list();
    tabulate();
  }

  function move(does) {
    const span = view.to - view.from, middle = (view.from + view.to) / 2;
    const around = (length) => look(middle - length / 2, middle + length / 2);
    switch (does) {
      case "earlier": return look(view.from - span / 2, view.to - span / 2);
      case "later": return look(view.from + span / 2, view.to + span / 2);
      case "nearer": return around(span / 2);
      case "farther": return around(span * 2);
      case "day": return around(86400);
      case "week": return around(7 * 86400);
      default: return look(view.data.start, view.end);
    }
  }

  // Where on the axis a pixel lies: 0 to 1.
  function along(x) {
    const area = view.chart._fullLayout._size;
    return (x - view.chart.getBoundingClientRect().left - area.l) / area.w;
  }
  // Once a frame at most.
  let waiting = null;
  function soon(from, to) {
    if (!waiting) requestAnimationFrame(() => { const it = waiting; waiting = null; look(it[0], it[1], true); });
    waiting = [from, to];
  }
  // `factor` times the span, around the place `at` of it, moved by a share of it.
  function zoom(factor, at, moved = 0) {
    const [from, to] = waiting || [view.from, view.to];
    const span = to - from, point = from + span * at, least = 10 * view.data.step, most = view.end - view.data.start;
    const length = Math.min(Math.max(span * factor, least), most);
    const begin = point - length * at + moved * span;
    soon(begin, begin + length);
  }

  function wheel(event) {
    const turned = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : 0;
    const pan = event.shiftKey ? event.deltaY || event.deltaX : turned;
    // Whoever only scrolls past is not held up.
    if (!pan && !event.ctrlKey && !event.metaKey && document.activeElement !== view.chart) return;
    event.preventDefault();
    event.stopPropagation();
    const unit = event.deltaMode ? 30 : 1;
    if (pan) zoom(1, 0, (pan * unit) / 800);
    else zoom(Math.exp((Math.max(-120, Math.min(120, event.deltaY * unit))) / 400), Math.min(1, Math.max(0, along(event.clientX))));
  }

  // One finger pans, two zoom; up and down stay with the page. The library would draw a box.
  function touch() {
    let before = null;
    const fingers = (event) => [...event.touches].map((it) => along(it.clientX)).sort((a, b) => a - b);
    const begin = (event) => { before = event.touches.length ? fingers(event) : null; event.stopPropagation(); };
    view.chart.addEventListener("touchstart", begin, { capture: true, passive: true });
    view.chart.addEventListener("touchend", begin, { capture: true, passive: true });
    view.chart.addEventListener("touchcancel", begin, { capture: true, passive: true });
    view.chart.addEventListener("touchmove", (event) => {
      event.stopPropagation();
      const now = fingers(event);
      if (!before || before.length !== now.length) { before = now; return; }
      if (now.length === 1) {
        zoom(1, 0, before[0] - now[0]);
      } else {
        event.preventDefault();
        const middle = (now[0] + now.at(-1)) / 2, moved = (before[0] + before.at(-1)) / 2 - middle;
        const factor = Math.max(before.at(-1) - before[0], 0.02) / Math.max(now.at(-1) - now[0], 0.02);
        zoom(factor, Math.min(1, Math.max(0, middle)), moved);
      }
      before = now;
    }, { capture: true, passive: false });
  }

  // Where names can stand: beside their points, then farther above and below with a line to them. From the
  // point to the name's middle: `far` pixels beyond its edge, and shares of its width to the side.
  const BESIDE = 8;
  const SIDES = [[1, 0], [-1, 0], [0, -1], [0, 1], [1, -1], [-1, -1], [1, 1], [-1, 1]];
  const PLACES = [
    ...[BESIDE, 22, 40].flatMap((far) => SIDES.map(([x, y]) => ({ x, y, far: x && y ? 0.7 * far : far, led: far > BESIDE }))),
    ...[40, 60, 80, 105, 130, 160, 190].flatMap((far) => [0, -0.25, 0.25, -0.5, 0.5, -0.75, 0.75, -0.95, 0.95].flatMap((aside) =>
      [-1, 1].map((y) => ({ x: 0, y, far, aside, led: true })))),
  ];

  // More points than this would be a web of lines to their names.
  const CROWD = 24;

  // Names as annotations that hide neither points nor each other; what finds no place stays without one.
  function names(points, line, area, size) {
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = size + "px system-ui, sans-serif";
    const taken = points.map(({ x, y }) => [x - 7, y - 7, x + 7, y + 7]);
    // Nor the line through some of them.
    line.slice(1).forEach((to, at) => {
      const from = line[at], parts = Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / 8);
      for (let part = 1; part < parts; part++) {
        const x = from.x + ((to.x - from.x) * part) / parts, y = from.y + ((to.y - from.y) * part) / parts;
        taken.push([x - 2, y - 2, x + 2, y + 2]);
      }
    });
    const touches = (one, other) => one[0] < other[2] && one[2] > other[0] && one[1] < other[3] && one[3] > other[1];
    const free = (box) => !taken.some((other) => touches(box, other));
    const inside = (box) => box[0] >= 2 && box[2] <= area.w + area.r - 2 && box[1] >= -area.t && box[3] <= area.h;
    // The line from a point to its name, as small boxes: it hides no name and no point either.
    const leader = (point, box) => {
      const x = (box[0] + box[2]) / 2 - point.x, y = (box[1] + box[3]) / 2 - point.y, length = Math.hypot(x, y);
      const all = [];
      for (let at = 12; at < length; at += 4) {
        const spot = [point.x + (x * at) / length, point.y + (y * at) / length];
        const dot = [spot[0] - 1, spot[1] - 1, spot[0] + 1, spot[1] + 1];
        if (touches(dot, box)) break;
        all.push(dot);
      }
      return all;
    };
    // What matters comes first; in a crowd the others only have a name where it fits at their side.
    const crowded = points.length > CROWD;
    const order = [...points.filter((point) => !point.minor), ...points.filter((point) => point.minor)];
    const found = (point, crossing) => {
      const width = pen.measureText(point.name).width + 4, height = size + 4;
      for (const place of PLACES) {
        if (point.minor && crowded && place.led) break;
        const beyond = (side, length) => side * (place.far + length / 2);
        const x = beyond(place.x, width) + width * (place.aside || 0), y = beyond(place.y, height);
        const box = [point.x + x - width / 2, point.y + y - height / 2, point.x + x + width / 2, point.y + y + height / 2];
        const led = place.led ? leader(point, box) : [];
        if (!inside(box) || !free(box) || !(crossing || led.every(free))) continue;
        taken.push(box, ...led);
        return {
          text: point.name, x: point.dataX, y: point.dataY, xref: "x", yref: "y", showarrow: true, arrowhead: 0,
          arrowwidth: 1, arrowcolor: place.led ? colour("edge") : "rgba(0,0,0,0)", standoff: 7, borderpad: 0,
          ax: x, ay: y, font: { color: colour("ink"), size },
        };
      }
      return null;
    };
    // A line that crosses another is better than no name.
    return order.flatMap((point) => found(point, false) || found(point, true) || []);
  }

  // Cost and requests not served of each policy. What lost nothing is drawn on the lowest line.
  function compare() {
    const chart = byId("compared");
    const comparison = view.data.comparison;
    if (!chart || !comparison) return;
    const { axis, layout } = frame();
    const rows = comparison.rows;
    const small = narrow(chart), size = small ? 11 : 13;
    const cost = (row) => (comparison.priced ? row.cost : row.server_hours);
    const money = comparison.priced ? " " + comparison.currency : " server-hours";
    // Of many settings close together those that matter carry their names first; all do on hover.
    const tried = rows.some((row) => row.frontier);
    const matters = (row, index) => !index || row.recommended || row.frontier || !row.name.includes(" = ");
    // What costs far more than the others would press them together: it stands at the edge, with its cost.
    const usual = rows.filter((row, index) => !index || row.frontier || !/^static/.test(row.name));
    const most = 1.15 * Math.max(...usual.map(cost));
    const near = rows.filter((row) => cost(row) <= most);
    const left = Math.min(...near.map(cost)), right = Math.max(...near.map(cost));
    const room = 0.1 * (right - left) || 0.1 * right || 1;
    const range = [left - room, right + (near.length < rows.length ? 2.5 : 1) * room];
    const edge = range[1] - 0.35 * room;
    const lost = rows.map((row) => row.lost);
    const some = lost.filter((it) => it > 0);
    const decade = (value) => Math.floor(Math.log10(value));
    const low = some.length ? decade(Math.min(...some)) : 0, high = some.length ? decade(Math.max(...some)) + 1 : 1;
    // A line of its own, below all decades, stands for none.
    const none = low - 0.6;
    const span = [none - 0.35, Math.max(high, low + 1)];
    const ticks = [];
    for (let at = low; at <= span[1]; at++) ticks.push(at);
    Object.assign(layout.margin, { l: small ? 56 : 70, r: 12, t: 12, b: 44 });
    const place = (row) => ({
      x: cost(row) > most ? edge : cost(row), y: row.lost > 0 ? Math.log10(row.lost) : none,
    });
    const at = rows.map(place);
    const short = (power) => (power < 0 ? 10 ** power : Number(10 ** power).toLocaleString("en", { notation: "compact" }));
    const words = (row) => (cost(row) > most ? row.name + ": " + grouped(cost(row)) + money + " \u2192" : row.name);
    const area = { l: layout.margin.l, r: layout.margin.r, t: layout.margin.t, w: chart.clientWidth - layout.margin.l - layout.margin.r, h: chart.clientHeight - layout.margin.t - layout.margin.b };
    const points = rows.map((row, index) => ({
      name: words(row), minor: !matters(row, index), dataX: at[index].x, dataY: at[index].y,
      x: ((at[index].x - range[0]) / (range[1] - range[0])) * area.w, y: (1 - (at[index].y - span[0]) / (span[1] - span[0])) * area.h,
    }));
    // The settings that no other one beats, from the cheapest on.
    const frontier = rows.filter((row) => row.frontier).sort((a, b) => cost(a) - cost(b));
    Object.assign(layout, {
      showlegend: false, hovermode: "closest", dragmode: false, annotations: names(points, frontier.map((row) => points[rows.indexOf(row)]), area, size),
      xaxis: { ...axis, range, fixedrange: true, nticks: small ? 4 : 8, title: { ...axis.title, text: comparison.priced ? "cost," + money : "server-hours" } },
      yaxis: { ...axis, range: span, fixedrange: true, title: { ...axis.title, text: "requests not served", standoff: 4 }, tickvals: [none, ...ticks], ticktext: ["none", ...ticks.map(short)] },
    });
    const drawn = [{
      type: "scatter", mode: "markers", x: at.map((it) => it.x), y: at.map((it) => it.y), cliponaxis: false,
      customdata: rows.map((row) => [
        row.name, cost(row).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 }) + money,
        grouped(row.server_hours), (row.lost_share * 100).toFixed(3), grouped(row.lost), grouped(row.minutes_under)]),
      marker: {
        size: rows.map((_, index) => (index ? 9 : 13)), color: rows.map((_, index) => colour(index ? "muted" : "demand")),
        symbol: rows.map((row) => (cost(row) > most ? "triangle-right" : "circle")), opacity: 1, line: { width: 0 },
      },
      hovertemplate: "<b>%{customdata[0]}</b><br>%{customdata[1]}<br>%{customdata[2]} server-hours<br>%{customdata[3]} % not served, %{customdata[4]} requests<br>%{customdata[5]} minutes under<extra></extra>",
    }];
    // A ring is around the recommended setting.
    const spots = (some) => ({ x: some.map((row) => place(row).x), y: some.map((row) => place(row).y), hoverinfo: "skip", cliponaxis: false });
    if (frontier.length > 1) {
      drawn.unshift({ type: "scatter", mode: "lines", name: "frontier", ...spots(frontier), line: { color: colour("demand"), width: 1.5, dash: "dot" } });
    }
    const best = tried ? rows.filter((row) => row.recommended) : [];
    if (best.length) {
      drawn.push({ type: "scatter", mode: "markers", name: "recommended", ...spots(best), marker: { size: 19, symbol: "circle-open", color: colour("demand"), line: { width: 2 } } });
    }
    Plotly.react(chart, drawn, layout, CONFIG);
  }

  async function open() {
    view.actions = byId("actions") ? JSON.parse(new TextDecoder().decode(await unpacked("actions-packed"))) : [];
    const numbers = view.chart ? new Float32Array(await unpacked("numbers")) : new Float32Array();
    let at = 0;
    view.lines = view.data.lines.map(([kind, name, length]) => ({ kind, name, values: numbers.subarray(at, (at += length)) }));
    view.longest = Math.max(1, ...view.lines.map((line) => line.values.length));
    view.end = view.data.start + view.longest * view.data.step;
    [view.from, view.to] = view.chart ? [view.data.start, view.end] : [-Infinity, Infinity];
    compare();
    if (!view.chart) return list();
    await draw();
    tables();
    view.chart.on("plotly_relayout", (change) => {
      const range = change["xaxis.range"] || [change["xaxis.range[0]"], change["xaxis.range[1]"]];
      if (range[0] !== undefined) look(...range.map((value) => second(asMilliseconds(value))));
    });
    view.chart.on("plotly_doubleclick", () => move("all"));
    document.querySelectorAll("button[data-does]").forEach((button) =>
      button.addEventListener("click", () => move(button.dataset.does)));
    const keys = { ArrowLeft: "earlier", ArrowRight: "later", "+": "nearer", "=": "nearer", "-": "farther", 0: "all", Home: "all" };
    view.chart.addEventListener("keydown", (event) => {
      const does = keys[event.key];
      if (!does || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      move(does);
    });
    view.chart.addEventListener("wheel", wheel, { capture: true, passive: false });
    // The library takes the click; the focus is ours.
    view.chart.addEventListener("pointerdown", () => view.chart.focus({ preventScroll: true }), true);
    touch();
    byId("as-table").addEventListener("toggle", tabulate);
  }

  function redraw() {
    compare();
    if (view.chart) draw();
  }

  function settings() {
    byId("utc").addEventListener("click", () => {
      utc = !utc;
      byId("utc").setAttribute("aria-pressed", String(utc));
      document.querySelector(".zone").textContent = utc ? "UTC" : view.data.zone;
      document.querySelectorAll("time").forEach((it) => { it.textContent = clock(Date.parse(it.dateTime) / 1000); });
      redraw();
      tables();
    });
    root.addEventListener("theme", redraw);
    let width = innerWidth;
    addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; redraw(); } });
    // Paper is light and as wide as it is.
    let chosen;
    const paper = (on) => {
      if (on) { chosen = root.dataset.theme; root.dataset.theme = "light"; }
      else if (chosen) root.dataset.theme = chosen; else delete root.dataset.theme;
      for (const chart of document.querySelectorAll(".chart")) chart.style.width = on ? "17cm" : "";
      redraw();
      document.querySelectorAll(".js-plotly-plot").forEach((chart) => Plotly.Plots.resize(chart));
    };
    addEventListener("beforeprint", () => paper(true));
    addEventListener("afterprint", () => paper(false));
  }

  async function begin() {
    const library = document.createElement("script");
    library.textContent = new TextDecoder().decode(await unpacked("library"));
    document.head.append(library);
    settings();
    await open();
    root.dataset.drawn = "";
  }

  function trouble(error) {
    const words = typeof DecompressionStream === "undefined" ? "this browser is older than 2023" : error;
    byId("trouble").textContent = "The charts cannot be drawn (" + words + "); the tables hold the same.";
    byId("trouble").hidden = false;
  }
  begin().catch(trouble);
})();
