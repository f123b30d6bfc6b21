use jiff::{SignedDuration, Timestamp};

use super::*;

fn read_text(text: &str, aggregate: Aggregate) -> Result<(Series, ReadReport), TimeSeriesError> {
    let options = CsvOptions {
        zone: TimeZone::get("Asia/Tokyo").unwrap(),
        aggregate,
    };
    read(text.as_bytes(), &options)
}

#[test]
fn counts_become_rates_and_gaps_stay() {
    let (series, report) = read_text(
        "timestamp,value\n2026-01-01T00:00:00Z,300\n2026-01-01T00:05:00Z,\n2026-01-01T00:10:00Z,600\n",
        Aggregate::Sum,
    )
    .unwrap();
    assert_eq!(series.values()[0], 60.0);
    assert!(series.values()[1].is_nan());
    assert_eq!(series.values()[2], 120.0);
    assert_eq!((report.rows, report.empty, report.missing), (3, 1, 1));
}

#[test]
fn a_step_that_does_not_divide_an_hour_is_read_by_the_minute() {
    let text = "timestamp,value\n2026-01-01T00:00:00Z,450\n2026-01-01T00:45:00Z,\n2026-01-01T01:30:00Z,900\n";
    let (series, report) = read_text(text, Aggregate::Sum).unwrap();
    assert_eq!((series.step(), series.len()), (Step::MINUTE, 135));
    assert_eq!((series.values()[0], series.values()[44]), (10.0, 10.0));
    assert!(series.values()[45].is_nan() && series.values()[89].is_nan());
    assert_eq!((series.values()[90], series.values()[134]), (20.0, 20.0));
    assert_eq!((report.rows, report.missing, report.duplicates), (3, 45, 0));
    let (levels, _) = read_text(text, Aggregate::Mean).unwrap();
    assert_eq!(levels.values()[0], 450.0);
    assert!(
        read_text(
            "timestamp,value\n2026-01-01T00:00:00Z,1\n2026-01-01T02:00:00Z,1\n",
            Aggregate::Sum
        )
        .is_err()
    );
}

/// Rows from `from` on, `minutes` apart, each with `value`.
fn lines(from: &str, minutes: i64, count: i64, value: f64) -> String {
    let from: Timestamp = from.parse().unwrap();
    (0..count)
        .map(|index| {
            format!(
                "{},{value}\n",
                from + SignedDuration::from_mins(minutes * index)
            )
        })
        .collect()
}

#[test]
fn a_source_that_changed_its_step_keeps_its_rate() {
    // 600 an hour, then 50 in five minutes: 10 a minute all along, whichever is in the majority.
    for (hours, fives) in [(24 * 40, 288), (48, 288 * 20)] {
        let switch: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let switch = switch + SignedDuration::from_hours(hours);
        let text = format!(
            "timestamp,value\n{}{}",
            lines("2026-01-01T00:00:00Z", 60, hours, 600.0),
            lines(&switch.to_string(), 5, fives, 50.0)
        );
        let (series, report) = read_text(&text, Aggregate::Sum).unwrap();
        assert_eq!(series.step(), Step::FIVE_MINUTES);
        assert_eq!(i64::try_from(series.len()).unwrap(), 12 * hours + fives);
        assert!(
            series
                .values()
                .iter()
                .all(|rate| (rate - 10.0).abs() < 1e-9)
        );
        assert_eq!(
            (report.coarser, report.missing, report.duplicates),
            (hours.unsigned_abs(), 0, 0)
        );
    }
    // And back to hours at the end, whose last row stands for an hour too.
    let text = format!(
        "timestamp,value\n{}{}",
        lines("2026-01-01T00:00:00Z", 5, 288 * 3, 50.0),
        lines("2026-01-04T00:00:00Z", 60, 48, 600.0)
    );
    let (series, _) = read_text(&text, Aggregate::Sum).unwrap();
    assert_eq!(series.len(), 288 * 5);
    assert!(
        series
            .values()
            .iter()
            .all(|rate| (rate - 10.0).abs() < 1e-9)
    );
}

