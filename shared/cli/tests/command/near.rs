//! The nearest valid spelling of every kind of value, what to do next, and the exit code.

use std::process::ExitCode;

use tempfile::TempDir;

use crate::common::{CONFIG, planned, run, write};

/// What is mistyped, the exit code, and what the answer has to offer.
const CASES: &[(&str, u8, &str)] = &[
    // Subcommands, options and their values.
    ("forcast", 2, "'forecast'"),
    ("event ad", 2, "'add'"),
    ("plan --histroy d.csv", 2, "'--history'"),
    ("forecast --history d.csv --format jsn", 2, "'json'"),
    ("forecast --history d.csv --aggregate men", 2, "'mean'"),
    ("import d.csv --out o.csv --kind csw", 2, "csv"),
    ("completions bsh", 2, "'bash'"),
    ("man evnt", 3, "did you mean event?"),
    (
        "import d.csv --out o.csv --timezone Europe/Berln",
        3,
        "did you mean Europe/Berlin?",
    ),
    // Targets, wherever one is named.
    (
        "plan --history d.csv --config forescale.toml --target wep",
        3,
        "did you mean web?",
    ),
    (
        "forecast --history d.csv --config forescale.toml --target wep",
        3,
        "did you mean web?",
    ),
    (
        "explain wep --at 2026-01-24 --store store",
        3,
        "did you mean web?",
    ),
    ("report --target wep --store store", 3, "did you mean web?"),
    ("left-out list wep --store store", 3, "did you mean web?"),
    ("doctor wep --store store", 3, "did you mean web?"),
    ("release wep --store store", 3, "did you mean web?"),
    ("adopt wep --store store", 3, "did you mean web?"),
    (
        "alarms --config forescale.toml --target wep",
        3,
        "did you mean web?",
    ),
    (
        "event add x --start 2026-02-01 --end 2026-02-02 --target wep --store store",
        3,
        "did you mean web?",
    ),
    // Events, how they repeat, and what they are like.
    ("event remove knwon --store store", 3, "did you mean known?"),
    (
        "event add x --start 2026-02-01 --end 2026-02-02 --every wek --store store",
        3,
        "did you mean week?",
    ),
    // Zones and countries.
    (
        "forecast --history d.csv --timezone Europe/Berln",
        3,
        "did you mean Europe/Berlin?",
    ),
    (
        "quiet-window --history d.csv --timezone Tokio",
        3,
        "did you mean Asia/Tokyo?",
    ),
    (
        "forecast --history d.csv --country Germny",
        3,
        "did you mean DE?",
    ),
    // Fields of the configuration and their values.
    ("config check field.toml", 3, "did you mean max_servers?"),
    ("config check value.toml", 3, "did you mean active?"),
    // Files, stores and columns.
    ("forecast --history dd.csv", 3, "d.csv?"),
    ("config check forscale.toml", 3, "forescale.toml?"),
    ("explain web --at 2026-01-24 --store stor", 3, "store?"),
    (
        "event import campaign.ics --store store",
        3,
        "campaigns.ics?",
    ),
    (
        "forecast --history column.csv",
        3,
        "is valeu meant to be value?",
    ),
    (
        "import table.csv --kind csv --time-column creatd_at --out o.csv",
        3,
        "did you mean created_at?",
    ),
    (
        "import table.csv --kind csv --time-column created_at --value-column amont --out o.csv",
        3,
        "has no column amont",
    ),
    ("throughput --metrics service.csv", 3, "is demnd meant?"),
    // Times, spans and steps, which have no nearest, say how they are written.
    (
        "forecast --history d.csv --at tomorow",
        3,
        "write 2026-01-31T18:00:00Z",
    ),
    (
        "forecast --history d.csv --horizon soon",
        3,
        "write 24h, 90m or 2d",
    ),
    (
        "forecast --history d.csv --step 7m",
        3,
        "write 5m, 15m, 30m or 1h",
    ),
];

#[test]
fn what_is_mistyped_is_answered_with_the_nearest_and_a_code() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let store = planned(folder);
    let event = "event add known --start 2026-02-08 --end 2026-02-09 --multiplier 2 --store";
    let words: Vec<&str> = event.split_whitespace().chain([store.as_str()]).collect();
    assert_eq!(run(&words).code, ExitCode::SUCCESS);
    write(
        folder,
        "field.toml",
        CONFIG.replace("max_servers", "max_server"),
    );
    write(
        folder,
        "value.toml",
        CONFIG.replace("lead_time", "mode = \"activ\"\nlead_time"),
    );
    write(
        folder,
        "column.csv",
        "timestamp,valeu\n2026-01-01T00:00:00Z,1\n",
    );
    write(
        folder,
        "table.csv",
        "id,created_at,amount\n1,2026-01-01T00:00:00Z,2\n",
    );
    write(
        folder,
        "service.csv",
        "timestamp,demnd,servers,cpu\n2026-01-01T00:00:00Z,1,1,1\n",
    );
    write(
        folder,
        "campaigns.ics",
        "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
    );
    for (line, code, offered) in CASES {
        let place = |word: &str| {
            let named = word.starts_with("stor") || word.contains(".csv");
            let named = named || word.ends_with(".toml") || word.ends_with(".ics");
            match named {
                true => folder.join(word).display().to_string(),
                false => word.to_owned(),
            }
        };
        let words: Vec<String> = line.split_whitespace().map(place).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ran = run(&words);
        assert_eq!(ran.code, ExitCode::from(*code), "{line}: {}", ran.err);
        assert!(ran.err.contains(offered), "{line}: {}", ran.err);
        assert_eq!(
            ran.out, "",
            "{line}: nothing but the result on standard output"
        );
    }
}
