"""Each function may do what it does, and nothing else: the calls of infra/calls.json, which
infra/test_run.py records of the built functions, against the policies of the template.

Run with any Python: python infra/test_permissions.py expanded.json
"""

import json
import re
import sys
import unittest
from pathlib import Path

from policy import ACCOUNT, REGION, Policies, many

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

# Granted, and in no call of the recording: functions, permission, end of the resource in the policy,
# and the reason. What is replayed elsewhere is said.
LAMBDA = "Lambda does it, with the function's role"
UNSEEN = [
    ("fp", "kms:Decrypt", "", "a message"),
    ("fp", "kms:GenerateDataKey", "", "the same"),
    ("fpr", "logs:CreateLogStream", "", LAMBDA),
    ("fpr", "logs:PutLogEvents", "", LAMBDA),
    ("fr", "s3:ListBucket", "", "no call: S3 then says 404 of what is not there, and not 403"),
    ("fp", "sns:Publish", "", "forecasts that got worse; a plan that was refused"),
    ("fpr", "sqs:DeleteMessage", "", LAMBDA),
    ("fpr", "sqs:GetQueueAttributes", "", LAMBDA),
    ("fpr", "sqs:ReceiveMessage", "", LAMBDA),
    ("fpr", "sqs:SendMessage", "FailedEvents", LAMBDA + ", for an event that failed"),
    ("fpr", "xray:PutTelemetryRecords", "", LAMBDA),
    ("fpr", "xray:PutTraceSegments", "", LAMBDA),
    ("f", "s3:PutObject", "/record.json", "a night after a night"),
    ("f", "s3:PutObjectTagging", "/history.json*", "an archive that is damaged"),
    ("p", "autoscaling:PutScalingPolicy", "", "manage_policy, where the replay finds a better value"),
    ("p", "sqs:SendMessage", "Looks", "a look that was lost"),
    ("r", "autoscaling:StartInstanceRefresh", "", "instance_refresh, at a release that broke"),
    ("r", "s3:PutObject", "/baseline.json", "an alarm before the first plan"),
    ("r", "s3:PutObject", "/ledger/*", "an alarm of a target in shadow"),
    ("r", "s3:PutObjectTagging", "/ledger/*", "the same"),
]


def role(function):
    return f"{function.capitalize()}Role"


def allowing(function, action, resource, context=None):
    return POLICIES.allowing(role(function), action, resource, context)


def of(kind, name, service="autoscaling"):
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{kind}{name}"


def covers(pattern, resource):
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), resource)


def any_target(resource):
    return re.sub(r"/targets/[^/]+/", "/targets/*/", resource)


class Allowed(unittest.TestCase):
    def test_every_call_that_is_made(self):
        self.assertEqual({call["function"] for call in CALLS}, set(FUNCTIONS))
        for call in CALLS:
            found = allowing(call["function"], call["action"], call["resource"], call["context"])
            self.assertIsNotNone(found, call)

    @staticmethod
    def unseen():
        """Permission and resource of each function that no call of the recording needs."""
        for function in FUNCTIONS:
            made = [call for call in CALLS if call["function"] == function]
            for statement in POLICIES.statements(role(function)):
                for action in many(statement["Action"]):
                    for resource in many(statement["Resource"]):
                        resource = POLICIES.text(resource)
                        if not any(
                            call["action"] == action and covers(resource, call["resource"])
                            for call in made
                        ):
                            yield function, action, resource

    @staticmethod
    def excused(entry, function, action, resource):
        functions, allowed, end, _ = entry
        return function[0] in functions and action == allowed and resource.endswith(end)

    def test_nothing_is_granted_that_nobody_uses(self):
        for unseen in self.unseen():
            found = [entry for entry in UNSEEN if self.excused(entry, *unseen)]
            self.assertTrue(found, unseen)

    def test_every_reason_is_needed(self):
        unseen = list(self.unseen())
        for entry in UNSEEN:
            for letter in entry[0]:
                alone = (letter, *entry[1:])
                found = [it for it in unseen if self.excused(alone, *it)]
                self.assertTrue(found, f"{alone} is seen, or not granted")


class Denied(unittest.TestCase):
    @staticmethod
    def excused(function, action, resource):
        """What it may do too, and did not in the recording."""
        return any(
            function[0] in functions and action == allowed and covers(f"*{end}", resource)
            for functions, allowed, end, _ in UNSEEN
        )

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
                if (action, any_target(resource)) in own or self.excused(function, action, resource):
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
                # Desired capacity goes with the floor, by UpdateAutoScalingGroup.
                "autoscaling:SetDesiredCapacity",
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
