//! What stands in a plan's way: others that act on the group, suspended processes, limits, quotas.

use super::*;

#[test]
fn what_else_acts_on_the_group_is_found() {
    let with = |name: &'static str| {
        move |facts: &mut Facts| web(facts).actions = Seen::Known(vec![action(name)])
    };
    let finding = only("foreign-actions", Warning, with("nightly-stop"));
    assert!(finding.seen.contains("nightly-stop"));
    only("instance-scheduler", Warning, with("IS-office-stop"));
    only("instance-scheduler", Warning, |facts| {
        let mut tagged = listing();
        tagged
            .tags
            .insert("Schedule".to_owned(), "office-hours".to_owned());
        web(facts).listing = Seen::Known(Some(tagged));
    });
    only("predictive-scaling", Warning, |facts| {
        let predictive = Policy {
            kind: PolicyKind::Predictive,
            scales_in: false,
            tracks: None,
            ..tracking(None)
        };
        let both = vec![
            tracking(Some(Tracked::RequestsPerServer(900.0))),
            predictive,
        ];
        web(facts).policies = Seen::Known(both);
    });
    let report = planted(|facts| {
        web(facts).actions =
            Seen::Known((0..100).map(|n| action(&format!("theirs-{n}"))).collect());
    });
    let found: Vec<_> = report.findings.iter().map(|f| (f.id, f.severity)).collect();
    assert_eq!(
        found,
        [("actions-full", Error), ("foreign-actions", Warning)]
    );
}

#[test]
fn suspended_processes_are_found() {
    for (process, severity) in [
        ("Launch", Error),
        ("ScheduledActions", Error),
        ("AddToLoadBalancer", Error),
        ("Terminate", Warning),
        ("AlarmNotification", Warning),
    ] {
        let suspended = Group {
            suspended_processes: vec![process.to_owned()],
            ..group()
        };
        let finding = only("process-suspended", severity, |facts| {
            web(facts).group = Seen::Known(Some(suspended))
        });
        assert!(finding.fix.contains(process));
    }
}

#[test]
fn limits_below_the_forecast_are_found() {
    let max = |max_size| {
        Seen::Known(Some(Group {
            max_size,
            ..group()
        }))
    };
    // 12 servers at the median, 14 at the 99th percentile.
    let finding = only("max-size-low", Warning, |facts| web(facts).group = max(13));
    assert_eq!(
        (finding.numbers["needed"], finding.numbers["allowed"]),
        (14.0, 13.0)
    );
    only("max-size-low", Error, |facts| web(facts).group = max(11));
    only("max-size-low", Error, |facts| {
        web(facts).target.max_servers = 10
    });
    assert!(
        planted(|facts| web(facts).group = max(14))
            .findings
            .is_empty()
    );
    // The plan knows of an event that the forecast does not.
    let finding = only("max-size-low", Warning, |facts| {
        let shortfall = Shortfall {
            from: ago(-5),
            needed: 55,
            allowed: 40,
            limit: "MaxSize".to_owned(),
        };
        web(facts).plan = Seen::Known(Some(Plan {
            shortfall: Some(shortfall),
            ..plan()
        }));
    });
    assert_eq!(finding.numbers["needed"], 55.0);
}

#[test]
fn a_quota_that_is_too_small_is_found() {
    // Six servers more than the eight of now, of two vCPUs each.
    let finding = only("instance-quota", Error, |facts| {
        facts.stack.vcpu_quota = Seen::Known(51.0)
    });
    assert_eq!(
        (finding.numbers["used"], finding.numbers["more"]),
        (40.0, 12.0)
    );
    // Forty servers would be 64 vCPUs more.
    only("instance-quota", Warning, |facts| {
        facts.stack.vcpu_quota = Seen::Known(103.0)
    });
    assert!(
        planted(|facts| facts.stack.vcpu_quota = Seen::Known(104.0))
            .findings
            .is_empty()
    );
    let report = planted(|facts| {
        let gpu = Listing {
            instance_types: vec!["p4d.24xlarge".to_owned()],
            ..listing()
        };
        web(facts).listing = Seen::Known(Some(gpu));
    });
    assert_eq!(report.unchecked[0].id, "instance-quota");
}
