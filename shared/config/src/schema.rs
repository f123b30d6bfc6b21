//! The shape of `forescale.toml`, from which its JSON Schema is made. What is read, and what more
//! is checked, is in `read`; tests hold the two together.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

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

/// How a plan moves the group.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Control {
    /// Whether the desired capacity is set beside MinSize: where no policy of the group removes
    /// servers, never, or always.
    #[schemars(default, extend("default" = "auto"))]
    desired: Option<Desired>,
    /// Whether Forescale sets the value of the group's target tracking to the one that goes with
    /// the plan.
    #[schemars(default, extend("default" = false))]
    manage_policy: Option<bool>,
    /// Most servers that one change of the plan adds; no limit unless given.
    #[schemars(default, range(min = 1, max = 100_000))]
    most_step_up: Option<u32>,
    /// Most servers that one change of the plan takes away; no limit unless given.
    #[schemars(default, range(min = 1, max = 100_000))]
    most_step_down: Option<u32>,
    /// Least time from one change of the plan to the next: 0s to 4h.
    #[schemars(default, extend("default" = "0s"))]
    least_dwell: Option<Duration>,
    /// Server time that each server added costs beyond its boot, which a plan counts anyway: a
    /// licence by the hour, caches to fill. 0s to 4h.
    #[schemars(default, extend("default" = "0s"))]
    launch_cost: Option<Duration>,
    /// Quantile of demand that MaxSize leaves room for; unless given, MaxSize stays as it is.
    #[schemars(default, range(min = 0.9, max = 0.9999))]
    ceiling: Option<f64>,
    /// What plans may cost; as much as the risk asks for unless given.
    #[schemars(default)]
    budget: Option<Budget>,
    /// Whether the share that is applied, of a canary or an active target, falls back on bad evidence
    /// and grows on good by itself.
    #[schemars(default, extend("default" = true))]
    canary_grows: Option<bool>,
    /// A metric above whose `full` a canary or an active target steps back; none unless given.
    #[schemars(default)]
    canary_guard: Option<LevelMetric>,
}

/// Whether the desired capacity is set.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Desired {
    Auto,
    Never,
    Always,
}

/// What plans may cost: `server_hours` or `money`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Budget {
    /// Server-hours. This or `money`.
    #[schemars(default, extend("exclusiveMinimum" = 0, "maximum" = 1_000_000_000))]
    server_hours: Option<f64>,
    /// Money in `currency`. This or `server_hours`; it needs `price_per_server_hour`.
    #[schemars(default, extend("exclusiveMinimum" = 0, "maximum" = 1_000_000_000))]
    money: Option<f64>,
    /// The calendar day or month of the target's zone that it is for.
    #[schemars(default, extend("default" = "day"))]
    per: Option<Per>,
    /// Share of demand above capacity up to which the budget goes before `risk`: above 0, below
    /// 0.5. Without it what the budget would cost is only told.
    #[schemars(default, extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 0.5))]
    accept_risk: Option<f64>,
}

/// What a budget is for.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Per {
    Day,
    Month,
}

