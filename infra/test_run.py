"""The three built functions in the stack: its own bucket, topic, queues and variables, a group from a
fixture's template. What they call is held against their roles, and against infra/calls.json.

Run after ./test functions, with the environment of tests/requirements.txt:
.venv/bin/python infra/test_run.py expanded.json FOLDER [--write]
FOLDER has the built functions; --write keeps what they called, beside what they called in earlier
recordings. To leave those out, delete the file and write some times.
"""

import json
import subprocess
import sys
import threading
import unittest
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import cos, pi
from pathlib import Path
from queue import Queue
from time import time

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests/aws"))
WRITE = "--write" in sys.argv
if WRITE:
    sys.argv.remove("--write")
BINARIES = Path(sys.argv.pop(2))

import boto3
import cbor2
from calls import calls, settled
from moto.cloudformation.models import cloudformation_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.core import DEFAULT_ACCOUNT_ID
from moto.sqs.models import sqs_backends
from policy import Policies
from stack import TEMPLATE, create
from stand_in import SERVICE, Application, Quiet, body, put_metric_data, signed_for
from werkzeug.serving import make_server

REGION = "eu-west-1"
CALLS = ROOT / "infra/calls.json"
CONFIG = """
[[target]]
name = "web"
group = "web-asg"
demand = { namespace = "Shop", name = "Requests" }
min_servers = 2
max_servers = 60
throughput = 400
lead_time = "5m"
mode = "active"

[[target]]
name = "api"
resource = "ecs:service/prod/api"
demand = { namespace = "Shop", name = "Requests" }
max_servers = 60
throughput = 400
lead_time = "2m"
mode = "active"

[[target]]
name = "watched"
group = "watched-asg"
demand = { namespace = "Shop", name = "Requests" }
max_servers = 60
throughput = 400
lead_time = "5m"
mode = "shadow"
"""


class Recording(Application):
    """The stand-in, with every request kept as IAM sees it."""

    def __init__(self):
        super().__init__()
        self.seen = None

    def __call__(self, environ, start_response):
        if self.seen is not None:
            content = body(environ)
            environ["wsgi.input"] = Again(content)
            environ["CONTENT_LENGTH"] = str(len(content))
            environ.pop("HTTP_CONTENT_ENCODING", None)
            path = environ["PATH_INFO"]
            self.seen.extend(
                calls(
                    signed_for(environ, 3),
                    environ["REQUEST_METHOD"],
                    path,
                    environ.get("QUERY_STRING", ""),
                    environ,
                    cbor2.loads(content) if path.startswith(SERVICE) else content,
                )
            )
        if environ.get("HTTP_X_AMZ_TARGET") == "AnyScaleFrontendService.DescribeScalingActivities":
            # moto knows no activities of scalable targets: there were none.
            start_response("200 OK", [("Content-Type", "application/x-amz-json-1.1")])
            return [b'{"ScalingActivities": []}']
        return super().__call__(environ, start_response)


class Again:
    """A body that was read, to be read once more."""

    def __init__(self, content):
        self.content = content

    def read(self, size=-1):
        size = len(self.content) if size is None or size < 0 else size
        part, self.content = self.content[:size], self.content[size:]
        return part

    def readline(self, size=-1):
        return self.read(size)


class Quieter(ThreadingHTTPServer):
    def handle_error(self, *_):
        """A function that is ended breaks off what it waits for."""


