//! The shape of `forescale.toml`, from which its JSON Schema is made. What is read, and what more
//! is checked, is in `read`; tests hold the two together.

mod control;
mod event;
mod metric;
mod response;
mod simulation;
mod throughput;
mod time;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use control::Control;
use event::Event;
use metric::DemandMetric;
use response::Response;
use simulation::Simulation;
use throughput::Throughput;
use time::{LeadTime, PlanEvery, Step};

/// The JSON Schema of `forescale.toml`, by which editors complete and check it.
#[must_use]
pub fn json_schema() -> Schema {
    let mut settings = SchemaSettings::draft07();
    settings.inline_subschemas = true;
    let settings = settings.with_transform(RecursiveTransform(as_toml));
    ordered(settings.into_generator().into_root_schema_for::<File>())
}

/// The same schema with the keys of every object in alphabetical order: which order a map keeps
/// depends on features that other crates of a build may switch on.
#[must_use]
pub fn ordered(schema: Schema) -> Schema {
    fn order(value: &mut Value) {
        match value {
            Value::Object(map) => {
                let mut entries: Vec<(String, Value)> = std::mem::take(map).into_iter().collect();
                entries.sort_by(|a, b| a.0.cmp(&b.0));
                entries.iter_mut().for_each(|(_, value)| order(value));
                map.extend(entries);
            }
            Value::Array(values) => values.iter_mut().for_each(order),
            _ => {}
        }
    }
    let mut value = schema.clone().to_value();
    order(&mut value);
    Schema::try_from(value).unwrap_or(schema)
}

/// TOML has no null, so what may be left out is only not required; and the size of an integer in
/// memory is no business of who writes one.
fn as_toml(schema: &mut Schema) {
    schema.remove("format");
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.replace('\n', " ");
    }
    if let Some(Value::Array(words)) = schema.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    let Some(Value::Array(choices)) = schema.get_mut("anyOf") else {
        return;
    };
    choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
    if let [Value::Object(only)] = &choices[..] {
        let only = only.clone();
        schema.remove("anyOf");
        for (key, value) in only {
            // What is said of the field goes before what is said of its type.
            if schema.get(&key).is_none() {
                schema.insert(key, value);
            }
        }
    }
}

/// Forescale's configuration: which groups it plans for and what is known about them.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "forescale.toml")]
struct File {
    /// What holds for every target that does not say otherwise.
    #[schemars(default)]
    defaults: Option<Shared>,
    /// The managed groups.
    #[schemars(length(min = 1, max = 20000))]
    target: Vec<Target>,
    /// Known occasions.
    #[schemars(default)]
    event: Option<Vec<Event>>,
}

/// A managed group.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Target {
    /// Its name in Forescale: letters, digits, `-` and `_`.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,64}$"))]
    name: String,
    /// Name of its Auto Scaling group; the target's name unless given.
    #[schemars(default, regex(pattern = r"^[^:]{1,255}$"))]
    group: Option<String>,
    /// What Application Auto Scaling scales, in place of `group`: `NAMESPACE:RESOURCE`, with
    /// `@DIMENSION` where the resource has several.
    #[schemars(default, extend("examples" = ["ecs:service/prod/web"]))]
    resource: Option<String>,
    /// The metric that measures its demand: counts (`Sum`, `SampleCount`) become requests per
    /// minute. This or `load_balancer`.
    #[schemars(default)]
    demand: Option<DemandMetric>,
    /// An Application Load Balancer whose requests are its demand, as the end of its ARN or all of
    /// it. This or `demand`.
    #[schemars(default, extend("examples" = ["app/my-alb/50dc6c495c0c9188"]))]
    load_balancer: Option<String>,
    /// Counts only the requests that the load balancer sends to this target group.
    #[schemars(default, extend("examples" = ["targetgroup/my-targets/73e2d6bc24d8a067"]))]
    target_group: Option<String>,
    /// Names of the alarms that call the responder for this target, `*` for anything;
    /// `["forescale-NAME-*"]` unless given.
    #[schemars(default, inner(length(min = 1, max = 255)))]
    alarms: Option<Vec<String>>,
    #[schemars(flatten)]
    shared: Shared,
}

