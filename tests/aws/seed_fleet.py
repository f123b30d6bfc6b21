"""Fills the stand-in with a bucket, many Auto Scaling groups, a queue of tasks and its dead letters.

    python seed_fleet.py ENDPOINT < SEED

SEED is JSON: region, bucket, groups (their names), visibility (seconds) and receives (how often a
task is delivered). Prints JSON: tasks and dead_letters (the URLs of the queues).
"""

import json
import sys

from seed import client


def main():
    seed = json.load(sys.stdin)
    client(seed, "s3").create_bucket(
        Bucket=seed["bucket"],
        CreateBucketConfiguration={"LocationConstraint": seed["region"]},
    )
    sqs = client(seed, "sqs")
    dead = sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
    redrive = {
        "deadLetterTargetArn": arn["Attributes"]["QueueArn"],
        "maxReceiveCount": seed["receives"],
    }
    tasks = sqs.create_queue(
        QueueName="tasks",
        Attributes={
            "VisibilityTimeout": str(seed["visibility"]),
            "RedrivePolicy": json.dumps(redrive),
        },
    )["QueueUrl"]
    template = {"ImageId": "ami-12c6146b", "InstanceType": "t3.micro"}
    client(seed, "ec2").create_launch_template(
        LaunchTemplateName="fleet", LaunchTemplateData=template
    )
    autoscaling = client(seed, "autoscaling")
    for name in seed["groups"]:
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchTemplate={"LaunchTemplateName": "fleet", "Version": "$Latest"},
            AvailabilityZones=[seed["region"] + "a"],
            MinSize=1,
            MaxSize=20,
            DesiredCapacity=1,
        )
    print(json.dumps({"tasks": tasks, "dead_letters": dead}))


if __name__ == "__main__":
    main()
