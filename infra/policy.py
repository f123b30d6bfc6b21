"""Whether a role of the template allows a call, as IAM would say it of the policies here.

Only what these policies use: Allow, actions by name, resources with `*`, conditions StringEquals.
Anything else is an error, so that a policy that this does not understand fails the tests.
Source: IAM user guide, "Policy evaluation logic".
"""

import re

ACCOUNT = "123456789012"
REGION = "eu-west-1"

# The ARN of a resource of the template, by its name there.
ARNS = {
    "AWS::KMS::Key": "arn:aws:kms:{region}:{account}:key/{name}",
    "AWS::Lambda::Alias": "arn:aws:lambda:{region}:{account}:function:{name}",
    "AWS::Logs::LogGroup": "arn:aws:logs:{region}:{account}:log-group:{name}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{name}",
    "AWS::SNS::Topic": "arn:aws:sns:{region}:{account}:{name}",
    "AWS::SQS::Queue": "arn:aws:sqs:{region}:{account}:{name}",
}
PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/forescale/id",
}


def many(value):
    return value if isinstance(value, list) else [value]


class Policies:
    """The policies of every role of an expanded template."""

    def __init__(self, template):
        self.resources = template["Resources"]

    def arn(self, name):
        """The ARN of a resource of the template."""
        form = ARNS[self.resources[name]["Type"]]
        return form.format(region=REGION, account=ACCOUNT, name=name)

    def text(self, value):
        """What CloudFormation makes of a value of a policy."""
        if isinstance(value, str):
            return value
        ((function, argument),) = value.items()
        if function == "Ref":
            return PSEUDO.get(argument) or self.arn(argument)
        if function == "Fn::GetAtt":
            name, attribute = argument
            assert attribute == "Arn", argument
            return self.arn(name)
        assert function == "Fn::Sub", value

        def put_in(found):
            name = found[1]
            return PSEUDO.get(name) or self.arn(name.removesuffix(".Arn"))

        return re.sub(r"\$\{([^}]+)\}", put_in, argument)

    def statements(self, role):
        for policy in self.resources[role]["Properties"].get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                assert statement["Effect"] == "Allow", (role, statement)
                assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
                yield statement

    def allowing(self, role, action, resource, context=None):
        """The statement of `role` that allows the call; `None` where none does."""
        for statement in self.statements(role):
            if action not in many(statement["Action"]):
                continue
            if not any(
                re.fullmatch(re.escape(self.text(it)).replace(r"\*", ".*"), resource)
                for it in many(statement["Resource"])
            ):
                continue
            if self.holds(statement.get("Condition", {}), context or {}):
                return statement
        return None

    def holds(self, condition, context):
        for operator, keys in condition.items():
            assert operator == "StringEquals", operator
            for key, wanted in keys.items():
                if context.get(key) not in [self.text(it) for it in many(wanted)]:
                    return False
        return True

    def actions(self, role):
        return {
            action
            for statement in self.statements(role)
            for action in many(statement["Action"])
        }
