//! What is kept of an import, so that it can go on.

use serde::{Deserialize, Serialize};

use crate::Counts;

/// The most lines that are shown of those which could not be read.
pub const EXAMPLES: usize = 5;
/// The most characters that are shown of one.
const SHOWN: usize = 160;

/// What lines are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Found out by the lines themselves; a table by its heading.
    #[default]
    Auto,
    /// An Application Load Balancer's access log.
    LoadBalancer,
    /// A web server's common or combined log.
    Web,
    /// A table with a heading, its columns apart by commas, semicolons or tabs.
    Table,
}

/// How lines are read. What was counted under other settings cannot be gone on with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// What lines are.
    pub kind: Kind,
    /// Only lines with this text count.
    pub containing: Option<String>,
    /// IANA name of the zone of a table's times that have no offset.
    pub zone: String,
    /// A table's column of times.
    pub time_column: String,
    /// A table's column of counts: `value` where there is one, else each row counts one.
    pub value_column: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            kind: Kind::Auto,
            containing: None,
            zone: "UTC".to_owned(),
            time_column: "timestamp".to_owned(),
            value_column: None,
        }
    }
}

/// A line that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// Name of its source.
    pub source: String,
    /// Why not.
    pub why: String,
    /// Its beginning.
    pub text: String,
}

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Requests by minute.
    pub counts: Counts,
    /// Lines read.
    pub lines: u64,
    /// Lines without the text that was wanted.
    pub left_out: u64,
    /// Lines that could not be read.
    pub unreadable: u64,
    /// The first of these.
    pub examples: Vec<Example>,
    /// Whether values of a table are among the counts: then a minute without one is unknown, not zero.
    pub values: bool,
}

impl Tally {
    pub(crate) fn refuse(&mut self, source: &str, why: &str, line: &[u8]) {
        self.unreadable += 1;
        if self.examples.len() < EXAMPLES {
            let text = String::from_utf8_lossy(&line[..line.len().min(4 * SHOWN)]);
            let example = Example {
                source: source.to_owned(),
                why: why.to_owned(),
                text: text.chars().take(SHOWN).collect(),
            };
            // The same line again is no other example.
            if !self.examples.contains(&example) {
                self.examples.push(example);
            }
        }
    }
}

/// How far a source was read. It is known again by what it begins with, whatever its name and whether
/// it was packed meanwhile, as logs that are rotated are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// How many bytes of its beginning are summed up in `head`.
    pub head_length: u64,
    /// FNV-1a of these bytes.
    pub head: u64,
    /// Bytes behind the last whole line that was counted, unpacked.
    pub offset: u64,
    /// Its length as it lies there, where it was read to its end and that was the end of a line.
    pub whole: Option<u64>,
    /// A table's heading.
    pub heading: Option<String>,
}

/// All that an import is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// How lines are read.
    pub settings: Settings,
    /// What was counted.
    pub tally: Tally,
    /// How far each source was read.
    pub marks: Vec<Mark>,
}

impl State {
    /// An import that begins.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            ..Self::default()
        }
    }

    /// The mark of the source that begins with `head`.
    pub(crate) fn mark(&self, head: &[u8]) -> Option<usize> {
        let sums: Vec<u64> = sums(head).collect();
        let begins_so = |mark: &Mark| {
            let length = usize::try_from(mark.head_length).unwrap_or(usize::MAX);
            let sum = length.checked_sub(1).and_then(|last| sums.get(last));
            sum == Some(&mark.head)
        };
        let known = self.marks.iter().enumerate();
        let known = known.filter(|(_, mark)| begins_so(mark));
        known
            .max_by_key(|(_, mark)| mark.head_length)
            .map(|(index, _)| index)
    }
}

/// FNV-1a of `bytes`. Source: Fowler, Noll, Vo; the 64-bit constants of draft-eastlake-fnv.
pub(crate) fn sum(bytes: &[u8]) -> u64 {
    sums(bytes).last().unwrap_or(BASIS)
}

const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// The sums of all beginnings of `bytes` but the empty one.
fn sums(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.iter().scan(BASIS, |sum, byte| {
        *sum = (*sum ^ u64::from(*byte)).wrapping_mul(PRIME);
        Some(*sum)
    })
}
