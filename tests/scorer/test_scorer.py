"""A run of `forescale simulate`, scored again by a program that shares no code with it.

  test_scorer.py FORESCALE FOLDER

FOLDER holds `closed-loop/score_actions.py`: a simulator of its own that takes the sizes of `actions.csv`
as they took effect, puts target tracking of its own over them, on boots that it draws itself, and divides
by an optimum that it computes itself. Cost over that optimum and the share of demand above capacity have
to be those of `summary.json`.
"""

import csv
import datetime
import gzip
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import tempfile

START = datetime.datetime(2026, 3, 2)  # a Monday
HISTORY_DAYS = 28
DAYS = 3
THROUGHPUT = 100.0
TRACKING = 0.9

CONFIG = f"""
[[target]]
name = "web"
group = "web-asg"
load_balancer = "app/web/50dc6c495c0c9188"
min_servers = 2
max_servers = 1000
throughput = {THROUGHPUT}
lead_time = "7m"
risk = 0.001
mode = "active"

[target.simulation]
boot = "5m"
boot_spread = 0.25
reactive = {{ utilization = {TRACKING} }}
"""

# The scorer draws boots anew. Their mean is the same and a launch bills a few minutes of thousands, so that
# cost hardly moves: by less than a thousandth from seed to seed. What is lost is lost in few minutes, while a
# dozen servers boot: it moves by some per cent. A bill, a clock or an optimum that is wrong moves both by more;
# actions that are ten minutes late do, below.
COST_APART = 0.005
LOST_APART = 0.2
# Below this share there is too little to compare: a tenth of what was asked for.
LOST_AT_LEAST = 0.0001


def demand():
    """A morning within minutes, an evening, quiet nights, and noise with a memory."""
    chance = random.Random(11)
    noise = 0.0
    for minute in range((HISTORY_DAYS + DAYS) * 1440):
        hour = minute % 1440 / 60
        day = 400 + 900 / (1 + math.exp(-(hour - 8) * 6)) / (1 + math.exp((hour - 21) * 2))
        noise = 0.7 * noise + 0.05 * chance.gauss(0, 1)
        yield round(day * (1.0 if minute // 1440 % 7 < 5 else 0.8) * math.exp(noise), 3)


def write_trace(folder):
    trace = folder / "trace.csv.gz"
    with gzip.open(trace, "wt") as file:
        file.write("timestamp,value\n")
        for minute, value in enumerate(demand()):
            at = START + datetime.timedelta(minutes=minute)
            file.write(f"{at.isoformat()},{value}\n")
    begins = START + datetime.timedelta(days=HISTORY_DAYS)
    about = {"name": "trace", "eval_start": begins.isoformat()}
    (folder / "trace.json").write_text(json.dumps(about))
    return trace, begins


def simulate(program, folder, trace, begins):
    (folder / "forescale.toml").write_text(CONFIG)
    ends = begins + datetime.timedelta(days=DAYS)
    subprocess.run(
        [program, "simulate", "--history", trace, "--config", folder / "forescale.toml", "--out", folder / "out"]
        + ["--from", begins.isoformat() + "Z", "--to", ends.isoformat() + "Z"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return json.loads((folder / "out" / "summary.json").read_text())


def score(scorer, actions, trace, json_file):
    subprocess.run(
        [sys.executable, scorer, "--actions", actions, "--trace", trace, "--reactive", f"tt:{TRACKING}", "--"]
        + ["--c", str(THROUGHPUT), "--lag", "5", "--min", "2", "--max", "1000", "--seeds", "5", "--json", json_file],
        check=True,
        stdout=subprocess.DEVNULL,
        # The folder is not ours: nothing compiled is left in it.
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    return json.loads(json_file.read_text())


def agrees(summary, scored):
    cost, lost = summary["cost_over_clairvoyant"], summary["share_of_demand_above_capacity"]
    metrics = scored["metrics"]
    print(f"cost {cost:.4f}, scored {metrics['cost_ratio']:.4f}; lost {lost:.6f}, scored {metrics['violation']:.6f}")
    assert lost > LOST_AT_LEAST, "nothing to compare"
    assert abs(cost - metrics["cost_ratio"]) <= COST_APART * cost
    assert abs(lost - metrics["violation"]) <= LOST_APART * lost


def late_is_noticed(scorer, folder, trace, summary):
    """The same actions ten minutes late: the scorer's answer must no longer agree."""
    late = folder / "late.csv"
    with open(folder / "out" / "actions.csv", newline="") as file, open(late, "w", newline="") as out:
        rows = csv.DictReader(file)
        writer = csv.DictWriter(out, rows.fieldnames)
        writer.writeheader()
        for row in rows:
            at = datetime.datetime.fromisoformat(row["effective_at"]) + datetime.timedelta(minutes=10)
            writer.writerow({**row, "effective_at": at.isoformat()})
    scored = score(scorer, late, trace, folder / "late.json")
    lost = summary["share_of_demand_above_capacity"]
    assert scored["metrics"]["violation"] > (1 + LOST_APART) * lost, scored["metrics"]


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    scorer = pathlib.Path(sys.argv[2]).resolve() / "closed-loop" / "score_actions.py"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        trace, begins = write_trace(folder)
        summary = simulate(program, folder, trace, begins)
        assert not summary["failures"], summary["failures"]
        scored = score(scorer, folder / "out" / "actions.csv", trace, folder / "scored.json")
        agrees(summary, scored)
        late_is_noticed(scorer, folder, trace, summary)


if __name__ == "__main__":
    main()
