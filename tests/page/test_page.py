"""Opens the report in a headless Chromium and compares what it shows with the files beside it.

    python tests/page/test_page.py FORESCALE CHROMIUM

FORESCALE is the command's program. Pages of targets in all sorts of states come from `cargo run -p report
--example gallery` into the directory that GALLERY names, where it does. A page with a year of steps comes from `--example year` when YEAR_PAGE names one; how long that took to open, and the CPU
of its main thread, are told, not judged.
"""

import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from playwright.sync_api import sync_playwright

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
VIEWS = [("light", 1280, 900), ("dark", 1280, 900), ("light", 390, 844)]
MOST_BYTES = 10_000_000


class Opened:
    """A page, with what went wrong while it was open."""

    def __init__(self, browser, file, scheme, width, height, drawn="html[data-drawn]", **options):
        size = {"width": width, "height": height}
        self.page = browser.new_page(viewport=size, color_scheme=scheme, **options)
        self.page.set_default_timeout(120_000)
        self.trouble = []
        self.page.on("console", lambda it: self.trouble.append(f"console: {it.type}: {it.text}"))
        self.page.on("pageerror", lambda error: self.trouble.append(f"error: {error}"))
        self.page.on("request", self.asked)
        self.cpu = self.page.context.new_cdp_session(self.page)
        self.cpu.send("Performance.enable", {"timeDomain": "threadTicks"})
        self.page.goto(file.as_uri())
        self.page.wait_for_selector(drawn, state="attached")

    def busy(self):
        """Seconds of CPU that the page's main thread took."""
        metrics = self.cpu.send("Performance.getMetrics")["metrics"]
        return next(it["value"] for it in metrics if it["name"] == "TaskDuration")

    def asked(self, request):
        if not request.url.startswith(("file:", "blob:", "data:")):
            self.trouble.append(f"asked for {request.url}")

    def check(self):
        assert not self.trouble, self.trouble
        assert self.page.locator("#trouble:visible").count() == 0
        self.page.close()


def until(page, expression, arg=None):
    """Waits as `wait_for_function` does, which the page's content policy does not let evaluate."""
    for _ in range(600):
        if page.evaluate(expression, arg):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never came: {expression}")


def hovered(page, spot, read, wanted=lambda it: True):
    """What `read`, evaluated in the page, gives while the mouse is at `spot()`, once it is what is wanted.

    The page may still be scrolling, and a chart that is drawn anew forgets where the mouse is: the place is
    looked up and the mouse moved until two readings in a row are the same.
    """
    before = None
    for nudge in range(300):
        x, y = spot()
        page.mouse.move(x, y + nudge % 2)
        page.wait_for_timeout(100 + 4 * nudge)
        now = page.evaluate(read)
        if now and now == before and wanted(now):
            return now
        before = now
    raise AssertionError(f"nothing stood there: {read}, last {before}")


def lines_drawn(page):
    """The drawn lines of the tall chart; those of its legend have two points each."""
    paths = page.locator(".chart.tall path.js-line")
    return sum(len(paths.nth(at).get_attribute("d")) > 100 for at in range(paths.count()))


def same(shown, wanted):
    assert abs(shown - wanted) <= 1e-9 * max(1.0, abs(wanted)), (shown, wanted)


def table_agrees(page, summary):
    ours = {key: summary[key] for key in summary["alternatives"]["target_tracking"]}
    wanted = [ours, *summary["alternatives"].values()]
    rows = page.locator("table.comparison tbody tr")
    assert rows.count() == len(wanted)
    keys = [
        "server_hours",
        "cost",
        "requests_not_served",
        "share_of_demand_above_capacity",
        "minutes_under_capacity",
    ]
    for at, result in enumerate(wanted):
        cells = rows.nth(at).locator("td")
        for key, index in zip(keys, range(cells.count()), strict=True):
            same(float(cells.nth(index).get_attribute("data-value")), result[key])


