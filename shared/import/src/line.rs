//! One line of a log: whether it is a request, and of which minute.

use jiff::tz::TimeZone;
use memchr::{memchr, memchr_iter, memmem};

use crate::state::{Kind, Settings};
use crate::table::Table;
use crate::{ImportError, moment};

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Line {
    /// So many requests in that minute since 1970, in UTC.
    At {
        /// The minute.
        minute: i64,
        /// How many.
        count: f64,
    },
    /// No request, and none was to be expected: empty, a comment, a heading, an empty value.
    Nothing,
    /// Not wanted: it lacks the text of [`Settings::containing`].
    LeftOut,
    /// Cannot be read, and why.
    Unreadable(&'static str),
}

/// Reads lines, each without its end. No allocation and no regular expression for a line of a log;
/// the time is only worked out where it differs from that of the line before.
#[derive(Debug)]
pub struct Parser {
    kind: Kind,
    wanted: Option<memmem::Finder<'static>>,
    load_balancer: LoadBalancer,
    web: Web,
    /// What the source's lines were, where [`Kind::Auto`] has seen one.
    seen: Option<Kind>,
    table: Table,
    first: bool,
}

impl Parser {
    /// A parser for the lines of one source, from its first one on.
    ///
    /// # Errors
    /// [`ImportError::Zone`] where the zone of the settings is not known.
    pub fn new(settings: &Settings) -> Result<Self, ImportError> {
        let zone = TimeZone::get(&settings.zone).map_err(|source| ImportError::Zone {
            zone: settings.zone.clone(),
            source,
        })?;
        let wanted = settings.containing.as_ref();
        let wanted = wanted.map(|text| memmem::Finder::new(text.as_bytes()).into_owned());
        Ok(Self {
            kind: settings.kind,
            wanted,
            load_balancer: LoadBalancer::default(),
            web: Web::default(),
            seen: None,
            table: Table::new(settings, zone),
            first: true,
        })
    }

    /// Says that the lines to come stand below the heading `line`, or in the middle of a log.
    pub(crate) fn go_on(&mut self, heading: Option<&str>) {
        self.first = false;
        if heading.is_some_and(|line| self.table.heading(line.as_bytes())) {
            self.seen = Some(Kind::Table);
        }
    }

    /// The heading of the table that is being read.
    pub(crate) fn table_heading(&self) -> Option<&str> {
        (self.seen == Some(Kind::Table)).then(|| self.table.line())
    }

    /// The column that a source which has to be a table lacks, and those that it has.
    pub(crate) fn lacks(&self) -> Option<(&str, &str)> {
        let lacks = self.kind == Kind::Table && !self.first && self.seen != Some(Kind::Table);
        lacks.then(|| (self.table.lacks(), self.table.line()))
    }

    /// Whether values were read, not lines counted.
    pub(crate) fn has_values(&self) -> bool {
        self.seen == Some(Kind::Table) && self.table.has_values()
    }

    /// Reads one line.
    pub fn line(&mut self, line: &[u8]) -> Line {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if self.first {
            let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
            if line.is_empty() || line[0] == b'#' {
                return Line::Nothing;
            }
            self.first = false;
            if matches!(self.kind, Kind::Auto | Kind::Table) && self.table.heading(line) {
                self.seen = Some(Kind::Table);
                return Line::Nothing;
            }
        }
        if line.is_empty() || line[0] == b'#' {
            return Line::Nothing;
        }
        let wanted = self.wanted.as_ref();
        if wanted.is_some_and(|wanted| wanted.find(line).is_none()) {
            return Line::LeftOut;
        }
        if self.seen == Some(Kind::Table) {
            return self.table.row(line);
        }
        let minute = match self.seen.unwrap_or(self.kind) {
            Kind::Table => {
                return Line::Unreadable("the table's first line names no column of times");
            }
            Kind::LoadBalancer => self.load_balancer.minute(line),
            Kind::Web => self.web.minute(line),
            Kind::Auto => None,
        };
        let minute = minute.or_else(|| self.other(line));
        match minute {
            Some(minute) => Line::At { minute, count: 1.0 },
            None => Line::Unreadable("no time where such a log has it"),
        }
    }

    /// The kind that this line is of, where any may come.
    #[cold]
    fn other(&mut self, line: &[u8]) -> Option<i64> {
        if self.kind != Kind::Auto {
            return None;
        }
        if let Some(minute) = self.load_balancer.minute(line) {
            self.seen = Some(Kind::LoadBalancer);
            return Some(minute);
        }
        let minute = self.web.minute(line)?;
        self.seen = Some(Kind::Web);
        Some(minute)
    }
}

/// Access logs of Application Load Balancers: `TYPE TIME ELB ...`, the time in UTC as
/// `2018-07-02T22:23:00.186641Z`, that of the answer. Source: "Access logs for your Application Load
/// Balancer", access log entries, in AWS's user guide.
#[derive(Debug, Default)]
struct LoadBalancer {
    /// The time up to the minute of the line before, and its minute.
    before: [u8; 16],
    minute: i64,
}

impl LoadBalancer {
    fn minute(&mut self, line: &[u8]) -> Option<i64> {
        const TYPES: [&[u8]; 6] = [b"https", b"h2", b"http", b"grpcs", b"wss", b"ws"];
        let space = memchr(b' ', line.get(..6.min(line.len()))?)?;
        let (kind, rest) = line.split_at(space);
        if !TYPES.contains(&kind) {
            return None;
        }
        let (to_minute, rest) = rest.get(1..)?.split_at_checked(16)?;
        // `:SS`, then a fraction or none, `Z`, and something behind it.
        let (second, rest) = rest.split_at_checked(3)?;
        if second[0] != b':' || !moment::seconds(&second[1..]) {
            return None;
        }
        let end = memchr(b' ', rest.get(..16.min(rest.len()))?)?;
        let (fraction, behind) = rest.split_at(end);
        let fraction = fraction.strip_suffix(b"Z")?;
        let fine = match fraction.split_first() {
            None => true,
            Some((point, digits)) => *point == b'.' && digits.iter().all(u8::is_ascii_digit),
        };
        if !fine || behind.len() < 2 {
            return None;
        }
        if to_minute != self.before {
            self.minute = Self::parse(to_minute)?;
            self.before.copy_from_slice(to_minute);
        }
        Some(self.minute)
    }

    fn parse(text: &[u8]) -> Option<i64> {
        let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':')];
        if marks.iter().any(|(at, mark)| text[*at] != *mark) {
            return None;
        }
        let part = |from: usize, to: usize| moment::number(&text[from..to]);
        let date = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
        moment::minute(date, (part(11, 13)?, part(14, 16)?), 0)
    }
}

