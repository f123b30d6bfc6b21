use holidays::Place;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use timeseries::Step;

use super::field::Field;
use super::section::Section;
use super::{control, metric, response, simulation, throughput, time};
use crate::{Control, LeadTime, Mode, Published, Response, Simulation, Target, Throughput};

/// Most servers of a group: far above what Auto Scaling runs, low enough to catch a slip.
pub(crate) const MOST_SERVERS: u32 = 100_000;

/// What every target must say for itself.
const OWN: [&str; 7] = [
    "name",
    "group",
    "resource",
    "demand",
    "load_balancer",
    "target_group",
    "alarms",
];

/// What `[defaults]` may fill in.
struct Shared {
    zone: TimeZone,
    country: Option<Place>,
    servers: (u32, u32),
    throughput: Throughput,
    lead_time: LeadTime,
    risk: f64,
    mode: Mode,
    step: Step,
    plan_every: SignedDuration,
    metrics: Published,
    application: Option<String>,
    training_days: u32,
    price_per_server_hour: f64,
    currency: String,
    most_extra_servers: Option<u32>,
    control: Control,
    response: Response,
    simulation: Simulation,
}

/// Checks `[defaults]` by itself, so that what is wrong there is found without any target too.
pub(crate) fn check_defaults(section: Section<'_>) {
    let section = section.partial();
    let _ = shared(&section, "defaults");
    let belongs = OWN.map(|key| (key, "belongs in each [[target]]"));
    section.finish_except(&belongs);
}

/// One target; `None` where something was found wrong.
pub(crate) fn read(section: Section<'_>) -> Option<Target> {
    let name = name(&section);
    let group = match (section.own("group"), section.own("resource")) {
        (Some(_), Some(resource)) => {
            resource.refuse("stands beside group", "one of group and resource");
            None
        }
        (Some(field), None) => group(&field),
        (None, Some(field)) => resource(&field),
        (None, None) => name.clone(),
    };
    let demand = metric::demand(&section);
    let alarms = match section.own("alarms") {
        Some(field) => alarms(&field),
        None => name
            .as_ref()
            .map(|name| vec![format!("forescale-{name}-*")]),
    };
    let shared = shared(&section, group.as_deref().unwrap_or_default());
    section.finish();
    let shared = shared?;
    Some(Target {
        name: name?,
        group: group?,
        demand: demand?,
        zone: shared.zone,
        country: shared.country,
        min_servers: shared.servers.0,
        max_servers: shared.servers.1,
        throughput: shared.throughput,
        lead_time: shared.lead_time,
        risk: shared.risk,
        mode: shared.mode,
        step: shared.step,
        plan_every: shared.plan_every,
        metrics: shared.metrics,
        application: shared.application,
        training_days: shared.training_days,
        price_per_server_hour: shared.price_per_server_hour,
        currency: shared.currency,
        most_extra_servers: shared.most_extra_servers.unwrap_or(shared.servers.1),
        alarms: alarms?,
        control: shared.control,
        response: shared.response,
        simulation: shared.simulation,
    })
}

fn shared(section: &Section<'_>, group: &str) -> Option<Shared> {
    // Every field is read before any is missed, so that all that is wrong is found.
    let zone = optional(section.get("time_zone"), TimeZone::UTC, time::zone);
    let country = optional(section.get("country"), None, |field| {
        country(field).map(Some)
    });
    let servers = servers(section);
    let lead_time = time::lead_time(section);
    let risk = optional(section.get("risk"), 0.001, |field| {
        field.number(|risk| risk > 0.0 && risk < 0.5, "above 0, below 0.5")
    });
    let mode = mode(section);
    let step = optional(
        section.get("step"),
        Step::from_minutes(15).ok()?,
        time::step,
    );
    let hour = SignedDuration::from_hours(1);
    let plan_every = optional(section.get("plan_every"), hour, time::plan_every);
    let kinds = [
        ("stack", Published::Stack),
        ("chart", Published::Chart),
        ("all", Published::All),
    ];
    let metrics = optional(section.get("metrics"), Published::default(), |field| {
        field.choice(&kinds)
    });
    let application = optional(section.get("application"), None, |field| {
        application(field).map(Some)
    });
    let training_days = optional(section.get("training_days"), 56, |f| f.whole(1..=400));
    let price = optional(section.get("price_per_server_hour"), 0.0, |field| {
        field.number(|price| (0.0..=1e6).contains(&price), "0 to 1000000")
    });
    let currency = optional(section.get("currency"), "USD".to_owned(), currency);
    let most_extra_servers = optional(section.get("most_extra_servers"), None, |field| {
        field.whole(0..=MOST_SERVERS).map(Some)
    });
    let known_price = price.filter(|_| !section.is_partial());
    let control = control::read(section, known_price);
    let response = response::read(section, group);
    let signals = response.as_ref().map(|response| &response.signals);
    let throughput = throughput::read(section, group, signals);
    if let Some(response) = &response
        && response.monthly_budget.is_some()
        && price == Some(0.0)
        && !section.is_partial()
    {
        section.refuse(
            "response.monthly_budget",
            "cannot be kept without a price",
            "price_per_server_hour above 0 beside it",
        );
    }
    let accepted = control.as_ref().and_then(|control| control.budget);
    if let (Some(accepted), Some(risk)) = (accepted.and_then(|budget| budget.accept_risk), risk)
        && accepted < risk
        && !section.is_partial()
    {
        section.refuse(
            "control.budget.accept_risk",
            format!("of {accepted} is below risk, which is {risk}: a budget would never be kept"),
            format!("{risk} or more, below 0.5"),
        );
    }
    let assumed = LeadTime::Given(SignedDuration::ZERO);
    let simulation = simulation::read(section, lead_time.as_ref().unwrap_or(&assumed));
    Some(Shared {
        zone: zone?,
        country: country?,
        servers: servers?,
        throughput: throughput?,
        lead_time: lead_time?,
        risk: risk?,
        mode: mode?,
        step: step?,
        plan_every: plan_every?,
        metrics: metrics?,
        application: application?,
        training_days: training_days?,
        price_per_server_hour: price?,
        currency: currency?,
        most_extra_servers: most_extra_servers?,
        control: control?,
        response: response?,
        simulation: simulation?,
    })
}

