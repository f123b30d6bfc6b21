//! What roles are asked about is what `infra/template.yaml` allows them, no more and no less.

use std::collections::BTreeMap;

use doctor::{Place, ROLES, STACK_RESOURCES, stack_calls, target_calls};
use ports::{RoleCall, RoleOf};
use saphyr::{LoadableYamlNode, Yaml};

use super::*;

const HERE: &str = "eu-central-1:1";
const BUCKET: &str = "state";

/// ARNs of what the template makes, as AWS would make them.
fn arn(logical: &str) -> String {
    match logical {
        "AWS::StackId" => format!("arn:aws:cloudformation:{HERE}:stack/forescale/1a2b"),
        "Documents" => format!("arn:aws:s3:::{BUCKET}"),
        "Notifications" => format!("arn:aws:sns:{HERE}:Notifications"),
        "NotificationsKey" => format!("arn:aws:kms:{HERE}:key/1a2b"),
        alias if alias.ends_with("Aliaslive") => format!("arn:aws:lambda:{HERE}:function:{alias}"),
        logs if logs.ends_with("Logs") => format!("arn:aws:logs:{HERE}:log-group:{logs}:*"),
        queue => format!("arn:aws:sqs:{HERE}:{queue}"),
    }
}

/// One statement of a role.
#[derive(Debug)]
struct Statement {
    actions: Vec<String>,
    resources: Vec<String>,
    conditions: BTreeMap<String, String>,
}

/// Text of the template with its functions worked out.
fn text(node: &Yaml<'_>) -> String {
    let Some(tag) = node.get_tag() else {
        return node.as_str().unwrap().to_owned();
    };
    let given = node.get_tagged_node().unwrap().as_str().unwrap();
    match tag.suffix.as_ref() {
        "Ref" => match given {
            "AWS::AccountId" => "1".to_owned(),
            function if function.ends_with(".Alias") => {
                arn(&function.replace(".Alias", "Aliaslive"))
            }
            logical => arn(logical),
        },
        "GetAtt" => arn(given.strip_suffix(".Arn").unwrap()),
        "Sub" => given
            .replace("${AWS::Partition}", "aws")
            .replace("${AWS::Region}:${AWS::AccountId}", HERE)
            .replace("${AWS::Region}", "eu-central-1")
            .replace("${Documents.Arn}", &arn("Documents")),
        other => panic!("!{other}"),
    }
}

fn many(node: &Yaml<'_>) -> Vec<String> {
    match node.as_sequence() {
        Some(all) => all.iter().map(text).collect(),
        None => vec![text(node)],
    }
}

/// What the template allows `role`.
fn allowed(role: RoleOf) -> Vec<Statement> {
    let logical = match role {
        RoleOf::Forecaster => "ForecasterRole",
        RoleOf::Planner => "PlannerRole",
        RoleOf::Responder => "ResponderRole",
        RoleOf::NightlySchedule => "NightlyScheduleRole",
        RoleOf::HourlySchedule => "HourlyScheduleRole",
    };
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/template.yaml");
    let read = std::fs::read_to_string(file).unwrap();
    let template = &Yaml::load_from_str(&read).unwrap()[0];
    let role = &template["Resources"][logical]["Properties"];
    assert!(!role.contains_mapping_key("ManagedPolicyArns"));
    let policies = role["Policies"].as_sequence().unwrap();
    let statements = policies.iter().flat_map(|policy| {
        let statements = &policy["PolicyDocument"]["Statement"];
        statements.as_sequence().unwrap()
    });
    statements
        .map(|statement| Statement {
            actions: many(&statement["Action"]),
            resources: many(&statement["Resource"]),
            conditions: match statement.as_mapping_get("Condition") {
                None => BTreeMap::new(),
                Some(condition) => {
                    assert_eq!(condition.as_mapping().unwrap().len(), 1);
                    let equals = condition["StringEquals"].as_mapping().unwrap();
                    equals
                        .iter()
                        .map(|(key, value)| (text(key), text(value)))
                        .collect()
                }
            },
        })
        .collect()
}

/// Whether `pattern` with its stars takes `text`.
fn takes(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(after) = text.strip_prefix(head) else {
        return false;
    };
    (0..=after.len()).any(|at| takes(rest, &after[at..]))
}

impl Statement {
    /// Whether it allows `call`.
    fn allows(&self, call: &RoleCall) -> bool {
        self.actions.contains(&call.action)
            && self.resources.iter().any(|it| takes(it, &call.resource))
            && (self.conditions.iter()).all(|(key, value)| call.context.get(key) == Some(value))
    }
}

