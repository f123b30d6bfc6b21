"""The command against a stand-in for AWS: demand from logs in S3 and from CloudWatch, and what it writes.

    python tests/aws/test_command.py FORESCALE

FORESCALE is the command's program, built with --features aws.
"""

import csv
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import urllib.request
from datetime import datetime, timedelta, timezone

import boto3
import cbor2

HERE = pathlib.Path(__file__).parent
REGION = "eu-west-1"
BUCKET = "forescale-logs"
PREFIX = "prod/AWSLogs/123456789012/elasticloadbalancing"
CONFIG = """
[[target]]
name = "web"
group = "web-asg"
load_balancer = "app/web/50dc6c495c0c9188"
min_servers = 2
max_servers = 40
throughput = 1000
lead_time = "5m"
"""


def line(at, url="https://example.com:443/"):
    return (
        f"https {at:%Y-%m-%dT%H:%M:%S.000000Z} app/web/50dc6c495c0c9188 203.0.113.7:1024 10.0.0.1:80 0.001 "
        f'0.048 0.000 200 200 0 57 "GET {url} HTTP/1.1" "curl/8.5.0" - - '
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/73e2d6bc24d8a067 \"-\"\n"
    )


def log(start, minutes, each):
    times = (start + timedelta(minutes=m, seconds=s) for m in range(minutes) for s in range(each))
    return "".join(line(at) for at in times)


