//! The value of the group's target tracking, where the configuration lets Forescale set it.

use config::{Mode, Target};
use documents::ManagedPolicy;
use fleet::{Policy, PolicyKind, Tracked};

/// The policy that should hold another value.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedPolicy {
    /// Its name.
    pub name: String,
    /// What it should hold.
    pub tracks: Tracked,
}

/// What follows for the policy.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct PolicyStep {
    /// What is kept of it.
    pub(crate) record: Option<ManagedPolicy>,
    /// What is to be set now.
    pub(crate) set: Option<WantedPolicy>,
    /// What there is to say.
    pub(crate) note: Option<String>,
}

/// What follows from what was set, what is there and what is wanted. What somebody set by hand is
/// left alone until the configuration gives the policy back and takes it again. While plans are not
/// applied as a `whole`, nothing new is set, and what keeps fewer servers than before is given back.
pub(crate) fn next(
    target: &Target,
    before: Option<&ManagedPolicy>,
    wanted: Option<&WantedPolicy>,
    policies: &[Policy],
    whole: bool,
) -> PolicyStep {
    let Some(record) = before else {
        let wanted = wanted.filter(|_| whole);
        return first(target, wanted, policies);
    };
    let kept = |note| PolicyStep {
        record: Some(record.clone()),
        set: None,
        note,
    };
    let Some(tracks) = tracked(policies, &record.name) else {
        let note = format!("policy {} is gone: its value is no longer set", record.name);
        return PolicyStep {
            note: Some(note),
            ..PolicyStep::default()
        };
    };
    let present = value(tracks);
    let steps_back = !whole && target.mode == Mode::Active && target.control.manage_policy;
    if steps_back && (record.left_alone || record.former >= record.set) {
        return kept(None);
    }
    // The value goes with a plan that is carried out in full: without one it is given back.
    if !target.control.manage_policy || target.mode != Mode::Active || !whole {
        if record.left_alone || near(present, record.former) {
            return PolicyStep::default();
        }
        if !near(present, record.set) {
            let note = format!("policy {} was set by hand: it stays", record.name);
            return PolicyStep {
                note: Some(note),
                ..PolicyStep::default()
            };
        }
        // Kept until it is seen to have its former value again.
        return PolicyStep {
            set: Some(WantedPolicy {
                name: record.name.clone(),
                tracks: with(tracks, record.former),
            }),
            ..kept(Some(format!(
                "policy {} gets its former value of {} back",
                record.name, record.former
            )))
        };
    }
    if record.left_alone || !(near(present, record.set) || near(present, record.former)) {
        let note = format!(
            "policy {} was set to {present} by hand: it is left alone until manage_policy is switched off and on",
            record.name
        );
        let record = ManagedPolicy {
            left_alone: true,
            ..record.clone()
        };
        return PolicyStep {
            record: Some(record),
            set: None,
            note: Some(note),
        };
    }
    // An interrupted run may have kept the record only.
    let unfinished = !near(present, record.set);
    let wanted = wanted.filter(|wanted| wanted.name == record.name);
    let to = match wanted {
        Some(wanted) if !near(value(wanted.tracks), present) => value(wanted.tracks),
        None if unfinished => record.set,
        _ => return kept(None),
    };
    PolicyStep {
        record: Some(ManagedPolicy {
            set: to,
            ..record.clone()
        }),
        set: Some(WantedPolicy {
            name: record.name.clone(),
            tracks: with(tracks, to),
        }),
        note: Some(format!(
            "policy {} is set from {present} to {to}",
            record.name
        )),
    }
}

fn first(target: &Target, wanted: Option<&WantedPolicy>, policies: &[Policy]) -> PolicyStep {
    if !target.control.manage_policy || target.mode != Mode::Active {
        return PolicyStep::default();
    }
    let Some(wanted) = wanted else {
        return PolicyStep::default();
    };
    let Some(tracks) = tracked(policies, &wanted.name) else {
        return PolicyStep::default();
    };
    let (former, set) = (value(tracks), value(wanted.tracks));
    if near(former, set) {
        return PolicyStep::default();
    }
    PolicyStep {
        record: Some(ManagedPolicy {
            name: wanted.name.clone(),
            former,
            set,
            left_alone: false,
        }),
        set: Some(wanted.clone()),
        note: Some(format!(
            "policy {} is set from {former} to {set}, the value that goes with the plan",
            wanted.name
        )),
    }
}

fn tracked(policies: &[Policy], name: &str) -> Option<Tracked> {
    let policy = policies
        .iter()
        .find(|policy| policy.name == name && policy.kind == PolicyKind::TargetTracking)?;
    policy.tracks
}

pub(crate) fn value(tracks: Tracked) -> f64 {
    match tracks {
        Tracked::RequestsPerServer(value) | Tracked::Cpu(value) => value,
    }
}

/// The same metric at another value.
pub(crate) fn with(tracks: Tracked, value: f64) -> Tracked {
    match tracks {
        Tracked::RequestsPerServer(_) => Tracked::RequestsPerServer(value),
        Tracked::Cpu(_) => Tracked::Cpu(value.min(100.0)),
    }
}

