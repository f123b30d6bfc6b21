//! How soon servers are there: group metrics, lead time, image.

use super::*;

#[test]
fn group_metrics_that_are_off_are_found() {
    let finding = only("group-metrics-off", Warning, |facts| {
        web(facts).listing = Seen::Known(Some(Listing {
            collected: Vec::new(),
            ..listing()
        }));
    });
    assert!(
        finding
            .fix
            .contains("enable-metrics-collection --auto-scaling-group-name web-asg")
    );
}

#[test]
fn a_lead_time_below_what_launches_take_is_found() {
    let slow = MeasuredLeadTime {
        lead_time: minutes(9),
        launch: minutes(8),
        ..launches()
    };
    let finding = only("lead-time-short", Error, |facts| {
        web(facts).launches = Seen::Known(slow.clone())
    });
    assert_eq!(finding.numbers["measured_seconds"], 540.0);
    assert_eq!(finding.numbers["configured_seconds"], 360.0);
    // One that is measured follows by itself.
    let report = planted(|facts| {
        web(facts).launches = Seen::Known(slow);
        web(facts).target.lead_time = config::LeadTime::Measured {
            initial: minutes(5),
        };
    });
    assert!(report.findings.is_empty());
    only("boot-slower", Warning, |facts| {
        let change = Change {
            from: minutes(3),
            to: minutes(5),
            version: Some("7".to_owned()),
            since: ago(30),
            launches: 6,
            followed: true,
        };
        web(facts).launches = Seen::Known(MeasuredLeadTime {
            change: Some(change),
            ..launches()
        });
    });
}

/// What was measured under `id`, once `plant` is done.
fn measured(id: &str, plant: impl FnOnce(&mut Facts)) -> doctor::Measured {
    let mut of_id = planted(plant).measured;
    of_id.retain(|it| it.id == id);
    assert_eq!(of_id.len(), 1, "{of_id:?}");
    of_id.remove(0)
}

#[test]
fn the_parts_of_the_lead_time_are_told_as_far_as_activities_tell() {
    let told = measured("lead-time", |_| {});
    assert!(
        told.seen.contains("4m from launch to in service (80 %"),
        "{}",
        told.seen
    );
    assert!(told.seen.contains("do not tell apart"), "{}", told.seen);
    assert!(told.seen.ends_with("1m warm-up (20 %)"), "{}", told.seen);
    assert_eq!(told.numbers["launch_seconds"], 240.0);
    assert_eq!(told.numbers["warmup_seconds"], 60.0);

    // A warm pool takes boot and code fetch apart from the start.
    let span = |median| {
        Some(Span {
            count: 9,
            median: SignedDuration::from_secs(median),
            p90: SignedDuration::from_secs(2 * median),
        })
    };
    let told = measured("lead-time", |facts| {
        web(facts).launches = Seen::Known(MeasuredLeadTime {
            cold: span(230),
            from_pool: span(40),
            into_pool: span(180),
            ..launches()
        });
    });
    assert!(
        told.seen
            .contains("boot and code fetch 3m, start 40s (medians); from nothing 3m 50s"),
        "{}",
        told.seen
    );
    assert_eq!(told.numbers["boot_and_fetch_seconds"], 180.0);
    assert_eq!(told.numbers["start_seconds"], 40.0);

    // And a new image what it saves.
    let told = measured("lead-time", |facts| {
        web(facts).launches = Seen::Known(MeasuredLeadTime {
            change: Some(Change {
                from: minutes(6),
                to: minutes(2),
                version: Some("8".to_owned()),
                since: ago(30),
                launches: 6,
                followed: true,
            }),
            ..launches()
        });
    });
    assert!(
        told.seen
            .contains("version 8 a launch takes 2m, before it took 6m, which saves 4m"),
        "{}",
        told.seen
    );
}