class Command(unittest.TestCase):
    def setUp(self):
        self.aws = subprocess.Popen(
            [sys.executable, HERE / "stand_in.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(self.stop)
        self.endpoint = f"http://127.0.0.1:{self.aws.stdout.readline().strip()}"
        keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
        self.environment = {**os.environ, **keys, "AWS_REGION": REGION, "AWS_ENDPOINT_URL": self.endpoint}
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "forescale.toml").write_text(CONFIG)
        location = {"LocationConstraint": REGION}
        self.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)

    def stop(self):
        self.aws.stdin.close()
        self.aws.wait()
        self.aws.stdout.close()

    def client(self, service):
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def cloudwatch(self, operation, request):
        """In the protocol that newer SDKs speak; boto3 speaks an older one, which the stand-in hands on."""
        asked = urllib.request.Request(
            f"{self.endpoint}/service/GraniteServiceVersion20100801/operation/{operation}",
            cbor2.dumps(request),
            {
                "Authorization": f"AWS4-HMAC-SHA256 Credential=testing/20260101/{REGION}/monitoring/aws4_request",
                "Content-Type": "application/cbor",
            },
        )
        with urllib.request.urlopen(asked) as answer:
            return cbor2.loads(answer.read())

    def put(self, name, content):
        body = gzip.compress(content.encode()) if name.endswith(".gz") else content.encode()
        self.client("s3").put_object(Bucket=BUCKET, Key=f"{PREFIX}/{name}", Body=body)

    def fail_next(self, service, times):
        fault = {"service": service, "status": 403, "code": "AccessDenied", "times": times}
        asked = urllib.request.Request(f"{self.endpoint}/faults", json.dumps(fault).encode())
        urllib.request.urlopen(asked).read()

    def run_it(self, *arguments, code=0):
        ran = subprocess.run(
            [PROGRAM, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(ran.returncode, code, ran.stderr)
        return ran

    def rows(self, name):
        with open(self.folder / name, newline="") as file:
            return [(row["timestamp"], float(row["value"])) for row in csv.DictReader(file)]

    def test_logs_in_a_bucket_are_counted_once_and_go_on_after_a_break(self):
        start = datetime(2026, 5, 30, 20, 0, tzinfo=timezone.utc)
        self.put("2026/05/30/a_20260530T2005Z.log.gz", log(start, 5, 6))
        self.put("2026/05/30/b_20260530T2010Z.log.gz", log(start + timedelta(minutes=5), 5, 8) + "garbage\n")
        self.put("2026/05/30/elsewhere.txt", "not a log at all\n")
        url = f"s3://{BUCKET}/{PREFIX}"
        imports = ("import", url, "--out", "web.csv", "--format", "json")
        told = json.loads(self.run_it(*imports).stdout)
        self.assertEqual((told["requests"], told["unreadable"], told["lines"]), (70, 2, 72))
        texts = {example["text"] for example in told["examples"]}
        self.assertEqual(texts, {"garbage", "not a log at all"})
        self.assertEqual(sum(value for _, value in self.rows("web.csv")), 70)
        # What comes later is taken, what was counted is not counted again.
        self.put("2026/05/30/c_20260530T2015Z.log.gz", log(start + timedelta(minutes=10), 5, 4))
        before = (self.folder / "web.csv").read_bytes()
        self.fail_next("s3", 40)
        # Refused, which is no fault of what was typed; told with what to look at.
        broken = self.run_it(*imports, code=1)
        self.assertIn(BUCKET, broken.stderr)
        self.assertIn("permissions-for-people.md", broken.stderr)
        self.assertEqual((self.folder / "web.csv").read_bytes(), before)
        self.fail_next("s3", 0)
        self.run_it(*imports)
        self.run_it(*imports)
        rows = self.rows("web.csv")
        self.assertEqual([value for _, value in rows], [6.0] * 5 + [8.0] * 5 + [4.0] * 5)
        self.assertEqual(rows[0][0], "2026-05-30T20:00:00Z")
        # One that is not there says so, and nothing is written.
        missing = self.run_it("import", "s3://no-such-bucket/logs", "--out", "none.csv", code=3)
        self.assertIn("no-such-bucket", missing.stderr)
        self.assertFalse((self.folder / "none.csv").exists())

    def test_demand_comes_from_cloudwatch_at_each_age_as_it_is_kept(self):
        now = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)
        dimensions = [{"Name": "LoadBalancer", "Value": "app/web/50dc6c495c0c9188"}]
        values = [
            {
                "MetricName": "RequestCount",
                "Dimensions": dimensions,
                "Timestamp": now - timedelta(minutes=minute),
                "Value": 120.0,
                "Unit": "Count",
            }
            for minute in range(1, 181)
        ]
        self.cloudwatch("PutMetricData", {"Namespace": "AWS/ApplicationELB", "MetricData": values})
        asked = ("import", "--cloudwatch", "--config", "forescale.toml", "--days", "1", "--out", "web.csv")
        dry = self.run_it(*asked, "--dry-run")
        self.assertFalse((self.folder / "web.csv").exists(), dry.stdout)
        self.run_it(*asked)
        rows = self.rows("web.csv")
        self.assertGreater(len(rows), 24)
        self.assertEqual({value for _, value in rows}, {600.0})
        self.run_it("forecast", "--history", "web.csv", "--horizon", "1h")
        # The same again takes what has come since, and nothing twice.
        again = self.run_it(*asked)
        self.assertIn("was read before", again.stderr)
        self.assertEqual({value for _, value in self.rows("web.csv")}, {600.0})
        times = [time for time, _ in self.rows("web.csv")]
        self.assertEqual(len(times), len(set(times)))
        self.run_it(*asked, "--restart")
        nothing = CONFIG.replace("50dc6c495c0c9188", "0000000000000000")
        (self.folder / "forescale.toml").write_text(nothing)
        empty = self.run_it(*asked[:-1], "none.csv", code=3)
        self.assertIn("web", empty.stderr)

    def test_a_dry_run_of_what_writes_to_an_account_writes_nothing(self):
        alarms = ("alarms", "--config", "forescale.toml", "--create")
        self.assertIn("dry run", self.run_it(*alarms, "--dry-run").stderr)
        self.assertEqual(self.cloudwatch("DescribeAlarms", {})["MetricAlarms"], [])
        self.run_it(*alarms)
        self.assertEqual(len(self.cloudwatch("DescribeAlarms", {})["MetricAlarms"]), 1)
        push = ("config", "push", "forescale.toml", "--bucket", f"s3://{BUCKET}/shop")
        self.run_it(*push, "--dry-run")
        objects = self.client("s3").list_objects_v2(Bucket=BUCKET)
        self.assertEqual(objects["KeyCount"], 0)
        self.run_it(*push)
        for words in (
            ("pause", "--reason", "test"),
            ("event", "add", "sale", "--start", "2036-02-01", "--end", "2036-02-02", "--multiplier", "2"),
        ):
            before = self.client("s3").list_objects_v2(Bucket=BUCKET)["KeyCount"]
            self.run_it(*words, "--bucket", f"s3://{BUCKET}/shop", "--dry-run")
            self.assertEqual(self.client("s3").list_objects_v2(Bucket=BUCKET)["KeyCount"], before)
            self.run_it(*words, "--bucket", f"s3://{BUCKET}/shop")
            self.assertEqual(self.client("s3").list_objects_v2(Bucket=BUCKET)["KeyCount"], before + 1)


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=2)
