use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

fn mins(minutes: usize) -> SignedDuration {
    SignedDuration::from_mins(i64::try_from(minutes).unwrap())
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(0x00f0_e5ca),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// A small question, and everything that can be asked of it.
#[derive(Debug, Clone)]
struct Case {
    floors: Vec<u32>,
    pace: Pace,
    before: Before,
    most: usize,
}

prop_compose! {
    fn cases(longest: usize, highest: u32)(
        floors in prop::collection::vec(0..=highest, 1..=longest),
        up in prop::option::of(1_u32..4),
        down in prop::option::of(1_u32..4),
        dwell in 0_usize..4,
        launch in prop_oneof![2 => Just(0_usize), 1 => 1_usize..4],
        floor in 0..=highest,
        kept in prop_oneof![2 => Just(0_usize), 1 => 1_usize..4],
        margin in 1_usize..3,
        most in 1_usize..6,
    ) -> Case {
        let pace = Pace { most_up: up, most_down: down, dwell: mins(dwell), launch: mins(launch) };
        Case { floors, pace, before: Before { floor, kept, margin }, most }
    }
}

/// What a way through the minutes comes to, to be made as small as can be: server-minutes with the
/// price of launches, then changes. `None` where it breaks a limit. It knows nothing of levels,
/// tables or prices.
fn judged(case: &Case, way: &[u32], at_once: bool) -> Option<(u64, u64)> {
    let Case {
        floors,
        pace,
        before,
        most,
    } = case;
    let minutes = |span: SignedDuration| usize::try_from(span.as_mins()).unwrap();
    let (dwell, launch) = (minutes(pace.dwell), minutes(pace.launch) as u64);
    if way.iter().zip(floors).any(|(level, floor)| level < floor) {
        return None;
    }
    let (mut last, mut next) = (before.floor, 0);
    let (mut cost, mut changes, mut levels) = (0, 0, 1);
    for (minute, &level) in way.iter().enumerate() {
        cost += u64::from(level);
        if level == last {
            continue;
        }
        let (up, down) = (level.saturating_sub(last), last.saturating_sub(level));
        if minute == 0 {
            let kept = before.kept > 0 || pace.most_up.is_some_and(|most| up > most);
            let lowered = before.kept > 0 || pace.most_down.is_some_and(|most| down > most);
            if (up > 0 && kept && !at_once) || (down > 0 && lowered) {
                return None;
            }
            next = dwell.max(before.margin);
        } else {
            if next == 0 {
                next = before.kept.max(before.margin);
            }
            let far = pace.most_up.is_some_and(|most| up > most)
                || pace.most_down.is_some_and(|most| down > most);
            if minute < next || far {
                return None;
            }
            next = minute + dwell.max(1);
            levels += 1;
        }
        cost += launch * u64::from(up);
        changes += 1;
        last = level;
    }
    (levels <= *most).then_some((cost, changes))
}

/// Every way there is, minute by minute.
fn least(case: &Case, at_once: bool) -> Option<(u64, u64)> {
    let highest = case
        .floors
        .iter()
        .copied()
        .max()
        .unwrap()
        .max(case.before.floor);
    let mut way = vec![0; case.floors.len()];
    let mut least = None;
    loop {
        if let Some(found) = judged(case, &way, at_once) {
            least = Some(least.map_or(found, |least| found.min(least)));
        }
        // The next one, as a number of so many digits.
        let Some(digit) = way.iter().position(|level| *level < highest) else {
            return least;
        };
        way[..digit].fill(0);
        way[digit] += 1;
    }
}

/// The least cost and changes over minutes, levels, changes left and minutes to wait: all of them.
struct Dense<'a> {
    case: &'a Case,
    highest: u32,
    dwell: usize,
    known: Vec<Option<u64>>,
}

/// A server-minute beside a change.
const UNIT: u64 = 1 << 20;

impl Dense<'_> {
    fn least(case: &Case) -> Option<u64> {
        let Before {
            floor,
            kept,
            margin,
        } = case.before;
        let mut dense = Dense {
            case,
            highest: case.floors.iter().copied().max().unwrap().max(floor),
            dwell: usize::try_from(case.pace.dwell.as_mins()).unwrap().max(1),
            known: vec![None; 64 * 16 * 16 * 16],
        };
        let all =
            (0..=dense.highest).filter(|&to| to == floor || kept == 0 && dense.reaches(floor, to));
        let all: Vec<u32> = all.filter(|to| *to >= case.floors[0]).collect();
        let each = all.into_iter().map(|to| {
            let waits = if to == floor { kept } else { dense.dwell };
            dense.step(floor, to) + dense.from(1, to, waits.max(margin) - 1, case.most - 1)
        });
        each.min().filter(|least| *least < u64::MAX / 2)
    }

    fn reaches(&self, from: u32, to: u32) -> bool {
        self.case.pace.most_up.is_none_or(|up| to <= from + up)
            && self
                .case
                .pace
                .most_down
                .is_none_or(|down| to + down >= from)
    }

    fn step(&self, from: u32, to: u32) -> u64 {
        let launch = self.case.pace.launch.as_mins().unsigned_abs();
        let added = u64::from(to.saturating_sub(from));
        (u64::from(to) + launch * added) * UNIT + u64::from(to != from)
    }

    fn from(&mut self, minute: usize, level: u32, waits: usize, left: usize) -> u64 {
        let Some(&need) = self.case.floors.get(minute) else {
            return 0;
        };
        let key = ((minute * 16 + level as usize) * 16 + waits) * 16 + left;
        if let Some(known) = self.known[key] {
            return known;
        }
        let free = waits == 0 && left > 0;
        let mut least = u64::MAX / 2;
        for to in need..=self.highest {
            if to == level {
                let rest = self.from(minute + 1, level, waits.saturating_sub(1), left);
                least = least.min(self.step(level, to) + rest);
            } else if free && self.reaches(level, to) {
                let rest = self.from(minute + 1, to, self.dwell - 1, left - 1);
                least = least.min(self.step(level, to) + rest);
            }
        }
        self.known[key] = Some(least);
        least
    }
}