/// What `[defaults]` may fill in for every target.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Shared {
    /// IANA name of the time zone whose days, weeks and clock changes rule demand.
    #[schemars(default, extend("default" = "UTC", "examples" = ["Europe/Berlin", "Asia/Tokyo"]))]
    time_zone: Option<String>,
    /// ISO 3166 code of the country, or of one of its subdivisions, whose public holidays demand
    /// follows; none unless given.
    #[schemars(default, regex(pattern = r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$"), extend("examples" = ["JP", "DE-BY"]))]
    country: Option<String>,
    /// Fewest servers a plan may ask for; at most `max_servers`.
    #[schemars(default, range(max = 100_000), extend("default" = 1))]
    min_servers: Option<u32>,
    /// Most servers a plan may ask for. Required, here or in `[defaults]`.
    #[schemars(default, range(min = 1, max = 100_000))]
    max_servers: Option<u32>,
    /// Demand one server sustains, in requests per minute, or how to measure it. Required, here or
    /// in `[defaults]`.
    #[schemars(default)]
    throughput: Option<Throughput>,
    /// From the decision to a server in service, or how to measure it: 0s to 6h.
    #[schemars(default, extend("default" = { "measure": true, "initial": "5m" }))]
    lead_time: Option<LeadTime>,
    /// Tolerated share of demand above capacity: above 0, below 0.5.
    #[schemars(default, extend("default" = 0.001, "exclusiveMinimum" = 0, "exclusiveMaximum" = 0.5))]
    risk: Option<f64>,
    /// What Forescale may do to the group: nothing; everything but the writing; a share of it; all.
    #[schemars(default, extend("default" = "shadow"))]
    mode: Option<Mode>,
    /// Share of the difference to the group's baseline that canary mode applies, in percent.
    #[schemars(default, range(min = 1, max = 100), extend("default" = 10))]
    canary_percent: Option<u8>,
    /// Step of forecast and plan.
    #[schemars(default, extend("default" = "15m"))]
    step: Option<Step>,
    /// From one plan to the next. Below an hour, the planner's schedule has to call it that often.
    #[schemars(default, extend("default" = "1h"))]
    plan_every: Option<PlanEvery>,
    /// Which metrics about it are published: what the alarms need, what the dashboard draws, or all.
    /// CloudWatch bills each by the hour.
    #[schemars(default, extend("default" = "chart"))]
    metrics: Option<Published>,
    /// The application whose releases the image pipeline makes into the image of its servers, as that
    /// pipeline is told it; `doctor` then compares the two. None unless given.
    #[schemars(default, regex(pattern = r"^[a-z][a-z0-9-]{1,31}$"), extend("examples" = ["web"]))]
    application: Option<String>,
    /// Most days of history to train on.
    #[schemars(default, range(min = 1, max = 400), extend("default" = 56))]
    training_days: Option<u32>,
    /// Price of one server for one hour, in `currency`. With 0, costs are told in server-hours.
    #[schemars(default, range(min = 0, max = 1_000_000), extend("default" = 0))]
    price_per_server_hour: Option<f64>,
    /// ISO 4217 code of that price.
    #[schemars(default, regex(pattern = r"^[A-Z]{3}$"), extend("default" = "USD"))]
    currency: Option<String>,
    /// Most servers the responder may add over what the plan asks for, per incident; `max_servers`
    /// unless given.
    #[schemars(default, range(max = 100_000))]
    most_extra_servers: Option<u32>,
    /// How a plan moves the group.
    #[schemars(default)]
    control: Option<Control>,
    /// What the responder goes by when demand leaves the forecast.
    #[schemars(default)]
    response: Option<Response>,
    /// How the group behaves in `forescale simulate`; never read in the cloud.
    #[schemars(default)]
    simulation: Option<Simulation>,
}

/// Which metrics about a target are published.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Published {
    Stack,
    Chart,
    All,
}

/// What Forescale may do to a group.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Mode {
    Off,
    Shadow,
    Canary,
    Active,
}