def chart_agrees(page, summary):
    """The words over each point of cost and risk: every figure of `summary.json`."""
    ours = {key: summary[key] for key in summary["alternatives"]["target_tracking"]}
    results = [ours, *summary["alternatives"].values()]
    points = page.locator("#compared .scatterlayer .points path.point")
    assert points.count() == len(results), points.count()
    names = page.locator("table.comparison tbody th").all_text_contents()
    for at, (name, result) in enumerate(zip(names, results, strict=True)):
        points.nth(at).scroll_into_view_if_needed()

        def spot(point=points.nth(at)):
            box = point.bounding_box()
            return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

        read = "document.querySelector('#compared .hoverlayer .hovertext')?.textContent"
        words = hovered(page, spot, read, lambda words, name=name: words.startswith(name))
        # Half of the last digit may go either way.
        for key, form, unit in [
            ("cost", "{:,.2f}", f" {summary['currency']}"),
            ("server_hours", "{:,.0f}", " server-hours"),
            ("share_of_demand_above_capacity", "{:.3f}", " % not served"),
            ("requests_not_served", "{:,.0f}", " requests"),
            ("minutes_under_capacity", "{:,.0f}", " minutes under"),
        ]:
            value = result[key] * (100 if key.startswith("share") else 1)
            either = [form.format(value * (1 + tiny)) + unit for tiny in (-1e-9, 1e-9)]
            assert any(it in words for it in either), (either, words)
        if name != "static, for the peak":
            assert name in page.locator("#compared .annotation-text").all_text_contents(), name


def names_stand_apart(page):
    """Each policy, and each setting that was tried, has its name on the chart, on a phone too."""
    texts = page.locator("#compared .annotation-text")
    boxes = [texts.nth(at).bounding_box() for at in range(texts.count())]
    rows = page.locator("table.comparison tbody tr").count()
    assert len(boxes) == rows, (texts.all_text_contents(), rows)
    for at, one in enumerate(boxes):
        for other in boxes[at + 1 :]:
            apart = (
                one["x"] + one["width"] <= other["x"] + 1
                or other["x"] + other["width"] <= one["x"] + 1
                or one["y"] + one["height"] <= other["y"] + 1
                or other["y"] + other["height"] <= one["y"] + 1
            )
            assert apart, (one, other)


LINES = {
    "demand": "demand",
    "in service": "in_service",
    "servers required": "capacity_required",
    "planned floor": "min_size",
}


def minutes(folder):
    with open(folder / "timeline.csv", newline="") as file:
        return list(csv.DictReader(file))


# The time over the lines of the tall chart and what stands below it, read at once.
HOVERED = """(() => {
  const layer = document.querySelector(".chart.tall .hoverlayer"), title = layer?.querySelector(".legendtitletext");
  return title && [title.textContent, [...layer.querySelectorAll(".legendtext")].map((it) => it.textContent)];
})()"""


def lines_agree(page, folder):
    """What stands over the lines of the tall chart, at some minutes: what `timeline.csv` says."""
    rows = {row["timestamp"][:16].replace("T", " "): row for row in minutes(folder)}
    chart = page.locator(".chart.tall")
    chart.focus()
    # So near that each minute is drawn.
    for _ in range(4):
        page.keyboard.press("+")
    seen = set()
    for share in (0.2, 0.5, 0.8):

        def spot(share=share):
            drag = chart.locator(".nsewdrag").first.bounding_box()
            return drag["x"] + share * drag["width"], drag["y"] + 40

        title, texts = hovered(page, spot, HOVERED, lambda found: found[0] not in seen)
        seen.add(title)
        row = rows[title.split(" ", 1)[1]]
        told = dict(text.split(" : ", 1) for text in texts if " : " in text)
        for name, key in LINES.items():
            shown = float(told[name].removesuffix("/min").replace(",", ""))
            assert abs(shown - float(row[key])) <= 0.5, (title, name, shown, row[key])
    page.keyboard.press("0")


def steps_agree(page, folder):
    """Every row of the chart as a table: the highest of `timeline.csv` in its stretch."""
    page.locator("#as-table summary").click()
    body = page.locator("#steps tr")
    headings = page.locator("table.steps thead th").all_text_contents()
    starts = body.locator("time").evaluate_all("all => all.map(it => it.dateTime.slice(0, 16))")
    rows = minutes(folder)
    assert 5 < len(starts) <= 62, len(starts)
    ends = [*starts[1:], "9999"]
    for name, key in LINES.items():
        at = headings.index(name) - 1
        shown = body.evaluate_all("(all, at) => all.map(it => it.querySelectorAll('td')[at].dataset.value)", at)
        for start, end, value in zip(starts, ends, shown, strict=True):
            within = [float(row[key]) for row in rows if start <= row["timestamp"][:16] < end]
            same(float(value), max(within))
    page.locator("#as-table summary").click()


