//! What is published of the configuration is what is read: the schema, the reference in
//! `docs/configuration.md`, and the examples in it.
//!
//! After a change: `cargo test -p config --test published -- --ignored`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use config::{Config, json_schema, parse_event};
use serde_json::{Map, Value};

const BEGIN: &str = "<!-- made of the schema: begin -->\n";
const END: &str = "<!-- made of the schema: end -->\n";

fn docs(name: &str) -> PathBuf {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");
    PathBuf::from(docs).join(name)
}

fn read(name: &str) -> String {
    let path = docs(name);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn schema() -> Value {
    json_schema().to_value()
}

fn schema_file() -> String {
    format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap())
}

/// The page with its generated part made anew.
fn page(old: &str) -> String {
    let (before, rest) = old.split_once(BEGIN).expect("the page has its first mark");
    let (_, after) = rest.split_once(END).expect("the page has its second mark");
    format!("{before}{BEGIN}{}{END}{after}", reference())
}

#[test]
fn the_published_schema_is_current() {
    assert!(
        read("schemas/forescale.schema.json") == schema_file(),
        "stale: see this file's head"
    );
}

#[test]
fn the_published_reference_is_current() {
    let old = read("configuration.md");
    assert!(page(&old) == old, "stale: see this file's head");
}

#[test]
#[ignore = "writes the published files"]
fn write_the_published_files() {
    fs::create_dir_all(docs("schemas")).unwrap();
    fs::write(docs("schemas/forescale.schema.json"), schema_file()).unwrap();
    let old = read("configuration.md");
    fs::write(docs("configuration.md"), page(&old)).unwrap();
}

#[test]
fn the_examples_of_the_page_are_accepted() {
    let page = read("configuration.md");
    let blocks: Vec<&str> = page
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(blocks.len() >= 2);
    for block in blocks {
        let read = if block.contains("[[target]]") {
            Config::parse("configuration.md", block).map(drop)
        } else {
            parse_event("configuration.md", block).map(drop)
        };
        read.unwrap_or_else(|e| panic!("{e}"));
    }
}

/// The tables of the file: their name, and where in the schema they are.
fn sections() -> Vec<(&'static str, Value)> {
    let root = schema();
    let at = |pointer: &str| {
        root.pointer(pointer)
            .unwrap_or_else(|| panic!("{pointer}"))
            .clone()
    };
    let target = "/properties/target/items";
    let in_target = |rest: &str| at(&format!("{target}/properties/{rest}"));
    vec![
        ("target", at(target)),
        ("target.demand", in_target("demand")),
        ("target.throughput", in_target("throughput/anyOf/1")),
        (
            "target.throughput.resource",
            in_target("throughput/anyOf/1/properties/resource"),
        ),
        ("target.lead_time", in_target("lead_time/anyOf/1")),
        ("target.control", in_target("control")),
        (
            "target.control.budget",
            in_target("control/properties/budget"),
        ),
        (
            "target.control.canary_guard",
            in_target("control/properties/canary_guard"),
        ),
        ("target.response", in_target("response")),
        (
            "target.response.cpu",
            in_target("response/properties/cpu/anyOf/1"),
        ),
        (
            "target.response.exhaustible",
            in_target("response/properties/exhaustible/items"),
        ),
        ("target.simulation", in_target("simulation")),
        (
            "target.simulation.reactive",
            in_target("simulation/properties/reactive/anyOf/1"),
        ),
        ("event", at("/properties/event/items")),
    ]
}

fn keys(section: &Value) -> Vec<&str> {
    properties(section).keys().map(String::as_str).collect()
}

fn properties(section: &Value) -> &Map<String, Value> {
    section["properties"]
        .as_object()
        .expect("a table has properties")
}

/// Where a key that nobody knows stands in each section.
const PROBES: [(&str, &str); 14] = [
    ("target", "zzzzzz = 1"),
    ("target.demand", "demand = { zzzzzz = 1 }"),
    ("target.throughput", "throughput = { zzzzzz = 1 }"),
    (
        "target.throughput.resource",
        "throughput = { resource = { zzzzzz = 1 } }",
    ),
    ("target.lead_time", "lead_time = { zzzzzz = 1 }"),
    ("target.control", "control = { zzzzzz = 1 }"),
    (
        "target.control.budget",
        "control = { budget = { zzzzzz = 1 } }",
    ),
    (
        "target.control.canary_guard",
        "control = { canary_guard = { zzzzzz = 1 } }",
    ),
    ("target.response", "response = { zzzzzz = 1 }"),
    ("target.response.cpu", "response = { cpu = { zzzzzz = 1 } }"),
    (
        "target.response.exhaustible",
        "response = { exhaustible = [{ zzzzzz = 1 }] }",
    ),
    ("target.simulation", "simulation = { zzzzzz = 1 }"),
    (
        "target.simulation.reactive",
        "simulation = { reactive = { zzzzzz = 1 } }",
    ),
    ("event", "[[event]]\nzzzzzz = 1"),
];