fn stack() -> BTreeMap<&'static str, Seen<String>> {
    let known = |logical| (logical, Seen::Known(arn(logical)));
    STACK_RESOURCES.into_iter().map(known).collect()
}

/// Everything that `role` is asked about, with a group and a service as targets.
fn asked(role: RoleOf, stack: &BTreeMap<&'static str, Seen<String>>) -> doctor::Questions {
    let place = Place {
        bucket: Some((BUCKET, "")),
        stack,
    };
    let group = Seen::Known(Some(listing()));
    let mut all = stack_calls(role, &place);
    for more in [
        target_calls(role, &place, "web", "web-asg", &group),
        target_calls(
            role,
            &place,
            "api",
            "ecs:service/prod/api",
            &Seen::Known(None),
        ),
    ] {
        all.calls.extend(more.calls);
        all.unasked.extend(more.unasked);
    }
    all
}

#[test]
fn every_call_that_a_role_is_asked_about_is_in_the_template() {
    let stack = stack();
    for role in ROLES {
        let allowed = allowed(role);
        let asked = asked(role, &stack);
        assert!(asked.unasked.is_empty(), "{:?}", asked.unasked);
        for call in &asked.calls {
            let fits = allowed.iter().any(|statement| statement.allows(call));
            assert!(fits, "{role:?} is not allowed {call:?}");
        }
    }
}

#[test]
fn every_action_of_the_template_is_asked_about_on_each_of_its_resources() {
    let stack = stack();
    for role in ROLES {
        let asked = asked(role, &stack).calls;
        for statement in allowed(role) {
            for action in &statement.actions {
                for resource in &statement.resources {
                    let about =
                        |call: &RoleCall| call.action == *action && takes(resource, &call.resource);
                    assert!(
                        asked.iter().any(about),
                        "{role:?}: nobody asks about {action} on {resource}"
                    );
                }
            }
        }
    }
}

#[test]
fn what_cannot_be_asked_is_named_and_the_rest_is_asked() {
    let mut stack = stack();
    let gone = || Seen::Unknown("there is none of that name".to_owned());
    stack.insert("Looks", gone());
    stack.insert("NotificationsKey", gone());
    let asked = asked(RoleOf::Responder, &stack);
    let whys: Vec<&str> = asked.unasked.iter().map(String::as_str).collect();
    assert_eq!(whys.len(), 2, "{whys:?}");
    assert!(whys[0].starts_with("responder: kms:Decrypt, kms:GenerateDataKey on NotificationsKey"));
    assert!(whys[1].contains("sqs:SendMessage on Looks: there is none"));
    assert!(
        asked
            .calls
            .iter()
            .any(|call| call.action == "events:PutEvents")
    );

    // A group that was not seen has neither ARN nor tags.
    let place = Place {
        bucket: Some((BUCKET, "")),
        stack: &stack,
    };
    let unseen = Seen::Unknown("access denied".to_owned());
    let questions = target_calls(RoleOf::Planner, &place, "web", "web-asg", &unseen);
    let whys: Vec<&String> = questions.unasked.iter().collect();
    assert_eq!(
        whys,
        ["planner: what it may do to the group web-asg: access denied"]
    );
    // A folder has no policy.
    let folder = Place {
        bucket: None,
        ..place
    };
    let questions = stack_calls(RoleOf::Planner, &folder);
    assert!(
        questions
            .unasked
            .iter()
            .any(|why| why.contains("they lie in a folder"))
    );
}

#[test]
fn what_is_denied_and_what_could_not_be_asked_are_both_told() {
    let report = planted(|facts| {
        facts.stack.permissions = Permissions {
            denied: vec![Denied {
                who: "planner".to_owned(),
                call: "autoscaling:UpdateAutoScalingGroup".to_owned(),
                resource: "web-asg".to_owned(),
                detail: "implicitDeny".to_owned(),
            }],
            unasked: vec!["responder: access denied".to_owned()],
        };
    });
    assert_eq!(report.findings.len(), 1);
    let said = &report.findings[0].seen;
    assert!(said.contains("planner may not call autoscaling:UpdateAutoScalingGroup"));
    assert_eq!(report.unchecked.len(), 1);
    assert_eq!(report.unchecked[0].id, "permission-denied");
    assert!(report.unchecked[0].why.contains("responder: access denied"));
}