/// What the responder goes by when demand leaves the forecast.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Response {
    /// Most servers added in one step; no such cap unless given.
    #[schemars(default, range(max = 100_000))]
    most_per_step: Option<u32>,
    /// Most servers added on one day of the target's zone; no such cap unless given.
    #[schemars(default, range(max = 100_000))]
    most_per_day: Option<u32>,
    /// Most that servers beyond the plan may cost in a calendar month, in `currency`; no such cap
    /// unless given. It needs `price_per_server_hour`.
    #[schemars(default, range(min = 0, max = 1_000_000_000))]
    monthly_budget: Option<f64>,
    /// What the band's alarm makes of a missing band, as CloudWatch's `TreatMissingData`: it goes
    /// off, it does not, it stays as it is, it goes to INSUFFICIENT_DATA.
    #[schemars(default, extend("default" = "breaching"))]
    band_missing: Option<BandMissing>,
    /// Whether the responder may start an instance refresh for a resource leak.
    #[schemars(default, extend("default" = false))]
    instance_refresh: Option<bool>,
    /// How soon people can see to a fault: 0s to 24h. A leak that runs out before is bridged by
    /// servers.
    #[schemars(default, extend("default" = "1h"))]
    people_within: Option<Duration>,
    /// CPU of the group in percent; the group's CPUUtilization in AWS/EC2 unless given, none with
    /// `false`.
    #[schemars(default)]
    cpu: Option<SignalMetric>,
    /// Response time in any unit.
    #[schemars(default)]
    response_time: Option<SignalMetric>,
    /// Errors; a count.
    #[schemars(default)]
    errors: Option<SignalMetric>,
    /// Unhealthy servers.
    #[schemars(default)]
    unhealthy: Option<SignalMetric>,
    /// Servers in service; the group's GroupInServiceInstances unless given, none with `false`.
    #[schemars(default)]
    in_service: Option<SignalMetric>,
    /// What can run out, memory first, at most 20.
    #[schemars(default, length(max = 20))]
    exhaustible: Option<Vec<LevelMetric>>,
    /// What stands behind the service and can be saturated, at most 20.
    #[schemars(default, length(max = 20))]
    behind: Option<Vec<LevelMetric>>,
    /// Dimension by which CPU, errors and the first exhaustible resource are known of single servers
    /// too; none with `false`.
    #[schemars(default, extend("default" = "InstanceId"))]
    per_server: Option<PerServer>,
}

/// What CloudWatch makes of an alarm whose band is missing.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum BandMissing {
    Breaching,
    NotBreaching,
    Ignore,
    Missing,
}

/// A metric, or none.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum SignalMetric {
    None(#[schemars(extend("const" = false))] bool),
    Metric(PlainMetric),
}

/// A CloudWatch metric.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct PlainMetric {
    /// Namespace.
    #[schemars(length(min = 1, max = 255), extend("examples" = ["AWS/ApplicationELB"]))]
    namespace: String,
    /// Name.
    #[schemars(length(min = 1, max = 255), extend("examples" = ["TargetResponseTime"]))]
    name: String,
    /// Dimensions by name, at most 30; none unless given.
    #[schemars(default)]
    dimensions: Option<BTreeMap<String, String>>,
    /// Statistic; `Sum` for errors, `Maximum` for unhealthy servers, `Average` for the rest unless
    /// given.
    #[schemars(default)]
    statistic: Option<Statistic>,
}

/// A CloudWatch metric with a value at which it is full.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct LevelMetric {
    /// What people call it.
    #[schemars(length(min = 1, max = 100), extend("examples" = ["memory"]))]
    label: String,
    /// Value at which it is full.
    #[schemars(default, extend("default" = 100, "exclusiveMinimum" = 0, "maximum" = 1e12))]
    full: Option<f64>,
    /// Namespace.
    #[schemars(length(min = 1, max = 255), extend("examples" = ["CWAgent"]))]
    namespace: String,
    /// Name.
    #[schemars(length(min = 1, max = 255), extend("examples" = ["mem_used_percent"]))]
    name: String,
    /// Dimensions by name, at most 30; none unless given.
    #[schemars(default)]
    dimensions: Option<BTreeMap<String, String>>,
    /// Statistic.
    #[schemars(default, extend("default" = "Average"))]
    statistic: Option<Statistic>,
}

/// A dimension, or none.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum PerServer {
    None(#[schemars(extend("const" = false))] bool),
    Dimension(#[schemars(length(min = 1, max = 255))] String),
}

/// A CloudWatch metric of demand.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct DemandMetric {
    /// Namespace.
    #[schemars(length(min = 1, max = 255), extend("examples" = ["AWS/ApplicationELB"]))]
    namespace: String,
    /// Name.
    #[schemars(length(min = 1, max = 255), extend("examples" = ["RequestCount"]))]
    name: String,
    /// Dimensions by name, at most 30; none unless given.
    #[schemars(default)]
    dimensions: Option<BTreeMap<String, String>>,
    /// Statistic.
    #[schemars(default, extend("default" = "Sum"))]
    statistic: Option<Statistic>,
}

