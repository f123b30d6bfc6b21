//! What repeats.

use super::*;

#[test]
fn rules_that_an_event_can_say_are_taken() {
    let with = |rule: &str| {
        one(&format!(
            "DTSTART:20261201T200000\nDTEND:20261201T210000\nRRULE:{rule}"
        ))
    };
    assert!(
        with("FREQ=WEEKLY;BYDAY=TU")
            .unwrap()
            .contains("every = \"week\"")
    );
    assert!(
        with("FREQ=WEEKLY;INTERVAL=2")
            .unwrap()
            .contains("every_days = 14")
    );
    assert!(
        with("FREQ=MONTHLY;BYDAY=1TU")
            .unwrap()
            .contains("every = \"month-weekday\"")
    );
    assert!(
        with("FREQ=YEARLY;UNTIL=20300101")
            .unwrap()
            .contains("until = 2030-01-0")
    );
    for (rule, why) in [
        ("FREQ=DAILY;COUNT=many", "cannot be read"),
        ("FREQ=FORTNIGHTLY", "cannot be read"),
        ("FREQ=WEEKLY;UNTIL=20200101", "it ends before it starts"),
        ("FREQ=MINUTELY", "more often than each hour"),
    ] {
        let told = with(rule).unwrap_err();
        assert!(told.contains(why), "{rule}: {told}");
    }
}

/// Rules, how many occurrences each has up to November 2028, the first ones and the last one: by
/// python-dateutil 2.9.
#[test]
fn what_repeats_takes_place_when_the_calendar_says() {
    for (rule, entries, many, first, last) in [
        (
            "FREQ=WEEKLY;BYDAY=TU,WE,FR",
            3,
            309,
            "2026-12-01 2026-12-02 2026-12-04 2026-12-08",
            "2028-11-17",
        ),
        // In which week a Sunday is depends on where weeks begin.
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU",
            2,
            103,
            "2026-12-01 2026-12-13 2026-12-15",
            "2028-11-14",
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO",
            2,
            104,
            "2026-12-01 2026-12-06 2026-12-15",
            "2028-11-19",
        ),
        (
            "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;COUNT=7",
            5,
            7,
            "2026-12-01 2026-12-02 2026-12-03",
            "2026-12-09",
        ),
        (
            "FREQ=MONTHLY;BYDAY=1TU",
            1,
            24,
            "2026-12-01 2027-01-05 2027-02-02",
            "2028-11-07",
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=1,15",
            2,
            48,
            "2026-12-01 2026-12-15 2027-01-01",
            "2028-11-15",
        ),
        (
            "FREQ=YEARLY;BYMONTH=6,12",
            2,
            4,
            "2026-12-01 2027-06-01",
            "2028-06-01",
        ),
        // What no event can say is written out.
        (
            "FREQ=MONTHLY;INTERVAL=3;BYDAY=1TU",
            8,
            8,
            "2026-12-01 2027-03-02 2027-06-01",
            "2028-09-05",
        ),
        (
            "FREQ=WEEKLY;BYMONTH=12",
            9,
            9,
            "2026-12-01 2026-12-08 2026-12-15",
            "2027-12-28",
        ),
    ] {
        let read = sale(&format!("RRULE:{rule}"));
        let dates = dates(&read);
        assert_eq!(read.entries.len(), entries, "{rule}");
        assert_eq!(dates.len(), many, "{rule}");
        assert!(dates.join(" ").starts_with(first), "{rule}: {dates:?}");
        assert_eq!(dates.last().unwrap(), last, "{rule}");
        let written = entries == many;
        assert_eq!(
            written,
            read.notes
                .iter()
                .any(|note| note.contains("written out; import")),
            "{rule}"
        );
    }
}

