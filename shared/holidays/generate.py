#!/usr/bin/env python3
"""Writes src/table.txt: the public holidays of every country and subdivision that the maintained
package `holidays` of PyPI knows.

    python3 -m venv /tmp/holidays && /tmp/holidays/bin/pip install -r shared/holidays/requirements.txt
    /tmp/holidays/bin/python shared/holidays/generate.py

Raise the version in requirements.txt and LAST_YEAR here, run it, and look at the difference: a
holiday that a country moved is a changed line.

The format is made to be short and to be read without a parser crate; src/table.rs reads it:

    years 2000 2040
    source holidays 0.109
    made 2026                        in this year: what ends later has run out, not been abolished
    @DE 6 DEU Germany                a country: code, last day of its weekend (Monday 0), names
    Easter Monday:3G2W...            one date a year: day of the year in base 36, -- for none
    German Unity Day=1003            the same month and day in every year
    Juneteenth=0619 2021-2040        or in these years
    Substitute Holiday;0C1K...       some dates: year less the first and day of the year, base 36
    @DE-BY 6                         a subdivision: only what differs from its country
    Epiphany=0106
    Some Day;                        nothing: not kept there
"""

import re
import sys
import warnings
from collections import defaultdict
from datetime import date
from pathlib import Path

import holidays
from holidays.registry import COUNTRIES

FIRST_YEAR = 2000
LAST_YEAR = 2040
YEARS = range(FIRST_YEAR, LAST_YEAR + 1)
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# An observed or estimated day is a day of the same holiday.
MARKS = re.compile(r"\s*\((?:observed|estimated|observed, estimated)\)")


def two(number: int) -> str:
    return DIGITS[number // 36] + DIGITS[number % 36]


def days(code: str, subdivision: str | None = None):
    """Name to its dates, and the last day of the weekend."""
    try:
        kept = holidays.country_holidays(code, subdiv=subdivision, years=YEARS, language="en_US")
    except NotImplementedError:
        kept = holidays.country_holidays(code, subdiv=subdivision, years=YEARS)
    names = defaultdict(set)
    for day, text in kept.items():
        # A day may have several names; a service knows only one kind of it: the first.
        name = MARKS.sub("", text.split("; ")[0]).strip()
        names[name.replace("=", "-").replace(":", " -").replace(";", ",")].add(day)
    weekend = kept.weekend or {5, 6}
    return {name: sorted(found) for name, found in names.items()}, max(weekend)


def encoded(found: list[date]) -> str:
    """The shortest of the ways to write the dates."""
    ways = [";" + "".join(two(day.year - FIRST_YEAR) + two(day.timetuple().tm_yday) for day in found)]
    years = [day.year for day in found]
    if len(set(years)) == len(years):
        by_year = {day.year: two(day.timetuple().tm_yday) for day in found}
        ways.append(":" + "".join(by_year.get(year, "--") for year in YEARS))
    fixed = {(day.month, day.day) for day in found}
    if len(fixed) == 1 and years == list(range(years[0], years[-1] + 1)):
        month, day = fixed.pop()
        span = "" if years == list(YEARS) else f" {years[0]}-{years[-1]}"
        ways.append(f"={month:02}{day:02}{span}")
    return min(ways, key=len)


def countries():
    """Code to ISO 3166-1 alpha-3 code and English name."""
    for key, (_, *codes) in COUNTRIES.items():
        alpha3 = next(code for code in codes if len(code) == 3)
        yield codes[0], alpha3, key.replace("_", " ").title()


def main() -> None:
    # Some countries publish their moon-based days for fewer years; the reader tells where each ends.
    warnings.simplefilter("ignore")
    lines = [
        f"years {FIRST_YEAR} {LAST_YEAR}",
        f"source holidays {holidays.__version__}",
        f"made {date.today().year}",
    ]
    subdivisions = holidays.list_supported_countries(include_aliases=False)
    for code, alpha3, name in sorted(countries()):
        country, rest = days(code)
        lines.append(f"@{code} {rest} {alpha3} {name}")
        lines += [f"{name}{encoded(found)}" for name, found in sorted(country.items())]
        for subdivision in sorted(subdivisions[code]):
            own, rest = days(code, subdivision)
            changed = {
                name: own.get(name, []) for name in country.keys() | own.keys()
                if own.get(name, []) != country.get(name, [])
            }
            if re.fullmatch(r"[A-Z0-9]{1,3}", subdivision):
                lines.append(f"@{code}-{subdivision} {rest}")
                lines += [f"{n}{encoded(f)}" if f else f"{n};" for n, f in sorted(changed.items())]
    path = Path(__file__).parent / "src" / "table.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sys.stdout.write(f"{path}: {len(lines)} lines, {path.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
