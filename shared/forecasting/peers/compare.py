#!/usr/bin/env python3
"""Compares Forescale's forecasts with those of well-known libraries on the same days.

    python3 -m venv .venv/peers && .venv/peers/bin/pip install -r shared/forecasting/peers/requirements.txt
    FORESCALE_SERIES=folder .venv/peers/bin/python shared/forecasting/peers/compare.py

The folder holds `index.csv` (name, kind, granularity_s, agg, maybe licence) and `NAME.csv`
(timestamp,value) for each series. Without the variable, a generated corpus is compared. At each of
the last midnights every model sees at most 56 days and forecasts the next 24 hours.
"""

import argparse
import datetime
import os
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

import numpy as np
import pandas as pd

import models
import pictures
import protocol
from protocol import COLUMNS

ROOT = Path(__file__).resolve().parents[3]


def main():
    options = arguments()
    warnings.filterwarnings("ignore")
    with tempfile.TemporaryDirectory() as temporary:
        folder = os.environ.get("FORESCALE_SERIES") or generated(temporary)
        step = pd.Timedelta(seconds=options.step)
        table = protocol.index(folder, options.noncommercial)
        table = table[options.step % table.granularity_s == 0]
        if options.series:
            table = table[table.name.isin(options.series.split(","))]
        days = cut(folder, table, step, options.origins)
        actuals = pd.concat([one["actuals"] for one in days], ignore_index=True)
        own, own_seconds = forescale(folder, options, temporary)
        scores = {"Forescale": (protocol.score(own, actuals), own_seconds)}
        for name, model in models.installed(options.peers and options.peers.split(",")):
            forecasts, seconds = run(model, days)
            scores[name] = (protocol.score(forecasts, actuals), seconds)
            print(f"{name}: done", file=sys.stderr)
        print(report(scores, options, os.environ.get("FORESCALE_SERIES")))
        if options.details:
            columns = {name: one.wql for name, (one, _) in scores.items()}
            pd.DataFrame(columns).round(4).to_csv(options.details)
        if options.pictures:
            pictures.draw(own, actuals, options.pictures)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--step", type=int, default=3600, help="seconds, 3600 by default")
    parser.add_argument("--origins", type=int, default=14, help="midnights, the last 14 by default")
    parser.add_argument("--series", help="only these, separated by commas")
    parser.add_argument("--peers", help="only peers with one of these words in their name")
    parser.add_argument("--noncommercial", action="store_true", help="also series licensed NC")
    parser.add_argument("--details", help="CSV to write the wQL of every series to")
    parser.add_argument("--pictures", help="folder to draw SVG pictures of the days into")
    return parser.parse_args()


def cargo(example, arguments, **environment):
    command = ["cargo", "run", "--quiet", "--release", "--locked", "-p", "forecasting"]
    done = subprocess.run(
        [*command, "--example", example, "--", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def generated(temporary):
    folder = str(Path(temporary) / "corpus")
    cargo("corpus", [folder])
    return folder


def cut(folder, table, step, count):
    """Histories and actuals of every series at every origin."""
    days = []
    for _, row in table.iterrows():
        series = protocol.load(folder, row, step)
        for origin in protocol.origins(series, count):
            window, history = protocol.training(series, origin)
            ahead = series.reindex(models.day_after(history))
            actuals = pd.DataFrame({"timestamp": ahead.index, "actual": ahead.to_numpy()})
            actuals["series"] = row["name"]
            actuals["origin"] = origin
            actuals["scale"] = protocol.naive_scale(window)
            days.append({"history": history, "actuals": actuals})
    return days


def forescale(folder, options, temporary):
    """Forescale's forecasts of all series and the mean CPU seconds of one."""
    path = str(Path(temporary) / "own.csv")
    text = cargo(
        "bench",
        [str(options.step), str(options.origins)],
        FORESCALE_SERIES=folder,
        FORESCALE_WRITE=path,
    )
    forecasts = pd.read_csv(path)
    for column in ("origin", "timestamp"):
        forecasts[column] = pd.to_datetime(forecasts[column], utc=True).dt.tz_localize(None)
    summary = next(line for line in text.splitlines() if line.startswith("== all"))
    return forecasts, float(summary.split()[-2]) / 1000


def run(model, days):
    """A peer's forecasts of all days and the mean CPU seconds of one."""
    frames, seconds = [], []
    for day in days:
        history, actuals = day["history"], day["actuals"]
        began = time.process_time()
        try:
            rows = np.asarray(model(history), float)
        except Exception as error:  # A peer that fails gets what anybody would fall back to.
            print(f"{actuals.series[0]} {actuals.origin[0]}: {error!r}"[:200], file=sys.stderr)
            rows = models.last_week(history)
        seconds.append(time.process_time() - began)
        if not np.isfinite(rows).all():
            rows = models.last_week(history)
        rows = np.maximum.accumulate(rows, axis=1)
        if history.min() >= 0:
            rows = np.maximum(rows, 0)
        frame = pd.DataFrame(rows, columns=COLUMNS)
        frames.append(pd.concat([actuals[["series", "origin", "timestamp"]], frame], axis=1))
    return pd.concat(frames, ignore_index=True), float(np.mean(seconds))


def report(scores, options, folder):
    """A Markdown table, and what it was measured on."""
    own = scores["Forescale"][0]
    what = f"{len(own)} series" if folder else f"{len(own)} generated series"
    lines = [
        f"{datetime.date.today()}, {what}, step {options.step} s, at most {options.origins} origins, "
        f"{platform.machine()} with {os.cpu_count()} cores, Python {platform.python_version()}",
        "",
        "| model | MASE median / mean | wQL median / mean | P90 / P95 cover | Forescale better in wQL | CPU |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, (one, seconds) in scores.items():
        better = (own.wql < one.wql).mean()
        lines.append(
            f"| {name} | {one.mase.median():.3f} / {one.mase.mean():.3f} "
            f"| {one.wql.median():.3f} / {one.wql.mean():.3f} "
            f"| {one.p90.mean():.3f} / {one.p95.mean():.3f} "
            f"| {'' if name == 'Forescale' else f'{better:.0%} of series'} "
            f"| {1000 * seconds:.1f} ms |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