/// A CloudWatch metric of a resource, in percent.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ResourceMetric {
    /// Namespace.
    #[schemars(length(min = 1, max = 255), extend("examples" = ["AWS/EC2"]))]
    namespace: String,
    /// Name.
    #[schemars(length(min = 1, max = 255), extend("examples" = ["CPUUtilization"]))]
    name: String,
    /// Dimensions by name, at most 30; none unless given.
    #[schemars(default)]
    dimensions: Option<BTreeMap<String, String>>,
    /// Statistic.
    #[schemars(default, extend("default" = "Average"))]
    statistic: Option<Statistic>,
}

/// A CloudWatch statistic.
#[derive(JsonSchema)]
enum Statistic {
    Sum,
    Average,
    Maximum,
    Minimum,
    SampleCount,
    #[schemars(rename = "p50")]
    P50,
    #[schemars(rename = "p90")]
    P90,
    #[schemars(rename = "p95")]
    P95,
    #[schemars(rename = "p99")]
    P99,
}

/// Demand one server sustains.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Throughput {
    Given(#[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1_000_000_000))] f64),
    Measured(Box<MeasuredThroughput>),
}

/// Measured: demand per server where the resource reaches `utilization`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct MeasuredThroughput {
    /// Requests per minute and server to assume until measured. This or `value`.
    #[schemars(default, extend("exclusiveMinimum" = 0, "maximum" = 1_000_000_000))]
    initial: Option<f64>,
    /// Requests per minute and server to go by; what is measured is compared with it and does not
    /// replace it. This or `initial`.
    #[schemars(default, extend("exclusiveMinimum" = 0, "maximum" = 1_000_000_000))]
    value: Option<f64>,
    /// Percent of the resource to plan for.
    #[schemars(default, range(min = 1, max = 100), extend("default" = 60))]
    utilization: Option<f64>,
    /// The binding resource; the group's average CPUUtilization in AWS/EC2 unless given.
    #[schemars(default)]
    resource: Option<ResourceMetric>,
    /// Percent of memory that one server is not to exceed; the metric is the first of
    /// `response.exhaustible` unless given.
    #[schemars(default)]
    memory: Option<BoundMetric>,
    /// Response time not to exceed, in its metric's unit; the metric is `response.response_time`
    /// unless given.
    #[schemars(default)]
    response_time: Option<BoundMetric>,
    /// Share of demand that may fail; the metric is `response.errors` unless given.
    #[schemars(default)]
    errors: Option<BoundMetric>,
    /// Requests waiting per server not to exceed; the metric, which has to be given, is of all of
    /// them.
    #[schemars(default)]
    queue: Option<BoundMetric>,
}

/// A CloudWatch metric with the value that one server is not to exceed.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct BoundMetric {
    /// Value not to exceed.
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1_000_000_000))]
    limit: f64,
    /// Namespace.
    #[schemars(default, length(min = 1, max = 255))]
    namespace: Option<String>,
    /// Name.
    #[schemars(default, length(min = 1, max = 255))]
    name: Option<String>,
    /// Dimensions by name, at most 30; none unless given.
    #[schemars(default)]
    dimensions: Option<BTreeMap<String, String>>,
    /// Statistic; `Sum` for errors, `Average` for the rest unless given.
    #[schemars(default)]
    statistic: Option<Statistic>,
}

/// From the decision to a server in service.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum LeadTime {
    Given(Duration),
    Measured(MeasuredLeadTime),
}

/// Measured: the 90th percentile of the group's launches over six weeks plus its warm-up.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct MeasuredLeadTime {
    /// Whether to measure; `false` takes `initial` as given.
    #[schemars(default, extend("default" = true))]
    measure: Option<bool>,
    /// To assume until measured.
    #[schemars(default, extend("default" = "5m"))]
    initial: Option<Duration>,
}

/// A duration with units.
#[derive(JsonSchema)]
#[schemars(extend("examples" = ["90s", "5m", "1h 30m"]))]
struct Duration(String);

/// What Forescale may do to a group.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Mode {
    Off,
    Shadow,
    Canary,
    Active,
}

/// Step of forecast and plan.
#[derive(JsonSchema)]
enum Step {
    #[schemars(rename = "5m")]
    Five,
    #[schemars(rename = "15m")]
    Fifteen,
    #[schemars(rename = "30m")]
    Thirty,
    #[schemars(rename = "1h")]
    Hour,
}