def actions_agree(page, folder):
    with open(folder / "actions.csv", newline="") as file:
        actions = list(csv.DictReader(file))
    told = page.locator("#shown").text_content()
    assert f"of {len(actions)} " in told, (told, len(actions))
    rows = page.locator("#actions tr")
    assert rows.count() == min(len(actions), 300)
    shown = rows.evaluate_all(
        """all => all.map(row => [row.querySelector("th time").dateTime,
            ...[...row.querySelectorAll("td")].map(it => [...it.childNodes]
                .map(node => node.dateTime ? node.dateTime.replace(".000Z", "Z") : node.textContent).join(""))])"""
    )
    for (at, servers, by, reason), wanted in zip(shown, actions):
        assert at.replace(".000Z", "Z") == wanted["effective_at"], (at, wanted)
        assert servers == (wanted["min_size"] or wanted["desired_capacity"]), (servers, wanted)
        assert (by, reason) == (wanted["source"], wanted["reason"]), (by, reason, wanted)


RANGE = "document.querySelector('#chart')._fullLayout.xaxis.range.map(it => +new Date(it))"


def span(page):
    page.wait_for_timeout(300)
    begin, end = page.evaluate(RANGE)
    return end - begin


def zoom_lists_fewer(page):
    before, whole = page.locator("#shown").text_content(), span(page)
    chart = page.locator(".chart.tall")
    chart.focus()
    for _ in range(4):
        page.keyboard.press("+")
    until(page, f"most => {{ const [from, to] = {RANGE}; return to - from < most; }}", arg=0.1 * whole)
    assert page.locator("#shown").text_content() != before
    begin = page.evaluate(RANGE)[0]
    page.keyboard.press("ArrowLeft")
    until(page, f"begin => {RANGE}[0] < begin", arg=begin)
    page.keyboard.press("0")
    until(page, "before => document.querySelector('#shown').textContent === before", arg=before)
    # The wheel scrolls the page past a chart that nobody clicked, and zooms one that has the focus.
    page.locator("#utc").focus()
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    box = chart.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 100)
    page.mouse.wheel(0, 100)
    until(page, "scrollY > 0")
    assert span(page) == whole
    chart.focus()
    box = chart.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 100)
    page.mouse.wheel(0, -300)
    until(page, f"whole => {{ const [from, to] = {RANGE}; return to - from < whole; }}", arg=whole)
    near, begin = span(page), page.evaluate(RANGE)[0]
    page.keyboard.down("Shift")
    page.mouse.wheel(0, 200)
    until(page, f"begin => {RANGE}[0] > begin", arg=begin)
    page.keyboard.up("Shift")
    assert abs(span(page) - near) < 0.01 * near
    page.keyboard.press("0")


def touch_moves(browser, file):
    """Two fingers zoom, one pans."""
    opened = Opened(browser, file, "light", 390, 844, has_touch=True, is_mobile=True)
    page = opened.page
    whole = span(page)
    page.locator(".chart.tall").scroll_into_view_if_needed()
    box = page.locator(".chart.tall").bounding_box()
    middle, y = box["x"] + box["width"] / 2, box["y"] + 150

    def touch(kind, *xs):
        points = [{"x": x, "y": y, "id": at} for at, x in enumerate(xs)]
        opened.cpu.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", middle - 20, middle + 20)
    for far in range(25, 105, 10):
        touch("touchMove", middle - far, middle + far)
    touch("touchEnd")
    until(page, f"most => {{ const [from, to] = {RANGE}; return to - from < most; }}", arg=0.5 * whole)
    near = span(page)
    begin = page.evaluate(RANGE)[0]
    touch("touchStart", middle)
    for far in range(10, 90, 10):
        touch("touchMove", middle + far)
    touch("touchEnd")
    until(page, f"begin => {RANGE}[0] < begin", arg=begin)
    assert abs(span(page) - near) < 0.01 * near
    opened.check()


