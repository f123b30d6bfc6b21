"""AWS on loopback for the end-to-end tests: moto, and CloudWatch in the language newer SDKs speak.

    python stand_in.py

prints the port it listens on, serves until its standard input closes, and then ends: whoever
started it need only exist for it to run, and need not live to stop it.

moto reads CloudWatch's older protocols only. Requests of the newer one (POST
/service/GraniteServiceVersion20100801/operation/NAME with a CBOR body; the Smithy specification,
"Smithy RPC v2 CBOR protocol") are answered here from moto's own backend. While at it, two things
that CloudWatch does and moto does not: an answer comes in pages, and a period finer than what is
kept for a span of that age gives nothing (CloudWatch API reference, `MetricStat.Period`).
"""

import gzip
import io
import json
import os
import sys
import threading
from collections import Counter
from datetime import datetime, timedelta, timezone

import cbor2
from moto.cloudwatch.models import cloudwatch_backends
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.exceptions import ServiceException
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

SERVICE = "/service/GraniteServiceVersion20100801/operation/"

CBOR = [("smithy-protocol", "rpc-v2-cbor"), ("Content-Type", "application/cbor")]

# Periods in one answer. moto compares every period with every value in the span, so small pages
# are fast ones too.
PAGE = 400

# How long what is kept at which finest period.
RETENTION = [(60, timedelta(days=15)), (300, timedelta(days=63)), (3600, timedelta(days=455))]


