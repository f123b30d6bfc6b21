"""The stack as it would be created: the expanded template on AWS's stand-in, and what that skips.

Run with the environment of tests/requirements.txt, after infra/expand.py in the other one:
.venv/infra/bin/python infra/expand.py >expanded.json; .venv/bin/python infra/test_stack.py expanded.json
"""

import io
import json
import os
import sys
import unittest
import warnings
import zipfile

os.environ.update(
    AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="eu-west-1"
)
# moto warns of each kind that it skips; the test counts them.
warnings.simplefilter("ignore")

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.cloudformation.parsing import get_model_map

with open(sys.argv.pop(1) if len(sys.argv) > 1 else "expanded.json") as file:
    TEMPLATE = json.load(file)

STACK = "forescale"
PARAMETERS = {
    "NotificationEmail": "team@example.com",
    "AlarmTopicArn": "arn:aws:sns:eu-west-1:123456789012:alarms",
    "BandTargets": "web,api",
    "BandLoadBalancers": "app/web/0123456789abcdef,app/api/0123456789abcdef",
}
# What moto does not make. A new kind fails the test until somebody has looked at it here.
SKIPPED = {
    "AWS::CloudWatch::Alarm",
    "AWS::CodeDeploy::Application",
    "AWS::CodeDeploy::DeploymentGroup",
    "AWS::Lambda::Alias",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::Scheduler::Schedule",
    "AWS::Scheduler::ScheduleGroup",
}


def of_kind(*kinds):
    return {name: it for name, it in TEMPLATE["Resources"].items() if it["Type"] in kinds}


def properties(name):
    return TEMPLATE["Resources"][name]["Properties"]


def references(value):
    """Names of resources and parameters that a part of the template refers to."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "Ref":
                yield item
            elif key == "Fn::GetAtt":
                yield item[0] if isinstance(item, list) else item.split(".")[0]
            else:
                yield from references(item)


def made():
    """The template without what moto skips; what refers to that has a name in its place."""
    gone = of_kind(*SKIPPED)

    def without(value):
        if isinstance(value, list):
            return [without(item) for item in value]
        if isinstance(value, dict):
            if set(value) & {"Ref", "Fn::GetAtt"} and set(references(value)) & set(gone):
                name = next(references(value))
                if gone[name]["Type"] == "AWS::Lambda::Alias":
                    return {"Fn::GetAtt": [gone[name]["Properties"]["FunctionName"]["Ref"], "Arn"]}
                return f"arn:aws:skipped:::{name}"
            return {key: without(item) for key, item in value.items()}
        return value

    rest = {name: it for name, it in TEMPLATE["Resources"].items() if name not in gone}
    return {**TEMPLATE, "Resources": without(rest), "Outputs": without(TEMPLATE["Outputs"])}


@mock_aws
def create(check):
    """Creates the stack and hands its resources and outputs to `check`."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("bootstrap", "")
    s3 = boto3.client("s3")
    place = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket="code", CreateBucketConfiguration=place)
    s3.put_object(Bucket="code", Key="function.zip", Body=code.getvalue())
    boto3.client("sns").create_topic(Name="alarms")
    formation = boto3.client("cloudformation")
    formation.create_stack(
        StackName=STACK,
        TemplateBody=json.dumps(made()),
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in PARAMETERS.items()
        ],
    )
    (stack,) = formation.describe_stacks(StackName=STACK)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack
    resources = formation.describe_stack_resources(StackName=STACK)["StackResources"]
    names = {it["LogicalResourceId"]: it.get("PhysicalResourceId") for it in resources}
    outputs = {it["OutputKey"]: it["OutputValue"] for it in stack["Outputs"]}
    return check(names, outputs)


class Created(unittest.TestCase):
    def test_everything_is_there_that_moto_makes(self):
        unknown = {it["Type"] for it in TEMPLATE["Resources"].values()} - set(get_model_map())
        # A topic makes its subscriptions, not the stack.
        self.assertEqual(unknown | {"AWS::SNS::Subscription"}, SKIPPED)

        def check(names, outputs):
            self.assertEqual(set(made()["Resources"]) - set(names), set())
            self.assertEqual(set(outputs), set(TEMPLATE["Outputs"]))

        create(check)

    def test_the_bucket_refuses_to_write_over_what_is_there(self):
        def check(names, outputs):
            s3 = boto3.client("s3")
            bucket = outputs["Bucket"]
            s3.put_object(Bucket=bucket, Key="config/forescale.toml", Body=b"")
            # What the functions rely on to be alone: a write only where nothing is yet.
            with self.assertRaises(ClientError) as refused:
                s3.put_object(
                    Bucket=bucket, Key="config/forescale.toml", Body=b"", IfNoneMatch="*"
                )
            self.assertEqual(refused.exception.response["Error"]["Code"], "PreconditionFailed")

        create(check)

    def test_each_function_has_its_version_log_group_and_role(self):
        def check(names, outputs):
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

        create(check)

    def test_what_a_queue_gives_up_goes_to_the_queue_of_failed_events(self):
        def check(names, outputs):
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

        create(check)


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
