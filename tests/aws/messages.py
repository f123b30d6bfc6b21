"""Takes every message that waits in a queue of the stand-in and prints it, one JSON body a line.

    python messages.py ENDPOINT REGION QUEUE_URL
"""

import json
import sys

import boto3


def main():
    endpoint, region, queue = sys.argv[1:]
    sqs = boto3.client(
        "sqs",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    while True:
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        if not found:
            return
        for message in found:
            # moto breaks what SNS delivers into lines.
            print(json.dumps(json.loads(message["Body"])))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


if __name__ == "__main__":
    main()
