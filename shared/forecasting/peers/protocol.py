"""The protocol: which series, which origins, what trains, how forecasts are scored."""

from pathlib import Path

import numpy as np
import pandas as pd

LEVELS = (0.5, 0.9, 0.95, 0.99)
COLUMNS = ("q50", "q90", "q95", "q99")
DAY = pd.Timedelta(days=1)
TRAINING_DAYS = 56
NEEDED_DAYS = 7


def index(folder, with_noncommercial):
    """The folder's index; series that forbid commercial use only on request, since what is made
    from them may not be published everywhere."""
    table = pd.read_csv(Path(folder) / "index.csv")
    if "licence" in table and not with_noncommercial:
        table = table[~table.licence.fillna("").str.contains("NC")]
    return table


def load(folder, row, step):
    """One series on a regular grid; counts are summed, gauges averaged, thin steps are missing."""
    raw = pd.read_csv(Path(folder) / f"{row['name']}.csv")
    times = pd.to_datetime(raw.timestamp, utc=True).dt.tz_localize(None)
    series = pd.Series(raw.value.to_numpy(float), index=times)
    fine = pd.Timedelta(seconds=int(row.granularity_s))
    if fine >= step:
        return series.asfreq(step)
    buckets = series.resample(step)
    full = step / fine
    seen = buckets.count()
    values = buckets.mean() * (full if row["agg"] == "sum" else 1.0)
    return values.where(seen >= full / 2)


def origins(series, count):
    """The last midnights with a day after them, half of it observed, and a week before them."""
    step = series.index.freq or series.index[1] - series.index[0]
    first = (series.index[0] + NEEDED_DAYS * DAY).ceil("D")
    last = (series.index[-1] + step - DAY).floor("D")
    usable = [
        at
        for at in pd.date_range(first, last, freq="D")
        if series[at : at + DAY - pd.Timedelta(1, "s")].notna().mean() >= 0.5
    ]
    return usable[-count:]


def training(series, origin):
    """What a peer may see: at most eight weeks, gaps filled by last week, yesterday, a line."""
    window = series[origin - TRAINING_DAYS * DAY : origin - pd.Timedelta(1, "s")]
    per_day = steps_a_day(series)
    filled = window.copy()
    for lag in (7 * per_day, per_day):
        filled = filled.fillna(filled.shift(lag))
    return window, filled.interpolate(limit_direction="both")


def steps_a_day(series):
    return round(DAY / (series.index[1] - series.index[0]))


def naive_scale(window):
    """Mean absolute change over a week, or over a day where there are less than three weeks."""
    per_day = steps_a_day(window)
    lag = 7 * per_day if len(window) >= 21 * per_day else per_day
    return np.nanmean(np.abs(window.to_numpy()[lag:] - window.to_numpy()[:-lag]))


def score(forecasts, actuals):
    """Metrics of each series. `forecasts`: series, origin, timestamp and COLUMNS; `actuals`:
    series, origin, timestamp, actual, scale."""
    both = actuals.merge(forecasts, on=["series", "origin", "timestamp"], how="left")
    both = both[both.actual.notna()]
    missing = both[both.q50.isna()]
    if len(missing):
        raise ValueError(f"no forecast for {len(missing)} steps, the first {missing.iloc[0].to_dict()}")
    rows = []
    for name, one in both.groupby("series", sort=False):
        actual = one.actual.to_numpy()
        size = np.abs(actual).sum()
        over = actual[:, None] - one[list(COLUMNS)].to_numpy()
        levels = np.array(LEVELS)
        losses = 2 * np.maximum(levels * over, (levels - 1) * over).sum(axis=0) / size
        rows.append(
            {
                "series": name,
                "mase": np.abs(over[:, 0]).mean() / one.groupby("origin").scale.first().mean(),
                "wql": losses.mean(),
                "p90": (over[:, 1] <= 0).mean(),
                "p95": (over[:, 2] <= 0).mean(),
            }
        )
    return pd.DataFrame(rows).set_index("series")