def utc_and_theme(page):
    """All times of the page change with the zone, those within reasons too."""
    times = page.locator("header time, .facts time, #actions th time, #actions .why time, li time, #steps time")
    local = times.all_text_contents()
    page.locator("#utc").click()
    assert page.locator("#utc").get_attribute("aria-pressed") == "true"
    assert page.locator(".zone").first.text_content() == "UTC"
    for told, stamp in zip(times.all_text_contents(), times.evaluate_all("all => all.map(it => it.dateTime)")):
        assert told.endswith(stamp[:16].replace("T", " ")), (told, stamp)
    utc = times.all_text_contents()
    page.locator("#utc").click()
    assert times.all_text_contents() == local
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("#theme").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.locator("#theme").click()
    return local, utc


def fits(page, width):
    """Nothing is wider than the screen; a phone shows each cell in full."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width > 700:
        return
    wide = page.evaluate(
        """width => [...document.querySelectorAll("body *:not(script):not(.skip):not(.heard)")]
            .filter(it => !it.closest("thead, .chart svg, .skip, #js-plotly-tester") && it.checkVisibility())
            .filter(it => { const box = it.getBoundingClientRect();
                return box.width && (box.right > width + 0.5 || box.left < -0.5 || it.scrollWidth > it.clientWidth + 1
                    && getComputedStyle(it).display !== "inline"); })
            .map(it => it.tagName + "." + it.className + ": " + it.textContent.slice(0, 40))""",
        width,
    )
    assert not wide, wide[:5]
    for cell in page.locator("td.why").all()[:3]:
        cell.scroll_into_view_if_needed()
        box = cell.bounding_box()
        assert cell.inner_text().strip() and 0 <= box["x"] and box["x"] + box["width"] <= width, box
        assert box["width"] > 0.8 * width, "a sentence has the whole width"
    page.evaluate("scrollTo(0, 0)")


# Contrast of each text with what lies behind it, by the formula of WCAG 2.2, 1.4.3; and that of lines, 1.4.11.
CONTRAST = """() => {
  const parse = (text) => { const all = text.match(/[\\d.]+/g).map(Number); return all.length < 4 ? [...all, 1] : all; };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const behind = (it) => { for (; it; it = it.parentElement) {
    const back = parse(getComputedStyle(it).backgroundColor); if (back[3] === 1) return back; } return [255, 255, 255, 1]; };
  const low = [];
  const texts = [...document.querySelectorAll("body *")].filter((it) => it.checkVisibility() && !it.matches("script, .heard")
    && [...it.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()));
  for (const it of texts) {
    const style = getComputedStyle(it), ink = parse(it.closest("svg") ? style.fill : style.color);
    const found = ratio(ink, behind(it.closest("svg")?.parentElement || it));
    if (found < 4.5) low.push(found.toFixed(2) + " " + it.tagName + ": " + it.textContent.slice(0, 30));
  }
  const lines = [...document.querySelectorAll("path.js-line, .overview path")].filter((it) => getComputedStyle(it).stroke !== "none");
  for (const it of lines) {
    const found = ratio(parse(getComputedStyle(it).stroke), behind(it.closest("svg").parentElement));
    if (found < 3) low.push(found.toFixed(2) + " a line " + getComputedStyle(it).stroke);
  }
  for (const it of document.querySelectorAll("input, button")) {
    const found = ratio(parse(getComputedStyle(it).borderTopColor), behind(it.parentElement));
    if (found < 3) low.push(found.toFixed(2) + " the edge of " + it.id);
  }
  return [texts.length + lines.length, low];
}"""


def readable(page):
    count, low = page.evaluate(CONTRAST)
    assert count > 20 and not low, (count, low[:5])


def walks_by_keyboard(page):
    """The skip link first, then everything in the order of the page, each with a focus that is seen."""
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.mouse.click(2, 2)
    wanted = page.evaluate(
        """[...document.querySelectorAll("a[href], button, input, summary, [tabindex='0']")]
            .filter(it => it.checkVisibility()).length"""
    )
    ids = []
    for at in range(min(wanted, 40)):
        page.keyboard.press("Tab")
        place, outline, name = page.evaluate(
            """() => { const it = document.activeElement, style = getComputedStyle(it);
                return [[...document.querySelectorAll("*")].indexOf(it), style.outlineStyle + " " + style.outlineWidth,
                    it.className + " " + it.textContent.slice(0, 20)]; }"""
        )
        assert outline == "solid 2px", (name, outline)
        ids.append(place)
        if at == 0:
            assert name.startswith("skip "), name
    assert ids == sorted(set(ids)), ids
    for landmark in ("header", "main", "h1", "title"):
        assert page.locator(landmark).count() == 1, landmark
    for table in page.locator("table").all():
        assert table.get_attribute("aria-label")
    images = page.locator(".chart, svg[role]").all()
    assert all(it.get_attribute("aria-label") for it in images if "chart" in it.get_attribute("class"))


def on_paper(page):
    """On paper all rows are there, nothing is to be clicked, and it is light."""
    page.emulate_media(media="print")
    for hidden in (".tools", ".settings", "nav"):
        assert page.locator(hidden).first.is_hidden(), hidden
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    lists = page.locator(".scrolled .wide")
    if lists.count():
        high, shown = lists.first.evaluate("it => [it.scrollHeight, it.clientHeight]")
        assert high <= shown + 1, (high, shown)
    assert len(page.pdf()) > 20_000
    page.emulate_media(media="screen")


def nothing_moves(page):
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate("document.getAnimations().length") == 0
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    page.emulate_media(reduced_motion="no-preference")


def overview_leads_to_the_target(page):
    """The overview filters by what is typed, and its row opens the target's own page."""
    rows = page.locator("#targets tr")
    assert rows.count() == 1
    name = rows.first.locator("a").text_content()
    assert rows.first.locator("path.seen").get_attribute("d").startswith("M")
    page.locator("#name").fill("no such target")
    assert rows.first.is_hidden()
    assert page.locator("#told").text_content().startswith("0 of 1 ")
    page.locator("#name").fill(name[:2].upper())
    assert rows.first.is_visible()
    rows.first.locator("a").click()
    page.wait_for_selector("html[data-drawn]", state="attached")
    assert page.locator("h2").first.text_content() == name
    assert lines_drawn(page) >= 3
    page.locator("nav a.up").click()
    page.wait_for_selector("#targets")
    assert page.locator("#targets tr a").first.text_content() == name


