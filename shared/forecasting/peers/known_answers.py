#!/usr/bin/env python3
"""Prints the numbers of published implementations that the crate's tests hold its own against.

    .venv/peers/bin/pip install scikit-learn scipy statsmodels
    .venv/peers/bin/python shared/forecasting/peers/known_answers.py
"""

import warnings

import numpy as np


def week(hours):
    """A working week by formula; `tests/published.rs` has the same."""
    hour = np.arange(hours)
    level = np.where(hour // 24 % 7 < 5, 100.0, 60.0)
    wave = 1.0 - 0.5 * np.cos(hour / 24 * 2 * np.pi) - 0.2 * np.sin(hour / 12 * 2 * np.pi)
    ripple = 1.0 + 0.02 * ((hour * 7919 % 101) / 101 - 0.5)
    return level * wave * ripple


def ridge():
    """A ridge whose penalty counts rows of a standardised feature: scikit-learn on features
    divided by their root mean square."""
    from sklearn.linear_model import Ridge

    row = np.arange(200)
    x = np.column_stack([np.ones(200), np.sin(row), (row % 7) / 7.0, np.cos(0.3 * row) * 5])
    y = 2.0 + 0.5 * x[:, 1] - x[:, 2] + 0.3 * x[:, 3] + 0.1 * np.sin(9.0 * row)
    size = np.sqrt((x**2).mean(axis=0))
    fit = Ridge(alpha=30.0, fit_intercept=False).fit(x / size, y)
    return fit.coef_ / size


def quantiles():
    """Weighted quantiles, by numpy's inverted distribution function."""
    place = np.arange(50)
    values = np.sin(1.7 * place) * 10
    weights = 1.0 + place % 4
    return np.quantile(values, [0.2, 0.5, 0.9, 0.98], weights=weights, method="inverted_cdf")


def tail():
    """Far quantiles of a generalised Pareto tail above the 0.9 quantile."""
    from scipy.stats import genpareto

    return {
        shape: 1.0 + genpareto(shape, scale=2.0).ppf([0.9, 0.95, 0.99])
        for shape in (0.0, 0.1, 0.3)
    }


def day_ahead():
    """The day after eight weeks of `week`, by statsforecast and statsmodels."""
    from statsforecast.models import MSTL, AutoETS, SeasonalNaive
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    values = week(56 * 24)
    mstl = MSTL(season_length=[24, 168], trend_forecaster=AutoETS(model="ZZN"))
    smooth = ExponentialSmoothing(
        values, trend=None, seasonal="add", seasonal_periods=168, initialization_method="heuristic"
    )
    return {
        "SeasonalNaive": SeasonalNaive(season_length=168).forecast(y=values, h=24)["mean"],
        "MSTL": mstl.forecast(y=values, h=24)["mean"],
        "Holt-Winters": smooth.fit(optimized=True).forecast(24),
    }


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    np.set_printoptions(precision=9, suppress=True, linewidth=100)
    for part in (ridge, quantiles, tail, day_ahead):
        print(part.__name__, part.__doc__.splitlines()[0])
        print(part())
