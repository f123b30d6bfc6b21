"""What the linters do not ask of infra/template.yaml: limits, permissions, and docs that are true.

Run with the environment of infra/requirements.txt: .venv/infra/bin/python infra/test_template.py
"""

import json
import re
import unittest
from collections import namedtuple
from pathlib import Path

from expand import expanded
from samcli.yamlhelper import yaml_parse

ROOT = Path(__file__).parent.parent
SOURCE = yaml_parse((ROOT / "infra/template.yaml").read_text())
DOCS = (ROOT / "docs/infrastructure.md").read_text()
RUNBOOK = (ROOT / "docs/runbook.md").read_text()
FUNCTIONS = ["Forecaster", "Planner", "Responder"]


RESOURCES = expanded()["Resources"]


def of_type(kind):
    found = {name: it for name, it in RESOURCES.items() if it["Type"] == kind}
    assert found, kind
    return found


def properties(name):
    return RESOURCES[name]["Properties"]


def many(value):
    return value if isinstance(value, list) else [value]


def statements(role):
    for policy in properties(role).get("Policies", []):
        yield from policy["PolicyDocument"]["Statement"]


def allowed(role):
    """Every (action, resource as text, condition) that a role has."""
    for statement in statements(role):
        assert statement["Effect"] == "Allow", (role, statement)
        for action in many(statement["Action"]):
            for resource in many(statement["Resource"]):
                text = resource if isinstance(resource, str) else json.dumps(resource)
                yield action, text, statement.get("Condition")


def own_alarms():
    """Alarms about the stack itself, without those about targets."""
    alarms = of_type("AWS::CloudWatch::Alarm")
    return {name: it for name, it in alarms.items() if not name.startswith("BandAlarm")}


NAMESPACE = "Forescale"
Measure = namedtuple("Measure", ["unit", "target", "stack"])


def measures():
    """The metrics that the code publishes, from the file that has their names."""
    code = (ROOT / "shared/control/src/watching/measures.rs").read_text()
    assert f'NAMESPACE: &str = "{NAMESPACE}"' in code
    found = re.findall(
        r'name: "(\w+)",\s+unit: Unit::(\w+),\s+target: Published::(\w+),\s+'
        r'stack: (?:Some\("(\w+)"\)|None)',
        code,
    )
    count = int(re.search(r"MEASURES: \[&Measure; (\d+)\]", code)[1])
    assert len(found) == count, "every measure is read"
    return {name: Measure(unit, target, stack) for name, unit, target, stack in found}


def dashboard():
    body = properties("Dashboard")["DashboardBody"]["Fn::Sub"][0]
    return json.loads(body)


