"""What the linters do not ask of infra/image-pipeline.yaml: no image without a passed test, no
failure without a word, no permission beyond the need, and a page whose examples work.

Run with the environment of infra/requirements.txt: .venv/infra/bin/python infra/test_image_pipeline.py
"""

import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml
from samcli.yamlhelper import yaml_parse

ROOT = Path(__file__).parent.parent
TEMPLATE = yaml_parse((ROOT / "infra/image-pipeline.yaml").read_text())
RESOURCES = TEMPLATE["Resources"]
DOCS = (ROOT / "docs/image-pipeline.md").read_text()

RELEASE = {
    "application": "web",
    "version": "2026.11.22-1",
    "artifact": "s3://my-releases/web/2026.11.22-1.tar.gz",
}


def properties(name):
    return RESOURCES[name]["Properties"]


def many(value):
    return value if isinstance(value, list) else [value]


def matches(pattern, event):
    """Whether EventBridge would take `event`, for the kinds of pattern that are used here."""

    def one(wanted, value):
        if not isinstance(wanted, dict):
            return wanted == value
        if "exists" in wanted:
            return (value is not None) == wanted["exists"]
        return isinstance(value, str) and value.startswith(wanted["prefix"])

    return all(
        matches(wanted, event.get(key, {}))
        if isinstance(wanted, dict)
        else any(one(it, event.get(key)) for it in wanted)
        for key, wanted in pattern.items()
    )


def filled(value):
    """The parameters of the page's example put in."""
    given = {"Application": "web", "ArtifactBucket": "my-releases", "ArtifactPrefix": "web/"}
    if isinstance(value, list):
        return [filled(item) for item in value]
    if isinstance(value, dict):
        if "Ref" in value:
            return given.get(value["Ref"], value["Ref"])
        if "Fn::Sub" in value:
            return re.sub(r"\$\{(\w+)\}", lambda name: given[name[1]], value["Fn::Sub"])
        return {key: filled(item) for key, item in value.items()}
    return value


class Events(unittest.TestCase):
    PATTERN = filled(properties("Released")["EventPattern"])

    def taken(self, source="forescale.release", kind="Application Released", **detail):
        event = {"source": source, "detail-type": kind, "detail": {**RELEASE, **detail}}
        event["detail"] = {key: it for key, it in event["detail"].items() if it is not None}
        return matches(self.PATTERN, event)

    def test_a_release_of_the_application_starts_a_build_and_nothing_else_does(self):
        self.assertTrue(self.taken())
        self.assertTrue(self.taken(version=42))
        self.assertFalse(self.taken(application="other"))
        self.assertFalse(self.taken(version=None))
        self.assertFalse(self.taken(artifact=None))
        self.assertFalse(self.taken(artifact="s3://elsewhere/web/1.tar.gz"))
        self.assertFalse(self.taken(artifact="s3://my-releases/other/1.tar.gz"))
        self.assertFalse(self.taken(source="somebody"))
        self.assertFalse(self.taken(kind="Application Deployed"))

    def test_the_examples_of_the_page_are_taken(self):
        detail = DOCS.split("<!-- event -->\n```json\n")[1].split("```")[0]
        self.assertTrue(self.taken(**json.loads(detail)))
        command = DOCS.split("<!-- entries -->\n```sh\n")[1].split("```")[0]
        (entry,) = json.loads(command.split("--entries '")[1].rsplit("'", 1)[0])
        detail = json.loads(entry["Detail"])
        self.assertTrue(self.taken(source=entry["Source"], kind=entry["DetailType"], **detail))

    def test_the_github_example_makes_such_an_event(self):
        steps = DOCS.split("```yaml\n")[1].split("```")[0]
        script = yaml.safe_load(steps)["steps"][1]["run"]
        with tempfile.TemporaryDirectory() as folder:
            put = Path(folder) / "put"
            program(folder, "aws", f'if [[ $1 = events ]]; then echo "$4" >"{put}"; echo 0; fi')
            if subprocess.run(["which", "jq"], capture_output=True).returncode:
                self.skipTest("no jq here")
            bash(script, folder, VERSION="7.1")
            (entry,) = json.loads(put.read_text())
        detail = json.loads(entry["Detail"])
        self.assertEqual(detail["version"], "7.1")
        self.assertTrue(self.taken(source=entry["Source"], kind=entry["DetailType"], **detail))

    def test_what_cannot_be_delivered_is_kept_and_told(self):
        for name in ["Released", "ReleaseEnded"]:
            for target in properties(name)["Targets"]:
                self.assertIn("RetryPolicy", target)
                dead = target["DeadLetterConfig"]["Arn"]
                self.assertEqual(dead, {"Fn::GetAtt": ["FailedReleases", "Arn"]})
        alarm = properties("FailedReleasesArrived")
        self.assertEqual(alarm["AlarmActions"], [{"Ref": "Notifications"}])