/// `default` where there is nothing; `None` where what there is is wrong.
pub(crate) fn optional<'a, T>(
    field: Option<Field<'a>>,
    default: T,
    read: impl FnOnce(&Field<'a>) -> Option<T>,
) -> Option<T> {
    field.as_ref().map_or(Some(default), read)
}

fn name(section: &Section<'_>) -> Option<String> {
    let allowed = "1 to 64 letters, digits, - and _";
    section
        .required("name", allowed)?
        .word(LONGEST_NAME, in_name, allowed)
}

const LONGEST_NAME: usize = 64;

fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

/// Whether a target may be called so.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.chars().count()) && text.chars().all(in_name)
}

fn group(field: &Field<'_>) -> Option<String> {
    let allowed = "1 to 255 characters without : and control characters";
    field.word(255, |c| !c.is_control() && c != ':', allowed)
}

/// As `infra/image-pipeline.yaml` takes its parameter `Application`.
fn application(field: &Field<'_>) -> Option<String> {
    let allowed = "2 to 32 lower-case letters, digits and hyphens, a letter first";
    let in_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let text = field.word(32, in_name, allowed)?;
    if text.len() < 2 || !text.starts_with(|c: char| c.is_ascii_lowercase()) {
        field.refuse("is no name of an application", allowed);
        return None;
    }
    Some(text)
}

/// A scalable target of Application Auto Scaling, as text.
fn resource(field: &Field<'_>) -> Option<String> {
    let allowed = "NAMESPACE:RESOURCE of Application Auto Scaling, such as ecs:service/prod/web, with @DIMENSION where it has several";
    let text = field.word(1600, |c| !c.is_control(), allowed)?;
    if fleet::ScalableTarget::parse(&text).is_none() {
        field.refuse("is no scalable target", allowed);
        return None;
    }
    Some(text)
}

fn alarms(field: &Field<'_>) -> Option<Vec<String>> {
    let allowed = "a list of alarm names, each 1 to 255 characters, * for anything";
    field.list(allowed, |item| item.word(255, |c| !c.is_control(), allowed))
}

fn servers(section: &Section<'_>) -> Option<(u32, u32)> {
    let min_field = section.get("min_servers");
    let min = optional(min_field.clone(), 1, |field| field.whole(0..=MOST_SERVERS));
    let max_field = section.required("max_servers", &format!("1 to {MOST_SERVERS}"));
    let max = max_field.as_ref()?.whole(1..=MOST_SERVERS);
    let (min, max) = (min?, max?);
    if min <= max {
        return Some((min, max));
    }
    match min_field {
        Some(field) => field.refuse(
            format!("is above max_servers, which is {max}"),
            format!("0 to {max}"),
        ),
        None => max_field?.refuse("is below min_servers", format!("{min} to {MOST_SERVERS}")),
    }
    None
}

fn mode(section: &Section<'_>) -> Option<Mode> {
    let modes = [
        ("off", Mode::Off),
        ("shadow", Mode::Shadow),
        ("canary", Mode::Canary(10)),
        ("active", Mode::Active),
    ];
    let mode = optional(section.get("mode"), Mode::default(), |field| {
        field.choice(&modes)
    });
    let percent = section.get("canary_percent").map(|f| f.whole(1..=100));
    match mode? {
        Mode::Canary(default) => {
            let percent = percent.unwrap_or(Some(u32::from(default)))?;
            u8::try_from(percent).ok().map(Mode::Canary)
        }
        mode => {
            // A default for those targets that are in canary mode is no contradiction.
            if let Some(field) = section
                .own("canary_percent")
                .filter(|_| !section.is_partial())
            {
                field.refuse(
                    "goes with mode = \"canary\" only",
                    "nothing in another mode",
                );
            }
            Some(mode)
        }
    }
}

fn country(field: &Field<'_>) -> Option<Place> {
    let allowed = "an ISO 3166 code such as JP, or DE-BY for a subdivision";
    let text = field.text(allowed)?;
    match Place::find(&text) {
        Ok(place) => Some(place),
        Err(error) => {
            let near = error.nearest.into_iter();
            let near = near.map(|near| format!("; did you mean {near}?"));
            field.refuse(format!("is unknown{}", near.collect::<String>()), allowed);
            None
        }
    }
}

fn currency(field: &Field<'_>) -> Option<String> {
    let allowed = "an ISO 4217 code of 3 capital letters, such as USD";
    let text = field.text(allowed)?;
    if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Some(text);
    }
    field.refuse("is not a currency code", allowed);
    None
}