class Functions(unittest.TestCase):
    def test_each_has_its_limits_and_tells_when_it_fails(self):
        self.assertEqual(
            sorted(of_type("AWS::Lambda::Function")), [f"{name}Function" for name in FUNCTIONS]
        )
        for name in FUNCTIONS:
            with self.subTest(name):
                function = properties(f"{name}Function")
                self.assertEqual(function["Runtime"], "provided.al2023")
                self.assertIn("MemorySize", function)
                self.assertIn("Timeout", function)
                self.assertIn("ReservedConcurrentExecutions", function)
                # Those that send to the queue that they read say that it is meant: Lambda stops such
                # a chain after 16 calls otherwise.
                chain = "Allow" if name in {"Planner", "Responder"} else None
                self.assertEqual(function.get("RecursiveLoop"), chain)
                self.assertEqual(function["TracingConfig"], {"Mode": "Active"})
                self.assertEqual(function["LoggingConfig"]["LogFormat"], "JSON")
                self.assertEqual(function["LoggingConfig"]["LogGroup"], {"Ref": f"{name}Logs"})
                self.assertIn("RetentionInDays", properties(f"{name}Logs"))
                self.assertEqual(
                    function["Role"], {"Fn::GetAtt": [f"{name}Role", "Arn"]}
                )
                invoke = properties(f"{name}FunctionEventInvokeConfig")
                self.assertIn("OnFailure", invoke["DestinationConfig"])
                self.assertIn("MaximumEventAgeInSeconds", invoke)
                self.assertIn("MaximumRetryAttempts", invoke)
                for alarm in ["Errors", "Throttles"]:
                    self.assertIn(f"{name}{alarm}", RESOURCES)

    def test_each_builds_the_binary_of_its_folder(self):
        for name in FUNCTIONS:
            source = SOURCE["Resources"][f"{name}Function"]
            folder = ROOT / "infra" / source["Properties"]["CodeUri"]
            self.assertTrue((folder / "Cargo.toml").is_file(), folder)
            self.assertEqual(source["Metadata"]["BuildProperties"]["Binary"], folder.name)

    def test_gets_the_variables_that_the_code_reads(self):
        environment = (ROOT / "shared/aws/src/environment.rs").read_text()
        for name in FUNCTIONS:
            for variable in properties(f"{name}Function")["Environment"]["Variables"]:
                self.assertIn(f'"{variable}"', environment)

    def test_a_run_is_over_before_its_lease(self):
        lease = (ROOT / "shared/control/src/lease.rs").read_text()
        length = int(re.search(r"const LENGTH: .*from_secs\((\d+)\)", lease)[1])
        for name in ["Planner", "Responder"]:
            # The forecaster takes no lease: it changes no group.
            self.assertLess(properties(f"{name}Function")["Timeout"] + 60, length, name)

    def test_the_nightly_run_is_over_before_the_planner_starts(self):
        self.assertLessEqual(5 * 60 + properties("ForecasterFunction")["Timeout"], 40 * 60)


class Leaving(unittest.TestCase):
    """What gives every group its own limits back when the stack is deleted."""

    @staticmethod
    def needs(name):
        """Resources that CloudFormation deletes after `name`: what it refers to, and so on."""
        found, waiting = set(), [name]
        while waiting:
            resource = RESOURCES[waiting.pop()]
            text = json.dumps(resource)
            names = set(re.findall(r'"Ref": "(\w+)"', text))
            names |= set(re.findall(r'"Fn::GetAtt": \["(\w+)"', text))
            names |= set(re.findall(r"\$\{(\w+)[.}]", text))
            names |= set(many(resource.get("DependsOn", [])))
            new = (names & set(RESOURCES)) - found
            found |= new
            waiting += new
        return found

    def test_it_goes_before_all_that_it_needs(self):
        needed = self.needs("Leaving")
        self.assertLessEqual(
            {
                "PlannerFunction",
                "PlannerFunctionAliaslive",
                "PlannerFunctionEventInvokeConfig",
                "PlannerFunctionTasks",
                "PlannerRole",
                "PlannerLogs",
                "PlannerTasks",
                "FailedEvents",
                "FailedTasks",
                "Documents",
            },
            needed,
        )
        for name in RESOURCES:
            self.assertNotIn("Leaving", self.needs(name), f"{name} would have to go first")

    def test_the_planner_serves_it_and_answers_in_time(self):
        leaving = properties("Leaving")
        self.assertEqual(leaving["ServiceToken"], {"Ref": "PlannerFunctionAliaslive"})
        code = (ROOT / "functions/planner/src/removal/mod.rs").read_text()
        budget = int(re.search(r"const BUDGET: .*from_mins\((\d+)\)", code)[1]) * 60
        # After the budget the call that is under way ends, and one that was lost comes again.
        slack = properties("PlannerFunction")["Timeout"] * 2
        self.assertLess(budget + slack, leaving["ServiceTimeout"])
        self.assertLess(leaving["ServiceTimeout"], 3600)

    def test_nothing_of_it_ever_changes(self):
        # A change that CloudFormation takes for a new resource has the old one deleted.
        self.assertEqual(set(properties("Leaving")), {"ServiceToken", "ServiceTimeout"})

    def test_the_planner_sees_its_own_stack_and_no_other(self):
        found = {
            name: resource
            for name in of_type("AWS::IAM::Role")
            for action, resource, _ in allowed(name)
            if action.startswith("cloudformation:")
        }
        self.assertEqual(found, {"PlannerRole": '{"Ref": "AWS::StackId"}'})

    def test_documents_stay(self):
        for policy in ["DeletionPolicy", "UpdateReplacePolicy"]:
            self.assertEqual(RESOURCES["Documents"][policy], "Retain")

    def test_the_docs_tell_how_to_go_on_after_a_failure(self):
        text = (ROOT / "docs/upgrade-and-uninstall.md").read_text()
        self.assertIn("--retain-resources Leaving", text)


