//! How long a server takes until it serves, and of which release its image is.

use jiff::{SignedDuration, Timestamp};
use planning::MeasuredLeadTime;
use ports::{LaunchTemplate, Listing};

use super::plural;
use crate::report::Found;
use crate::{Image, Release, Report, Severity, TargetFacts};

/// A build takes up to half an hour, and may wait for another's: before that a release without an image
/// is nothing to tell of.
const BUILDING: SignedDuration = SignedDuration::from_hours(1);

/// What the lead time is made of, as far as the group's activities tell. They know when a launch began and
/// when the server was in service: boot, code fetch and start are one. A warm pool takes them apart, since
/// a server that went into it has booted and fetched; so does an image with another launch template
/// version.
pub(super) fn parts(name: &str, measured: &MeasuredLeadTime, report: &mut Report) {
    let seconds = |span: SignedDuration| span.as_secs_f64();
    let warmup = measured.warmup.unwrap_or_default();
    let whole = seconds(measured.lead_time).max(1.0);
    let share = |span| 100.0 * seconds(span) / whole;
    let mut numbers = vec![
        ("lead_time_seconds", seconds(measured.lead_time)),
        ("launch_seconds", seconds(measured.launch)),
        ("warmup_seconds", seconds(warmup)),
        ("launches", measured.launches as f64),
    ];
    let mut said = format!(
        "nine of ten of {} took up to {:#}: {:#} from launch to in service ({:.0} %; boot, code fetch and \
         start, which activities do not tell apart), {warmup:#} warm-up ({:.0} %)",
        plural(measured.launches, "launch", "launches"),
        measured.lead_time,
        measured.launch,
        share(measured.launch),
        share(warmup),
    );
    if let (Some(pool), Some(from)) = (&measured.into_pool, &measured.from_pool) {
        said.push_str(&format!(
            "; the warm pool tells them apart: boot and code fetch {:#}, start {:#} (medians)",
            pool.median, from.median
        ));
        numbers.push(("boot_and_fetch_seconds", seconds(pool.median)));
        numbers.push(("start_seconds", seconds(from.median)));
    }
    if let Some(cold) = measured.cold.filter(|_| measured.from_pool.is_some()) {
        said.push_str(&format!("; from nothing {:#}", cold.median));
        numbers.push(("cold_seconds", seconds(cold.median)));
    }
    if let Some(change) = &measured.change {
        let with = change.version.as_ref().map_or_else(String::new, |version| {
            format!(" with launch template version {version}")
        });
        let (before, after) = (change.from, change.to);
        let what = if after < before { "saves" } else { "costs" };
        let difference =
            SignedDuration::from_secs(before.as_secs().abs_diff(after.as_secs()).cast_signed());
        said.push_str(&format!(
            "; since {}{with} a launch takes {after:#}, before it took {before:#}, which {what} {difference:#}",
            change.since
        ));
        numbers.push(("before_seconds", seconds(before)));
        numbers.push(("since_seconds", seconds(after)));
    }
    report.measured("lead-time", name, said, numbers);
}

