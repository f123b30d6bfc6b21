"""The peers, each as its documentation has it: gap-free history in, a day of quantiles out."""

import importlib.util
import logging

import numpy as np
import pandas as pd

from protocol import DAY, LEVELS, steps_a_day

# Standard normal quantiles of LEVELS.
NORMAL = np.array([0.0, 1.2815515655, 1.6448536270, 2.3263478740])


def last_week(history):
    """Seasonal naive with normal errors of its own changes."""
    per_day = steps_a_day(history)
    lag = 7 * per_day if len(history) >= 8 * per_day else per_day
    values = history.to_numpy()
    changes = values[lag:] - values[:-lag]
    spread = np.sqrt(np.mean(changes**2))
    return values[-lag:][:per_day, None] + spread * NORMAL


def level_adjusted_profile(history):
    """Mean of the last four weeks' same times, moved to the last day's level; errors of the same
    on the last two weeks."""
    per_day = steps_a_day(history)
    values = history.to_numpy()
    period = 7 * per_day if len(values) >= 15 * per_day else per_day
    weeks = max(1, min(4, len(values) // period - 1))

    def profile(end):
        starts = [end - back * period for back in range(1, weeks + 1)]
        return np.mean([values[at : at + per_day] for at in starts if at >= 0], axis=0)

    def day(end):
        usual = profile(end)
        if end - per_day - weeks * period < 0:
            return usual
        ratio = (values[end - per_day : end].mean() + 1e-9) / (profile(end - per_day).mean() + 1e-9)
        return usual * np.clip(ratio**0.7, 0.3, 3.0)

    ends = [len(values) - back * per_day for back in range(1, 15)]
    errors = [values[end : end + per_day] - day(end) for end in ends if end >= period]
    offsets = np.quantile(np.concatenate(errors), LEVELS)
    offsets[0] = 0.0
    return day(len(values))[:, None] + offsets


def mstl(history):
    """MSTL with an ETS trend, statsforecast."""
    from statsforecast.models import MSTL, AutoETS

    per_day = steps_a_day(history)
    seasons = [per_day, 7 * per_day] if len(history) > 14 * per_day else [per_day]
    model = MSTL(season_length=seasons, trend_forecaster=AutoETS(model="ZZN"))
    return of_statsforecast(model, history, per_day)


def theta(history):
    """Dynamic optimised Theta, statsforecast."""
    from statsforecast.models import DynamicOptimizedTheta

    per_day = steps_a_day(history)
    return of_statsforecast(DynamicOptimizedTheta(season_length=per_day), history, per_day)


def holt_winters(history):
    """Additive Holt-Winters with a season of a week where two are known, else of a day, statsforecast."""
    from statsforecast.models import HoltWinters

    per_day = steps_a_day(history)
    # Of a season of hundreds of steps its state space is slow and unstable: a day at finer steps.
    season = 7 * per_day if len(history) > 14 * per_day and per_day <= 24 else per_day
    return of_statsforecast(HoltWinters(season_length=season), history, per_day)


def combined(history):
    """The median, level by level, of LightGBM, MSTL and the level-adjusted profile."""
    parts = [model(history) for model in (lightgbm, mstl, level_adjusted_profile)]
    return np.sort(np.median(parts, axis=0), axis=1)


def of_statsforecast(model, history, horizon):
    ahead = model.forecast(y=history.to_numpy(float), h=horizon, level=[80, 90, 98])
    return np.column_stack([ahead[key] for key in ("mean", "hi-80", "hi-90", "hi-98")])


def prophet(history):
    """Prophet with daily and weekly seasons."""
    from prophet import Prophet

    for name in ("prophet", "cmdstanpy"):
        logging.getLogger(name).setLevel(logging.ERROR)
    np.random.seed(1)
    model = Prophet(daily_seasonality=True, weekly_seasonality=True, yearly_seasonality=False)
    model.uncertainty_samples = 300
    model.fit(pd.DataFrame({"ds": history.index, "y": history.to_numpy()}))
    samples = model.predictive_samples(pd.DataFrame({"ds": day_after(history)}))["yhat"]
    return np.quantile(samples, LEVELS, axis=1).T


def lightgbm(history):
    """One boosted forest a level on lags of whole days, recent level and calendar."""
    import lightgbm as package

    per_day = steps_a_day(history)
    values = history.to_numpy()
    times = history.index.append(day_after(history))
    days = len(values) // per_day
    lags = [lag for lag in (1, 2, 3, 7, 8, 14) if lag == 1 or lag < days // 2]
    known = np.concatenate([values, np.full(per_day, np.nan)])
    places = np.arange(max(lags) * per_day, len(known))
    # Levels as of the midnight before each step, counted back from the origin.
    start = places - (places - len(values)) % per_day
    sums = np.concatenate([[0.0], np.cumsum(values)])

    def level(steps):
        return (sums[start] - sums[np.maximum(start - steps, 0)]) / np.minimum(steps, start)

    rows = np.column_stack(
        [known[places - lag * per_day] for lag in lags]
        + [level(per_day // 8), level(per_day)]
        + [times[places].dayofweek, times[places].hour * 60 + times[places].minute]
    )
    seen = places < len(values)
    options = {
        "n_estimators": 100,
        "learning_rate": 0.08,
        "num_leaves": 15,
        "verbosity": -1,
        "num_threads": 1,
        "deterministic": True,
        "objective": "quantile",
    }
    columns = []
    for level_asked in LEVELS:
        model = package.LGBMRegressor(alpha=level_asked, **options)
        model.fit(rows[seen], known[places[seen]])
        columns.append(model.predict(rows[~seen]))
    return np.column_stack(columns)


def day_after(history):
    step = history.index[1] - history.index[0]
    first = history.index[-1] + step
    return pd.date_range(first, first + DAY - step, freq=step)


PEERS = {
    "same time last week": (last_week, None),
    "4 weeks' profile, level adjusted": (level_adjusted_profile, None),
    "LightGBM, quantile objective": (lightgbm, "lightgbm"),
    "MSTL with ETS trend (statsforecast)": (mstl, "statsforecast"),
    "optimised Theta (statsforecast)": (theta, "statsforecast"),
    "Holt-Winters (statsforecast)": (holt_winters, "statsforecast"),
    "median of LightGBM, MSTL and profile": (combined, "lightgbm statsforecast"),
    "Prophet": (prophet, "prophet"),
}


def installed(asked):
    """The peers whose package is there, and a line about each that is not."""
    for name, (model, package) in PEERS.items():
        if asked and not any(word.lower() in name.lower() for word in asked):
            continue
        wanted = (package or "").split()
        missing = [one for one in wanted if importlib.util.find_spec(one) is None]
        if missing:
            print(f"without {name}: {', '.join(missing)} not installed")
            continue
        yield name, model
