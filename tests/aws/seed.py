"""Fills the stand-in with a bucket, a topic with a queue, a queue of looks and one Auto Scaling group.

    python seed.py ENDPOINT < SEED

SEED is JSON: region, bucket, group, min_size, max_size, desired_capacity, and scales_in (whether
the group gets a policy that removes capacity). Prints JSON: topic (its ARN), messages (the URL of
the queue that is subscribed to it) and looks (the URL of the other queue).
"""

import json
import sys

import boto3


def client(seed, service):
    return boto3.client(
        service,
        endpoint_url=sys.argv[1],
        region_name=seed["region"],
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


def group(seed):
    template = {"ImageId": "ami-12c6146b", "InstanceType": "t3.micro"}
    client(seed, "ec2").create_launch_template(
        LaunchTemplateName=seed["group"], LaunchTemplateData=template
    )
    autoscaling = client(seed, "autoscaling")
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=seed["group"],
        LaunchTemplate={"LaunchTemplateName": seed["group"], "Version": "$Latest"},
        AvailabilityZones=[seed["region"] + "a"],
        MinSize=seed["min_size"],
        MaxSize=seed["max_size"],
        DesiredCapacity=seed["desired_capacity"],
    )
    if seed["scales_in"]:
        autoscaling.put_scaling_policy(
            AutoScalingGroupName=seed["group"],
            PolicyName="cpu",
            PolicyType="TargetTrackingScaling",
            TargetTrackingConfiguration={
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "ASGAverageCPUUtilization"
                },
                "TargetValue": 50.0,
            },
        )


def main():
    seed = json.load(sys.stdin)
    client(seed, "s3").create_bucket(
        Bucket=seed["bucket"],
        CreateBucketConfiguration={"LocationConstraint": seed["region"]},
    )
    sns, sqs = client(seed, "sns"), client(seed, "sqs")
    topic = sns.create_topic(Name="forescale")["TopicArn"]
    messages, looks = (
        sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("messages", "looks")
    )
    attributes = sqs.get_queue_attributes(QueueUrl=messages, AttributeNames=["QueueArn"])
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=attributes["Attributes"]["QueueArn"]
    )
    group(seed)
    print(json.dumps({"topic": topic, "messages": messages, "looks": looks}))


if __name__ == "__main__":
    main()