/// From one plan to the next.
#[derive(JsonSchema)]
enum PlanEvery {
    #[schemars(rename = "5m")]
    Five,
    #[schemars(rename = "10m")]
    Ten,
    #[schemars(rename = "15m")]
    Fifteen,
    #[schemars(rename = "30m")]
    Thirty,
    #[schemars(rename = "1h")]
    Hour,
}

/// How a simulated group behaves.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Simulation {
    /// Median time from launch to in service, 0s to 6h; the lead time unless given.
    #[schemars(default)]
    boot: Option<Duration>,
    /// Spread of the logarithm of the boot time; 0 is constant.
    #[schemars(default, range(min = 0, max = 2), extend("default" = 0))]
    boot_spread: Option<f64>,
    /// The group's own target tracking on demand per server; none unless given, and `false` where
    /// `[defaults]` has one.
    #[schemars(default)]
    reactive: Option<Reactive>,
    /// Servers at the start; what the first demand needs unless given.
    #[schemars(default, range(max = 100_000))]
    initial_servers: Option<u32>,
    /// Seed of all randomness.
    #[schemars(default, extend("default" = 1))]
    seed: Option<u32>,
}

/// A policy, or none.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Reactive {
    None(#[schemars(extend("const" = false))] bool),
    Policy(ReactivePolicy),
}

/// Target tracking on demand per server.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ReactivePolicy {
    /// Share of a server's throughput that the policy aims at: above 0, at most 2.
    #[schemars(default, extend("default" = 0.6, "exclusiveMinimum" = 0, "maximum" = 2))]
    utilization: Option<f64>,
    /// Whether it may remove servers.
    #[schemars(default, extend("default" = true))]
    scales_in: Option<bool>,
}

/// A coming occasion that people know of. It has exactly one of `multiplier`, `demand`, `like` and
/// `learnt`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Event {
    /// Its name, shared by its occurrences.
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// Names of the targets it concerns; all unless given.
    #[schemars(default)]
    targets: Option<Vec<String>>,
    /// When it starts: without an offset, local in each target's zone; a date alone is its first
    /// moment.
    #[schemars(extend("examples" = ["2026-12-31T23:00:00", "2026-12-31T23:00:00+09:00", "2026-12-31"]))]
    start: String,
    /// When it ends, written as `start` is; a date alone is the end of that day. At most 366 days
    /// after `start`, and before the next occurrence.
    end: String,
    /// How it repeats, at the same local time (`month-weekday`: as the third Tuesday of each
    /// month); not unless given. Use this or `every_days`.
    #[schemars(default)]
    every: Option<Every>,
    /// Repeats every so many days. Use this or `every`.
    #[schemars(default, range(min = 1, max = 366))]
    every_days: Option<u32>,
    /// No occurrence starts at or after this; a date alone is the last day. Only where it repeats.
    #[schemars(default)]
    until: Option<String>,
    /// Demand already rises this long before: 0s to 744h (31 days).
    #[schemars(default, extend("default" = "0s"))]
    lead: Option<Duration>,
    /// Demand falls off for this long after: 0s to 744h (31 days).
    #[schemars(default, extend("default" = "0s"))]
    tail: Option<Duration>,
    /// Demand is this many times what it would have been: above 0, at most 1000.
    #[schemars(default, extend("exclusiveMinimum" = 0, "maximum" = 1000))]
    multiplier: Option<f64>,
    /// Demand is this many requests per minute.
    #[schemars(default, range(min = 0, max = 1_000_000_000_000_u64))]
    demand: Option<f64>,
    /// Demand behaves as on this day.
    #[schemars(default, extend("examples" = ["2025-11-28"]))]
    like: Option<String>,
    /// `true`: demand behaves as past occurrences of the same name showed.
    #[schemars(default, extend("const" = true))]
    learnt: Option<bool>,
    /// Before this moment nobody knew; always known unless given. `simulate` heeds it.
    #[schemars(default)]
    announced_at: Option<String>,
}

/// How an event repeats.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Every {
    Day,
    Week,
    Month,
    MonthWeekday,
    Year,
}
