use std::collections::BTreeMap;

use config::{Config, LeadTime, Mode, Throughput};
use fleet::{Policy, PolicyKind, Tracked};
use jiff::Timestamp;
use local::{Account, SimulatedGroupPort, VirtualClock};
use pollster::block_on;
use ports::{AlarmListing, Listing, MetricName};
use simulation::{GroupSpec, SimulatedGroup};

use super::gather::{Found, Wanted, gather};
use super::written::write;

const BALANCER: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:1:loadbalancer/app/shop/50dc6c495c0c9188";
const TARGETS: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/shop/73e2d6bc24d8a067";

fn listing(name: &str, tags: &[(&str, &str)], target_groups: &[&str]) -> Listing {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    Listing {
        name: name.to_owned(),
        min_size: 2,
        max_size: 20,
        desired_capacity: 4,
        tags: tags.iter().map(owned).collect(),
        target_groups: target_groups.iter().map(|it| (*it).to_owned()).collect(),
        ..Listing::default()
    }
}

/// A shop behind a load balancer with target tracking, and workers without one.
fn found(wanted: &Wanted<'_>) -> Vec<Found> {
    found_in(wanted, |account| account)
}

/// The same in an account that was spoilt.
fn found_in(wanted: &Wanted<'_>, spoilt: impl FnOnce(Account) -> Account) -> Vec<Found> {
    let start: Timestamp = "2026-03-10T08:00:00Z".parse().unwrap();
    let clock = VirtualClock::new(start);
    let group = |name| SimulatedGroup::new(GroupSpec::new(name, 2, 4, 20), start).unwrap();
    let mut shop = group("shop.asg");
    shop.add_policy(Policy {
        name: "requests".to_owned(),
        kind: PolicyKind::TargetTracking,
        enabled: true,
        scales_in: true,
        tracks: Some(Tracked::RequestsPerServer(600.0)),
    });
    let groups = SimulatedGroupPort::new([shop, group("workers\n[[target]]")], &clock);
    let alarm = AlarmListing {
        name: "shop-5xx".to_owned(),
        metrics: vec![MetricName {
            namespace: "AWS/ApplicationELB".to_owned(),
            name: "HTTPCode_ELB_5XX_Count".to_owned(),
            dimensions: [(
                "LoadBalancer".to_owned(),
                "app/shop/50dc6c495c0c9188".to_owned(),
            )]
            .into(),
        }],
        ..AlarmListing::default()
    };
    let account = Account {
        listings: Some(vec![
            listing(
                "shop.asg",
                &[
                    ("forescale", "managed"),
                    ("forescale:time-zone", "Asia/Tokyo"),
                ],
                &[TARGETS],
            ),
            listing("workers\n[[target]]", &[], &[]),
        ]),
        load_balancers: Some(BTreeMap::from([(
            TARGETS.to_owned(),
            vec![BALANCER.to_owned()],
        )])),
        alarms: Some(vec![alarm]),
        ..Account::default()
    };
    let account = spoilt(account);
    block_on(gather(&account, &groups, wanted, start)).unwrap()
}

const ALL: Wanted<'_> = Wanted {
    tagged: false,
    groups: &[],
};

#[test]
fn what_is_written_can_be_read_and_does_nothing_yet() {
    let written = write(&found(&ALL), None);
    assert_eq!((written.targets, written.groups), (1, 2));
    let config = Config::parse("t", &written.text).unwrap();
    assert_eq!(config.targets.len(), 1, "{}", written.text);
    let shop = &config.targets[0];
    assert_eq!(
        (shop.name.as_str(), shop.group.as_str()),
        ("shop-asg", "shop.asg")
    );
    assert_eq!(
        shop.demand.dimensions["LoadBalancer"],
        "app/shop/50dc6c495c0c9188"
    );
    assert_eq!(
        shop.demand.dimensions["TargetGroup"],
        "targetgroup/shop/73e2d6bc24d8a067"
    );
    assert_eq!((shop.min_servers, shop.max_servers), (2, 20));
    assert_eq!(shop.zone.iana_name(), Some("Asia/Tokyo"));
    assert_eq!(shop.mode, Mode::Shadow);
    assert!(
        matches!(
            shop.throughput,
            Throughput::Measured {
                initial: 600.0,
                typed: false,
                ..
            }
        ),
        "{:?}",
        shop.throughput
    );
    assert!(matches!(shop.lead_time, LeadTime::Measured { .. }));
    assert!(written.text.contains("# alarm of its own: shop-5xx"));
    assert!(
        written.text.contains("# lead time unknown"),
        "{}",
        written.text
    );
    assert!(written.text.contains("# demand unknown"));
}

#[test]
fn people_choose_by_tag_and_by_name_and_give_the_zone() {
    let tagged = Wanted {
        tagged: true,
        groups: &[],
    };
    let names = |found: Vec<Found>| {
        found
            .into_iter()
            .map(|it| it.listing.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(found(&tagged)), ["shop.asg"]);
    let only = ["workers\n[[target]]".to_owned()];
    assert_eq!(
        names(found(&Wanted {
            tagged: false,
            groups: &only
        }))
        .len(),
        1
    );
    let written = write(&found(&tagged), Some("Europe/Berlin"));
    let config = Config::parse("t", &written.text).unwrap();
    assert_eq!(config.targets[0].zone.iana_name(), Some("Europe/Berlin"));
}

#[test]
fn tags_win_where_they_are_possible_and_names_stay_apart() {
    let mut all = found(&Wanted {
        tagged: true,
        groups: &[],
    });
    all.extend(found(&Wanted {
        tagged: true,
        groups: &[],
    }));
    all[1].listing.name = "shop asg".to_owned();
    all[0]
        .listing
        .tags
        .insert("forescale:throughput".to_owned(), "850".to_owned());
    all[1]
        .listing
        .tags
        .insert("forescale:throughput".to_owned(), "lots".to_owned());
    let config = Config::parse("t", &write(&all, None).text).unwrap();
    let names: Vec<&str> = config.targets.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["shop-asg", "shop-asg-2"]);
    assert_eq!(config.targets[0].throughput, Throughput::Given(850.0));
    assert_eq!(config.targets[1].throughput.assumed(), 600.0);
}

#[test]
fn what_may_not_be_looked_at_is_unknown_and_not_missing() {
    // Refused, as everything is that is not written down of this account.
    let found = found_in(&ALL, |account| Account {
        load_balancers: None,
        alarms: None,
        ..account
    });
    let written = write(&found, None);
    assert_eq!((written.targets, written.groups), (0, 2));
    let shop = written.text.split("[[target]]").nth(1).unwrap();
    assert!(
        shop.contains("# demand unknown: its load balancers could not be looked at: "),
        "{shop}"
    );
    assert!(
        !shop.contains("no application load balancer"),
        "that nobody knows: {shop}"
    );
    assert!(shop.contains("list target groups"), "the reason: {shop}");
    assert!(shop.contains("# alarms unknown: "), "{shop}");
    let told: Vec<String> = found[0].unknown().collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("load balancers are unknown: "));
    assert!(told[1].starts_with("alarms are unknown: "));
    // A group without target groups has no load balancer, whoever may look.
    assert_eq!(found[1].balancers, Ok(Vec::new()));
    assert!(written.text.contains("no application load balancer"));
    // All of it is a comment still.
    assert!(Config::parse("t", &written.text).is_err());
    let only_comments = |line: &str| line.is_empty() || line.starts_with('#');
    assert!(written.text.lines().all(only_comments), "{}", written.text);
}