def called(state):
    """What a state of the machine calls; nothing where it calls nothing."""
    return state.get("Resource", {"Fn::Sub": ""})["Fn::Sub"]


class Machine(unittest.TestCase):
    DEFINITION = properties("Release")["Definition"]
    STATES = DEFINITION["States"]

    def run_with(self, statuses, failing=None):
        """The states that are entered when the image has these statuses one after another."""
        statuses = iter(statuses)
        entered, state = [], self.DEFINITION["StartAt"]
        for _ in range(100):
            entered.append(state)
            it = self.STATES[state]
            if it["Type"] in ("Fail", "Succeed") or it.get("End"):
                return entered
            if state == "Decide":
                status = next(statuses)
                fits = [c["Next"] for c in it["Choices"] if c["StringEquals"] == status]
                state = fits[0] if fits else it["Default"]
            elif it["Type"] == "Choice":
                # A release that is alone: the first, and nobody before it.
                state = "Meanwhile" if state == "Turn" else it["Default"]
            elif state == failing:
                caught = it["Catch"][-1]
                self.assertEqual(caught["ErrorEquals"], ["States.ALL"])
                state = caught["Next"]
            else:
                state = it["Next"]
        self.fail(f"never ends: {entered}")

    def chosen(self, name, memory):
        """Where a Choice state of releases goes, with what is known under each path."""

        def holds(rule):
            if "And" in rule:
                return all(holds(part) for part in rule["And"])
            value = memory.get(rule["Variable"])
            if "IsPresent" in rule:
                return (value is not None) == rule["IsPresent"]
            # A path that is not there fails the execution.
            self.assertIsNotNone(value, rule)
            if "StringEqualsPath" in rule:
                return value == memory[rule["StringEqualsPath"]]
            return value > memory[rule["TimestampGreaterThanPath"]]

        state = self.STATES[name]
        return next((it["Next"] for it in state["Choices"] if holds(it)), state["Default"])

    def test_a_number_as_version_is_a_text_from_the_beginning(self):
        self.assertEqual(self.DEFINITION["StartAt"], "Named")
        release = self.STATES["Named"]["Parameters"]["release"]
        self.assertEqual(release["version.$"], "States.Format('{}', $.release.version)")
        # Nothing of what the rule hands over is lost.
        given = properties("Released")["Targets"][0]["InputTransformer"]["InputTemplate"]
        given = re.findall(r'"(\w+)": <', given.split('"release":')[1])
        self.assertEqual({f"{it}.$" for it in given} | {"id.$"}, set(release))

    def test_what_the_builder_installs_is_what_is_recorded(self):
        # It is handed over under a name of its own, which no release that comes meanwhile writes.
        writers = {
            name: it["Parameters"]["Name"].rsplit("/", 1)[1]
            for name, it in self.STATES.items()
            if "putParameter" in called(it)
        }
        self.assertEqual(writers, {"Remember": "release", "Hand": "building", "Ready": "image"})
        self.assertEqual(self.STATES["Hand"]["Parameters"]["Value.$"], "States.JsonToString($.release)")
        self.assertEqual(self.STATES["Hand"]["Next"], "Build")
        self.assertIn("States.JsonToString($.release)", self.STATES["Ready"]["Parameters"]["Value.$"])
        script = command("Install", InstallCommand="true")[1]
        self.assertIn("'/forescale/images/web/building'", script)
        self.assertNotIn("/release'", script)

    def test_releases_are_built_one_after_another(self):
        own, before = "arn:machine:2", "arn:machine:1"
        turn = lambda oldest: self.chosen(
            "Turn", {"$.line.oldest[0]": oldest, "$$.Execution.Id": own}
        )
        self.assertEqual(turn(own), "Meanwhile")
        self.assertEqual(turn(before), "Line", "another one is being built")
        self.assertEqual(turn(None), "Line", "not even this one is listed yet")
        others = self.STATES["Others"]
        self.assertEqual(others["Parameters"]["StatusFilter"], "RUNNING")
        self.assertEqual(others["Parameters"]["StateMachineArn.$"], "$$.StateMachine.Id")
        # The list begins with the most recent: its last is the oldest.
        self.assertEqual(others["ResultSelector"]["oldest.$"], "$.Executions[-1:].ExecutionArn")
        # Everybody passes there, and waits before looking.
        self.assertEqual(self.STATES["Remember"]["Next"], "Line")
        self.assertEqual(self.STATES["Line"]["Next"], "Others")
        before_build = [n for n, it in self.STATES.items() if it.get("Next") == "Build"]
        self.assertEqual(before_build, ["Hand"])
        before_hand = [n for n, it in self.STATES.items() if "Hand" in (it.get("Next"), it.get("Default"))]
        self.assertEqual(before_hand, ["Still"])
        policy = properties("ReleaseLine")["PolicyDocument"]["Statement"]
        self.assertEqual(policy[0]["Action"], "states:ListExecutions")
        self.assertEqual(policy[0]["Resource"], {"Ref": "Release"})

    def test_a_newer_release_is_built_instead_and_one_event_builds_once(self):
        early, late = "2026-11-22T07:12:40Z", "2026-11-22T07:30:00Z"
        own = {"$.release.id": "b", "$.release.at": late}
        known = lambda id, at: own | {"$.known.release.id": id, "$.known.release.at": at}
        self.assertEqual(self.chosen("Newest", known("a", early)), "Remember")
        self.assertEqual(self.chosen("Newest", known("b", late)), "Overtaken", "it came twice")
        self.assertEqual(self.chosen("Newest", known("c", "2026-11-22T08:00:00Z")), "Overtaken")
        # Two in one second, and a parameter of an earlier version of this template.
        self.assertEqual(self.chosen("Newest", known("c", late)), "Remember")
        self.assertEqual(self.chosen("Newest", known(None, early)), "Remember")
        self.assertEqual(self.chosen("Still", known("b", late)), "Hand")
        self.assertEqual(self.chosen("Still", known("c", "2026-11-22T08:00:00Z")), "Overtaken")
        self.assertEqual(self.STATES["Overtaken"]["Type"], "Succeed")
        # The first release of all finds none before it.
        first = self.STATES["Known"]["Catch"][0]
        self.assertEqual(first["ErrorEquals"], ["Ssm.ParameterNotFoundException"])
        self.assertEqual(first["Next"], "Remember")
        self.assertEqual(self.STATES["Known"]["Retry"][0]["MaxAttempts"], 0)

    def test_no_partition_is_written_down(self):
        for name, state in self.STATES.items():
            if state["Type"] == "Task":
                self.assertTrue(called(state).startswith("arn:${AWS::Partition}:states:::"), name)
        self.assertNotRegex((ROOT / "infra/image-pipeline.yaml").read_text(), r"arn:aws:")

    def test_an_image_that_is_ready_is_remembered_and_told(self):
        entered = self.run_with(["BUILDING", "TESTING", "DISTRIBUTING", "AVAILABLE"])
        self.assertEqual(entered[-2:], ["Ready", "TellReady"])
        self.assertNotIn("TellFailed", entered)
        self.assertEqual(entered.count("Look"), 4)

    def test_one_that_is_not_is_told_and_never_called_ready(self):
        for last in ["FAILED", "CANCELLED", "DELETED"]:
            entered = self.run_with(["BUILDING", last])
            self.assertEqual(entered[-2:], ["TellFailed", "Failed"])
            self.assertNotIn("Ready", entered)

    def test_every_call_that_fails_is_tried_again_and_then_told(self):
        for name, state in self.STATES.items():
            if state["Type"] == "Task":
                self.assertIn("States.TaskFailed", state["Retry"][-1]["ErrorEquals"], name)
                if not name.startswith("Tell"):
                    entered = self.run_with(["AVAILABLE"], failing=name)
                    self.assertEqual(entered[-2:], ["TellFailed", "Failed"], name)

    def test_what_cannot_tell_by_itself_is_told_from_outside(self):
        self.assertIn("TimeoutSeconds", self.DEFINITION)
        detail = properties("ReleaseEnded")["EventPattern"]["detail"]
        self.assertEqual(detail["status"], ["TIMED_OUT", "ABORTED"])
        # And once more by the alarm, should that message not come through.
        metrics = properties("ReleaseFailed")["Metrics"]
        counted = {it["MetricStat"]["Metric"]["MetricName"] for it in metrics if "MetricStat" in it}
        wanted = {"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"}
        self.assertEqual(counted, wanted)
        (total,) = [it for it in metrics if it.get("ReturnData", True)]
        for metric in metrics:
            if metric is not total:
                self.assertIn(f"FILL({metric['Id']}, 0)", total["Expression"])

    def test_one_call_builds_once(self):
        self.assertEqual(self.STATES["Build"]["Parameters"]["ClientToken.$"], "$.id")

    def test_every_state_is_reached_and_every_place_is_given(self):
        reached = {self.DEFINITION["StartAt"]}
        for state in self.STATES.values():
            # `Decide` and the others lead on by the same keys.
            for choice in [state, *state.get("Choices", []), *state.get("Catch", [])]:
                reached |= {choice[key] for key in ("Next", "Default") if key in choice}
        self.assertEqual(reached, set(self.STATES))
        used = set(re.findall(r"\$\{(\w+)\}", json.dumps(self.DEFINITION)))
        self.assertEqual(used, set(properties("Release")["DefinitionSubstitutions"]))

    def test_what_doctor_reads_is_what_is_written(self):
        written = {
            self.STATES[name]["Parameters"]["Name"].replace("${Application}", "APPLICATION")
            for name in ["Remember", "Ready"]
        }
        self.assertEqual(written, set(re.findall(r"^\| `(/forescale/images/[^`]+)`", DOCS, re.M)))
        # Format's text is JSON once its places are filled.
        text = re.search(r"'(.*)'", self.STATES["Ready"]["Parameters"]["Value.$"])[1]
        text = text.replace(r"\{", "<").replace(r"\}", ">")
        text = text.replace("${LaunchTemplate}", "lt-1")
        for value in ["arn:image", json.dumps({"version": "1"}), "2026-11-22T10:00:00Z"]:
            text = text.replace("{}", value, 1)
        image = json.loads(text.replace("<", "{", 1)[::-1].replace(">", "}", 1)[::-1])
        self.assertEqual(set(image), {"image", "release", "ready", "launch_template"})
        self.assertEqual(image["launch_template"], "lt-1")
        substituted = properties("Release")["DefinitionSubstitutions"]["LaunchTemplate"]
        self.assertEqual(substituted, {"Ref": "LaunchTemplateId"})


