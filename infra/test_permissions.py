"""Each function may do what it does, and nothing else: the calls of infra/calls.json, which
infra/test_run.py records of the built functions, against the policies of the template.

Run with any Python: python infra/test_permissions.py expanded.json
"""

import json
import re
import sys
import unittest
from pathlib import Path

from policy import ACCOUNT, REGION, Policies

with open(sys.argv.pop(1)) as file:
    POLICIES = Policies(json.load(file))
CALLS = json.loads((Path(__file__).parent / "calls.json").read_text())
FUNCTIONS = ["forecaster", "planner", "responder"]
READS = (
    "s3:Get",
    "s3:List",
    "cloudwatch:Get",
    "autoscaling:Describe",
    "application-autoscaling:Describe",
    "ecs:Describe",
    "cloudformation:Describe",
)

# Granted, and no call of the recording: each with the reason.
UNSEEN = {
    "application-autoscaling:DeleteScheduledAction": "a target that Application Auto Scaling scales",
    "application-autoscaling:DescribeScalableTargets": "the same",
    "application-autoscaling:DescribeScalingActivities": "the same",
    "application-autoscaling:DescribeScalingPolicies": "the same",
    "application-autoscaling:DescribeScheduledActions": "the same",
    "application-autoscaling:PutScheduledAction": "the same",
    "application-autoscaling:RegisterScalableTarget": "the same",
    "autoscaling:PutScalingPolicy": "manage_policy",
    "autoscaling:SetDesiredCapacity": "a group in which nothing scales in",
    "autoscaling:StartInstanceRefresh": "instance_refresh, at a release that broke",
    "ecs:DescribeServices": "an ECS service",
    "ecs:UpdateService": "the same, in which nothing scales in",
    "kms:Decrypt": "a message",
    "kms:GenerateDataKey": "the same",
    "logs:CreateLogStream": "Lambda, with the function's role",
    "logs:PutLogEvents": "the same",
    "s3:PutObjectTagging": "a ledger, in shadow",
    "s3:ListBucket": "no call: S3 then says 404 of what is not there, and not 403",
    "sns:Publish": "a message",
    "sqs:ChangeMessageVisibility": "a task that is to come again later",
    "sqs:DeleteMessage": "Lambda, which hands over looks and tasks",
    "sqs:GetQueueAttributes": "the same",
    "sqs:ReceiveMessage": "the same",
    "sqs:SendMessage": "Lambda, for an event that failed",
    "xray:PutTelemetryRecords": "Lambda, for a trace",
    "xray:PutTraceSegments": "the same",
}


def role(function):
    return f"{function.capitalize()}Role"


def allowing(function, action, resource, context=None):
    return POLICIES.allowing(role(function), action, resource, context)


def of(kind, name, service="autoscaling"):
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{kind}{name}"


def any_target(resource):
    return re.sub(r"/targets/[^/]+/", "/targets/*/", resource)


class Allowed(unittest.TestCase):
    def test_every_call_that_is_made(self):
        self.assertEqual({call["function"] for call in CALLS}, set(FUNCTIONS))
        for call in CALLS:
            found = allowing(call["function"], call["action"], call["resource"], call["context"])
            self.assertIsNotNone(found, call)

    def test_nothing_is_granted_that_nobody_uses(self):
        for function in FUNCTIONS:
            made = {call["action"] for call in CALLS if call["function"] == function}
            unseen = POLICIES.actions(role(function)) - made
            self.assertEqual(unseen - set(UNSEEN), set(), function)

    def test_every_reason_is_needed(self):
        granted = set().union(*(POLICIES.actions(role(function)) for function in FUNCTIONS))
        self.assertEqual(set(UNSEEN) - granted, set())
        for action in UNSEEN:
            unseen = [
                function
                for function in FUNCTIONS
                if action in POLICIES.actions(role(function))
                and not any(
                    call["function"] == function and call["action"] == action for call in CALLS
                )
            ]
            self.assertTrue(unseen, f"{action} is seen everywhere")