class Refused(Exception):
    """An error as the protocol has it."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def naive(moment):
    """UTC without an offset, as moto keeps times."""
    return moment.astimezone(timezone.utc).replace(tzinfo=None)


def kept(start, period, now):
    """Whether values as fine as `period` are still there for `start`."""
    return any(period >= finest and now - start <= age for finest, age in RETENTION)


def get_metric_data(backend, request):
    queries = request["MetricDataQueries"]
    if not all("MetricStat" in query for query in queries):
        raise Refused("ValidationError", "metrics only, no expressions")
    start, end = naive(request["StartTime"]), naive(request["EndTime"])
    if "NextToken" in request:
        start = datetime.fromisoformat(request["NextToken"])
    finest = min(int(query["MetricStat"]["Period"]) for query in queries)
    page_end = min(end, start + timedelta(seconds=PAGE * finest))
    if not any(known(query["MetricStat"]["Metric"]) for query in queries):
        # Nothing to be found in any page: a thousand targets ask for metrics that are not there.
        page_end = end
    results = [page_of(backend, query, start, page_end, request) for query in queries]
    for result in results:
        result["StatusCode"] = "Complete" if page_end == end else "PartialData"
    answer = {"MetricDataResults": results}
    if page_end < end:
        answer["NextToken"] = page_end.isoformat()
    return answer


def page_of(backend, query, start, end, request):
    """The values of one query from start on, before end."""
    times, values = [], []
    stat = query["MetricStat"]
    now = naive(datetime.now(timezone.utc))
    if known(stat["Metric"]) and kept(start, int(stat["Period"]), now):
        scan = request.get("ScanBy", "TimestampDescending")
        found = backend.get_metric_data([query], start, end, scan)
        # moto also gives the period that begins at the end.
        for at, value in zip(found[0]["timestamps"], found[0]["values"]):
            if at < end:
                times.append(at.replace(tzinfo=timezone.utc).timestamp())
                values.append(float(value))
    return {
        "Id": query["Id"],
        "Label": query["Id"],
        "Timestamps": [cbor2.CBORTag(1, at) for at in times],
        "Values": values,
    }


def name_of(namespace, metric):
    dimensions = sorted((it["Name"], it["Value"]) for it in metric.get("Dimensions", []))
    return namespace, metric["MetricName"], tuple(dimensions)


# Every metric that has a value, so that what has none is known at once.
METRICS = set()


def known(metric):
    return name_of(metric["Namespace"], metric) in METRICS


def put_metric_data(backend, request):
    for datum in request["MetricData"]:
        METRICS.add(name_of(request["Namespace"], datum))
        if "Timestamp" in datum:
            datum["Timestamp"] = naive(datum["Timestamp"])
    backend.put_metric_data(request["Namespace"], request["MetricData"])
    return {}


# Alarms by name, as they were put.
ALARMS = {}


def put_metric_alarm(_, request):
    ALARMS[request["AlarmName"]] = request
    return {}


def describe_alarms(_, request):
    names = request.get("AlarmNames") or list(ALARMS)
    return {"MetricAlarms": [ALARMS[name] for name in names if name in ALARMS]}


OPERATIONS = {
    "DescribeAlarms": describe_alarms,
    "GetMetricData": get_metric_data,
    "PutMetricAlarm": put_metric_alarm,
    "PutMetricData": put_metric_data,
}


class Application:
    """moto, with CloudWatch's newer protocol in front, and faults on demand.

    POST /faults with {service, status, code, times} makes the next so many calls of a service fail;
    service as in signatures, such as autoscaling. With `about` only calls fail that have this text in
    their body, beside all other faults. GET /calls tells how often each operation was called, and
    begins to count anew.
    """

    def __init__(self):
        self.faults = {}
        self.about = []
        self.calls = Counter()
        self.moto = DomainDispatcherApplication(create_backend_app)
        # moto checks a condition and writes in two steps; one request at a time makes that atomic.
        self.lock = threading.Lock()

    def __call__(self, environ, start_response):
        with self.lock:
            path = environ.get("PATH_INFO", "")
            if path == "/faults":
                fault = json.loads(body(environ))
                service = fault.pop("service")
                if "about" in fault:
                    self.about.append((service, fault.pop("about").encode(), fault))
                else:
                    self.faults[service] = fault
                start_response("200 OK", [])
                return []
            if path == "/calls":
                calls, self.calls = self.calls, Counter()
                told = json.dumps(calls).encode()
                start_response("200 OK", [("Content-Length", str(len(told)))])
                return [told]
            service = signed_for(environ, 3)
            content = kept_body(environ) if service in ("autoscaling", "sqs") else b""
            self.calls[operation(environ, service, content)] += 1
            for fault in self.due(service, content):
                fault["times"] -= 1
                return fail(service, fault, start_response)
            if path.startswith(SERVICE):
                return self.cloudwatch(environ, start_response)
            return self.moto(environ, start_response)

    def due(self, service, content):
        """The faults that this call is to meet."""
        fault = self.faults.get(service)
        if fault and fault["times"] > 0:
            yield fault
        for of, text, fault in self.about:
            if of == service and text in content and fault["times"] > 0:
                yield fault

    def cloudwatch(self, environ, start_response):
        operation = environ["PATH_INFO"].removeprefix(SERVICE)
        status = "200 OK"
        try:
            if operation not in OPERATIONS:
                raise Refused("InvalidAction", f"{operation} is not simulated")
            backend = cloudwatch_backends[DEFAULT_ACCOUNT_ID][signed_for(environ, 2)]
            answer = OPERATIONS[operation](backend, cbor2.loads(body(environ)))
        except Refused as refused:
            status, answer = "400 Bad Request", {"__type": refused.code, "message": str(refused)}
        except ServiceException as refused:
            status, answer = "400 Bad Request", {"__type": refused.code, "message": refused.message}
        start_response(status, CBOR)
        return [cbor2.dumps(answer)]


def kept_body(environ):
    """The body, which is still there for whoever answers."""
    content = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(content)
    return content


def operation(environ, service, content):
    """The service and what it was asked to do."""
    path = environ.get("PATH_INFO", "")
    if path.startswith(SERVICE):
        name = path.removeprefix(SERVICE)
    elif "HTTP_X_AMZ_TARGET" in environ:
        name = environ["HTTP_X_AMZ_TARGET"].rpartition(".")[2]
    elif b"Action=" in content:
        name = content.partition(b"Action=")[2].partition(b"&")[0].decode()
    else:
        name = environ["REQUEST_METHOD"]
    return f"{service} {name}"


def fail(service, fault, start_response):
    """An error as the service has it."""
    status, code, text = f"{fault['status']} Fault", fault["code"], "on demand"
    if service == "monitoring":
        start_response(status, CBOR)
        return [cbor2.dumps({"__type": code, "message": text})]
    start_response(status, [("Content-Type", "text/xml")])
    error = f"<Error><Code>{code}</Code><Message>{text}</Message></Error>"
    wrapped = error if service == "s3" else f"<ErrorResponse>{error}</ErrorResponse>"
    return [wrapped.encode()]


def body(environ):
    content = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    gzipped = environ.get("HTTP_CONTENT_ENCODING") == "gzip"
    return gzip.decompress(content) if gzipped else content


def signed_for(environ, part):
    """What the request was signed for: part 2 is the region, part 3 the service."""
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2]
    parts = scope.partition(",")[0].split("/")
    return parts[part] if part < len(parts) else None


class Quiet(MotoRequestHandler):
    def log_request(self, code="-", size="-"):
        if os.environ.get("STAND_IN_LOG"):
            super().log_request(code, size)


def main():
    server = make_server(
        "127.0.0.1", 0, Application(), threaded=True, request_handler=Quiet
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