fn way(levels: &[(usize, u32)], minutes: usize) -> Vec<u32> {
    let held = |minute| levels.iter().rfind(|(at, _)| *at <= minute).unwrap().1;
    (0..minutes).map(held).collect()
}

fn agrees(case: &Case) -> Result<(), TestCaseError> {
    let found = paced(&case.floors, &case.pace, case.before, case.most);
    let strict = least(case, false);
    prop_assert_eq!(found.at_once, strict.is_none(), "{:?}", found);
    let brute = strict.or_else(|| least(case, true));
    let way = way(&found.levels, case.floors.len());
    prop_assert_eq!(judged(case, &way, found.at_once), brute, "{:?}", found);
    prop_assert!(brute.is_some() && found.open == 0);
    Ok(())
}

proptest! {
    #![proptest_config(config(3000))]

    #[test]
    fn as_cheap_as_every_other_way(case in cases(6, 4)) {
        agrees(&case)?;
    }
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn as_cheap_as_every_other_way_of_seven_minutes_and_six_servers(case in cases(7, 6)) {
        agrees(&case)?;
    }
}

proptest! {
    #![proptest_config(config(250))]

    /// An hour with a quota, where the cheapest for a price of a change seldom has as many as are left.
    #[test]
    fn as_cheap_as_the_whole_table_of_an_hour(
        floors in prop::collection::vec((0_u32..10, 1_usize..6), 8..30),
        pace in (prop::option::of(1_u32..6), prop::option::of(1_u32..6), 0_usize..9, 0_usize..4),
        before in (0_u32..10, 0_usize..3, 1_usize..4),
        most in 1_usize..14,
    ) {
        let runs = floors.iter().flat_map(|&(floor, minutes)| std::iter::repeat_n(floor, minutes));
        let floors: Vec<u32> = runs.take(60).collect();
        let (most_up, most_down, dwell, launch) = pace;
        let pace = Pace { most_up, most_down, dwell: mins(dwell), launch: mins(launch) };
        let before = Before { floor: before.0, kept: before.1, margin: before.2 };
        let case = Case { floors, pace, before, most };
        let found = paced(&case.floors, &case.pace, case.before, case.most);
        let least = Dense::least(&case);
        prop_assert_eq!(found.at_once, least.is_none(), "{:?}", found);
        let judged = judged(&case, &way(&found.levels, case.floors.len()), found.at_once);
        prop_assert!(judged.is_some());
        if let Some(least) = least {
            prop_assert_eq!(judged, Some((least / UNIT, least % UNIT)), "{:?}", found);
        }
    }
}

