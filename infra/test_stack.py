"""The stack as it would be created: the expanded template on AWS's stand-in, and what that skips.

Run with the environment of tests/requirements.txt, after infra/expand.py in the other one:
.venv/infra/bin/python infra/expand.py >expanded.json; .venv/bin/python infra/test_stack.py expanded.json
"""

import json
import unittest

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.cloudformation.parsing import get_model_map
from stack import SKIPPED, STACK, TEMPLATE, create, made, of_kind, properties, references


@mock_aws
class Created(unittest.TestCase):
    def test_everything_is_there_that_moto_makes(self):
        unknown = {it["Type"] for it in TEMPLATE["Resources"].values()} - set(get_model_map())
        # A topic makes its subscriptions, not the stack.
        own = {it for it in unknown if it.startswith("Custom::")}
        self.assertEqual(own, {"Custom::ForescaleLeaving"})
        self.assertEqual(unknown | {"AWS::SNS::Subscription"}, SKIPPED)

        names, outputs = create()
        self.assertEqual(set(made()["Resources"]) - set(names), set())
        self.assertEqual(set(outputs), set(TEMPLATE["Outputs"]))

    def test_the_bucket_refuses_to_write_over_what_is_there(self):
        names, outputs = create()
        s3 = boto3.client("s3")
        bucket = outputs["Bucket"]
        s3.put_object(Bucket=bucket, Key="config/forescale.toml", Body=b"")
        # What the functions rely on to be alone: a write only where nothing is yet.
        with self.assertRaises(ClientError) as refused:
            s3.put_object(
                Bucket=bucket, Key="config/forescale.toml", Body=b"", IfNoneMatch="*"
            )
        self.assertEqual(refused.exception.response["Error"]["Code"], "PreconditionFailed")

    def test_each_function_has_its_version_log_group_and_role(self):
        names, outputs = create()
        functions = boto3.client("lambda")
        for name in of_kind("AWS::Lambda::Function"):
            function = functions.get_function(FunctionName=names[name])["Configuration"]
            variables = function["Environment"]["Variables"]
            self.assertEqual(variables["FORESCALE_BUCKET"], outputs["Bucket"])
            self.assertEqual(variables["FORESCALE_STACK"], STACK)
            versions = functions.list_versions_by_function(FunctionName=names[name])
            self.assertIn("1", [version["Version"] for version in versions["Versions"]])
            role = function["Role"].split("/")[-1]
            policies = boto3.client("iam").list_role_policies(RoleName=role)["PolicyNames"]
            self.assertEqual(len(policies), 1, name)
        groups = boto3.client("logs").describe_log_groups()["logGroups"]
        kept = {group["logGroupName"]: group["retentionInDays"] for group in groups}
        self.assertEqual(
            kept,
            {
                f"/forescale/{STACK}/{name}": 30
                for name in ["forecaster", "planner", "responder"]
            },
        )

    def test_what_a_queue_gives_up_goes_to_the_queue_of_failed_events(self):
        names, outputs = create()
        sqs = boto3.client("sqs")
        failed = names["FailedEvents"]
        arn = sqs.get_queue_attributes(QueueUrl=failed, AttributeNames=["QueueArn"])
        arn = arn["Attributes"]["QueueArn"]
        for name in of_kind("AWS::SQS::Queue"):
            if "RedrivePolicy" not in properties(name):
                continue
            given = sqs.get_queue_attributes(QueueUrl=names[name], AttributeNames=["All"])
            redrive = json.loads(given["Attributes"]["RedrivePolicy"])
            self.assertIn("deadLetterTargetArn", redrive)
            self.assertTrue(redrive["deadLetterTargetArn"].startswith("arn:aws:sqs:"), arn)


class Skipped(unittest.TestCase):
    """What moto does not make, in the expanded template."""

    def test_every_reference_leads_somewhere(self):
        known = set(TEMPLATE["Resources"]) | set(TEMPLATE["Parameters"])
        for name, resource in of_kind(*SKIPPED).items():
            for reference in references(resource["Properties"]):
                if not reference.startswith("AWS::"):
                    self.assertIn(reference, known, name)

    def test_schedules_start_the_live_alias_with_their_own_role(self):
        schedules = of_kind("AWS::Scheduler::Schedule")
        self.assertTrue(schedules)
        for name, schedule in schedules.items():
            target = schedule["Properties"]["Target"]
            self.assertTrue(target["Arn"]["Ref"].endswith("Aliaslive"), name)
            role = target["RoleArn"]["Fn::GetAtt"][0]
            (trust,) = properties(role)["AssumeRolePolicyDocument"]["Statement"]
            self.assertEqual(trust["Principal"], {"Service": "scheduler.amazonaws.com"})
            self.assertEqual(
                trust["Condition"]["StringEquals"]["aws:SourceArn"],
                {"Fn::GetAtt": ["Schedules", "Arn"]},
            )
            self.assertEqual(schedule["Properties"]["GroupName"], {"Ref": "Schedules"})
            self.assertEqual(target["DeadLetterConfig"]["Arn"], {"Fn::GetAtt": ["FailedEvents", "Arn"]})

    def test_subscriptions_are_made_only_where_somebody_is_named(self):
        subscriptions = of_kind("AWS::SNS::Subscription")
        found = {
            name: (it["Condition"], it["Properties"]["Protocol"], it["Properties"]["Endpoint"])
            for name, it in subscriptions.items()
        }
        self.assertEqual(
            found,
            {
                "NotificationsByEmail": ("HasEmail", "email", {"Ref": "NotificationEmail"}),
                "ResponderTopicSubscription": (
                    "HasAlarmTopic",
                    "lambda",
                    {"Ref": "ResponderFunctionAliaslive"},
                ),
            },
        )

    def test_each_function_is_released_with_the_alarm_that_takes_it_back(self):
        groups = of_kind("AWS::CodeDeploy::DeploymentGroup")
        self.assertEqual(len(groups), len(of_kind("AWS::Lambda::Function")))
        for name, group in groups.items():
            alarms = group["Properties"]["AlarmConfiguration"]["Alarms"]
            self.assertTrue(alarms, name)
            self.assertTrue(group["Properties"]["AutoRollbackConfiguration"]["Enabled"])

    def test_each_function_hands_on_what_failed(self):
        configs = of_kind("AWS::Lambda::EventInvokeConfig")
        for name, config in configs.items():
            failed = config["Properties"]["DestinationConfig"]["OnFailure"]["Destination"]
            self.assertEqual(failed, {"Fn::GetAtt": ["FailedEvents", "Arn"]}, name)


if __name__ == "__main__":
    unittest.main()