#[test]
fn gaps_and_repeated_rows_are_no_change_of_step() {
    let all = lines("2026-01-01T00:00:00Z", 5, 288 * 4, 50.0);
    // A missing stretch of every second row for half a day, and every row twice.
    let kept = all
        .lines()
        .enumerate()
        .filter(|(row, _)| !(288..432).contains(row) || row % 2 == 0);
    let text: String = kept.map(|(_, line)| format!("{line}\n{line}\n")).collect();
    let (series, report) = read_text(&format!("timestamp,value\n{text}"), Aggregate::Sum).unwrap();
    assert_eq!((series.step(), series.len()), (Step::FIVE_MINUTES, 288 * 4));
    assert_eq!((report.coarser, report.missing), (0, 72));
    assert_eq!(report.duplicates, report.rows / 2);
}

#[test]
fn late_rows_belong_to_the_step_they_begin_in() {
    let text = "timestamp,value\n2026-01-01T00:00:07Z,300\n2026-01-01T00:05:01Z,600\n\
                2026-01-01T00:10:31Z,900\n2026-01-01T00:15:31Z,300\n2026-01-01T00:20:31Z,300\n";
    let (series, _) = read_text(text, Aggregate::Sum).unwrap();
    assert_eq!(series.start().to_string(), "2026-01-01T00:00:00Z");
    assert_eq!(series.values(), [60.0, 120.0, 180.0, 60.0, 60.0]);
}

#[test]
fn a_local_time_is_read_in_the_zone() {
    let (series, _) = read_text(
        "timestamp,value\n2026-01-01T09:00:00,1\n2026-01-01T10:00:00,1\n",
        Aggregate::Mean,
    )
    .unwrap();
    assert_eq!(series.start().to_string(), "2026-01-01T00:00:00Z");
}

#[test]
fn disorder_is_mended_and_counted() {
    let (series, report) = read_text(
        "timestamp,value\n2026-01-01T02:00:00Z,3\n2026-01-01T00:00:00Z,1\n2026-01-01T01:00:00Z,-5\n\
         2026-01-01T02:00:00Z,4\n2026-01-01T03:00:00Z,inf\n",
        Aggregate::Mean,
    )
    .unwrap();
    assert_eq!(series.values()[0], 1.0);
    assert!(series.values()[1].is_nan());
    assert_eq!(series.values()[2], 4.0, "the later row of a step wins");
    assert_eq!(
        (report.unsorted, report.duplicates, report.impossible),
        (1, 1, 2)
    );
}

#[test]
fn errors_name_line_column_and_value() {
    let text = read_text(
        "timestamp,value\n2026-01-01T00:00:00Z,12x\n",
        Aggregate::Sum,
    )
    .unwrap_err()
    .to_string();
    assert_eq!(
        text,
        "line 2: value \"12x\": is not a number; leave a gap empty"
    );
    let text = read_text("time,value\n1,2\n", Aggregate::Sum)
        .unwrap_err()
        .to_string();
    assert!(text.starts_with("column timestamp is missing"), "{text}");
    let text = read_text("timestamp,value\nyesterday,2\n", Aggregate::Sum)
        .unwrap_err()
        .to_string();
    assert!(
        text.starts_with("line 2: timestamp \"yesterday\""),
        "{text}"
    );
    assert!(read_text("timestamp,value\n", Aggregate::Sum).is_err());
    let text = read_text(
        "timestamp,value\n1026-01-01T00:00:00Z,1\n2026-01-01T00:00:00Z,1\n2026-01-01T00:01:00Z,1\n2026-01-01T00:02:00Z,1\n",
        Aggregate::Sum,
    )
    .unwrap_err()
    .to_string();
    assert!(text.contains("is a timestamp wrong?"), "{text}");
}

#[test]
fn one_row_is_an_hourly_series() {
    let (series, _) =
        read_text("timestamp,value\n2026-01-01T00:00:00Z,60\n", Aggregate::Sum).unwrap();
    assert_eq!((series.len(), series.step()), (1, Step::HOUR));
    assert_eq!(series.values()[0], 1.0);
}

#[test]
fn rows_of_an_odd_step_that_overlap_are_counted_once() {
    // Each seven minutes from the full hour on, as cron has it, with one row late and one twice.
    let text = "timestamp,value\n2026-01-01T00:42:00Z,70\n2026-01-01T00:49:00Z,140\n\
                2026-01-01T00:49:30Z,210\n2026-01-01T00:56:00Z,70\n2026-01-01T01:00:00Z,140\n\
                2026-01-01T01:07:00Z,70\n";
    let (series, report) = read_text(text, Aggregate::Sum).unwrap();
    assert_eq!((series.step(), series.len()), (Step::MINUTE, 32));
    let starts = [0, 7, 14, 18, 25].map(|minute| series.values()[minute]);
    assert_eq!(starts, [10.0, 30.0, 10.0, 20.0, 10.0]);
    assert_eq!((report.duplicates, report.missing), (1, 0));
}