/// The start is an occurrence, also where the rule has other days.
#[test]
fn the_last_of_a_month_goes_on() {
    for (rule, most, many, first, last) in [
        (
            "FREQ=MONTHLY;BYDAY=2TU",
            2,
            25,
            "2026-12-01 2026-12-08 2027-01-12",
            "2028-11-14",
        ),
        (
            "FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2",
            2,
            25,
            "2026-12-01 2026-12-08 2027-01-12",
            "2028-11-14",
        ),
        (
            "FREQ=MONTHLY;BYDAY=-1FR",
            4,
            24,
            "2026-12-01 2026-12-25 2027-01-29 2027-02-26",
            "2028-10-27",
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=-1",
            2,
            24,
            "2026-12-01 2026-12-31 2027-01-31 2027-02-28",
            "2028-10-31",
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=31",
            15,
            15,
            "2026-12-01 2026-12-31 2027-01-31 2027-03-31",
            "2028-10-31",
        ),
        (
            "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
            2,
            2,
            "2026-12-01 2027-11-25",
            "2027-11-25",
        ),
    ] {
        let read = sale(&format!("RRULE:{rule}"));
        let dates = dates(&read);
        assert!(read.entries.len() <= most, "{rule}: {}", read.entries.len());
        assert_eq!(dates.len(), many, "{rule}");
        assert!(dates.join(" ").starts_with(first), "{rule}: {dates:?}");
        assert_eq!(dates.last().unwrap(), last, "{rule}");
    }
}

#[test]
fn what_repeats_does_so_by_the_clocks_of_the_targets() {
    let weekly = |start: &str| one(&format!("DTSTART{start}\nDURATION:PT1H\nRRULE:FREQ=WEEKLY"));
    let own = weekly(";TZID=Europe/Berlin:20261201T200000").unwrap();
    assert!(own.contains("start = 2026-12-01T20:00:00\n"), "{own}");
    // These clocks change on the same days.
    let paris = weekly(";TZID=Europe/Paris:20261201T200000").unwrap();
    assert!(paris.contains("start = 2026-12-01T20:00:00\n"), "{paris}");
    for (other, hours) in [
        (";TZID=Asia/Tokyo:20261201T200000", [12, 13]),
        (";TZID=Tokyo Standard Time:20261201T200000", [12, 13]),
        (":20261201T200000Z", [21, 22]),
    ] {
        let read = of(&format!(
            "BEGIN:VEVENT\nUID:1\nSUMMARY:Sale\nDTSTART{other}\nDURATION:PT1H\n\
             RRULE:FREQ=WEEKLY\nEND:VEVENT"
        ));
        let times = times(&read);
        assert_eq!(times.len(), 103, "each week of nearly two years");
        let winter = times[0];
        let summer = times.iter().find(|at| at.date().month() == 7).unwrap();
        assert_eq!(
            [winter.hour(), summer.hour()].map(i32::from),
            hours,
            "{other}"
        );
        assert!(
            read.notes[0].contains("it repeats by the clocks of"),
            "{:?}",
            read.notes
        );
        assert!(
            read.notes[0].contains("import the calendar again"),
            "{:?}",
            read.notes
        );
    }
}

#[test]
fn the_last_occurrence_is_in() {
    let rule = "DTSTART:20261201T200000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;UNTIL=20261215T200000";
    let weekly = one(rule).unwrap();
    assert!(weekly.contains("until = 2026-12-15T20:00:01\n"), "{weekly}");
}

#[test]
fn single_dates_are_left_out_added_and_moved() {
    let rule = "RRULE:FREQ=WEEKLY;BYDAY=TU,FR";
    let read = sale(&format!(
        "{rule}\nEXDATE:20261204T200000,20261211T200000\nEXDATE;VALUE=DATE:20270105\nRDATE:20261206T100000"
    ));
    let dates = dates(&read).join(" ");
    assert!(
        dates.starts_with("2026-12-01 2026-12-06 2026-12-08 2026-12-15 2026-12-18 2026-12-22"),
        "{dates}"
    );
    assert!(dates.contains("2027-01-01 2027-01-08"), "{dates}");
    // Nothing was written out: it goes on.
    assert!(read.notes.is_empty(), "{:?}", read.notes);
    assert!(read.entries.len() <= 5, "{}", read.entries.len());
    // By instant, though written by other clocks.
    let zoned = of(
        "BEGIN:VEVENT\nUID:1\nSUMMARY:Sale\nDTSTART;TZID=Europe/Berlin:20261201T200000\n\
         DURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE:20261202T190000Z\nEND:VEVENT",
    );
    assert_eq!(self::dates(&zoned), ["2026-12-01", "2026-12-03"]);
    let all = sale("RRULE:FREQ=DAILY;COUNT=2\nEXDATE:20261201T200000,20261202T200000");
    assert_eq!(all.refused, ["Sale: all of its dates are left out"]);
}