class Schedules(unittest.TestCase):
    def test_nightly_and_hourly_with_zone_retries_and_a_place_for_what_failed(self):
        expressions = {}
        for name, schedule in of_type("AWS::Scheduler::Schedule").items():
            with self.subTest(name):
                schedule = schedule["Properties"]
                expressions[name] = schedule["ScheduleExpression"]
                self.assertIn("ScheduleExpressionTimezone", schedule)
                self.assertIn("RetryPolicy", schedule["Target"])
                self.assertIn("DeadLetterConfig", schedule["Target"])
                # A start that comes twice is known by the time it was due.
                self.assertEqual(
                    json.loads(schedule["Target"]["Input"]),
                    {"scheduled": "<aws.scheduler.scheduled-time>"},
                )
        self.assertEqual(
            expressions,
            {
                "ForecasterFunctionNightly": {"Fn::Sub": "cron(5 ${NightlyHour} * * ? *)"},
                "PlannerFunctionHourly": {"Fn::Sub": "cron(${PlannerMinutes} * * * ? *)"},
            },
        )

    def test_no_night_is_in_an_hour_that_clocks_skip(self):
        hours = [int(hour) for hour in SOURCE["Parameters"]["NightlyHour"]["AllowedValues"]]
        self.assertEqual(hours, [0, *range(3, 24)])

    def test_each_has_a_role_that_starts_one_function(self):
        roles = set()
        for schedule in of_type("AWS::Scheduler::Schedule").values():
            role = schedule["Properties"]["Target"]["RoleArn"]["Fn::GetAtt"][0]
            roles.add(role)
            invoked = [
                resource for action, resource, _ in allowed(role) if action.startswith("lambda:")
            ]
            self.assertEqual(
                invoked, [json.dumps(schedule["Properties"]["Target"]["Arn"])], role
            )
        self.assertEqual(len(roles), 2)


