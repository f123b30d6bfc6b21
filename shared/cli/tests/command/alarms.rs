//! `forescale alarms`.

use std::process::ExitCode;

use crate::common::{good, run, text, write};
use serde_json::Value;
use tempfile::TempDir;

const CONFIG: &str = r#"
[defaults]
max_servers = 9
throughput = 100

[[target]]
name = "web"
load_balancer = "app/my-alb/50dc6c495c0c9188"
response = { band_missing = "ignore" }

[[target]]
name = "queue"
alarms = ["q-*-alarm"]
demand = { namespace = "Shop", name = "Rate", statistic = "Average" }
"#;

#[test]
fn each_target_has_its_alarm_in_three_forms() {
    let folder = TempDir::new().unwrap();
    let file = write(folder.path(), "forescale.toml", CONFIG);
    let config = text(&file);
    let json = good(&["alarms", "--config", config, "--format", "json"]);
    let requests: Vec<Value> = json
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let names: Vec<_> = requests
        .iter()
        .map(|it| it["AlarmName"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["forescale-web-band", "q-queue-band-alarm"]);
    assert_eq!(requests[0]["TreatMissingData"], "ignore");
    assert_eq!(requests[1]["TreatMissingData"], "breaching");
    let band = &requests[0]["Metrics"][2]["MetricStat"]["Metric"];
    assert_eq!(band["MetricName"], "DemandUpper");
    let dimension = |value: &Value, index: usize| {
        let it = &value["Dimensions"][index];
        (
            it["Name"].as_str().unwrap().to_owned(),
            it["Value"].as_str().unwrap().to_owned(),
        )
    };
    assert_eq!(
        dimension(band, 0),
        ("Stack".to_owned(), "forescale".to_owned())
    );
    assert_eq!(dimension(band, 1), ("Target".to_owned(), "web".to_owned()));
    let of_stack = good(&[
        "alarms", "--config", config, "--stack", "staging", "--format", "json",
    ]);
    let of_stack: Value = serde_json::from_str(of_stack.out.lines().next().unwrap()).unwrap();
    let band = &of_stack["Metrics"][2]["MetricStat"]["Metric"];
    assert_eq!(dimension(band, 0).1, "staging");
    let arn = "arn:aws:lambda:eu-west-1:1:function:responder:live";
    let form = [
        "alarms", "--config", config, "--target", "queue", "--action", arn,
    ];
    let template = good(&[&form[..], &["--format", "cloudformation"]].concat());
    let template: Value = serde_json::from_str(&template.out).unwrap();
    let alarm = &template["Resources"]["Band1"]["Properties"];
    assert_eq!(alarm["AlarmActions"][0], arn);
    assert!(good(&form).out.contains("q-queue-band-alarm"));
    let wrong = run(&["alarms", "--config", config, "--target", "wep"]);
    assert_eq!(wrong.code, ExitCode::from(3));
    assert!(wrong.err.contains("web, queue"), "{}", wrong.err);
}

/// People's own alarm, named without a star, is never the one that is made; and no two targets share one.
#[test]
fn names_are_nobody_elses() {
    let folder = TempDir::new().unwrap();
    let names = |targets: [(&str, &str); 2]| {
        let both = targets.map(|(name, alarms)| {
            format!(
                "[[target]]\nname = \"{name}\"\nload_balancer = \"app/a/50dc6c495c0c9188\"\n\
                 max_servers = 9\nthroughput = 100\nalarms = [{alarms}]\n"
            )
        });
        let file = write(folder.path(), "names.toml", both.concat());
        let done = run(&["alarms", "--config", text(&file), "--format", "json"]);
        let names: Vec<String> = done
            .out
            .lines()
            .map(|line| {
                let request: Value = serde_json::from_str(line).unwrap();
                request["AlarmName"].as_str().unwrap().to_owned()
            })
            .collect();
        (names, done)
    };
    let (found, _) = names([
        ("web", "\"checkout-errors\""),
        ("api", "\"checkout-slow\", \"a-*\""),
    ]);
    assert_eq!(found, ["forescale-web-band", "a-api-band"]);
    let (found, _) = names([("web", "\"prod-*\""), ("web-api", "\"prod-*\"")]);
    assert_eq!(found, ["prod-web-band", "prod-web-api-band"]);
    let (_, done) = names([("web", "\"x-*\""), ("x-web", "\"x-web-*\"")]);
    assert_eq!(done.code, ExitCode::from(3));
    assert!(
        done.err
            .contains("web and x-web would share the alarm x-web-band"),
        "{}",
        done.err
    );
}
