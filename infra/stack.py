"""The expanded template on AWS's stand-in, for the tests of the stack.

Wants the environment of tests/requirements.txt, and what infra/expand.py printed as the first argument
of the program.
"""

import io
import json
import os
import sys
import warnings
import zipfile

os.environ.update(
    AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="eu-west-1"
)
# moto warns of each kind that it skips; the test counts them.
warnings.simplefilter("ignore")

import boto3

with open(sys.argv.pop(1)) as file:
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
    # moto would run the function in a container; infra/test_run.py does what CloudFormation does.
    "Custom::ForescaleLeaving",
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


def create(**clients):
    """Creates the stack; names of its resources, and its outputs."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("bootstrap", "")
    s3 = boto3.client("s3", **clients)
    place = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket="code", CreateBucketConfiguration=place)
    s3.put_object(Bucket="code", Key="function.zip", Body=code.getvalue())
    boto3.client("sns", **clients).create_topic(Name="alarms")
    formation = boto3.client("cloudformation", **clients)
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
    return names, outputs