def gallery_is_sound(browser, folder):
    """Targets in all sorts of states, and the page about three hundred."""
    pages = sorted(folder.glob("*.html"))
    assert len(pages) == 6, pages
    for file in pages:
        drawn = "#told" if file.name == "report.html" else "html[data-drawn]"
        for scheme, width, height in VIEWS:
            opened = Opened(browser, file, scheme, width, height, drawn)
            page = opened.page
            fits(page, width)
            readable(page)
            if width > 1000:
                walks_by_keyboard(page)
            if file.name == "usual.html" and width > 1000:
                local, utc = utc_and_theme(page)
                assert all(one != other for one, other in zip(local, utc, strict=True)), "Berlin is never UTC"
            if file.name == "active.html":
                weeks = page.locator("#weeks tr")
                assert weeks.count() == 10
                assert weeks.last.locator("td").nth(3).text_content() == "246"
                assert "not measured" in weeks.first.text_content()
            if file.name == "report.html":
                assert page.locator("#targets tr").count() == 300
                assert page.locator("#targets tr.look").count() == 3
                # Berlin's clocks, and on demand those of UTC, and back.
                times = page.locator("#targets time")
                local = times.all_text_contents()
                page.locator("#utc").click()
                utc = times.all_text_contents()
                assert local and all(one != other for one, other in zip(local, utc, strict=True))
                at = times.first.get_attribute("datetime")
                assert utc[0].endswith(at[:16].replace("T", " ")), (utc[0], at)
                page.locator("#utc").click()
                assert times.all_text_contents() == local
                page.locator("#look").check()
                assert page.locator("#targets tr:visible").count() == 3
            opened.check()
        print(f"{file.name}: ok")