#[test]
fn the_end_of_time_is_a_time_like_any_other() {
    let text = "timestamp,value\n9999-12-30T21:45:00Z,7\n9999-12-30T21:52:00Z,7\n\
                9999-12-30T21:59:00Z,7\n9999-12-30T21:59:55Z,7\n";
    let (series, report) = read_text(text, Aggregate::Sum).unwrap();
    assert_eq!((series.step(), report.duplicates), (Step::MINUTE, 1));
    assert!(series.values()[..15].iter().all(|rate| *rate == 1.0));
}

#[test]
fn local_hours_of_zones_off_the_hour_stay_where_they_are() {
    // Zone, its offset from a whole hour in minutes, and the grid that holds its hours.
    for (zone, first, grid) in [
        ("Asia/Kolkata", "2026-03-01T00:00:00+05:30", 1800),
        ("Australia/Adelaide", "2026-03-01T00:00:00+10:30", 1800),
        ("Australia/Lord_Howe", "2026-05-01T00:00:00+10:30", 1800),
        ("Asia/Kathmandu", "2026-03-01T00:00:00+05:45", 900),
        ("America/New_York", "2026-03-01T00:00:00-05:00", 3600),
    ] {
        let first: Timestamp = first.parse().unwrap();
        let mut text = String::from("timestamp,value\n");
        for hour in 0..72 {
            let at = first + SignedDuration::from_hours(hour);
            text.push_str(&format!("{at},{}\n", 60 * (hour + 1)));
        }
        let (series, report) = read_text(&text, Aggregate::Sum).unwrap();
        assert_eq!(series.start(), first, "{zone}");
        assert_eq!(series.step().seconds(), grid, "{zone}");
        assert_eq!((report.missing, report.duplicates), (0, 0), "{zone}");
        for hour in 0..72 {
            let at = first + SignedDuration::from_hours(hour);
            let rate = (hour + 1) as f64;
            assert_eq!(series.at(at), Some(rate), "{zone}");
            let last = at + SignedDuration::from_mins(59);
            assert_eq!(series.at(last), Some(rate), "{zone}");
        }
    }
}

#[test]
fn hours_stay_where_they_are_when_clocks_change_by_half_an_hour() {
    // Lord Howe goes back from +11:00 to +10:30 on 5 April 2026.
    let change: Timestamp = "2026-04-04T15:00:00Z".parse().unwrap();
    let mut text = String::from("timestamp,value\n");
    for hour in -48..0 {
        text.push_str(&format!(
            "{},60\n",
            change + SignedDuration::from_hours(hour)
        ));
    }
    for hour in 0..48 {
        let at = change + SignedDuration::from_mins(60 * hour + 30);
        text.push_str(&format!("{at},120\n"));
    }
    let (series, report) = read_text(&text, Aggregate::Sum).unwrap();
    assert_eq!(series.step().seconds(), 1800);
    // The half hour that comes twice has no row of its own.
    assert_eq!(report.missing, 1);
    assert_eq!(series.at(change - SignedDuration::from_mins(1)), Some(1.0));
    assert_eq!(series.at(change + SignedDuration::from_mins(30)), Some(2.0));
}

#[test]
fn rows_that_are_late_by_a_little_each_keep_their_step() {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let row = |index: i64, late: i64| {
        let at = start + SignedDuration::from_secs(index * 300 + late);
        format!("{at},{}\n", 3000 + index)
    };
    let text: String = (0..288)
        .map(|index| row(index, index * index * 31 % 199))
        .collect();
    let (late, report) = read_text(&format!("timestamp,value\n{text}"), Aggregate::Sum).unwrap();
    let text: String = (0..288).map(|index| row(index, 0)).collect();
    let (aligned, _) = read_text(&format!("timestamp,value\n{text}"), Aggregate::Sum).unwrap();
    assert_eq!(late.start(), aligned.start());
    assert_eq!(late.step(), aligned.step());
    assert_eq!(late.values(), aligned.values());
    assert_eq!((report.missing, report.duplicates), (0, 0));
}
