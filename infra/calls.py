"""Calls to AWS as IAM sees them, from the requests that the SDK sends."""

import json
import re
from urllib.parse import parse_qs, unquote

from policy import ACCOUNT, REGION

TARGETS = {
    "AmazonSQS": "sqs",
    "AWSEvents": "events",
    "AnyScaleFrontendService": "application-autoscaling",
    "AmazonEC2ContainerServiceV20141113": "ecs",
}


def calls(service, method, path, query, headers, body):
    """(action, resource, context) of each permission that one request needs, signed for `service`."""
    found = call(service, method, path, query, headers.get("HTTP_X_AMZ_TARGET", ""), body)
    yield found
    if headers.get("HTTP_X_AMZ_TAGGING"):
        yield "s3:PutObjectTagging", *found[1:]


def call(service, method, path, query, target, body):
    if service == "s3":
        bucket, _, key = unquote(path).lstrip("/").partition("/")
        if not key:
            assert method == "GET" and "list-type=2" in query, (method, path, query)
            return "s3:ListBucket", f"arn:aws:s3:::{bucket}", {}
        action = {"GET": "s3:GetObject", "PUT": "s3:PutObject"}.get(method, f"s3:{method}")
        return action, f"arn:aws:s3:::{bucket}/{key}", {}
    if service == "monitoring":
        action = path.rsplit("/", 1)[1]
        return f"cloudwatch:{action}", "*", {"cloudwatch:namespace": body.get("Namespace")}
    if service == "cloudformation":
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        # A stack's ARN ends with an id that nobody knows before.
        stack = form["StackName"].rsplit("/", 1)[0]
        return f"cloudformation:{form['Action']}", f"{stack}/id", {}
    if service in ("autoscaling", "sns"):
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        action = f"{service}:{form['Action']}"
        if service == "sns":
            return action, form["TopicArn"], {}
        if ":Describe" in action:
            return action, "*", {}
        return action, group(form["AutoScalingGroupName"]), {"aws:ResourceTag/forescale": "managed"}
    prefix, _, name = target.partition(".")
    form = json.loads(body)
    action = f"{TARGETS[prefix]}:{name}"
    if ":Describe" in action:
        # ECS looks at one service of a cluster, Application Auto Scaling knows no resource.
        return action, service_of(form) if prefix.startswith("AmazonEC2") else "*", {}
    if prefix == "AnyScaleFrontendService":
        target = f"arn:aws:application-autoscaling:{REGION}:{ACCOUNT}:scalable-target/id"
        return action, target, {"aws:ResourceTag/forescale": "managed"}
    if prefix.startswith("AmazonEC2"):
        return action, service_of(form), {"aws:ResourceTag/forescale": "managed"}
    if prefix == "AmazonSQS":
        # IAM knows one permission for a message and for a batch of them.
        action = action.removesuffix("Batch")
        queue = form["QueueUrl"].rsplit("/", 1)[1]
        return action, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}", {}
    if prefix == "AWSEvents":
        (entry,) = form["Entries"]
        bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{entry['EventBusName']}"
        return action, bus, {"events:source": entry["Source"]}
    raise AssertionError(f"{action} is not known here")


def service_of(form):
    (name,) = form.get("services") or [form["service"]]
    return f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/{form['cluster']}/{name}"


def group(name):
    """Some group of that name: its ARN has an id that nobody knows before."""
    return f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:id:autoScalingGroupName/{name}"


def settled(text):
    """A resource without what differs from run to run."""
    text = re.sub(r"\d{4}-\d\d-\d\d\.json", "2026-01-01.json", text)
    return re.sub(r"\.damaged-\d+", ".damaged-0", text)