class Permissions(unittest.TestCase):
    def test_the_docs_name_each_permission_on_every_resource_and_no_other(self):
        table = DOCS.split("<!-- every resource -->")[1]
        documented = set(re.findall(r"^\| `([a-z-]+:[A-Za-z]+)` \|", table, re.M))
        used = {
            action
            for role in of_type("AWS::IAM::Role")
            for action, resource, _ in allowed(role)
            if resource == "*"
        }
        self.assertEqual(used, documented)

    def test_no_action_is_a_pattern(self):
        for role in of_type("AWS::IAM::Role"):
            for action, _, _ in allowed(role):
                self.assertNotIn("*", action, role)

    def test_no_policy_comes_from_elsewhere(self):
        # What these tests cannot read they cannot hold to account.
        for name, role in of_type("AWS::IAM::Role").items():
            self.assertNotIn("ManagedPolicyArns", role["Properties"], name)
        for kind in ["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"]:
            self.assertNotIn(kind, {it["Type"] for it in RESOURCES.values()})

    def test_a_release_moves_our_aliases_and_no_other(self):
        moved = {
            resource
            for action, resource, _ in allowed("ReleaseRole")
            if action == "lambda:UpdateAlias"
        }
        own = {json.dumps({"Fn::GetAtt": [f"{name}Function", "Arn"]}) for name in FUNCTIONS}
        own |= {json.dumps({"Fn::Sub": f"${{{name}Function.Arn}}:*"}) for name in FUNCTIONS}
        self.assertEqual(moved, own)
        for name in FUNCTIONS:
            group = properties(f"{name}FunctionDeploymentGroup")
            alarms = {alarm["Name"]["Ref"] for alarm in group["AlarmConfiguration"]["Alarms"]}
            self.assertEqual(alarms, {f"{name}Errors", "TargetsFailing"})
            for alarm in alarms:
                text = properties(alarm)["AlarmName"]["Fn::Sub"]
                self.assertTrue(text.startswith("watch-${AWS::StackName}-"), text)

    def test_only_tagged_groups_change(self):
        writers = set()
        for role in of_type("AWS::IAM::Role"):
            for action, _, condition in allowed(role):
                scales = ("autoscaling:", "application-autoscaling:", "ecs:")
                if action.startswith(scales) and ":Describe" not in action:
                    writers.add(role)
                    self.assertEqual(
                        condition, {"StringEquals": {"aws:ResourceTag/forescale": "managed"}}
                    )
        self.assertEqual(writers, {"PlannerRole", "ResponderRole"})

    def test_only_the_planner_sets_policies(self):
        setting = {
            role
            for role in of_type("AWS::IAM::Role")
            for action, _, _ in allowed(role)
            if action == "autoscaling:PutScalingPolicy"
        }
        self.assertEqual(setting, {"PlannerRole"})

    def test_each_writes_the_documents_that_the_register_gives_it(self):
        rows = re.findall(
            r"^\| [a-z-]+ \| `([^`]+)` \| [^|]* \| ([^|]*) \|",
            (ROOT / "docs/documents.md").read_text(),
            re.M,
        )
        self.assertGreater(len(rows), 10)
        for name in FUNCTIONS:
            due = {
                key.replace("{target}", "*")
                .replace("{day}.json", "*")
                .replace("{function}", name.lower())
                for key, writers in rows
                if name.lower() in writers
            }
            if name == "Forecaster":
                # It sets a damaged one aside beside it.
                due = {key.replace("history.json", "history.json*") for key in due}
            written = {
                re.fullmatch(r'\{"Fn::Sub": "\$\{Documents.Arn\}/(.*)"\}', resource)[1]
                for action, resource, _ in allowed(f"{name}Role")
                if action == "s3:PutObject"
            }
            self.assertEqual(written, due, name)

    def test_nobody_deletes_a_document(self):
        for name in FUNCTIONS:
            for action, _, _ in allowed(f"{name}Role"):
                self.assertFalse(action.startswith("s3:Delete"), name)

    def test_each_role_is_for_one_service(self):
        for name, role in of_type("AWS::IAM::Role").items():
            trust = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
            self.assertEqual(len(trust), 1, name)
            self.assertIn("Service", trust[0]["Principal"], name)


class People(unittest.TestCase):
    """The policies for those who run the command."""

    text = (ROOT / "docs/how-to/permissions-for-people.md").read_text()
    look, decide = [json.loads(it) for it in re.findall(r"```json\n(.*?)```", text, re.S)]

    @staticmethod
    def actions(policy):
        return {action for it in policy["Statement"] for action in many(it["Action"])}

    def test_looking_changes_nothing(self):
        for action in self.actions(self.look):
            verb = action.split(":")[1]
            self.assertTrue(verb.startswith(("Get", "List", "Describe", "Simulate")), action)

    def test_what_changes_something_is_narrow(self):
        for statement in self.decide["Statement"]:
            self.assertNotIn("*", many(statement["Resource"]), statement["Sid"])
            scales = [it for it in many(statement["Action"]) if "autoscaling:" in it]
            if scales:
                self.assertEqual(
                    statement["Condition"],
                    {"StringEquals": {"aws:ResourceTag/forescale": "managed"}},
                )

    def test_they_have_each_call_that_the_command_makes(self):
        # The survey is the command's alone; its calls by the clients' names.
        services = {
            "alarms": "cloudwatch",
            "balancers": "elasticloadbalancing",
            "formation": "cloudformation",
            "groups": "autoscaling",
            "parameters": "ssm",
            "queues": "sqs",
            "quotas": "servicequotas",
            "roles": "iam",
            "rules": "events",
            "schedules": "scheduler",
        }
        made = set()
        for file in ["mod.rs", "stack.rs"]:
            code = (ROOT / "shared/aws/src/survey" / file).read_text()
            for client, call in re.findall(r"self\s*\.(\w+)\s*\.(\w+)\(\)", code):
                if client in services:
                    name = "".join(part.capitalize() for part in call.split("_"))
                    made.add(f"{services[client]}:{name.replace('Aws', 'AWS')}")
        self.assertGreater(len(made), 10)
        self.assertLessEqual(made, self.actions(self.look))


