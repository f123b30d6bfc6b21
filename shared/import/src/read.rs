//! A whole source, chunk by chunk.

use std::io::{self, Read};
use std::ops::ControlFlow;

use memchr::{memchr, memchr_iter, memrchr};

use crate::state::sum;
use crate::{ImportError, Line, Mark, Parser, State, Tally};

/// Bytes that are held at a time, which is also the longest line that is read.
pub const BUFFER: usize = 256 * 1024;
/// A source is known again by so many of its first bytes.
const HEAD: usize = 16 * 1024;

/// One source, unpacked.
#[derive(Debug)]
pub struct Reading<R> {
    /// Its name, for messages.
    pub name: String,
    /// Its bytes, unpacked.
    pub bytes: R,
    /// Its length as it lies there, where that is known.
    pub length: Option<u64>,
}

/// How a source ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// At its end.
    Whole,
    /// It was counted already, and nothing has come since.
    Known,
    /// Where the caller stopped it.
    Stopped,
    /// It breaks off or is damaged, in these words; what came before was counted.
    Damaged(String),
}

/// Counts the lines of `reading` into `state`, from where `state` left it on.
///
/// After each chunk `after` is called with a state that is whole in itself (it may be written down and
/// gone on with) and the bytes that were read since the call before; it may stop the reading. A last
/// line without an end is counted into `loose` only: it may be half of one that is still being written,
/// and is read anew next time.
///
/// # Errors
/// [`ImportError`]; what was counted until then stands in `state`.
pub fn read<R: Read>(
    reading: Reading<R>,
    state: &mut State,
    loose: &mut Tally,
    after: &mut dyn FnMut(&State, usize) -> ControlFlow<()>,
) -> Result<Ended, ImportError> {
    let mut chunks = Chunks::new(reading.bytes);
    let mut damage = chunks.fill(HEAD).err();
    let head = &chunks.held()[..chunks.held().len().min(HEAD)];
    if head.is_empty() {
        return damage.map_or(Ok(Ended::Known), |error| end(&reading.name, error));
    }
    let mut parser = Parser::new(&state.settings)?;
    let index = match state.mark(head) {
        Some(index) => index,
        None => {
            state.marks.push(Mark {
                head_length: head.len() as u64,
                head: sum(head),
                offset: 0,
                whole: None,
                heading: None,
            });
            state.marks.len() - 1
        }
    };
    let mark = &mut state.marks[index];
    if mark.whole.is_some() && mark.whole == reading.length {
        return Ok(Ended::Known);
    }
    let begun = mark.offset;
    if head.len() as u64 > mark.head_length {
        // It has grown since: know it by more of it.
        (mark.head_length, mark.head) = (head.len() as u64, sum(head));
    }
    if begun > 0 {
        parser.go_on(mark.heading.as_deref());
        match chunks.skip(begun) {
            Ok(true) => {}
            // Shorter than what was counted of it: nothing new.
            Ok(false) => return Ok(Ended::Known),
            Err(error) => return end(&reading.name, error),
        }
    }
    let mut ended = false;
    while !ended {
        if damage.is_none() {
            match chunks.fill(BUFFER) {
                Ok(more) => ended = !more,
                Err(error) => damage = Some(error),
            }
        }
        ended |= damage.is_some();
        let before = chunks.offset;
        chunks.lines(&reading.name, &mut parser, &mut state.tally)?;
        refuse_other_tables(&reading.name, &parser)?;
        let mark = &mut state.marks[index];
        if chunks.offset > before {
            mark.offset = chunks.offset;
            mark.heading = parser.table_heading().map(str::to_owned);
            state.tally.values |= parser.has_values();
        }
        let read = usize::try_from(chunks.offset - before).unwrap_or(usize::MAX);
        if after(state, read).is_break() {
            return Ok(Ended::Stopped);
        }
    }
    if let Some(error) = damage {
        return end(&reading.name, error);
    }
    let known = chunks.offset == begun && begun > 0;
    if chunks.held().is_empty() {
        state.marks[index].whole = reading.length;
    } else {
        let line = chunks.held().to_vec();
        count(&reading.name, &line, &mut parser, loose)?;
        loose.values |= parser.has_values();
    }
    refuse_other_tables(&reading.name, &parser)?;
    Ok(if known && chunks.held().is_empty() {
        Ended::Known
    } else {
        Ended::Whole
    })
}