#[test]
fn dates_of_a_series_are_moved_and_cancelled() {
    let part = |more: &str| format!("BEGIN:VEVENT\nUID:1\nSUMMARY:Sale\n{more}\nEND:VEVENT\n");
    let daily = part("DTSTART:20261201T200000\nDURATION:PT1H\nRRULE:FREQ=DAILY");
    let moved = part("RECURRENCE-ID:20261203T200000\nDTSTART:20261203T220000\nDURATION:PT1H");
    let gone = part(
        "RECURRENCE-ID:20261205T200000\nDTSTART:20261205T200000\nDURATION:PT1H\nSTATUS:CANCELLED",
    );
    let read = of(&(daily.clone() + &moved + &gone));
    assert!(read.refused.is_empty() && read.notes.is_empty(), "{read:?}");
    let uids: Vec<&str> = read
        .entries
        .iter()
        .filter_map(|entry| entry.uid.as_deref())
        .collect();
    assert_eq!(
        uids,
        [
            "1 20261201T200000",
            "1 20261204T200000",
            "1 20261206T200000",
            "1 20261203T200000"
        ]
    );
    let times: Vec<String> = times(&read)
        .iter()
        .take(6)
        .map(DateTime::to_string)
        .collect();
    assert_eq!(
        times,
        [
            "2026-12-01T20:00:00",
            "2026-12-02T20:00:00",
            "2026-12-03T22:00:00",
            "2026-12-04T20:00:00",
            "2026-12-06T20:00:00",
            "2026-12-07T20:00:00"
        ]
    );
    // Without its series it stands for itself, and that is said.
    let alone = of(&moved);
    assert_eq!(alone.entries.len(), 1);
    assert!(
        alone.notes[0].contains("a single date of what repeats"),
        "{:?}",
        alone.notes
    );
    // A date that cannot be read keeps the one that it moves; so does a change of all that follow.
    for odd in [
        part("RECURRENCE-ID:20261203T200000\nDTSTART:20261203T220000"),
        part(
            "RECURRENCE-ID;RANGE=THISANDFUTURE:20261203T200000\nDTSTART:20261203T220000\nDURATION:PT1H",
        ),
    ] {
        let read = of(&(daily.clone() + &odd));
        assert_eq!(read.refused.len(), 1);
        assert!(dates(&read).contains(&"2026-12-03".to_owned()));
    }
}

#[test]
fn whole_days_repeat_as_whole_days() {
    let weekend = "DTSTART;VALUE=DATE:20261205\nDTEND;VALUE=DATE:20261207";
    let read = of(&format!(
        "BEGIN:VEVENT\nUID:1\nSUMMARY:Sale\n{weekend}\nRRULE:FREQ=WEEKLY;UNTIL=20261219\n\
         EXDATE;VALUE=DATE:20261212\nEND:VEVENT"
    ));
    assert_eq!(dates(&read), ["2026-12-05", "2026-12-19"]);
    let last = &read.entries[1].event;
    assert_eq!(last.end.to_string(), "2026-12-21T00:00:00");
    let open = of(&format!(
        "BEGIN:VEVENT\nUID:1\nSUMMARY:Sale\n{weekend}\nRRULE:FREQ=WEEKLY\n\
         EXDATE;VALUE=DATE:20261219\nEND:VEVENT"
    ));
    assert_eq!(
        dates(&open)[..4],
        ["2026-12-05", "2026-12-12", "2026-12-26", "2027-01-02"]
    );
}