class Denied(unittest.TestCase):
    @staticmethod
    def shared(function, action, resource):
        """What it may do too, and did not in the recording."""
        if action.startswith(("sns:", "kms:")):
            # Messages to people: the forecaster tells of drift, the planner of a refused plan.
            return True
        if action == "sqs:SendMessage" and resource.endswith(":Looks"):
            # It asks again for a look that was lost.
            return function == "planner"
        if function == "responder":
            # It changes services as the planner does, keeps the shadow's ledger, and whoever changes a
            # group first keeps what it was.
            shared = ("application-autoscaling:", "ecs:")
            kept = resource.endswith("/baseline.json") or "/ledger/" in resource
            return action.startswith(shared) or kept
        return False

    def test_what_only_others_write(self):
        writes = [call for call in CALLS if not call["action"].startswith(READS)]
        tried = 0
        for function in FUNCTIONS:
            own = {
                (it["action"], any_target(it["resource"]))
                for it in writes
                if it["function"] == function
            }
            for call in writes:
                action, resource = call["action"], call["resource"]
                if (action, any_target(resource)) in own or self.shared(function, action, resource):
                    continue
                tried += 1
                found = allowing(function, action, resource, call["context"])
                self.assertIsNone(found, f"{function} may {action} {resource}")
        self.assertGreater(tried, 10)

    def test_what_is_not_the_stacks_own(self):
        for function in FUNCTIONS:
            for action, resource in [
                ("s3:GetObject", "arn:aws:s3:::Other/config/forescale.toml"),
                ("s3:PutObject", "arn:aws:s3:::Other/targets/web/plan.json"),
                ("s3:PutObject", "arn:aws:s3:::Documents/config/forescale.toml"),
                ("s3:PutObject", "arn:aws:s3:::Documents/pause.json"),
                ("s3:PutObject", "arn:aws:s3:::Documents/events.json"),
                ("s3:DeleteObject", "arn:aws:s3:::Documents/targets/web/plan.json"),
                ("s3:PutBucketPolicy", "arn:aws:s3:::Documents"),
                ("sns:Publish", of("", "Other", "sns")),
                ("sqs:SendMessage", of("", "Other", "sqs")),
                ("sqs:ReceiveMessage", of("", "FailedEvents", "sqs")),
                ("logs:PutLogEvents", of("log-group:", "Other:*", "logs")),
                ("kms:Decrypt", of("key/", "NotificationsKey", "kms")),
                ("lambda:InvokeFunction", of("function:", "PlannerFunction", "lambda")),
                ("ec2:RunInstances", "*"),
                ("ec2:TerminateInstances", "*"),
                ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/any"),
                ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/any"),
                ("cloudwatch:PutMetricAlarm", "*"),
                ("cloudwatch:DeleteAlarms", "*"),
            ]:
                self.assertIsNone(allowing(function, action, resource), f"{function} {action}")

    def test_a_group_without_the_tag(self):
        group = of("autoScalingGroup:id:autoScalingGroupName/", "other")
        target = of("scalable-target/", "1", "application-autoscaling")
        service = of("service/", "prod/web", "ecs")
        tries = [
            (group, "autoscaling:BatchPutScheduledUpdateGroupAction"),
            (group, "autoscaling:BatchDeleteScheduledAction"),
            (group, "autoscaling:SetDesiredCapacity"),
            (group, "autoscaling:UpdateAutoScalingGroup"),
            (group, "autoscaling:PutScalingPolicy"),
            (group, "autoscaling:StartInstanceRefresh"),
            (target, "application-autoscaling:PutScheduledAction"),
            (target, "application-autoscaling:RegisterScalableTarget"),
            (service, "ecs:UpdateService"),
        ]
        granted = 0
        for function in FUNCTIONS:
            for resource, action in tries:
                for context in [{}, {"aws:ResourceTag/forescale": "no"}]:
                    self.assertIsNone(allowing(function, action, resource, context), action)
                tagged = {"aws:ResourceTag/forescale": "managed"}
                granted += allowing(function, action, resource, tagged) is not None
        # With the tag it is another matter: this test tells the two apart.
        self.assertEqual(granted, 2 * len(tries) - 2)

    def test_what_may_be_done_to_a_tagged_group_and_is_not(self):
        group = of("autoScalingGroup:id:autoScalingGroupName/", "web-asg")
        tagged = {"aws:ResourceTag/forescale": "managed"}
        for function in FUNCTIONS:
            for action in [
                "autoscaling:DeleteAutoScalingGroup",
                "autoscaling:TerminateInstanceInAutoScalingGroup",
                "autoscaling:SuspendProcesses",
                "autoscaling:ResumeProcesses",
                "autoscaling:DeletePolicy",
                "autoscaling:CreateOrUpdateTags",
                "autoscaling:DetachInstances",
            ]:
                self.assertIsNone(allowing(function, action, group, tagged), action)

    def test_metrics_and_events_of_others(self):
        for function in FUNCTIONS:
            other = {"cloudwatch:namespace": "AWS/ApplicationELB"}
            self.assertIsNone(allowing(function, "cloudwatch:PutMetricData", "*", other))
            bus = of("event-bus/", "default", "events")
            self.assertIsNone(
                allowing(function, "events:PutEvents", bus, {"events:source": "forescale.release"})
            )


if __name__ == "__main__":
    unittest.main()