fn refuse_other_tables(name: &str, parser: &Parser) -> Result<(), ImportError> {
    let Some((column, found)) = parser.lacks() else {
        return Ok(());
    };
    Err(ImportError::Column {
        name: name.to_owned(),
        column: column.to_owned(),
        found: found.to_owned(),
    })
}

/// What breaks off or cannot be unpacked further is told; what cannot be read at all is an error.
fn end(name: &str, error: io::Error) -> Result<Ended, ImportError> {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Ok(Ended::Damaged("it breaks off".to_owned())),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            Ok(Ended::Damaged(format!("it is damaged: {error}")))
        }
        _ => Err(ImportError::Read {
            name: name.to_owned(),
            source: error,
        }),
    }
}

fn count(
    name: &str,
    line: &[u8],
    parser: &mut Parser,
    tally: &mut Tally,
) -> Result<(), ImportError> {
    tally.lines += 1;
    match parser.line(line) {
        Line::At { minute, count } => {
            if !tally.counts.add(minute, count) {
                let name = name.to_owned();
                return Err(ImportError::Minutes { name });
            }
        }
        Line::Nothing => {}
        Line::LeftOut => tally.left_out += 1,
        Line::Unreadable(why) => tally.refuse(name, why, line),
    }
    Ok(())
}

/// A source's bytes that are not counted yet.
struct Chunks<R> {
    source: R,
    buffer: Vec<u8>,
    /// Where the bytes that wait begin and end in the buffer.
    from: usize,
    to: usize,
    /// Bytes of the source before these.
    offset: u64,
    /// Whether they are the rest of a line that was too long.
    too_long: bool,
}

impl<R: Read> Chunks<R> {
    fn new(source: R) -> Self {
        Self {
            source,
            buffer: vec![0; BUFFER],
            from: 0,
            to: 0,
            offset: 0,
            too_long: false,
        }
    }

    fn held(&self) -> &[u8] {
        &self.buffer[self.from..self.to]
    }

    /// Reads until `length` bytes are held; `false` at the end of the source.
    fn fill(&mut self, length: usize) -> io::Result<bool> {
        self.buffer.copy_within(self.from..self.to, 0);
        (self.from, self.to) = (0, self.to - self.from);
        while self.to < length {
            match self.source.read(&mut self.buffer[self.to..]) {
                Ok(0) => return Ok(false),
                Ok(read) => self.to += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Passes over `length` bytes; `false` where there are not so many.
    fn skip(&mut self, length: u64) -> io::Result<bool> {
        while self.offset < length {
            let left = usize::try_from(length - self.offset).unwrap_or(usize::MAX);
            if self.held().is_empty() && !self.fill(1)? {
                return Ok(false);
            }
            let passed = left.min(self.held().len());
            self.from += passed;
            self.offset += passed as u64;
        }
        Ok(true)
    }

    /// Counts the whole lines that are held.
    fn lines(
        &mut self,
        name: &str,
        parser: &mut Parser,
        tally: &mut Tally,
    ) -> Result<(), ImportError> {
        if self.too_long {
            let Some(end) = memchr(b'\n', self.held()) else {
                self.pass(self.to);
                return Ok(());
            };
            self.too_long = false;
            self.pass(self.from + end + 1);
        }
        let Some(last) = memrchr(b'\n', self.held()) else {
            if self.held().len() == BUFFER {
                tally.lines += 1;
                tally.refuse(name, "a line longer than 256 KiB", self.held());
                self.too_long = true;
                self.pass(self.to);
            }
            return Ok(());
        };
        let whole = &self.buffer[self.from..=self.from + last];
        let mut begin = 0;
        for end in memchr_iter(b'\n', whole) {
            count(name, &whole[begin..end], parser, tally)?;
            begin = end + 1;
        }
        self.pass(self.from + last + 1);
        Ok(())
    }

    fn pass(&mut self, to: usize) {
        self.offset += (to - self.from) as u64;
        self.from = to;
    }
}