/// Whether two values are one: what AWS keeps of a number may differ in its last digits.
fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 0.005 * b.abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(manage: bool, mode: &str) -> Target {
        let text = format!(
            "[[target]]\nname = \"web\"\nload_balancer = \"app/my-alb/50dc6c495c0c9188\"\n\
             max_servers = 9\nthroughput = 100\nmode = \"{mode}\"\ncontrol = {{ manage_policy = {manage} }}\n"
        );
        config::Config::parse("test", &text)
            .unwrap()
            .targets
            .remove(0)
    }

    fn at(value: f64) -> Vec<Policy> {
        vec![Policy {
            name: "tt".to_owned(),
            kind: PolicyKind::TargetTracking,
            enabled: true,
            scales_in: true,
            tracks: Some(Tracked::RequestsPerServer(value)),
        }]
    }

    fn wanted(value: f64) -> WantedPolicy {
        WantedPolicy {
            name: "tt".to_owned(),
            tracks: Tracked::RequestsPerServer(value),
        }
    }

    fn set_to(step: &PolicyStep) -> Option<f64> {
        step.set.as_ref().map(|set| value(set.tracks))
    }

    #[test]
    fn it_is_set_followed_and_given_back() {
        let on = target(true, "active");
        let step = next(&on, None, Some(&wanted(95.0)), &at(60.0), true);
        assert_eq!(set_to(&step), Some(95.0));
        // Cut short before the call: the next run finishes, also one that wants nothing.
        let record = step.record.unwrap();
        assert_eq!(
            set_to(&next(&on, Some(&record), None, &at(60.0), true)),
            Some(95.0)
        );
        let step = next(&on, Some(&record), None, &at(95.0), true);
        assert_eq!((set_to(&step), step.record.as_ref()), (None, Some(&record)));
        let step = next(&on, Some(&record), Some(&wanted(85.0)), &at(95.0), true);
        assert_eq!(set_to(&step), Some(85.0));
        let record = step.record.unwrap();
        assert_eq!(record.former, 60.0);
        let off = target(false, "active");
        let step = next(&off, Some(&record), Some(&wanted(85.0)), &at(85.0), true);
        assert_eq!(set_to(&step), Some(60.0));
        assert_eq!(step.record.as_ref(), Some(&record), "until it is seen");
        assert_eq!(
            next(&off, Some(&record), None, &at(60.0), true),
            PolicyStep::default()
        );
        // So it is where the plan is carried out in part only.
        let canary = next(
            &target(true, "canary"),
            Some(&record),
            Some(&wanted(85.0)),
            &at(85.0),
            true,
        );
        assert_eq!(set_to(&canary), Some(60.0));
    }

    #[test]
    fn a_persons_value_stays() {
        let on = target(true, "active");
        let record = next(&on, None, Some(&wanted(95.0)), &at(60.0), true)
            .record
            .unwrap();
        let step = next(&on, Some(&record), Some(&wanted(95.0)), &at(70.0), true);
        assert_eq!(set_to(&step), None);
        let record = step.record.unwrap();
        assert!(record.left_alone);
        let step = next(&on, Some(&record), Some(&wanted(95.0)), &at(60.0), true);
        assert_eq!(set_to(&step), None);
        let off = target(false, "active");
        assert_eq!(next(&off, Some(&record), None, &at(70.0), true).set, None);
    }

    #[test]
    fn nothing_is_set_unless_asked_for_and_active() {
        for (manage, mode) in [(false, "active"), (true, "canary"), (true, "shadow")] {
            let step = next(
                &target(manage, mode),
                None,
                Some(&wanted(95.0)),
                &at(60.0),
                true,
            );
            assert_eq!(step, PolicyStep::default(), "{manage} {mode}");
        }
        let on = target(true, "active");
        assert_eq!(
            next(&on, None, None, &at(60.0), true),
            PolicyStep::default()
        );
        assert_eq!(
            next(&on, None, Some(&wanted(60.1)), &at(60.0), true),
            PolicyStep::default()
        );
    }

    #[test]
    fn a_target_that_stepped_back_gives_back_only_what_keeps_fewer_servers() {
        let on = target(true, "active");
        let fewer = ManagedPolicy {
            name: wanted(95.0).name,
            former: 60.0,
            set: 95.0,
            left_alone: false,
        };
        let more = ManagedPolicy {
            former: 95.0,
            set: 60.0,
            ..fewer.clone()
        };
        let step = next(&on, Some(&fewer), Some(&wanted(95.0)), &at(95.0), false);
        assert_eq!(set_to(&step), Some(60.0));
        let step = next(&on, Some(&more), Some(&wanted(95.0)), &at(60.0), false);
        assert_eq!((set_to(&step), step.record.as_ref()), (None, Some(&more)));
        let step = next(&on, None, Some(&wanted(95.0)), &at(60.0), false);
        assert_eq!(step, PolicyStep::default());
    }
}
