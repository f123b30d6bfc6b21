use super::*;

fn now() -> Timestamp {
    "2026-11-22T01:00:00Z".parse().unwrap()
}

fn known(mode: &str, bad: bool) -> Brief {
    let seen = (0..240).map(|hour| (hour < 168).then_some(f64::from(100 + hour)));
    let expected = (0..240).map(|hour| Some(f64::from(300 - hour)));
    Brief {
        mode: mode.to_owned(),
        facts: vec![BriefFact::cut(
            "plan",
            "none",
            "at 2026-11-22T02:00:00Z",
            bad,
        )],
        zone: "Asia/Tokyo".to_owned(),
        start: now(),
        demand: seen.collect(),
        expected: expected.collect(),
    }
}

#[test]
fn those_to_look_at_come_first_and_link_to_their_pages() {
    let mut overview = Overview::new(now(), "targets/TARGET/report.html");
    overview.add(
        "calm",
        "targets/calm/report.html",
        Known::Brief(&known("active", false), now()),
    );
    overview.add(
        "worse",
        "targets/worse/report.html",
        Known::Brief(&known("shadow", true), now()),
    );
    let old = now() - SignedDuration::from_hours(23);
    overview.add(
        "a-late",
        "targets/a-late/report.html",
        Known::Brief(&known("shadow", false), old),
    );
    overview.add("<new>", "targets/new/report.html", Known::Nothing);
    let why = Known::Unreadable("not JSON");
    overview.add("torn", "targets/torn/report.html", why);
    let page = overview.html();
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}\n{page}"));
    assert!(place(">worse</a>") < place(">calm</a>"));
    assert!(place(">a-late</a>") < place(">calm</a>"));
    assert!(page.contains("href=\"targets/calm/report.html\""));
    let local = "at <time datetime=\"2026-11-22T02:00:00Z\">Sun 2026-11-22 11:00</time>";
    assert!(
        page.contains(local),
        "times are the target's, and say when in UTC"
    );
    assert!(page.contains("age of what is told here: <b>23 h</b>"));
    assert!(page.contains("cannot be read <span>not JSON</span>"));
    assert!(page.contains("href=\"targets/torn/report.html\""));
    assert!(page.contains("to look at: </span><a href=\"targets/worse/report.html\""));
    assert!(page.contains("&lt;new&gt;") && !page.contains("<new>"));
    assert!(!page.contains("targets/new/report.html"), "it has no page");
    // Five targets, four of them to look at; 267 the most seen, 300 - 168 the most to come.
    assert!(page.contains("<dt>to look at</dt><dd><b>4</b>"));
    assert!(page.contains("data-value=\"267\">267</td>"));
    assert!(page.contains("data-value=\"132\">132</td>"));
}

#[test]
fn a_hundred_thousand_targets_are_a_page_of_bounded_size() {
    let mut overview = Overview::new(now(), "targets/TARGET/report.html");
    let brief = known("active", false);
    for index in 0..100_000 {
        let name = format!("target-{index:06}-{}", "n".repeat(60));
        overview.add(
            &name,
            &format!("targets/{name}/report.html"),
            Known::Brief(&brief, now()),
        );
        assert!(overview.rows.len() <= MOST_ROWS);
    }
    let trouble = known("active", true);
    overview.add("zz-in-trouble", "x", Known::Brief(&trouble, now()));
    let page = overview.html();
    assert!(page.len() < 5_000_000, "{}", page.len());
    assert!(
        page.contains(">zz-in-trouble</a>"),
        "trouble is never left out"
    );
    assert!(page.contains("98,001 more"));
}

#[test]
fn gaps_break_the_line_and_nothing_is_no_picture() {
    let mut values = vec![Some(1.0); 9];
    values[3..6].fill(None);
    assert_eq!(path(&values, 9, 1.0), "M0 1.0M107 1.0");
    let empty = Brief {
        demand: vec![None; 240],
        expected: vec![None; 240],
        ..Brief::default()
    };
    assert_eq!(picture(&empty, &[]).into_string(), "");
}