#[test]
fn the_schema_has_the_keys_that_are_read() {
    for (name, section) in sections() {
        let (_, probe) = PROBES.iter().find(|(probed, _)| *probed == name).unwrap();
        let errors = Config::parse("f", &format!("[[target]]\n{probe}")).unwrap_err();
        let mut findings = errors.findings.iter();
        let unknown = findings.find(|f| f.field.ends_with("zzzzzz")).unwrap();
        let mut read: Vec<&str> = unknown.allowed.split(", ").collect();
        read.sort_unstable();
        assert_eq!(read, keys(&section), "{name}");
    }
    let root = schema();
    let own = [
        "alarms",
        "demand",
        "group",
        "load_balancer",
        "name",
        "resource",
        "target_group",
    ];
    let mut shared = keys(&root["properties"]["target"]["items"]);
    shared.retain(|key| !own.contains(key));
    assert_eq!(keys(&root["properties"]["defaults"]), shared);
}

#[test]
fn the_defaults_of_the_schema_are_those_that_are_read() {
    let minimal = "[[target]]\nname = \"web\"\nmax_servers = 9\n\
         demand = { namespace = \"A\", name = \"B\" }\n\
         throughput = { initial = 5, resource = { namespace = \"A\", name = \"B\" } }\n\
         control = { budget = { server_hours = 5 } }\n\
         response = { exhaustible = [] }\n\
         simulation = { reactive = {} }\n\
         [[event]]\nname = \"x\"\nstart = 2026-01-01\nend = 2026-01-01\nmultiplier = 2\n";
    let mut spelled = minimal.to_owned();
    for (name, section) in sections() {
        let written: String = properties(&section)
            .iter()
            .filter(|(key, _)| *key != "canary_percent")
            .filter_map(|(key, schema)| Some(format!("{key} = {}", toml(schema.get("default")?))))
            .collect::<Vec<_>>()
            .join(", ");
        // Each in the place of the minimal text that opens that table.
        let (place, with) = match name {
            "target" => (
                "max_servers = 9\n",
                written
                    .replace(", ", "\n")
                    .replace("\nmeasure", ", measure")
                    + "\n",
            ),
            "target.demand" => ("demand = {", written + ","),
            "target.throughput" => ("throughput = {", written + ","),
            "target.throughput.resource" => ("resource = {", written + ","),
            "target.control" => ("control = {", written + ","),
            "target.control.budget" => ("budget = {", written + ","),
            "target.response" => ("response = {", written + ","),
            "target.simulation" => ("simulation = {", written + ","),
            "target.simulation.reactive" => ("reactive = {", written),
            "event" => ("[[event]]\n", written.replace(", ", "\n") + "\n"),
            _ => continue,
        };
        spelled = spelled.replace(place, &format!("{place}{with}"));
    }
    assert!(
        spelled.contains("risk = 0.001") && spelled.contains("scales_in = true"),
        "{spelled}"
    );
    let read = |text: &str| Config::parse("f", text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    assert_eq!(read(minimal), read(&spelled), "{spelled}");
}

fn toml(value: &Value) -> String {
    match value {
        Value::Object(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{key} = {}", toml(value)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

/// A table of keys for each table of the file.
fn reference() -> String {
    let mut text = String::new();
    for (name, section) in sections() {
        let heading = match name {
            "target" | "event" => format!("[[{name}]]"),
            _ => name.to_owned(),
        };
        let about = section["description"].as_str().unwrap_or_default();
        write!(text, "\n### `{heading}`\n\n{about}\n\n").unwrap();
        text.push_str("| key | type | allowed | default | meaning |\n|---|---|---|---|---|\n");
        let required = section["required"].as_array().cloned().unwrap_or_default();
        for (key, schema) in properties(&section) {
            let default = match schema.get("default") {
                Some(value) => format!("`{}`", toml(value)),
                None if required.contains(&Value::from(key.as_str())) => "required".to_owned(),
                None => String::new(),
            };
            let (kind, allowed) = (kind(schema), allowed(schema));
            let about = schema["description"].as_str().unwrap_or_default();
            writeln!(
                text,
                "| `{key}` | {kind} | {allowed} | {default} | {about} |"
            )
            .unwrap();
        }
    }
    text.push('\n');
    text
}

fn kind(schema: &Value) -> String {
    if let Some(choices) = schema["anyOf"].as_array() {
        return choices.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    match schema["type"].as_str().unwrap_or_default() {
        "object" => "table",
        "array" if schema["items"]["type"] == "object" => "list of tables",
        "array" => "list of strings",
        "integer" => "whole number",
        "boolean" => "true or false",
        other => other,
    }
    .to_owned()
}

fn allowed(schema: &Value) -> String {
    let mut parts = Vec::new();
    if let Some(words) = schema["enum"].as_array() {
        parts.extend(words.iter().map(|word| format!("`{word}`")));
    }
    for (key, words) in [
        ("minimum", "at least"),
        ("exclusiveMinimum", "above"),
        ("maximum", "at most"),
        ("exclusiveMaximum", "below"),
        ("const", "only"),
    ] {
        parts.extend(schema.get(key).map(|bound| format!("{words} {bound}")));
    }
    parts.extend(
        schema["pattern"]
            .as_str()
            .map(|pattern| format!("`{pattern}`")),
    );
    if let (Some(least), Some(most)) = (schema["minLength"].as_u64(), schema["maxLength"].as_u64())
    {
        parts.push(format!("{least} to {most} characters"));
    }
    if let Some(examples) = schema["examples"].as_array() {
        let examples: Vec<String> = examples.iter().map(|e| format!("`{e}`")).collect();
        parts.push(format!("such as {}", examples.join(" or ")));
    }
    parts.join(", ")
}