/// Whether servers start from an image of the last release.
pub(super) fn image(now: Timestamp, facts: &TargetFacts, report: &mut Report) {
    let name = facts.target.name.as_str();
    let (Some(application), Some(seen)) = (&facts.target.application, &facts.image) else {
        return;
    };
    let Some(seen) = report.known("image-behind", Some(name), seen) else {
        report.unchecked(
            "image-missing",
            Some(name),
            format!("what the image pipeline of {application} remembers was not seen"),
        );
        report.unchecked(
            "image-unused",
            Some(name),
            format!("what the image pipeline of {application} remembers was not seen"),
        );
        return;
    };
    let follows = match (&seen.release, &seen.image) {
        // Nobody builds images, which is told below.
        (None, None) => false,
        (_, image) => used(application, image.as_ref(), facts, report),
    };
    let since = |at: Timestamp| now.duration_since(at).max(SignedDuration::ZERO);
    let hours = |at: Timestamp| since(at).as_secs_f64() / 3600.0;
    let look = "look at the executions of the pipeline's state machine and at its messages";
    let missing = |seen: String, fix: String| Found {
        id: "image-missing",
        severity: Severity::Warning,
        target: Some(name),
        seen,
        numbers: vec![],
        why: "servers fetch and install the release when they start, which takes part of the lead time",
        fix,
    };
    match (&seen.release, &seen.image) {
        (None, None) => report.add(missing(
            format!("the image pipeline has seen no release of {application}, in this region"),
            format!("deploy infra/image-pipeline.yaml with Application={application} and put the event at a release (docs/image-pipeline.md), or take `application` out"),
        )),
        (Some(release), None) if since(release.at) > BUILDING => report.add(missing(
            format!("release {} of {} has no image, and none before it has", release.version, release.at),
            look.to_owned(),
        )),
        (Some(_), None) => {}
        (release, Some(image)) => {
            let behind = release.as_ref().filter(|it| it.version != image.release.version);
            report.measured(
                "image",
                name,
                told(application, follows, image, behind),
                [
                    ("image_age_hours", hours(image.ready)),
                    ("behind_hours", behind.map_or(0.0, |release| hours(release.at))),
                ],
            );
            if let Some(release) = behind.filter(|release| since(release.at) > BUILDING) {
                report.add(Found {
                    id: "image-behind",
                    severity: Severity::Warning,
                    target: Some(name),
                    seen: format!(
                        "the newest image is of release {} of {application}; release {} was put {:.0} hours ago",
                        image.release.version,
                        release.version,
                        hours(release.at)
                    ),
                    numbers: vec![("behind_hours", hours(release.at)), ("image_age_hours", hours(image.ready))],
                    why: "a new server fetches the release when it starts, or serves an old one",
                    fix: look.to_owned(),
                });
            }
        }
    }
}

/// Whether servers of the group start from what the pipeline makes the default of its launch template.
fn used(
    application: &str,
    image: Option<&Image>,
    facts: &TargetFacts,
    report: &mut Report,
) -> bool {
    const ID: &str = "image-unused";
    let name = facts.target.name.as_str();
    let about = facts.target.group.as_str();
    let Some(listing) = report.known(ID, Some(name), &facts.listing) else {
        return false;
    };
    let Some(listing) = listing else {
        // No Auto Scaling group, or none at all, which is told elsewhere.
        if fleet::ScalableTarget::parse(about).is_some() {
            report.unchecked(
                ID,
                Some(name),
                "what a scalable target starts its servers from is not read".to_owned(),
            );
        }
        return false;
    };
    let own = image.and_then(|image| image.launch_template.as_deref());
    let elsewhere = elsewhere(listing, own);
    if elsewhere.is_empty() {
        return true;
    }
    let template = own.unwrap_or("that its LaunchTemplateId names");
    report.add(Found {
        id: ID,
        severity: Severity::Warning,
        target: Some(name),
        seen: format!("group {about} starts servers from {}", elsewhere.join(", and from ")),
        numbers: vec![("others", elsewhere.len() as f64)],
        why: "an image that becomes the default of the pipeline's launch template reaches none of these servers",
        fix: format!("give the group the version $Default of the launch template {template} (the image pipeline of {application}), then start an instance refresh for the servers that run"),
    });
    false
}

/// What the group starts servers from, but for the default of the launch template `own`.
fn elsewhere(listing: &Listing, own: Option<&str>) -> Vec<String> {
    let named = |template: &LaunchTemplate| match (&*template.id, &*template.name) {
        ("", name) => name.to_owned(),
        (id, "") => id.to_owned(),
        (id, name) => format!("{id} ({name})"),
    };
    let follows = |version: &str| version == "$Default" || version == "$Latest";
    let other = |template: &LaunchTemplate| {
        let another = own.filter(|own| !template.id.is_empty() && template.id != *own);
        match another {
            Some(own) => Some(format!(
                "launch template {}, not from {own}",
                named(template)
            )),
            None if follows(&template.version) => None,
            None => Some(format!(
                "version {} of launch template {}, whatever its default is",
                template.version,
                named(template)
            )),
        }
    };
    if listing.launch_templates.is_empty() {
        return vec!["a launch configuration, which no image pipeline changes".to_owned()];
    }
    listing.launch_templates.iter().filter_map(other).collect()
}

fn told(application: &str, follows: bool, image: &Image, behind: Option<&Release>) -> String {
    let (version, ready) = (&image.release.version, image.ready);
    let head = if follows {
        format!("servers start from an image of {application} {version}, ready since {ready}")
    } else {
        format!("the newest image is of {application} {version}, ready since {ready}")
    };
    match behind {
        None => format!("{head}: the last release"),
        Some(last) => format!("{head}: behind release {} of {}", last.version, last.at),
    }
}
