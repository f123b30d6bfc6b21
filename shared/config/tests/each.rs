//! A target that is wrong costs no other its place.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use config::{Config, ConfigErrors, Refused};

fn target(name: &str, rest: &str) -> String {
    format!(
        "[[target]]\nname = \"{name}\"\nload_balancer = \"app/a/50dc6c495c0c9188\"\n\
         max_servers = 10\nthroughput = 1000\n{rest}\n"
    )
}

fn each(text: &str) -> Result<(Config, Vec<Refused>), ConfigErrors> {
    Config::parse_each("forescale.toml", text)
}

fn names(config: &Config) -> Vec<&str> {
    config.targets.iter().map(|it| it.name.as_str()).collect()
}

#[test]
fn what_is_right_stays_and_what_is_wrong_is_named() {
    let text = [
        target("web", ""),
        target("api", "risk = 7\ncolour = \"red\""),
        target("shop", ""),
        target("a b", ""),
        target("web", "group = \"other\""),
        target("late", "group = \"shop\""),
        "[[target]]\nmax_servers = 3".to_owned(),
    ]
    .concat();
    let (config, refused) = each(&text).unwrap();
    assert_eq!(names(&config), ["web", "shop"]);
    let labels: Vec<&str> = refused.iter().map(|it| it.label.as_str()).collect();
    assert_eq!(labels, ["api", "target.4", "target.5", "late", "target.7"]);
    let fields = |at: usize| -> Vec<&str> {
        let found = refused[at].errors.findings.iter();
        found.map(|finding| finding.field.as_str()).collect()
    };
    assert_eq!(fields(0), ["target.api.risk", "target.api.colour"]);
    assert_eq!(fields(2), ["target.web.name"]);
    assert_eq!(fields(3), ["target.late.group"]);
    assert!(refused[3].errors.to_string().contains("stands on line"));
    // Nothing less is found than where everything must be right.
    let strict = Config::parse("forescale.toml", &text).unwrap_err();
    let told: usize = refused.iter().map(|it| it.errors.findings.len()).sum();
    assert_eq!(strict.findings.len(), told);
}

#[test]
fn the_targets_that_are_right_are_as_the_strict_reading_has_them() {
    let right = target("web", "") + &target("shop", "min_servers = 2");
    let strict = Config::parse("forescale.toml", &right).unwrap();
    assert_eq!(each(&right).unwrap(), (strict.clone(), Vec::new()));
    let (config, refused) = each(&(right + &target("api", "risk = 7"))).unwrap();
    assert_eq!((config, refused.len()), (strict, 1));
}

#[test]
fn what_concerns_all_refuses_all() {
    let event = "[[event]]\nname = \"show\"\nstart = 2026-01-01\nend = 2026-01-02\n";
    for (text, field) in [
        (
            format!("[defaults]\nrisk = 7\n{}", target("web", "")),
            "defaults.risk",
        ),
        (target("web", "") + event, "event.show"),
        (target("web", "risk = 7"), "target.web.risk"),
        (format!("{}[oops", target("web", "")), ""),
        (target("web", "") + "[other]\n", "other"),
    ] {
        let errors = each(&text).unwrap_err();
        let first = &errors.findings[0];
        assert!(first.field.starts_with(field), "{text}: {errors}");
    }
}

#[test]
fn a_default_that_does_not_suit_one_target_costs_that_one() {
    let small = "[[target]]\nname = \"small\"\nload_balancer = \"app/a/50dc6c495c0c9188\"\n\
                 max_servers = 3\nthroughput = 1000\n";
    let text = format!("[defaults]\nmin_servers = 5\n{}{small}", target("web", ""));
    let (config, refused) = each(&text).unwrap();
    assert_eq!(names(&config), ["web"]);
    assert_eq!(refused[0].label, "small");
}