#[test]
fn an_image_behind_its_release_is_found() {
    let with = |release: Option<Release>, image: Option<Image>| {
        move |facts: &mut Facts| {
            web(facts).image = Some(Seen::Known(ImageFacts { release, image }));
        }
    };
    let finding = only(
        "image-behind",
        Warning,
        with(Some(release("2.2", 30)), Some(image("2.1", 50))),
    );
    assert_eq!(finding.numbers["behind_hours"], 30.0);
    assert_eq!(finding.numbers["image_age_hours"], 49.5);
    assert!(
        finding.seen.contains("release 2.1 of web; release 2.2"),
        "{}",
        finding.seen
    );
    let told = measured(
        "image",
        with(Some(release("2.2", 30)), Some(image("2.1", 50))),
    );
    assert!(told.seen.contains("behind release 2.2"), "{}", told.seen);
    let told = measured("image", |_| {});
    assert!(
        told.seen.contains("web 2.1") && told.seen.ends_with("the last release"),
        "{}",
        told.seen
    );
    assert_eq!(told.numbers["behind_hours"], 0.0);
    // While it is being built nothing is wrong.
    let fresh = planted(with(Some(release("2.2", 0)), Some(image("2.1", 50))));
    assert!(fresh.findings.is_empty(), "{fresh:#?}");
}

#[test]
fn an_application_without_an_image_is_found() {
    let with = |release: Option<Release>| {
        move |facts: &mut Facts| {
            let image = None;
            web(facts).image = Some(Seen::Known(ImageFacts { release, image }));
        }
    };
    let finding = only("image-missing", Warning, with(None));
    assert!(finding.fix.contains("Application=web"), "{}", finding.fix);
    let finding = only("image-missing", Warning, with(Some(release("2.2", 3))));
    assert!(finding.seen.contains("2.2"), "{}", finding.seen);
    assert!(planted(with(Some(release("2.2", 0)))).findings.is_empty());
    // A target that names no application has no image to tell of.
    let report = planted(|facts| {
        web(facts).target = target("mode = \"active\"");
        web(facts).image = None;
    });
    assert!(report.findings.is_empty() && report.unchecked.is_empty());
}

#[test]
fn a_group_that_does_not_start_from_the_newest_image_is_found() {
    let with = |templates: Vec<LaunchTemplate>| {
        move |facts: &mut Facts| {
            web(facts).listing = Seen::Known(Some(Listing {
                launch_templates: templates,
                ..listing()
            }));
        }
    };
    // Pinned to a number: the image is not behind, and yet no server starts from it.
    let finding = only("image-unused", Warning, with(vec![template("7")]));
    assert!(
        finding
            .seen
            .contains("version 7 of launch template lt-1 (web)"),
        "{}",
        finding.seen
    );
    assert!(finding.fix.contains("$Default"), "{}", finding.fix);
    let told = measured("image", with(vec![template("7")]));
    assert!(!told.seen.contains("servers start from"), "{}", told.seen);
    assert!(planted(with(vec![template("$Latest")])).findings.is_empty());
    // One of several types is enough.
    let both = vec![template("$Default"), template("3")];
    only("image-unused", Warning, with(both));
    // Another launch template than the pipeline's, and none at all.
    let other = LaunchTemplate {
        id: "lt-2".to_owned(),
        ..template("$Default")
    };
    let finding = only("image-unused", Warning, with(vec![other.clone()]));
    assert!(
        finding.seen.contains("lt-2 (web), not from lt-1"),
        "{}",
        finding.seen
    );
    let finding = only("image-unused", Warning, with(Vec::new()));
    assert!(
        finding.seen.contains("launch configuration"),
        "{}",
        finding.seen
    );
    // A pipeline that did not write down its launch template accuses nobody.
    let report = planted(|facts| {
        with(vec![other])(facts);
        web(facts).image = Some(Seen::Known(ImageFacts {
            release: Some(release("2.1", 50)),
            image: Some(Image {
                launch_template: None,
                ..image("2.1", 50)
            }),
        }));
    });
    assert!(report.findings.is_empty(), "{report:#?}");
    // No application, no pipeline to follow.
    let report = planted(|facts| {
        with(vec![template("7")])(facts);
        web(facts).target = target("mode = \"active\"");
        web(facts).image = None;
    });
    assert!(report.findings.is_empty(), "{report:#?}");
}
