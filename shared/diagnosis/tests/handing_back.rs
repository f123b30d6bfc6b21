//! Giving back while servers are on their way: scaling in may take those that serve.
use diagnosis::{Band, Caps, Evidence, Fleet, Phase, Policy, Standing, Track, decide};
use jiff::{SignedDuration, Timestamp};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// 40 servers held, 10 planned, boots of 12 minutes; demand of 8,000 has been back inside for long.
/// What is held `minutes` after it was asked for, with so many in service.
fn held(in_service: u32, booting: u32, minutes: i32) -> (u32, Phase) {
    let now = Timestamp::UNIX_EPOCH + MINUTE * 10_000;
    let fleet = Fleet {
        in_service,
        unhealthy: 0,
        booting,
        desired: 40,
        most: 100,
        planned: 10,
    };
    let mut evidence = Evidence::bare(now, fleet, 1000.0, MINUTE * 12);
    evidence.demand = Some(Track::new(vec![8000.0; 60], "demand"));
    evidence.band = Some(Band {
        lower: vec![7000.0; 120],
        median: vec![8000.0; 120],
        upper: vec![9000.0; 120],
        present: 59,
    });
    let standing = Standing {
        servers: 40,
        changed: now - MINUTE * minutes,
    };
    let policy = Policy {
        caps: Caps::default(),
        people_within: MINUTE * 60,
        refresh: false,
        share: 1.0,
    };
    let decision = decide(&evidence, Some(&standing), &policy, now);
    (decision.hold.expect("a hold"), decision.phase)
}

#[test]
fn no_more_is_given_back_than_those_in_service_can_spare() {
    // A quarter of what lies over the plan, where nothing boots.
    assert_eq!(held(40, 0, 6), (32, Phase::HandingBack));
    // Eight are needed: of twelve that serve four may go, whichever AWS takes.
    assert_eq!(held(12, 28, 6), (36, Phase::HandingBack));
    assert_eq!(held(8, 32, 6), (40, Phase::Holding));
    assert_eq!(held(5, 35, 6), (40, Phase::Holding));
    // What did not come within twice the lead time does not come.
    assert_eq!(held(12, 28, 25), (32, Phase::HandingBack));
}