class Alarms(unittest.TestCase):
    def test_our_own_alarms_do_not_call_the_responder(self):
        prefix = SOURCE["Parameters"]["AlarmPrefix"]["Default"]
        for name, alarm in own_alarms().items():
            self.assertFalse(alarm["Properties"]["AlarmName"]["Fn::Sub"].startswith(prefix), name)
            self.assertEqual(alarm["Properties"]["AlarmActions"], [{"Ref": "Notifications"}])

    def test_band_alarms_call_the_responder_and_compare_what_the_planner_publishes(self):
        code = (ROOT / "shared/control/src/band.rs").read_text()
        names = measures()
        bands = {
            name: alarm["Properties"]
            for name, alarm in of_type("AWS::CloudWatch::Alarm").items()
            if name.startswith("BandAlarm")
        }
        self.assertEqual(len(bands), 4)
        for index, alarm in enumerate(bands.values()):
            text, parts = alarm["AlarmName"]["Fn::Sub"]
            self.assertEqual(text, "${AlarmPrefix}${Target}-band")
            self.assertEqual(parts["Target"]["Fn::Select"][0], index)
            queries = {query["Id"]: query for query in alarm["Metrics"]}
            # Missing demand is not calm: it counts as BandMissing says.
            self.assertEqual(queries["outside"]["Expression"], "demand - band")
            band = queries["band"]["MetricStat"]["Metric"]
            self.assertEqual(band["Namespace"], NAMESPACE)
            self.assertEqual(names[band["MetricName"]].target, "Stack")
            # Another stack's target of the same name has a band of its own.
            stack, target = band["Dimensions"]
            self.assertEqual(stack, {"Name": "Stack", "Value": {"Ref": "AWS::StackName"}})
            self.assertEqual(target["Name"], "Target")
            self.assertEqual(alarm["TreatMissingData"], {"Ref": "BandMissing"})
            self.assertIn(f"DATAPOINTS: u32 = {alarm['EvaluationPeriods']}", code)

    def test_the_responder_looks_again_through_its_own_queue(self):
        looks = properties("Looks")
        timeout = properties("ResponderFunction")["Timeout"]
        # A failed look comes again soon, often enough to outlast a fault of some minutes.
        self.assertGreater(looks["VisibilityTimeout"], timeout)
        self.assertLessEqual(looks["VisibilityTimeout"], 120)
        self.assertGreaterEqual(looks["RedrivePolicy"]["maxReceiveCount"], 5)
        self.assertIn("deadLetterTargetArn", looks["RedrivePolicy"])
        # A look that is thrown back uses up its deliveries; new alarms have executions of their own.
        mapping = properties("ResponderFunctionNextLook")
        workers = mapping["ScalingConfig"]["MaximumConcurrency"]
        self.assertEqual(workers, {"Ref": "ResponderWorkers"})
        workers = int(SOURCE["Parameters"]["ResponderWorkers"]["Default"])
        room = int(SOURCE["Parameters"]["ResponderConcurrency"]["Default"])
        self.assertGreater(room, workers)
        self.assertEqual(mapping["EventSourceArn"], {"Fn::GetAtt": ["Looks", "Arn"]})
        self.assertEqual(mapping["BatchSize"], 1)
        sent = {
            resource
            for action, resource, _ in allowed("ResponderRole")
            if action in ("sqs:ReceiveMessage", "sqs:DeleteMessage")
        }
        self.assertEqual(sent, {json.dumps({"Fn::GetAtt": ["Looks", "Arn"]})})

    def test_many_targets_go_through_a_queue_that_is_patient_and_loses_none(self):
        for name in ["Planner", "Forecaster"]:
            with self.subTest(name):
                function = properties(f"{name}Function")
                variables = function["Environment"]["Variables"]
                self.assertEqual(variables["FORESCALE_TASKS_URL"], {"Ref": f"{name}Tasks"})
                self.assertEqual(variables["FORESCALE_DEAD_LETTERS_URL"], {"Ref": "FailedTasks"})
                main = (ROOT / f"functions/{name.lower()}/src/main.rs").read_text()
                seconds = re.search(r"const TIMEOUT: .*from_secs\((\d+)\)", main)[1]
                self.assertEqual(function["Timeout"], int(seconds))
                queue = properties(f"{name}Tasks")
                # A worker has its turn for ten seconds longer than it may run; a task of a killed
                # one comes when that is over.
                self.assertGreater(queue["VisibilityTimeout"], function["Timeout"] + 10)
                redrive = queue["RedrivePolicy"]
                self.assertEqual(
                    redrive["deadLetterTargetArn"], {"Fn::GetAtt": ["FailedTasks", "Arn"]}
                )
                # The function sends what fails in its last delivery itself, with the reason.
                self.assertEqual(
                    str(redrive["maxReceiveCount"]), variables["FORESCALE_MOST_RECEIVES"]
                )
                mapping = properties(f"{name}FunctionTasks")
                self.assertEqual(mapping["EventSourceArn"], {"Fn::GetAtt": [f"{name}Tasks", "Arn"]})
                self.assertEqual(mapping["FunctionResponseTypes"], ["ReportBatchItemFailures"])
                self.assertLessEqual(mapping["BatchSize"], 10)
                workers = int(SOURCE["Parameters"][f"{name}Workers"]["Default"])
                self.assertEqual(
                    mapping["ScalingConfig"], {"MaximumConcurrency": {"Ref": f"{name}Workers"}}
                )
                # The scheduled start and all workers have room.
                room = int(SOURCE["Parameters"][f"{name}Concurrency"]["Default"])
                self.assertGreater(room, workers)
                reached = {
                    resource
                    for action, resource, _ in allowed(f"{name}Role")
                    if action in ("sqs:ReceiveMessage", "sqs:ChangeMessageVisibility")
                }
                self.assertEqual(reached, {json.dumps({"Fn::GetAtt": [f"{name}Tasks", "Arn"]})})

    def test_an_alarm_reaches_the_responder_in_three_ways(self):
        principals = {
            permission["Properties"]["Principal"]
            for permission in of_type("AWS::Lambda::Permission").values()
            if permission["Properties"]["FunctionName"] == {"Ref": "ResponderFunctionAliaslive"}
        }
        self.assertEqual(
            principals,
            {"events.amazonaws.com", "lambda.alarms.cloudwatch.amazonaws.com", "sns.amazonaws.com"},
        )

    def test_each_is_in_the_docs(self):
        for alarm in own_alarms().values():
            name = alarm["Properties"]["AlarmName"]["Fn::Sub"].split("}-")[1]
            self.assertIn(f"## `{name}`", RUNBOOK)

    def test_the_runbook_has_no_alarm_that_is_not_there(self):
        names = {
            alarm["Properties"]["AlarmName"]["Fn::Sub"].split("}-")[1]
            for alarm in own_alarms().values()
        }
        self.assertEqual(set(re.findall(r"^## `([a-z-]+)`$", RUNBOOK, re.M)), names)


