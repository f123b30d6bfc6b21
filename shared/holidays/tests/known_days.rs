//! Holidays that everybody can look up, and when the table runs out.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use holidays::{Place, codes, source, years};
use jiff::civil::{Date, Weekday, date};

fn names(code: &str, day: Date) -> Vec<&'static str> {
    let place = Place::find(code).unwrap();
    let found = place.holidays(day, day);
    found.iter().map(|holiday| holiday.name).collect()
}

#[test]
fn holidays_that_everybody_can_look_up() {
    // Easter 2024 was 31 March, Easter 2026 is 5 April, Thanksgiving is the fourth Thursday.
    for (code, day, name) in [
        ("DE", date(2024, 4, 1), "Easter Monday"),
        ("DE", date(2026, 4, 6), "Easter Monday"),
        ("DE", date(2026, 10, 3), "German Unity Day"),
        ("US", date(2018, 11, 22), "Thanksgiving Day"),
        ("US", date(2026, 11, 26), "Thanksgiving Day"),
        ("US", date(2026, 7, 3), "Independence Day"),
        ("JP", date(2026, 1, 12), "Coming of Age Day"),
        ("JP", date(2025, 5, 3), "Constitution Day"),
        ("FR", date(2025, 7, 14), "National Day"),
        ("BR", date(2026, 9, 7), "Independence Day"),
    ] {
        assert_eq!(names(code, day), [name], "{code} {day}");
    }
    assert!(names("US", date(2018, 11, 23)).is_empty());
    assert!(names("DE", date(2026, 4, 5)).is_empty());
    assert_eq!(names("US", date(2020, 6, 19)), Vec::<&str>::new());
    assert_eq!(names("US", date(2026, 6, 19)).len(), 1);
}

#[test]
fn subdivisions_add_and_leave_out() {
    let corpus = date(2026, 6, 4);
    assert!(names("DE", corpus).is_empty());
    assert_eq!(names("DE-BY", corpus), ["Corpus Christi"]);
    assert_eq!(names("DE-BY", date(2026, 10, 3)), ["German Unity Day"]);
    // Scotland does not keep Easter Monday, England does.
    assert_eq!(names("GB-ENG", date(2026, 4, 6)), ["Easter Monday"]);
    assert!(names("GB-SCT", date(2026, 4, 6)).is_empty());
}

#[test]
fn a_stretch_is_in_order_and_holds_its_ends() {
    let place = Place::find("JP").unwrap();
    let days = place.holidays(date(2025, 5, 3), date(2025, 5, 6));
    let days: Vec<Date> = days.iter().map(|holiday| holiday.date).collect();
    let expected = [3, 4, 5, 6].map(|day| date(2025, 5, day));
    assert_eq!(days, expected);
    assert!(
        place
            .holidays(date(2025, 5, 6), date(2025, 5, 3))
            .is_empty()
    );
}

#[test]
fn every_place_can_be_read_and_nearly_all_have_holidays() {
    let (mut count, mut few) = (0, Vec::new());
    for code in codes() {
        let place = Place::find(code).unwrap();
        let found = place.holidays(date(2025, 1, 1), date(2027, 12, 31));
        assert!(found.is_sorted());
        count += 1;
        if found.len() < 6 {
            few.push(code);
        }
    }
    // Islands without people keep none, nor does Ukraine under martial law.
    few.retain(|code| !code.starts_with("UA"));
    assert!(count > 800 && few.len() < 10, "{count} {few:?}");
}

#[test]
fn weekends_differ() {
    let rest = |code| Place::find(code).unwrap().day_of_rest();
    assert_eq!(rest("DE"), Weekday::Sunday);
    assert_eq!(rest("SA"), Weekday::Saturday);
    assert_eq!(rest("IR"), Weekday::Friday);
}

#[test]
fn unknown_codes_name_the_nearest() {
    for (text, nearest) in [
        ("jp", "JP"),
        ("JPN", "JP"),
        ("Japan", "JP"),
        ("UK", "GB"),
        ("Grmany", "DE"),
        ("de_by", "DE-BY"),
        ("US-TEX", "US-TX"),
    ] {
        let error = Place::find(text).unwrap_err();
        assert_eq!(error.nearest, Some(nearest), "{text}");
        assert!(
            error
                .to_string()
                .ends_with(&format!("did you mean {nearest}?"))
        );
    }
    assert_eq!(Place::find("").unwrap_err().nearest, None);
    assert_eq!(
        Place::find("Atlantis and Avalon").unwrap_err().nearest,
        None
    );
}

#[test]
fn the_reach_of_the_table_is_known() {
    assert!(source().starts_with("holidays 0."), "{}", source());
    assert!(*years().start() <= 2005 && *years().end() >= 2035);
    assert_eq!(Place::find("US").unwrap().last_year(), *years().end());
    let none = Place::find("US").unwrap();
    assert!(
        none.holidays(date(2060, 1, 1), date(2060, 12, 31))
            .is_empty()
    );
}

#[test]
fn places_whose_days_run_out_earlier_are_known() {
    let last = |code| Place::find(code).unwrap().last_year();
    // Sri Lanka's Poya days and China's swapped working days are decreed year by year, Russia's for
    // one year more; Ukraine keeps none under martial law.
    assert_eq!(
        [last("LK"), last("CN"), last("RU"), last("UA")],
        [2026, 2026, 2027, 2021]
    );
    for code in ["DE", "US", "JP", "FR", "GB", "AE", "DK", "US-TX", "DE-BY"] {
        assert_eq!(last(code), *years().end(), "{code}");
    }
}

/// The tests that depend on the day they run on. This one begins to fail two years before the table
/// ends, which is when somebody has to make it anew.
#[test]
#[expect(clippy::disallowed_methods, reason = "it is about the day it runs on")]
fn the_table_does_not_run_out_soon() {
    let today = jiff::Timestamp::from_second(
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs()
            .try_into()
            .unwrap(),
    )
    .unwrap()
    .to_zoned(jiff::tz::TimeZone::UTC)
    .date();
    let last = *years().end();
    assert!(
        today.year() + 2 <= last,
        "the table of holidays ends with {last}: raise LAST_YEAR in shared/holidays/generate.py, \
         run it and look at the difference"
    );
}

#[test]
#[expect(clippy::disallowed_methods, reason = "it is about the day it runs on")]
fn no_country_has_run_out() {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let year = 1970 + i16::try_from(now.as_secs() / 31_556_952).unwrap();
    let countries = codes().filter(|code| !code.contains('-') && *code != "UA");
    let out: Vec<&str> = countries
        .filter(|code| Place::find(code).unwrap().last_year() < year)
        .collect();
    assert!(
        out.is_empty(),
        "holidays of {out:?} are known for years before {year} only: raise the version in \
         shared/holidays/requirements.txt and run shared/holidays/generate.py"
    );
}