def all_have_their_pages(browser, forescale, store, folder):
    """`report` of two targets: an overview, a page of each, and the way there and back."""
    config = store / "config" / "forescale.toml"
    text = config.read_text()
    config.write_text(text.replace("[[event]]", '[[target]]\nname = "second"\ngroup = "second-asg"\nmin_servers = 1\nmax_servers = 2\nthroughput = 10\nlead_time = "5m"\nload_balancer = "app/other/50dc6c495c0c9188"\n\n[[event]]', 1))
    out = folder / "all" / "today.html"
    subprocess.run([forescale, "report", "--store", store, "--out", out], check=True, stdout=subprocess.DEVNULL)
    assert sorted(it.name for it in out.parent.rglob("*.html")) == ["shop.html", "today.html"]
    opened = Opened(browser, out, "light", 1280, 900, drawn="#told")
    rows = opened.page.locator("#targets tr")
    assert rows.count() == 2 and rows.locator("a").count() == 1
    rows.locator("a").click()
    opened.page.wait_for_selector("html[data-drawn]", state="attached")
    opened.page.locator("nav a.up").click()
    opened.page.wait_for_selector("#targets")
    opened.check()


def main(forescale, chromium):
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = pathlib.Path(name)
        subprocess.run([forescale, "demo", "--out", name], check=True, stdout=subprocess.DEVNULL)
        report = folder / "report.html"
        summary = json.loads((folder / "summary.json").read_text())
        assert report.stat().st_size < MOST_BYTES
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        for scheme, width, height in VIEWS:
            opened = Opened(browser, report, scheme, width, height)
            assert lines_drawn(opened.page) >= 6
            table_agrees(opened.page, summary)
            actions_agree(opened.page, folder)
            names_stand_apart(opened.page)
            fits(opened.page, width)
            readable(opened.page)
            if width > 1000:
                chart_agrees(opened.page, summary)
                lines_agree(opened.page, folder)
                steps_agree(opened.page, folder)
                zoom_lists_fewer(opened.page)
                utc_and_theme(opened.page)
                walks_by_keyboard(opened.page)
                nothing_moves(opened.page)
                on_paper(opened.page)
            opened.check()
            print(f"report, {scheme}, {width} wide: ok")
        touch_moves(browser, report)
        store = folder / "store"
        demo = ["--history", folder / "demand.csv.gz", "--config", folder / "forescale.toml"]
        days = ["--from", "2026-04-30", "--to", "2026-05-01", "--out", folder / "tried"]
        subprocess.run([forescale, "what-if", *demo, *days], check=True, stdout=subprocess.DEVNULL)
        for scheme, width, height in VIEWS:
            opened = Opened(browser, folder / "tried" / "report.html", scheme, width, height)
            names_stand_apart(opened.page)
            fits(opened.page, width)
            readable(opened.page)
            opened.check()
            print(f"what-if, {scheme}, {width} wide: ok")
        plan = [forescale, "plan", *demo, "--store", store]
        subprocess.run(plan, check=True, stdout=subprocess.DEVNULL)
        for scheme, width, height in VIEWS:
            opened = Opened(browser, store / "report.html", scheme, width, height, drawn="#told")
            fits(opened.page, width)
            overview_leads_to_the_target(opened.page)
            fits(opened.page, width)
            opened.check()
            print(f"overview, {scheme}, {width} wide: ok")
        all_have_their_pages(browser, forescale, store, folder)
        if gallery := os.environ.get("GALLERY"):
            gallery_is_sound(browser, pathlib.Path(gallery).resolve())
        if year := os.environ.get("YEAR_PAGE"):
            year = pathlib.Path(year).resolve()
            assert year.stat().st_size < MOST_BYTES
            begin = time.monotonic()
            opened = Opened(browser, year, "light", 1280, 900)
            took, busy = time.monotonic() - begin, opened.busy()
            assert lines_drawn(opened.page) >= 6
            opened.check()
            size = year.stat().st_size
            print(f"a year of 5-minute steps: {size} bytes, drawn after {took:.1f} s, CPU {busy:.1f} s")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