proptest! {
    #![proptest_config(config(300))]

    /// Long ones, where few changes are left: within every limit, and no dearer with more changes.
    #[test]
    fn nowhere_below_within_every_limit_and_more_changes_never_cost_more(
        floors in prop::collection::vec(0_u32..40, 1..200),
        pace in (prop::option::of(1_u32..9), prop::option::of(1_u32..9), 0_usize..30, 0_usize..9),
        before in (0_u32..40, 0_usize..20, 1_usize..4),
        most in 2_usize..30,
    ) {
        let (most_up, most_down, dwell, launch) = pace;
        let pace = Pace { most_up, most_down, dwell: mins(dwell), launch: mins(launch) };
        let before = Before { floor: before.0, kept: before.1, margin: before.2 };
        let costs = [most, most + 1, most + 2].map(|most| {
            let found = paced(&floors, &pace, before, most);
            let case = Case { floors: floors.clone(), pace, before, most };
            let cost = judged(&case, &way(&found.levels, floors.len()), found.at_once);
            (found, cost)
        });
        for (found, cost) in &costs {
            prop_assert!(cost.is_some() && found.open == 0, "{:?}", found);
        }
        for pair in costs.windows(2) {
            if pair[0].0.at_once == pair[1].0.at_once {
                prop_assert!(pair[1].1 <= pair[0].1);
            } else {
                prop_assert!(pair[0].0.at_once, "more changes made it harder");
            }
        }
    }

    /// What was planned is planned again from every later minute at which it could change.
    #[test]
    fn the_rest_of_a_staircase_is_the_staircase_of_the_rest(
        floors in prop::collection::vec(0_u32..30, 40..120),
        pace in (prop::option::of(1_u32..9), prop::option::of(1_u32..9), 3_usize..30, 0_usize..9),
        floor in 0_u32..30,
        passed in 1_usize..40,
    ) {
        let (most_up, most_down, dwell, launch) = pace;
        let pace = Pace { most_up, most_down, dwell: mins(dwell), launch: mins(launch) };
        let before = Before { floor, kept: 0, margin: 3 };
        let first = paced(&floors, &pace, before, 1000);
        let near = first.levels.iter().skip(1).any(|(at, _)| (passed..passed + 3).contains(at));
        prop_assume!(!near);
        let &(since, floor) = first.levels.iter().rfind(|(at, _)| *at <= passed).unwrap();
        let changed = since > 0 || floor != before.floor;
        let kept = if changed { (since + dwell).saturating_sub(passed) } else { 0 };
        let again = paced(&floors[passed..], &pace, Before { floor, kept, margin: 3 }, 1000);
        let rest = first.levels.iter().filter(|(at, _)| *at > passed).map(|(at, level)| (at - passed, *level));
        let rest: Vec<_> = [(0, floor)].into_iter().chain(rest).collect();
        prop_assert_eq!(again.levels, rest);
    }
}

/// Three needs of one minute with quiet between them, as many times as asked.
fn bursts(times: usize) -> Vec<u32> {
    (0..3 * times)
        .map(|minute| if minute % 3 == 0 { 5 } else { 0 })
        .collect()
}

#[test]
fn a_quota_that_no_price_of_a_change_comes_to_is_used_up() {
    let pace = Pace {
        dwell: mins(1),
        ..Pace::default()
    };
    let before = Before {
        floor: 5,
        kept: 0,
        margin: 1,
    };
    let floors = [5, 0, 0, 5, 0, 0, 5];
    let cost = |most: usize| -> u32 {
        let found = paced(&floors, &pace, before, most);
        assert!(found.levels.len() <= most && found.open == 0 && !found.at_once);
        way(&found.levels, floors.len()).iter().sum()
    };
    assert_eq!([1, 2, 3, 4, 5].map(cost), [35, 35, 25, 25, 15]);
    let floors = bursts(40);
    let found = paced(&floors, &pace, before, 50);
    // Each of the 39 gaps saves ten and takes two changes; the last fall takes one.
    assert_eq!(
        way(&found.levels, 120).iter().sum::<u32>(),
        600 - 24 * 10 - 10
    );
}

#[test]
fn a_steep_morning_begins_earlier_in_steps() {
    let mut floors = vec![2; 60];
    floors[40..].fill(12);
    let pace = Pace {
        most_up: Some(4),
        dwell: mins(5),
        ..Pace::default()
    };
    let before = Before {
        floor: 2,
        kept: 0,
        margin: 3,
    };
    let found = paced(&floors, &pace, before, 100);
    assert_eq!(found.levels, [(0, 2), (30, 4), (35, 8), (40, 12)]);
    // Where two servers are left when the second step is due, what is missing comes at once.
    let found = paced(&floors[35..], &pace, before, 100);
    assert!(found.at_once);
    assert_eq!(found.levels, [(0, 8), (5, 12)]);
}

#[test]
fn a_launch_that_costs_more_than_a_gap_saves_is_not_made() {
    let floors = [4, 4, 1, 1, 4, 4, 1, 1, 1, 4];
    let before = Before {
        floor: 4,
        kept: 0,
        margin: 1,
    };
    let levels = |launch| {
        paced(
            &floors,
            &Pace {
                launch: mins(launch),
                ..Pace::default()
            },
            before,
            100,
        )
        .levels
    };
    assert_eq!(levels(1), [(0, 4), (2, 1), (4, 4), (6, 1), (9, 4)]);
    assert_eq!(levels(2), [(0, 4), (6, 1), (9, 4)]);
    assert_eq!(levels(3), [(0, 4)]);
}

#[test]
fn a_fleet_that_is_cut_into_blocks_is_nowhere_below() {
    let floors: Vec<u32> = (0..1560).map(|m| 9_000 + (m * 7) % 2_000).collect();
    let pace = Pace {
        most_up: Some(100),
        most_down: Some(50),
        dwell: mins(10),
        ..Pace::default()
    };
    let before = Before {
        floor: 9_000,
        kept: 0,
        margin: 3,
    };
    let found = paced(&floors, &pace, before, 100);
    let case = Case {
        floors: floors.clone(),
        pace,
        before,
        most: 100,
    };
    assert!(judged(&case, &way(&found.levels, 1560), found.at_once).is_some());
}