class Watching(unittest.TestCase):
    """Alarms, dashboard and measures.rs name the same metrics."""

    def used(self):
        """Every use of a metric of ours: place, name, dimension, its value, statistic."""
        for name, alarm in own_alarms().items():
            alarm = alarm["Properties"]
            if alarm["Namespace"] == NAMESPACE:
                (dimension,) = alarm["Dimensions"]
                value = dimension["Value"]
                yield name, alarm["MetricName"], dimension["Name"], value, alarm["Statistic"]
        for widget in dashboard()["widgets"]:
            title = widget["properties"]["title"]
            for metric in widget["properties"]["metrics"]:
                if metric[0] == NAMESPACE:
                    _, name, *dimensions, options = metric
                    # Every metric is one stack's; one of a target has that as a second dimension.
                    self.assertEqual(dimensions[:2], ["Stack", "${AWS::StackName}"], title)
                    dimension, value = dimensions[-2:]
                    yield title, name, dimension, value, options["stat"]

    def test_each_metric_is_one_that_is_published_and_used_as_it_is_meant(self):
        known = measures()
        for place, name, dimension, value, statistic in self.used():
            with self.subTest(place=place, name=name):
                self.assertIn(name, known)
                if dimension == "Stack":
                    # The mean of what is 0 or 1 is the share of the targets.
                    share = ("TargetsFailing", "Average")
                    self.assertTrue(
                        statistic == known[name].stack or (place, statistic) == share, statistic
                    )
                    self.assertIn(value, [{"Ref": "AWS::StackName"}, "${AWS::StackName}"])
                else:
                    self.assertEqual(dimension, "Target")
                    # A target of the default shows on its charts whatever they have.
                    self.assertIn(known[name].target, ["Stack", "Chart"])

    def test_no_metric_is_left_out(self):
        used = [(name, dimension) for _, name, dimension, _, _ in self.used()]
        for name, measure in measures().items():
            if measure.stack:
                self.assertIn((name, "Stack"), used)
            if measure.target != "All":
                self.assertIn((name, "Target"), used)

    def test_one_chart_has_all_of_a_target(self):
        chart = dashboard()["widgets"][0]["properties"]["metrics"]
        shown = {metric[1] for metric in chart if metric[0] == NAMESPACE}
        self.assertLessEqual(
            {"DemandUpper", "DemandLower", "Demand", "Floor", "ServersInService"}, shown
        )
        (variable,) = dashboard()["variables"]
        self.assertEqual(variable["property"], "Target")
        self.assertEqual(
            variable["search"],
            '{Forescale,Stack,Target} MetricName="DemandUpper" Stack="${AWS::StackName}"',
        )

    def test_every_expression_has_its_metrics(self):
        for widget in dashboard()["widgets"]:
            metrics = widget["properties"]["metrics"]
            ids = {metric[-1].get("id") for metric in metrics}
            for metric in metrics:
                expression = metric[-1].get("expression", "")
                names = set(re.findall(r"\b[a-z]+\b", expression))
                self.assertLessEqual(names, ids, widget["properties"]["title"])

    def test_widgets_do_not_overlap(self):
        taken = set()
        for widget in dashboard()["widgets"]:
            for x in range(widget["x"], widget["x"] + widget["width"]):
                for y in range(widget["y"], widget["y"] + widget["height"]):
                    self.assertLess(x, 24)
                    self.assertNotIn((x, y), taken)
                    taken.add((x, y))

    def test_the_cost_of_computing_goes_by_the_functions_memory(self):
        (cost,) = [
            metric[0]["expression"]
            for widget in dashboard()["widgets"]
            for metric in widget["properties"]["metrics"]
            if isinstance(metric[0], dict) and "GigabyteSecond" in metric[0]["expression"]
        ]
        for letter, name in [("f", "Forecaster"), ("p", "Planner"), ("r", "Responder")]:
            memory = properties(f"{name}Function")["MemorySize"]
            self.assertIn(f"FILL({letter}, 0) * {memory}", cost)

    def test_metrics_are_not_filtered_with_the_log_lines(self):
        # Lambda takes a line without a level for INFO.
        levels = SOURCE["Parameters"]["LogLevel"]["AllowedValues"]
        self.assertEqual(levels, ["TRACE", "DEBUG", "INFO"])
        for name in FUNCTIONS:
            variables = properties(f"{name}Function")["Environment"]["Variables"]
            self.assertEqual(variables["FORESCALE_STACK"], {"Ref": "AWS::StackName"})