def program(folder, name, script):
    path = Path(folder) / name
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o755)


def bash(script, folder, **variables):
    """Runs `script` with the programs of `folder` before all others."""
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", **variables}
    return subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=60
    )


def command(component, **values):
    """The script of a component, with its parameters filled in as Image Builder does."""
    data = properties(component)["Data"]
    if isinstance(data, dict):
        text, names = data["Fn::Sub"]
        names = {"Region": "eu-west-1", "Name": "/forescale/images/web"} | {
            key: it for key, it in names.items() if isinstance(it, str)
        }
        text = re.sub(r"\$\{(\w+)\}", lambda name: names[name[1]], text)
        data = text.replace("${!", "${")
    (phase,) = yaml.safe_load(data)["phases"]
    (step,) = phase["steps"]
    (script,) = step["inputs"]["commands"]
    for name, value in values.items():
        script = script.replace("{{ %s }}" % name, value)
    assert "{{" not in script, script
    return phase["name"], script


class Components(unittest.TestCase):
    def test_a_release_is_fetched_installed_and_noted(self):
        phase, script = command("Install", InstallCommand='cat "$ARTIFACT"; echo "of $VERSION"')
        self.assertEqual(phase, "build")
        with tempfile.TemporaryDirectory() as folder:
            release = {"version": "7", "artifact": "s3://my-releases/web/7.tar.gz", "at": "now"}
            answer = f"echo '{json.dumps(release)}'"
            program(
                folder,
                "aws",
                f'if [[ $1 = ssm ]]; then {answer}; else echo "$4" >"$5"; fi',
            )
            script = script.replace("/etc/forescale", folder + "/etc")
            ended = bash(script, folder)
            self.assertEqual(ended.returncode, 0, ended.stderr)
            self.assertEqual(ended.stdout, "s3://my-releases/web/7.tar.gz\nof 7\n")
            self.assertEqual(json.loads(Path(folder, "etc/release.json").read_text()), release)

    def test_no_image_is_made_of_what_cannot_be_fetched_or_installed(self):
        with tempfile.TemporaryDirectory() as folder:
            for aws, install in [
                ("exit 1", "true"),
                ('if [[ $1 = s3 ]]; then exit 1; else echo \'{"version":"1","artifact":"s3://a/b"}\'; fi', "true"),
                ('if [[ $1 = ssm ]]; then echo \'{"version":"1"}\'; fi', "true"),
                ('if [[ $1 = ssm ]]; then echo \'{"version":"1","artifact":"s3://a/b"}\'; fi', "false"),
            ]:
                program(folder, "aws", aws)
                script = command("Install", InstallCommand=install)[1]
                ended = bash(script.replace("/etc/forescale", folder + "/etc"), folder)
                self.assertNotEqual(ended.returncode, 0, (aws, install))

    def answers(self, systemctl, curl, most="0", up="5"):
        phase, script = command(
            "Answers",
            Services="web,worker",
            HealthUrls="http://127.0.0.1:8080/health,http://127.0.0.1:9000/ready",
            MostSeconds=most,
        )
        self.assertEqual(phase, "test")
        with tempfile.TemporaryDirectory() as folder:
            program(folder, "systemctl", systemctl.replace("FOLDER", folder))
            program(folder, "curl", curl.replace("FOLDER", folder))
            for name in ["journalctl", "systemd-analyze"]:
                program(folder, name, "true")
            program(folder, "sleep", "true")
            # Seconds since boot, four more at each look.
            clock = Path(folder, "clock")
            clock.write_text(up)
            program(folder, "cut", f'n=$(cat "{clock}"); echo $((n + 4)) >"{clock}"; echo "$n"')
            Path(folder, "release.json").write_text("{}")
            script = script.replace("/etc/forescale", folder)
            return bash(script, folder)

    def test_a_server_on_which_all_run_and_answer_passes(self):
        ended = self.answers("true", "true")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertIn("all ran and answered", ended.stdout)

    def test_one_that_needs_its_time_passes(self):
        # The third look finds it.
        slow = 'echo >>FOLDER/looks; (( $(wc -l <FOLDER/looks) > 3 ))'
        self.assertEqual(self.answers("true", slow, most="120").returncode, 0)

    def test_each_service_and_each_address_counts(self):
        for systemctl, curl, wanting in [
            ('[[ $3 != worker ]]', "true", "worker does not run"),
            ('[[ $3 != web ]]', "true", "web does not run"),
            ("true", '[[ "$*" != *9000/ready ]]', "http://127.0.0.1:9000/ready does not answer"),
            ("true", '[[ "$*" != *8080/health ]]', "http://127.0.0.1:8080/health does not answer"),
        ]:
            ended = self.answers(systemctl, curl)
            self.assertEqual(ended.returncode, 1, wanting)
            self.assertIn(wanting, ended.stdout)

    def test_the_recipe_has_both_and_gives_them_what_they_ask_for(self):
        given = {
            item["ComponentArn"]["Ref"]: {it["Name"] for it in item["Parameters"]}
            for item in properties("Recipe")["Components"]
        }
        for name in ["Install", "Answers"]:
            data = properties(name)["Data"]
            data = data if isinstance(data, str) else data["Fn::Sub"][0]
            asked = re.findall(r"\{\{ (\w+) \}\}", data)
            self.assertEqual(given[name], set(asked), name)


