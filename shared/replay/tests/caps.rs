//! What caps hold back, and what people hear of it.
use crate::common::spiking::{follow, incident, stage};
use crate::common::{ACTIVE, Stage, alarm, at, config, forecast, mins, series};

#[test]
fn caps_per_step_day_and_month_are_kept_and_told() {
    for (lines, most, word) in [
        ("[target.response]\nmost_per_step = 4", 10, "per step"),
        ("[target.response]\nmost_per_day = 7", 13, "per day"),
        (
            "price_per_server_hour = 2.0\n[target.response]\nmonthly_budget = 10.0",
            11,
            "monthly budget",
        ),
    ] {
        let stage = stage(&format!("{ACTIVE}\n{lines}"), 15_000.0);
        // Six servers are there.
        stage.by_hand(fleet::Sizes {
            desired_capacity: Some(6),
            ..fleet::Sizes::default()
        });
        assert!(!stage.responder(&alarm(stage.now())).failed);
        assert_eq!(stage.group().min_size, most, "{lines}");
        let told = stage.notifier.messages();
        assert!(told[0].text.contains(word), "{told:?}");
        assert!(
            told[0].text.contains("of demand finds no server"),
            "{told:?}"
        );
        assert_eq!(told[0].record["heldBack"], 16 - most);
        assert!(told[0].record["lostPerMinute"].as_f64().unwrap() > 0.0);
    }
}

/// Over a whole spike: the servers that were missing, and the requests that found none for it.
#[test]
fn what_caps_held_back_is_told_for_the_whole_event() {
    let now = at("2026-11-20T08:38:00Z");
    let demand = series(now - mins(8 * 60), 36 * 60, |m| {
        if (482..542).contains(&m) {
            15_000.0
        } else {
            5500.0
        }
    });
    // No policy of the group's own that would add what the cap forbids.
    let text = config(&format!("{ACTIVE}\nmost_extra_servers = 3"));
    let stage = Stage::new(now, &text, demand, false);
    stage.put_forecast(&forecast(at("2026-11-20T00:00:00Z"), |_| 6000.0));
    assert!(!stage.planner().failed);
    stage.pass(mins(7), 5500.0);
    assert!(!stage.responder(&alarm(stage.now())).failed);
    follow(&stage, 200);
    let left = incident(&stage);
    let held_back = left.closed.last().unwrap().held_back;
    // 16 were needed and 9 allowed: 6,000 requests a minute for the 57 minutes it was looked at.
    assert_eq!(held_back.servers, 7);
    assert!(
        (300_000.0..420_000.0).contains(&held_back.lost),
        "{held_back:?}"
    );
    let told = stage.notifier.messages();
    let last = told.last().unwrap();
    assert!(
        last.text.contains("Caps held back up to 7 servers"),
        "{last:?}"
    );
    assert_eq!(last.record["heldBackMost"], 7);
    assert_eq!(last.record["lostInAll"].as_f64().unwrap(), held_back.lost);
}