class Storage(unittest.TestCase):
    def test_the_bucket_stays_and_takes_no_risks(self):
        bucket = RESOURCES["Documents"]
        self.assertEqual(bucket["DeletionPolicy"], "Retain")
        self.assertEqual(bucket["UpdateReplacePolicy"], "Retain")
        block = bucket["Properties"]["PublicAccessBlockConfiguration"]
        self.assertEqual(set(block.values()), {True})
        self.assertEqual(len(block), 4)
        self.assertEqual(bucket["Properties"]["VersioningConfiguration"], {"Status": "Enabled"})

    def test_what_piles_up_is_kept_as_long_as_the_register_says(self):
        rules = {
            rule["TagFilters"][0]["Value"]: rule["ExpirationInDays"]
            for rule in properties("Documents")["LifecycleConfiguration"]["Rules"]
            if "TagFilters" in rule
        }
        register = (ROOT / "docs/documents.md").read_text()
        kept = re.findall(r"^\| ([a-z-]+) \|.*in the bucket for (\d+) days", register, re.M)
        self.assertEqual({kind: int(days) for kind, days in kept}, {
            kind: days for kind, days in rules.items() if kind != "damaged"
        })
        # The store tags each of them, and whoever writes them may.
        store = (ROOT / "shared/aws/src/store.rs").read_text()
        self.assertEqual(set(re.findall(r'"kind=([a-z-]+)"', store)), set(rules))
        tagging = {
            (name, json.loads(resource)["Fn::Sub"].split("*/")[1])
            for name in FUNCTIONS
            for action, resource, _ in allowed(f"{name}Role")
            if action == "s3:PutObjectTagging"
        }
        self.assertEqual(
            tagging,
            {
                ("Forecaster", "forecast/*"),
                ("Forecaster", "history.json*"),
                ("Planner", "ledger/*"),
                ("Responder", "ledger/*"),
            },
        )

    def test_bucket_queue_and_topic_refuse_what_is_not_encrypted(self):
        policies = [*of_type("AWS::SQS::QueuePolicy"), "DocumentsPolicy", "NotificationsPolicy"]
        guarded = {
            queue["Ref"]
            for policy in of_type("AWS::SQS::QueuePolicy")
            for queue in properties(policy)["Queues"]
        }
        self.assertEqual(guarded, set(of_type("AWS::SQS::Queue")))
        for policy in policies:
            denied = [
                statement["Condition"]
                for statement in properties(policy)["PolicyDocument"]["Statement"]
                if statement["Effect"] == "Deny"
            ]
            self.assertIn({"Bool": {"aws:SecureTransport": "false"}}, denied, policy)


class Parameters(unittest.TestCase):
    def test_each_is_bounded_described_and_in_the_docs(self):
        for name, parameter in SOURCE["Parameters"].items():
            with self.subTest(name):
                self.assertIn("Description", parameter)
                self.assertIn("Default", parameter)
                self.assertTrue(
                    {"AllowedPattern", "AllowedValues", "MinValue"} & set(parameter), parameter
                )
                self.assertIn(f"| `{name}` |", DOCS)

    def test_each_stands_in_one_group_of_the_console(self):
        groups = SOURCE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        grouped = [name for group in groups for name in group["Parameters"]]
        self.assertEqual(sorted(grouped), sorted(SOURCE["Parameters"]))

    def test_the_environments_set_parameters_that_exist(self):
        text = (ROOT / "samconfig.toml").read_text()
        for line in re.findall(r'parameter_overrides = "(.*)"', text):
            for pair in line.split():
                self.assertIn(pair.split("=")[0], SOURCE["Parameters"])


if __name__ == "__main__":
    unittest.main()