class Distribution(unittest.TestCase):
    def test_the_default_changes_only_after_the_tests(self):
        # Image Builder distributes what passed its tests, and nothing else here changes a template.
        tests = properties("Pipeline")["ImageTestsConfiguration"]
        self.assertTrue(tests["ImageTestsEnabled"])
        (distribution,) = properties("Distribution")["Distributions"]
        (template,) = distribution["LaunchTemplateConfigurations"]
        self.assertTrue(template["SetDefaultVersion"])
        self.assertEqual(template["LaunchTemplateId"], {"Ref": "LaunchTemplateId"})
        for role in ["ReleaseRole", "BuilderRole", "StartRole"]:
            self.assertNotIn("LaunchTemplate", json.dumps(properties(role)))

    def test_servers_that_build_are_closed_and_go_away(self):
        infrastructure = properties("Infrastructure")
        self.assertTrue(infrastructure["TerminateInstanceOnFailure"])
        self.assertEqual(infrastructure["InstanceMetadataOptions"]["HttpTokens"], "required")
        (volume,) = properties("Recipe")["BlockDeviceMappings"]
        self.assertTrue(volume["Ebs"]["Encrypted"])


class Permissions(unittest.TestCase):
    def test_each_action_is_named_and_each_resource_too_but_for_logs_and_traces(self):
        for statement in self.statements():
            for action in many(statement["Action"]):
                self.assertNotIn("*", action)
            if statement["Sid"] == "NoOtherParameters":
                continue
            self.assertEqual(statement["Effect"], "Allow")
            if statement["Resource"] == "*":
                self.assertIn(statement["Sid"], ["Logs", "Traces"])

    def statements(self):
        for role in ["BuilderRole", "ReleaseRole", "StartRole"]:
            for policy in properties(role)["Policies"]:
                yield from policy["PolicyDocument"]["Statement"]
        for resource in RESOURCES.values():
            if resource["Type"] == "AWS::IAM::RolePolicy":
                yield from resource["Properties"]["PolicyDocument"]["Statement"]

    def test_each_call_of_the_machine_is_allowed_on_what_it_is_about(self):
        allowed = {action for it in self.statements() for action in many(it["Action"])}
        services = {"sfn": "states"}
        for name, state in Machine.STATES.items():
            call = re.match(r".*:states:::(?:aws-sdk:)?(\w+):(\w+)", called(state))
            if call:
                service, action = services.get(call[1], call[1]), call[2]
                self.assertIn(f"{service}:{action[0].upper()}{action[1:]}", allowed, name)
        documents = lambda action: {
            it["Fn::Sub"].rsplit("/", 1)[1]
            for statement in properties("ReleaseRole")["Policies"][0]["PolicyDocument"]["Statement"]
            if action in many(statement["Action"])
            for it in many(statement["Resource"])
        }
        self.assertEqual(documents("ssm:PutParameter"), {"release", "building", "image"})
        self.assertEqual(documents("ssm:GetParameter"), {"release"})

    def test_a_builder_reads_one_parameter_and_no_secret(self):
        (policy,) = properties("BuilderRole")["Policies"]
        statements = {it["Sid"]: it for it in policy["PolicyDocument"]["Statement"]}
        own = statements["ReadRelease"]["Resource"]["Fn::Sub"]
        self.assertTrue(own.endswith("parameter/forescale/images/${Application}/building"))
        # AWS's policy for SSM's servers would allow them all.
        denied = statements["NoOtherParameters"]
        self.assertEqual(denied["Effect"], "Deny")
        self.assertEqual(set(denied["Action"]), {"ssm:GetParameter", "ssm:GetParameters"})
        spared = [it["Fn::Sub"] for it in denied["NotResource"]]
        self.assertEqual(spared[0], own)
        # Of no account: what AWS publishes.
        self.assertIn("::parameter/aws/", spared[1])
        self.assertEqual(len(spared), 2)

    def test_messages_of_rules_reach_the_encrypted_topic(self):
        statements = properties("NotificationsKey")["KeyPolicy"]["Statement"]
        of = lambda service: [
            it for it in statements if service in many(it["Principal"].get("Service", []))
        ]
        (rules,), (alarms,) = of("events.amazonaws.com"), of("cloudwatch.amazonaws.com")
        for statement in [rules, alarms]:
            self.assertEqual(set(statement["Action"]), {"kms:Decrypt", "kms:GenerateDataKey*"})
        # EventBridge hands no key of the source on to an encrypted topic: such a condition never holds.
        self.assertNotIn("aws:Source", json.dumps(rules))
        context = rules["Condition"]["ArnLike"]["kms:EncryptionContext:aws:sns:topicArn"]
        self.assertIn(":sns:${AWS::Region}:${AWS::AccountId}:", context["Fn::Sub"])
        self.assertEqual(list(alarms["Condition"]["StringEquals"]), ["aws:SourceAccount"])
        (target,) = properties("ReleaseEnded")["Targets"]
        self.assertEqual(target["Arn"], {"Ref": "Notifications"})

    def test_artifacts_under_a_key_of_ones_own_can_be_read(self):
        policy = RESOURCES["ReadEncryptedArtifacts"]
        self.assertEqual(policy["Condition"], "HasArtifactKey")
        (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
        self.assertEqual(statement["Action"], "kms:Decrypt")
        self.assertEqual(statement["Resource"], {"Ref": "ArtifactKeyArn"})
        pattern = TEMPLATE["Parameters"]["ArtifactKeyArn"]["AllowedPattern"]
        key = "arn:aws-cn:kms:cn-north-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        for good in ["", key, key.replace("key/1234abcd-", "key/mrk-1234abcd")[:83]]:
            self.assertRegex(good, pattern)
        for bad in ["*", "alias/releases", key.replace(":key/", ":alias/")]:
            self.assertNotRegex(bad, pattern)

    def test_what_a_build_needs_of_its_parent_image_is_told(self):
        script = command("Install", InstallCommand="true")[1] + command(
            "Answers", Services="web", HealthUrls="http://localhost/", MostSeconds="9"
        )[1]
        told = " ".join(TEMPLATE["Parameters"]["ParentImage"]["Description"].split())
        told += " ".join(DOCS.split())
        for used, name in [("python3", "python3"), ("curl", "curl"), ("systemctl", "systemd"), ("aws s3", "AWS CLI")]:
            self.assertIn(used, script)
            self.assertEqual(told.count(name) >= 2, True, name)

    def test_names_are_in_lower_case_as_their_arns_will_be(self):
        for name, resource in RESOURCES.items():
            if resource["Type"].startswith("AWS::ImageBuilder::"):
                self.assertTrue(
                    resource["Properties"]["Name"]["Fn::Sub"].startswith("forescale-${Application}"),
                    name,
                )
        self.assertRegex("web", TEMPLATE["Parameters"]["Application"]["AllowedPattern"])
        self.assertNotRegex("Web", TEMPLATE["Parameters"]["Application"]["AllowedPattern"])


class Parameters(unittest.TestCase):
    def test_each_is_bounded_and_described(self):
        for name, parameter in TEMPLATE["Parameters"].items():
            with self.subTest(name):
                self.assertIn("Description", parameter)
                bounds = {"AllowedPattern", "AllowedValues", "MinValue", "MaxLength"}
                typed = parameter["Type"].startswith("AWS::")
                self.assertTrue(typed or bounds & set(parameter), parameter)

    def test_the_pages_example_is_accepted(self):
        command = DOCS.split("--parameter-overrides ")[1].split("```")[0].replace("\\\n", " ")
        given = dict(pair.split("=", 1) for pair in command.split())
        wanted = {name for name, it in TEMPLATE["Parameters"].items() if "Default" not in it}
        self.assertEqual(set(given), wanted)
        for name, value in given.items():
            pattern = TEMPLATE["Parameters"][name].get("AllowedPattern")
            if pattern:
                self.assertRegex(value, pattern)


if __name__ == "__main__":
    unittest.main()