class Lambda:
    """A built function, and the runtime API that hands it events."""

    def __init__(self, name, variables, deadline):
        self.name, self.events, self.answers = name, Queue(), Queue()
        self.deadline = deadline
        runtime = self

        class Api(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                event = runtime.events.get()
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", "1")
                self.send_header("Lambda-Runtime-Deadline-Ms", str(runtime.deadline))
                self.send_header("Content-Length", str(len(event)))
                self.end_headers()
                self.wfile.write(event)

            def do_POST(self):
                content = self.rfile.read(int(self.headers["Content-Length"]))
                kind = self.path.rsplit("/", 1)[1]
                runtime.answers.put((kind, json.loads(content)))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.api = Quieter(("127.0.0.1", 0), Api)
        threading.Thread(target=self.api.serve_forever, daemon=True).start()
        own = {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.api.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
        }
        self.process = subprocess.Popen(
            [BINARIES / name], env=own | variables, stdout=subprocess.PIPE, text=True
        )
        self.log = []
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            self.log.append(line)

    def invoke(self, event):
        self.events.put(json.dumps(event).encode())
        kind, answer = self.answers.get(timeout=120)
        if kind != "response":
            raise AssertionError(f"{self.name}: {answer}\n" + "".join(self.log[-20:]))
        return answer

    def metrics(self):
        """Lines of the log that CloudWatch makes metrics of."""
        lines = [json.loads(line) for line in self.log if line.startswith("{")]
        return [line for line in lines if "_aws" in line]

    def end(self):
        self.process.kill()
        self.process.wait()
        self.api.shutdown()


class Waiting:
    """Where CloudFormation waits for an answer, on loopback."""

    def __init__(self):
        self.answers = Queue()
        waiting = self

        class Place(BaseHTTPRequestHandler):
            def do_PUT(self):
                content = self.rfile.read(int(self.headers["Content-Length"]))
                waiting.answers.put((self.path, self.headers["Content-Type"], json.loads(content)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Place)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/answer?Signature=a%2Fb"


class Run(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.app = Recording()
        server = make_server("127.0.0.1", 0, cls.app, threaded=True, request_handler=Quiet)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.endpoint = f"http://127.0.0.1:{server.server_port}"
        cls.clients = {"endpoint_url": cls.endpoint}
        cls.names, cls.outputs = create(**cls.clients)
        # moto would call the functions in containers; this file hands them their messages itself.
        for queue in sqs_backends[DEFAULT_ACCOUNT_ID][REGION].queues.values():
            queue.lambda_event_source_mappings.clear()
        cls.group()
        cls.now = datetime.now(timezone.utc).replace(second=0, microsecond=0, tzinfo=None)
        cls.demand(cls.now - timedelta(days=15), cls.now, 300)
        cls.demand(cls.now - timedelta(hours=5), cls.now, 60)
        cls.client("s3").put_object(
            Bucket=cls.outputs["Bucket"], Key="config/forescale.toml", Body=CONFIG.encode()
        )
        cls.made = {}

    @classmethod
    def client(cls, service):
        return boto3.client(service, **cls.clients)

    @classmethod
    def group(cls):
        images = cls.client("ec2").describe_images(Owners=["amazon"])["Images"]
        for name in ["web-asg", "watched-asg"]:
            given = {"Image": images[0]["ImageId"], "Name": name}
            cls.client("cloudformation").create_stack(
                StackName=name,
                TemplateBody=(ROOT / "infra/fixtures/group.yaml").read_text(),
                Parameters=[
                    {"ParameterKey": key, "ParameterValue": value} for key, value in given.items()
                ],
            )
        ecs = cls.client("ecs")
        ecs.create_cluster(clusterName="prod")
        container = {"name": "api", "image": "api", "memory": 128}
        ecs.register_task_definition(family="api", containerDefinitions=[container])
        ecs.create_service(cluster="prod", serviceName="api", taskDefinition="api", desiredCount=2)
        cls.client("application-autoscaling").register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId="service/prod/api",
            ScalableDimension="ecs:service:DesiredCount",
            MinCapacity=2,
            MaxCapacity=60,
        )

    @classmethod
    def demand(cls, start, end, step, factor=1.0):
        """A day's wave, 200 requests a minute at midnight and 1,400 at noon, times `factor`."""
        data = []
        while start < end:
            wave = 800 - 600 * cos(2 * pi * (start.hour * 60 + start.minute) / 1440)
            value = factor * wave * step / 60
            at = start.replace(tzinfo=timezone.utc)
            data.append({"MetricName": "Requests", "Timestamp": at, "Value": value})
            start += timedelta(seconds=step)
        backend = cloudwatch_backends[DEFAULT_ACCOUNT_ID][REGION]
        put_metric_data(backend, {"Namespace": "Shop", "MetricData": data})

    def run_function(self, name, event, seconds=None, more={}):
        """Runs the function with the variables of the stack and `more`, and keeps what it called. It
        is told that it has so many seconds; without, all the time there is."""
        physical = self.names[f"{name.capitalize()}Function"]
        there = self.client("lambda").get_function(FunctionName=physical)["Configuration"]
        given = there["Environment"]["Variables"]
        variables = {key: str(value) for key, value in given.items()} | {
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": self.endpoint,
        } | more
        left = 2**52 if seconds is None else int((time() + seconds) * 1000)
        function = Lambda(name, variables, left)
        self.app.seen = []
        try:
            answer = function.invoke(event)
        finally:
            made, self.app.seen = self.app.seen, None
            function.end()
        kept = self.made.setdefault(name, set())
        for action, resource, context in made:
            resource = self.logical(resource)
            kept.add((action, resource, json.dumps(context)))
            if action == "sns:Publish":
                # The topic's key encrypts it on the caller's behalf.
                via = json.dumps({"kms:ViaService": f"sns.{REGION}.amazonaws.com"})
                for kms in ["kms:Decrypt", "kms:GenerateDataKey"]:
                    kept.add((kms, Policies(TEMPLATE).arn("NotificationsKey"), via))
        return answer, function

    def logical(self, resource):
        """The resource by its name in the template."""
        for name, physical in self.names.items():
            kind = TEMPLATE["Resources"].get(name, {}).get("Type")
            if kind in ("AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SNS::Topic"):
                resource = resource.replace(str(physical).rsplit("/", 1)[-1].split(":")[-1], name)
        return settled(resource)

    def keys(self):
        found = self.client("s3").list_objects_v2(Bucket=self.outputs["Bucket"])
        return {it["Key"] for it in found["Contents"]}

    # Tests of one class run in the order of their names.

    def test_1_a_night_leaves_a_forecast(self):
        answer, function = self.run_function("forecaster", {})
        self.assertEqual({it["outcome"] for it in answer["targets"]}, {"forecast"}, answer)
        self.assertIn(f"targets/web/forecast/{self.now:%Y-%m-%d}.json", self.keys())
        self.told(function, "TargetsFailed")

    def test_2_an_hour_leaves_scheduled_actions_on_the_group(self):
        answer, function = self.run_function("planner", {})
        outcomes = {it["target"]: it["outcome"] for it in answer["targets"]}
        self.assertEqual(outcomes, {"web": "planned", "api": "planned", "watched": "shadow"})
        actions = self.client("autoscaling").describe_scheduled_actions(
            AutoScalingGroupName="web-asg"
        )["ScheduledUpdateGroupActions"]
        self.assertTrue(actions)
        self.assertIn("targets/web/plan.json", self.keys())
        services = self.client("application-autoscaling").describe_scheduled_actions(
            ServiceNamespace="ecs", ResourceId="service/prod/api"
        )["ScheduledActions"]
        self.assertTrue(services)
        line = self.told(function, "ScheduledActionsWritten")
        self.assertEqual(line["ScheduledActionsWritten"], len(actions))
        again, _ = self.run_function("planner", {})
        changes = {it["target"]: it["changes"] for it in again["targets"]}
        self.assertEqual((changes["web"], changes["api"]), (0, 0), again)

    def test_2_many_targets_go_through_the_queues_of_the_stack(self):
        sqs = self.client("sqs")
        # A second start within one step finds its forecasts there.
        for name, more in [("planner", {}), ("forecaster", {"again": True})]:
            with self.subTest(name):
                queue = self.names[f"{name.capitalize()}Tasks"]
                run = {"scheduled": f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"} | more
                sent, _ = self.run_function(name, run, more={"FORESCALE_INLINE_TARGETS": "0"})
                self.assertEqual(sent["sent"], 3, sent)
                sqs.send_message(QueueUrl=queue, MessageBody="hello")

                event = self.messages(queue)
                # With no time left they come again, and what is no task is given up.
                late, _ = self.run_function(name, event, seconds=6)
                pages = 1 if name == "forecaster" else 0
                self.assertEqual(len(late["batchItemFailures"]), 3 + pages, late)
                rest = {it["itemIdentifier"] for it in late["batchItemFailures"]}
                event = {"Records": [it for it in event["Records"] if it["messageId"] in rest]}
                done, function = self.run_function(name, event)
                # The page of all targets waits for them; they are done in the same call.
                page = [it["messageId"] for it in event["Records"] if "Task" not in it["body"]]
                self.assertEqual([it["itemIdentifier"] for it in done["batchItemFailures"]], page, event)
                told = [it for it in function.metrics() if "TargetsFailed" in it]
                self.assertEqual({it["TargetsFailed"] for it in told}, {0.0}, told)
                letters = sqs.receive_message(
                    QueueUrl=self.names["FailedTasks"], MessageAttributeNames=["All"]
                )["Messages"]
                codes = {it["MessageAttributes"]["code"]["StringValue"] for it in letters}
                self.assertEqual(codes, {"NoTask"})

    def test_3_an_alarm_raises_the_group_and_a_message_goes_out(self):
        sqs, sns = self.client("sqs"), self.client("sns")
        inbox = sqs.create_queue(QueueName="inbox")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])
        sns.subscribe(
            TopicArn=self.outputs["NotificationTopic"],
            Protocol="sqs",
            Endpoint=arn["Attributes"]["QueueArn"],
        )
        now = datetime.now(timezone.utc).replace(second=0, microsecond=0, tzinfo=None)
        self.demand(now - timedelta(minutes=12), now, 60, factor=14.0)
        event = {
            "source": "aws.cloudwatch",
            "alarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:forescale-web-load",
            "alarmData": {
                "alarmName": "forescale-web-load",
                "state": {
                    "value": "ALARM",
                    "reason": "crossed",
                    "timestamp": f"{now:%Y-%m-%dT%H:%M:%S}.000+0000",
                },
                "configuration": {"metrics": []},
            },
        }
        before = self.size()
        answer, function = self.run_function("responder", event)
        self.assertGreater(self.size(), before, answer)
        self.assertIn("targets/web/incident.json", self.keys())
        self.told(function, "TargetsFailed")
        self.assertTrue(sqs.receive_message(QueueUrl=inbox).get("Messages"), "people are told")
        # It looks again by itself.
        looks = sqs.get_queue_attributes(
            QueueUrl=self.names["Looks"], AttributeNames=["All"]
        )["Attributes"]
        waiting = int(looks["ApproximateNumberOfMessages"])
        delayed = int(looks["ApproximateNumberOfMessagesDelayed"])
        self.assertEqual(waiting + delayed, 1)
        # And the service, through Application Auto Scaling.
        text = json.dumps(event).replace("forescale-web-load", "forescale-api-load")
        answer, function = self.run_function("responder", json.loads(text))
        self.assertGreater(self.service()["MinCapacity"], 2, answer)

    def test_4_deleting_the_stack_gives_every_group_its_own_limits(self):
        waiting = Waiting()
        (stack,) = self.client("cloudformation").describe_stacks(StackName="forescale")["Stacks"]
        event = {
            "RequestType": "Create",
            "ResponseURL": waiting.url,
            "StackId": stack["StackId"],
            "RequestId": "r-1",
            "LogicalResourceId": "Leaving",
            "ResourceType": "Custom::ForescaleLeaving",
            "ServiceToken": "arn",
            "ResourceProperties": {"ServiceToken": "arn", "ServiceTimeout": "1800"},
        }
        floor = self.size()
        self.assertGreater(floor, 2)

        def answered(kind, **more):
            self.run_function("planner", event | {"RequestType": kind} | more)
            path, content_type, answer = waiting.answers.get(timeout=10)
            # As S3 has signed it: without a content type.
            self.assertEqual((path, content_type), ("/answer?Signature=a%2Fb", None))
            self.assertEqual(answer["Status"], "SUCCESS", answer)
            self.assertEqual(answer["StackId"], stack["StackId"])
            return answer

        name = answered("Create")["PhysicalResourceId"]
        answered("Update", PhysicalResourceId=name)
        # A rollback takes it out as well, and the stack stays.
        answered("Delete", PhysicalResourceId=name)
        self.assertEqual(self.size(), floor, "nothing is changed before the stack goes")
        self.assertTrue(self.own_actions())

        made = cloudformation_backends[DEFAULT_ACCOUNT_ID][REGION].stacks[stack["StackId"]]
        made.status = "DELETE_IN_PROGRESS"
        answer = answered("Delete", PhysicalResourceId=name)
        self.assertEqual(answer["PhysicalResourceId"], name)
        self.assertEqual(self.own_actions(), [])
        self.assertEqual(self.group_of("web-asg")["MinSize"], 2)
        self.assertEqual(self.service()["MinCapacity"], 2)
        for it in ["web", "api"]:
            self.assertIn(f"targets/{it}/released.json", self.keys())
        self.assertNotIn("targets/watched/released.json", self.keys())
        self.assertTrue(waiting.answers.empty(), "answered once each")
        # A planner that was under way takes none of them again.
        again, _ = self.run_function("planner", {})
        outcomes = {it["target"]: it["outcome"] for it in again["targets"]}
        self.assertEqual((outcomes["web"], outcomes["api"]), ("released", "released"))
        self.assertEqual(self.own_actions(), [])

    def test_5_nothing_failed(self):
        failed = self.client("sqs").get_queue_attributes(
            QueueUrl=self.names["FailedEvents"], AttributeNames=["ApproximateNumberOfMessages"]
        )
        self.assertEqual(failed["Attributes"]["ApproximateNumberOfMessages"], "0")

    def test_6_every_call_is_allowed_and_known(self):
        policies = Policies(TEMPLATE)
        made = [
            {"function": name, "action": action, "resource": resource, "context": json.loads(text)}
            for name, calls in sorted(self.made.items())
            for action, resource, text in sorted(calls)
        ]
        self.assertEqual({it["function"] for it in made}, {"forecaster", "planner", "responder"})
        for it in made:
            role = f"{it['function'].capitalize()}Role"
            statement = policies.allowing(role, it["action"], it["resource"], it["context"])
            self.assertIsNotNone(statement, it)
        if WRITE:
            # With those of earlier runs: which they make depends on the time of day.
            earlier = json.loads(CALLS.read_text()) if CALLS.exists() else []
            lines = sorted({"  " + json.dumps(it) for it in [*earlier, *made]})
            CALLS.write_text("[\n" + ",\n".join(lines) + "\n]\n")
        # One that is new is worth a look.
        known = [(it["function"], it["action"], it["resource"]) for it in json.loads(CALLS.read_text())]
        for it in made:
            self.assertIn((it["function"], it["action"], it["resource"]), known, "see this file's head")

    def messages(self, queue):
        """What SQS would hand to the function that reads `queue`."""
        found = self.client("sqs").receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, AttributeNames=["ApproximateReceiveCount"]
        )["Messages"]
        return {
            "Records": [
                {
                    "messageId": it["MessageId"],
                    "receiptHandle": it["ReceiptHandle"],
                    "body": it["Body"],
                    "attributes": it["Attributes"],
                    "eventSource": "aws:sqs",
                }
                for it in found
            ]
        }

    def own_actions(self):
        """Our scheduled actions on the group and on the service."""
        groups = self.client("autoscaling").describe_scheduled_actions(
            AutoScalingGroupName="web-asg"
        )["ScheduledUpdateGroupActions"]
        services = self.client("application-autoscaling").describe_scheduled_actions(
            ServiceNamespace="ecs", ResourceId="service/prod/api"
        )["ScheduledActions"]
        return [it["ScheduledActionName"] for it in groups + services]

    def group_of(self, name):
        groups = self.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        (group,) = [it for it in groups if it["AutoScalingGroupName"] == name]
        return group

    def service(self):
        scaling = self.client("application-autoscaling")
        (target,) = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
        return target

    def size(self):
        group = self.group_of("web-asg")
        return max(group["MinSize"], group["DesiredCapacity"])

    def told(self, function, name):
        """The one line of metrics that has this one."""
        (line,) = [it for it in function.metrics() if name in it and it["Target"] == "web"]
        self.assertEqual(line["Stack"], "forescale")
        return line


if __name__ == "__main__":
    unittest.main()
