"""Opens the report in a headless Chromium and compares what it shows with the files beside it.

    python tests/page/test_page.py FORESCALE CHROMIUM

FORESCALE is the command's program. Pages with a year of steps come from `cargo run -p report
--example year` when YEAR_PAGE names one; how long that took to open, and the CPU of its main thread, are told,
not judged.
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

    def __init__(self, browser, file, scheme, width, height, drawn="html[data-drawn]"):
        self.page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
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
        assert self.page.locator("#trouble").is_hidden()
        self.page.close()


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


def hover_agrees(page, summary):
    """The words over our own point of cost and risk."""
    point = page.locator("#compared-0 .scatterlayer .points path").first
    point.scroll_into_view_if_needed()
    point.hover(force=True)
    words = page.locator("#compared-0 .hoverlayer .hovertext").first.text_content()
    hours = f"{summary['server_hours']:,.0f} server-hours"
    lost = f"{summary['requests_not_served']:,.0f} requests"
    for wanted in ("Forescale", hours, lost):
        assert wanted in words, (wanted, words)


def actions_agree(page, folder):
    with open(folder / "actions.csv", newline="") as file:
        actions = list(csv.DictReader(file))
    told = page.locator("#shown-0").text_content()
    assert f"of {len(actions)} " in told, (told, len(actions))
    first = page.locator("#actions-0 tr").first.locator("td")
    wanted = actions[0]
    assert first.nth(1).text_content() == wanted["min_size"] or wanted["min_size"] == ""
    assert first.nth(3).text_content() == wanted["reason"]
    clock = wanted["effective_at"][:16].replace("T", " ")
    assert clock in first.nth(0).text_content(), (clock, first.nth(0).text_content())


def zoom_lists_fewer(page):
    before = page.locator("#shown-0").text_content()
    page.locator(".chart.tall").first.focus()
    for _ in range(4):
        page.keyboard.press("+")
    after = page.locator("#shown-0").text_content()
    assert before != after, after
    page.keyboard.press("0")
    assert page.locator("#shown-0").text_content() == before


def utc_and_theme(page):
    page.locator("#utc").click()
    assert page.locator("#utc").get_attribute("aria-pressed") == "true"
    assert page.locator(".zone").first.text_content() == "UTC"
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("#theme").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before


def fits(page, width):
    """Nothing but what scrolls by itself is wider than the screen."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width


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
            fits(opened.page, width)
            if width > 1000:
                hover_agrees(opened.page, summary)
                zoom_lists_fewer(opened.page)
                utc_and_theme(opened.page)
            opened.check()
            print(f"report, {scheme}, {width} wide: ok")
        store = folder / "store"
        demo = ["--history", folder / "demand.csv.gz", "--config", folder / "forescale.toml"]
        plan = [forescale, "plan", *demo, "--store", store]
        subprocess.run(plan, check=True, stdout=subprocess.DEVNULL)
        for scheme, width, height in VIEWS:
            opened = Opened(browser, store / "report.html", scheme, width, height, drawn="#told")
            fits(opened.page, width)
            overview_leads_to_the_target(opened.page)
            fits(opened.page, width)
            opened.check()
            print(f"overview, {scheme}, {width} wide: ok")
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
