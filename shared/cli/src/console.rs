use std::io::{self, BufWriter, IsTerminal, Read, Write};

use crate::failure::Done;
use crate::table::folded;

/// The streams of one run: results on `out`, everything else on `err`.
pub struct Console<'a> {
    out: Box<dyn Write + 'a>,
    err: Box<dyn Write + 'a>,
    input: Box<dyn Read + 'a>,
    /// Whether `err` is a terminal, which progress is drawn on.
    lively: bool,
    colour_out: bool,
    colour_err: bool,
    width: Option<u16>,
    width_err: Option<u16>,
    drawn: bool,
}

impl std::fmt::Debug for Console<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console").finish_non_exhaustive()
    }
}

impl<'a> Console<'a> {
    /// The process's own streams; colours on terminals only, and only where `colour` allows them;
    /// tables as wide as `columns`, or else the terminal, at most.
    #[must_use]
    pub fn standard(colour: bool, columns: Option<u16>) -> Self {
        let (out, err) = (io::stdout(), io::stderr());
        let (out_terminal, err_terminal) = (out.is_terminal(), err.is_terminal());
        let terminal = terminal_size::terminal_size_of(&out).map(|(width, _)| width.0);
        let width = columns.or(terminal);
        // What is no terminal may be a log, of which a message is one line.
        let width_err = terminal_size::terminal_size_of(&err).map(|(width, _)| width.0);
        let width_err = width_err.map(|width| columns.unwrap_or(width));
        Self {
            out: Box::new(BufWriter::new(out)),
            err: Box::new(err),
            input: Box::new(io::stdin()),
            lively: err_terminal,
            colour_out: colour && out_terminal,
            colour_err: colour && err_terminal,
            width,
            width_err,
            drawn: false,
        }
    }

    /// Streams that are no terminal.
    pub fn plain(input: impl Read + 'a, out: impl Write + 'a, err: impl Write + 'a) -> Self {
        Self {
            out: Box::new(out),
            err: Box::new(err),
            input: Box::new(input),
            lively: false,
            colour_out: false,
            colour_err: false,
            width: None,
            width_err: None,
            drawn: false,
        }
    }

    /// Where the result goes.
    pub(crate) fn out(&mut self) -> &mut dyn Write {
        &mut *self.out
    }

    /// Standard input, to be read once.
    pub(crate) fn take_input(&mut self) -> Box<dyn Read + 'a> {
        std::mem::replace(&mut self.input, Box::new(io::empty()))
    }

    /// Everything on standard input.
    pub(crate) fn read_input(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.input.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Another width of the terminal.
    #[cfg(test)]
    pub(crate) fn set_width(&mut self, width: Option<u16>) {
        self.width = width;
    }

    /// Columns that tables may take, where that is known.
    pub(crate) fn width(&self) -> Option<u16> {
        self.width
    }

    /// Whether results may be coloured.
    pub(crate) fn colour(&self) -> bool {
        self.colour_out
    }

    /// Whether messages may be coloured.
    pub(crate) fn colour_err(&self) -> bool {
        self.colour_err
    }

    /// One line of result.
    pub(crate) fn line(&mut self, text: &str) -> Done {
        writeln!(self.out, "{text}")?;
        Ok(())
    }

    /// Sentences of result behind `begin`, folded where the terminal ends.
    pub(crate) fn prose(&mut self, begin: &str, text: &str) -> Done {
        let Some(room) = self.width.filter(|_| !text.is_empty()) else {
            return self.line(&format!("{begin}{text}"));
        };
        let indent = " ".repeat(begin.len());
        let lines = folded(&format!("{begin}{text}"), room.into(), &indent);
        lines.iter().try_for_each(|line| self.line(line))
    }

    /// One plain line for people, beside the result. That nobody can be told is no failure.
    pub(crate) fn note(&mut self, text: &str) {
        self.clear();
        let text = self.fitting(&harmless(text), "  ");
        let _ = writeln!(self.err, "{text}");
    }

    /// `text` in lines as wide as the terminal of messages, those that go on indented.
    fn fitting(&self, text: &str, indent: &str) -> String {
        let Some(room) = self.width_err else {
            return text.to_owned();
        };
        let lines = text.split('\n').map(|line| {
            if line.is_empty() {
                return String::new();
            }
            folded(line, room.into(), indent).join("\n")
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Text for people as it is.
    pub(crate) fn tell(&mut self, text: &str) {
        self.clear();
        let _ = write!(self.err, "{text}");
    }

    /// What is being done right now, drawn over what was said before; for terminals only.
    pub(crate) fn progress(&mut self, text: &str) {
        if self.lively {
            let _ = write!(self.err, "\r\x1b[2K{text}");
            let _ = self.err.flush();
            self.drawn = true;
        }
    }

    /// Takes the progress away.
    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.drawn) {
            let _ = write!(self.err, "\r\x1b[2K");
            let _ = self.err.flush();
        }
    }

    /// An error with everything that caused it, one line each.
    pub(crate) fn error(&mut self, error: &anyhow::Error) {
        let word = if self.colour_err {
            "\x1b[1;31merror:\x1b[0m"
        } else {
            "error:"
        };
        let mut text = format!("{word} {}\n", harmless(&error.to_string()));
        for cause in error.chain().skip(1) {
            for line in cause.to_string().lines() {
                text.push_str("  ");
                text.push_str(&harmless(line));
                text.push('\n');
            }
        }
        let text = self.fitting(&text, "    ");
        self.tell(&text);
    }

    /// Hands on what is still buffered.
    pub(crate) fn finish(&mut self) -> Done {
        self.clear();
        self.out.flush()?;
        Ok(())
    }
}

/// `text` without what a terminal would obey: it may quote files.
fn harmless(text: &str) -> String {
    let shown = |c: char| {
        if c.is_control() && c != '\n' { '.' } else { c }
    };
    text.chars().map(shown).collect()
}
