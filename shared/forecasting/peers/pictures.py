"""Small SVG pictures of forecasts: the band up to P95, the median, and what came."""

from pathlib import Path

WIDTH, HEIGHT, MARGIN = 760, 190, 24
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#59636e}.band{fill:#1a7f4b;opacity:.18}"
    ".median{stroke:#1a7f4b}.actual{stroke:#0950ae}polyline{fill:none;stroke-width:1.3}"
    "line{stroke:#dee3e8}@media (prefers-color-scheme:dark){text{fill:#9198a1}"
    ".actual{stroke:#6cb6ff}.median{stroke:#57ab5a}line{stroke:#2d333b}}"
)


def draw(forecasts, actuals, folder):
    """One picture a series, of its last seven origins."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    both = actuals.merge(forecasts, on=["series", "origin", "timestamp"])
    for name, one in both.groupby("series"):
        last = sorted(one.origin.unique())[-7:]
        one = one[one.origin.isin(last)].sort_values("timestamp")
        (Path(folder) / f"{name}.svg").write_text(picture(name, one))


def picture(name, rows):
    top = max(rows.q95.max(), rows.actual.max()) or 1.0
    count = max(len(rows) - 1, 1)

    def points(column):
        values = enumerate(rows[column])
        return [place(at, value) for at, value in values if value == value]

    def place(at, value):
        x = MARGIN + at / count * (WIDTH - 2 * MARGIN)
        y = HEIGHT - MARGIN - value / top * (HEIGHT - 2 * MARGIN)
        return f"{x:.0f},{y:.1f}"

    base = [place(at, 0.0) for at in (count, 0)]
    first, last = rows.timestamp.iloc[0].date(), rows.timestamp.iloc[-1].date()
    foot = HEIGHT - MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f"<title>{name}: demand and its forecasts</title><style>{STYLE}</style>"
        f'<polygon class="band" points="{" ".join(points("q95") + base)}"/>'
        f'<line x1="{MARGIN}" y1="{foot}" x2="{WIDTH - MARGIN}" y2="{foot}"/>'
        f'<polyline class="actual" points="{" ".join(points("actual"))}"/>'
        f'<polyline class="median" points="{" ".join(points("q50"))}"/>'
        f'<text x="{MARGIN}" y="15">{name}, {first} to {last}: demand (blue), median and P95 of '
        f"each day's forecast (green)</text></svg>\n"
    )