/// Common and combined logs of web servers: `[10/Oct/2000:13:55:36 -0700] "REQUEST"` behind anything.
/// Source: Apache HTTP Server, "Log Files", common log format.
#[derive(Debug, Default)]
struct Web {
    /// The time of the line before, up to the minute, and its offset.
    before: [u8; 17],
    offset: [u8; 5],
    minute: i64,
}

impl Web {
    /// A name of a user may hold brackets, but no quotation mark as it is.
    fn minute(&mut self, line: &[u8]) -> Option<i64> {
        memchr_iter(b'[', line)
            .take(8)
            .find_map(|at| self.at(line.get(at + 1..at + 30)?))
    }

    fn at(&mut self, text: &[u8]) -> Option<i64> {
        if &text[26..29] != b"] \"" || text[17] != b':' || text[20] != b' ' {
            return None;
        }
        if !moment::seconds(&text[18..20]) {
            return None;
        }
        let (to_minute, offset) = (&text[..17], &text[21..26]);
        if to_minute != self.before || offset != self.offset {
            self.minute = Self::parse(to_minute, offset)?;
            self.before.copy_from_slice(to_minute);
            self.offset.copy_from_slice(offset);
        }
        Some(self.minute)
    }

    fn parse(text: &[u8], offset: &[u8]) -> Option<i64> {
        let marks = [(2, b'/'), (6, b'/'), (11, b':'), (14, b':')];
        if marks.iter().any(|(at, mark)| text[*at] != *mark) {
            return None;
        }
        let part = |from: usize, to: usize| moment::number(&text[from..to]);
        let date = (part(7, 11)?, moment::month(&text[3..6])?, part(0, 2)?);
        let time = (part(12, 14)?, part(15, 17)?);
        moment::minute(date, time, moment::offset(offset)?)
    }
}
