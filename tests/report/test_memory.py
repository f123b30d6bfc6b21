"""The memory of `forescale report` does not grow with the number of targets.

test_memory.py PROGRAM [FEW MANY]: makes one target's documents, copies them, and compares the peaks of
resident memory for a few targets and for many.
"""

import datetime
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

TARGET = """
[[target]]
name = "{}"
load_balancer = "app/web/50dc6c495c0c9188"
min_servers = 1
max_servers = 40
throughput = 100
lead_time = "5m"
"""

# A line of the overview, a name and an address each: far more than they need, far less than a page (0.5 MB)
# or a target's documents (1 MB in memory).
MOST_KIB_A_TARGET = 60


def history(path: Path) -> None:
    """Three weeks of demand with days, in steps of five minutes."""
    start = datetime.datetime(2026, 1, 5)
    with path.open("w") as out:
        out.write("timestamp,value\n")
        for step in range(21 * 288):
            at = start + datetime.timedelta(minutes=5 * step)
            noise = 1 + 0.03 * (step * 7919 % 101 / 50 - 1)
            value = 5000 * (1 - 0.5 * math.sin(step / 288 * math.tau)) * noise
            out.write(f"{at.isoformat()}Z,{value:.0f}\n")


def copies(one: Path, many: Path, count: int) -> None:
    """A store with the documents of `one` for `count` targets."""
    names = [f"t{number:04}" for number in range(count)]
    (many / "config").mkdir(parents=True)
    text = "".join(TARGET.format(name) for name in names)
    (many / "config/forescale.toml").write_text(text)
    for file in (one / "targets/t0000").rglob("*.json"):
        text = file.read_text()
        for name in names:
            to = many / "targets" / name / file.relative_to(one / "targets/t0000")
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_text(text.replace('"t0000"', f'"{name}"'))


def peak(program: str, store: Path, out: Path) -> int:
    """Most KiB that were resident while the pages of `store` were written."""
    process = subprocess.Popen(
        [program, "report", "--store", store, "--out", out], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"exit code {process.returncode}"
    return usage.ru_maxrss


def main() -> None:
    program = os.path.abspath(sys.argv[1])
    few, many = (int(count) for count in sys.argv[2:4]) if len(sys.argv) > 3 else (10, 60)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        history(folder / "demand.csv")
        (folder / "forescale.toml").write_text(TARGET.format("t0000"))
        plan = [program, "plan", "--history", "demand.csv", "--config", "forescale.toml", "--store", "one"]
        subprocess.run(plan, cwd=folder, check=True, capture_output=True)
        peaks = []
        for count in (few, many):
            store, out = folder / f"store-{count}", folder / f"report-{count}.html"
            copies(folder / "one", store, count)
            peaks.append(peak(program, store, out))
            pages = list((folder / f"report-{count}").glob("*.html"))
            assert len(pages) == count, f"{len(pages)} pages of {count} targets"
            print(f"{count} targets: {peaks[-1] / 1024:.1f} MiB at most")
    each = (peaks[1] - peaks[0]) / (many - few)
    print(f"{each:.1f} KiB for each more target")
    assert each < MOST_KIB_A_TARGET, "memory grows with the number of targets"


main()
