"""The plain CloudFormation template that SAM makes of ours, without AWS.

As a program it prints it as JSON, for infra/test_stack.py, which runs in another environment.
"""

import json
import logging
import os
import sys
from pathlib import Path

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")
logging.disable(logging.WARNING)

from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

TEMPLATE = Path(__file__).parent / "template.yaml"
# Where the code of every function would be uploaded to.
CODE = ("code", "function.zip")


def expanded(**parameters):
    """The template with `parameters` beside the defaults."""
    template = yaml_parse(TEMPLATE.read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://" + "/".join(CODE)
    values = {name: str(given["Default"]) for name, given in template["Parameters"].items()}
    return Translator(managed_policy_map={}, sam_parser=Parser()).translate(
        template, values | parameters
    )


if __name__ == "__main__":
    json.dump(expanded(), sys.stdout, indent=1)
