use jiff::Timestamp;

use super::*;

fn of(body: &str) -> Zones {
    let text = format!("BEGIN:VCALENDAR\n{body}\nEND:VCALENDAR\n");
    Zones::of(&text.replace('\n', "\r\n").parse().unwrap())
}

fn custom(standard: &str, daylight: &str) -> Result<TimeZone, String> {
    let zones = of(&format!(
        "BEGIN:VTIMEZONE\nTZID:Ours\nBEGIN:STANDARD\n{standard}\nEND:STANDARD\nBEGIN:DAYLIGHT\n\
         {daylight}\nEND:DAYLIGHT\nEND:VTIMEZONE"
    ));
    zones.named("Ours")
}

/// Both have the same offset, each day of some years.
fn alike(a: &TimeZone, b: &TimeZone) {
    let start: Timestamp = "2024-01-01T00:30:00Z".parse().unwrap();
    for hours in 0..24 * 365 * 4 {
        let at = start + jiff::SignedDuration::from_hours(hours);
        assert_eq!(a.to_offset(at), b.to_offset(at), "{at}");
    }
}

#[test]
fn names_of_windows_and_vendors_are_known() {
    for (name, zone) in [
        ("Europe/Berlin", "Europe/Berlin"),
        ("Tokyo Standard Time", "Asia/Tokyo"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Eastern Standard Time", "America/New_York"),
        (
            "/freeassociation.sourceforge.net/America/Argentina/Ushuaia",
            "America/Argentina/Ushuaia",
        ),
    ] {
        let found = Zones::default().named(name).unwrap();
        assert_eq!(found.iana_name(), Some(zone), "{name}");
    }
    let unknown = Zones::default().named("Foo/Bar").unwrap_err();
    assert!(
        unknown.contains("time zone Foo/Bar is unknown"),
        "{unknown}"
    );
}

#[test]
fn what_a_calendar_defines_is_a_zone() {
    let berlin = custom(
        "DTSTART:16010101T030000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\n\
         TZOFFSETFROM:+0200\nTZOFFSETTO:+0100",
        "DTSTART:16010101T020000\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\n\
         TZOFFSETFROM:+0100\nTZOFFSETTO:+0200",
    );
    alike(&berlin.unwrap(), &iana("Europe/Berlin").unwrap());
    // West of Greenwich, and half an hour off.
    let st_johns = custom(
        "DTSTART:20071104T020000\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\n\
         TZOFFSETFROM:-0230\nTZOFFSETTO:-0330",
        "DTSTART:20070311T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=SU;\
         BYMONTHDAY=8,9,10,11,12,13,14\nTZOFFSETFROM:-0330\nTZOFFSETTO:-0230",
    );
    alike(&st_johns.unwrap(), &iana("America/St_Johns").unwrap());
    // Summer at the turn of the year.
    let sydney = custom(
        "DTSTART:20080406T030000\nRRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU\n\
         TZOFFSETFROM:+1100\nTZOFFSETTO:+1000",
        "DTSTART:20081005T020000\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=1SU\n\
         TZOFFSETFROM:+1000\nTZOFFSETTO:+1100",
    );
    alike(&sydney.unwrap(), &iana("Australia/Sydney").unwrap());
}

#[test]
fn clocks_that_no_longer_change_have_their_last_offset() {
    let fixed = custom(
        "DTSTART:20160327T020000\nTZOFFSETFROM:+0300\nTZOFFSETTO:+0300",
        "DTSTART:20100328T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20150329T000000Z\n\
         TZOFFSETFROM:+0200\nTZOFFSETTO:+0300",
    );
    let ended = custom(
        "DTSTART:20101031T040000\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;UNTIL=20151025T010000Z\n\
         TZOFFSETFROM:+0300\nTZOFFSETTO:+0200",
        "DTSTART:20110327T030000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20150329T010000Z\n\
         TZOFFSETFROM:+0200\nTZOFFSETTO:+0300",
    );
    alike(&ended.unwrap(), &iana("Africa/Johannesburg").unwrap());
    alike(&fixed.unwrap(), &iana("Europe/Istanbul").unwrap());
    let named = of("BEGIN:VTIMEZONE\nTZID:Ours\nX-LIC-LOCATION:Asia/Tokyo\nEND:VTIMEZONE");
    assert_eq!(named.named("Ours").unwrap().iana_name(), Some("Asia/Tokyo"));
}

#[test]
fn what_defines_no_zone_is_told() {
    let winter = "DTSTART:16010101T030000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\n\
                  TZOFFSETFROM:+0200\nTZOFFSETTO:+0100";
    for (summer, why) in [
        (
            "DTSTART:20260329T020000\nTZOFFSETTO:+0200",
            "only one of its two",
        ),
        (
            "DTSTART:20260329T020000\nRDATE:20270328T020000\nTZOFFSETTO:+0200",
            "on single dates",
        ),
        (
            "DTSTART:20260329T020000\nTZOFFSETTO:2",
            "2 is not an offset",
        ),
        ("DTSTART:20260329T020000", "has no TZOFFSETTO"),
        (
            "DTSTART:20260329T020000\nRRULE:FREQ=YEARLY;BYDAY=5SU\nTZOFFSETTO:+0200",
            "its clocks change by FREQ=YEARLY;BYDAY=5SU",
        ),
    ] {
        let told = custom(winter, summer).unwrap_err();
        assert!(told.contains(why), "{told}");
    }
    assert!(
        of("BEGIN:VTIMEZONE\nTZID:Ours\nEND:VTIMEZONE")
            .named("Ours")
            .is_err()
    );
}
