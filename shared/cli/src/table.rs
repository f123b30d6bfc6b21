//! Tables that fit the terminal without a word being split.
//!
//! Where a table is too wide, long texts go on in the next line first. Where that is not enough, the
//! columns go that were named as the first to go, which is told; and where even that is not, each row
//! becomes a block of lines, a line a cell.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width};
use textwrap::{Options, WordSeparator, WordSplitter};
use unicode_width::UnicodeWidthStr;

use crate::Console;
use crate::failure::Done;

/// Blank columns of the terminal between two columns of a table.
const APART: usize = 2;
/// A text as short as this stays on its line, such as a time or a name.
const WHOLE: usize = 22;
/// Narrower than this a longer text is no pleasure to read.
const READABLE: usize = 30;
/// As narrow as a longer text gets before each row becomes a block.
const TIGHT: usize = 20;

/// Which side the cells of a column stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Prints a table that fits the terminal.
pub(crate) fn table(
    console: &mut Console<'_>,
    columns: &[(&str, Side)],
    rows: &[Vec<String>],
) -> Done {
    narrowing(console, columns, rows, &[])
}

/// [`table`], of which the columns called `dispensable` go where there is no room for them, the first of
/// them first.
pub(crate) fn narrowing(
    console: &mut Console<'_>,
    columns: &[(&str, Side)],
    rows: &[Vec<String>],
    dispensable: &[&str],
) -> Done {
    let Some(room) = console.width().map(usize::from) else {
        return grid(console, columns, rows, None);
    };
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    let mut gone = Vec::new();
    let steps = std::iter::once((None, READABLE))
        .chain(dispensable.iter().map(|name| (Some(name), READABLE)))
        .chain([(None, TIGHT)]);
    for (name, readable) in steps {
        if let Some(name) = name {
            shown.retain(|index| columns[*index].0 != *name);
            gone.push(*name);
        }
        let columns: Vec<_> = shown.iter().map(|index| columns[*index]).collect();
        let rows: Vec<Vec<String>> = (rows.iter()).map(|row| picked(row, &shown)).collect();
        let Some(widths) = widths(&columns, &rows, room, readable) else {
            continue;
        };
        grid(console, &columns, &rows, Some(&widths))?;
        if !gone.is_empty() {
            console.note(&format!(
                "{} left out, for want of room: widen the terminal, or take --format csv",
                gone.join(", ")
            ));
        }
        return Ok(());
    }
    blocks(console, columns, rows, room)
}

fn picked(row: &[String], shown: &[usize]) -> Vec<String> {
    let cell = |index: &usize| row.get(*index).cloned().unwrap_or_default();
    shown.iter().map(cell).collect()
}

/// What a column needs: at the least, and to have every text on one line.
struct Need {
    least: usize,
    most: usize,
}

impl Need {
    fn of(index: usize, (name, side): (&str, Side), rows: &[Vec<String>], readable: usize) -> Self {
        let cells = || rows.iter().filter_map(|row| row.get(index));
        let most = cells().map(|text| text.width()).max().unwrap_or(0);
        let whole = side == Side::Right || most <= WHOLE;
        let least = if whole {
            most
        } else {
            let longest = cells().map(|text| longest_word(text)).max().unwrap_or(0);
            longest.max(readable).min(most)
        };
        Self {
            least: least.max(longest_word(name)),
            most: most.max(name.width()),
        }
    }
}

fn longest_word(text: &str) -> usize {
    let words = text.split_whitespace();
    words.map(UnicodeWidthStr::width).max().unwrap_or(0)
}

/// How wide each column is in a terminal with `room`; `None` where there is too little.
fn widths(
    columns: &[(&str, Side)],
    rows: &[Vec<String>],
    room: usize,
    readable: usize,
) -> Option<Vec<usize>> {
    let needs: Vec<Need> = (columns.iter().enumerate())
        .map(|(index, column)| Need::of(index, *column, rows, readable))
        .collect();
    let mut widths: Vec<usize> = needs.iter().map(|need| need.least).collect();
    let taken = widths.iter().sum::<usize>() + APART * columns.len().saturating_sub(1);
    let mut left = room.checked_sub(taken)?;
    // Whoever is nearest to what it wants is served first.
    let mut order: Vec<usize> = (0..needs.len()).collect();
    order.sort_by_key(|index| needs[*index].most - needs[*index].least);
    for index in order {
        let more = left.min(needs[index].most - needs[index].least);
        widths[index] += more;
        left -= more;
    }
    Some(widths)
}

/// Rows and columns; as wide as they are without `widths`.
fn grid(
    console: &mut Console<'_>,
    columns: &[(&str, Side)],
    rows: &[Vec<String>],
    widths: Option<&[usize]>,
) -> Done {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_content_arrangement(match widths {
        Some(_) => ContentArrangement::Dynamic,
        None => ContentArrangement::Disabled,
    });
    table.set_header(columns.iter().map(|(name, _)| *name));
    table.add_rows(rows);
    for (index, (column, (_, side))) in table.column_iter_mut().zip(columns).enumerate() {
        column.set_padding((0, APART as u16));
        column.set_cell_alignment(match side {
            Side::Left => CellAlignment::Left,
            Side::Right => CellAlignment::Right,
        });
        if let Some(width) = widths.and_then(|widths| widths.get(index)) {
            let width = u16::try_from(width + APART).unwrap_or(u16::MAX);
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
        }
    }
    // A table without names has no line for them.
    let unnamed = columns.iter().all(|(name, _)| name.is_empty());
    let names = names_height(columns, widths);
    for (index, line) in table.lines().enumerate().skip(usize::from(unnamed)) {
        let line = line.trim_end();
        if console.colour() && index < names {
            console.line(&format!("\x1b[1m{line}\x1b[0m"))?;
        } else {
            console.line(line)?;
        }
    }
    Ok(())
}

/// Lines that the names of the columns take.
fn names_height(columns: &[(&str, Side)], widths: Option<&[usize]>) -> usize {
    let Some(widths) = widths else {
        return 1;
    };
    let heights = columns.iter().zip(widths);
    let heights = heights.map(|((name, _), width)| folded(name, *width, "").len());
    heights.max().unwrap_or(1)
}

/// Each row as a block: its first cell, then a line a cell with the column's name before it.
fn blocks(
    console: &mut Console<'_>,
    columns: &[(&str, Side)],
    rows: &[Vec<String>],
    room: usize,
) -> Done {
    let names = columns.iter().skip(1).map(|(name, _)| name.width());
    let names = names.max().unwrap_or(0);
    for (index, row) in rows.iter().enumerate() {
        if index > 0 && columns.len() > 2 {
            console.line("")?;
        }
        for (place, ((name, _), cell)) in columns.iter().zip(row).enumerate() {
            let begin = match (place, name.is_empty()) {
                (0, true) => String::new(),
                (0, false) => format!("{name}  "),
                (_, true) => "  ".to_owned(),
                (..) => format!("  {name}{}  ", " ".repeat(names - name.width())),
            };
            if place > 0 && cell.is_empty() {
                continue;
            }
            let behind = begin.width();
            // Too narrow for both side by side: the text goes below the name.
            if behind > 2 && room < behind + longest_word(cell).max(READABLE.min(cell.width())) {
                console.line(begin.trim_end())?;
                for line in folded(&format!("    {cell}"), room, "    ") {
                    console.line(&line)?;
                }
                continue;
            }
            for line in folded(&format!("{begin}{cell}"), room, &" ".repeat(behind)) {
                console.line(line.trim_end())?;
            }
        }
    }
    Ok(())
}

/// The lines of `text` in a terminal with `room`, no word split; those after the first begin with
/// `indent`.
pub(crate) fn folded(text: &str, room: usize, indent: &str) -> Vec<String> {
    let options = Options::new(room.max(1))
        .subsequent_indent(indent)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    let lines = textwrap::wrap(text, options).into_iter();
    lines.map(std::borrow::Cow::into_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [(&str, Side); 4] = [
        ("start (Europe/Berlin)", Side::Left),
        ("UTC", Side::Left),
        ("MinSize", Side::Right),
        ("reason", Side::Left),
    ];

    fn rows() -> Vec<Vec<String>> {
        let reason = "demand of 3956/min expected, up to 4500/min at 250/min a server = 18";
        let row = ["Wed 2026-04-29 16:00", "14:00Z", "18", reason];
        vec![row.map(str::to_owned).to_vec(); 2]
    }

    /// What is printed in a terminal of `room` columns.
    fn printed(room: Option<u16>, dispensable: &[&str]) -> (String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        {
            let mut console = Console::plain(std::io::empty(), &mut out, &mut err);
            console.set_width(room);
            narrowing(&mut console, &COLUMNS, &rows(), dispensable).unwrap();
        }
        (
            String::from_utf8(out).unwrap(),
            String::from_utf8(err).unwrap(),
        )
    }

    #[test]
    fn no_word_is_split_and_none_is_lost_at_any_width() {
        let rows = rows();
        let words = || COLUMNS.iter().map(|column| column.0);
        for room in 30..160 {
            let (out, _) = printed(Some(room), &[]);
            for word in words().chain(rows[0].iter().map(String::as_str)) {
                for word in word.split_whitespace() {
                    assert!(out.contains(word), "{word} at {room}:\n{out}");
                }
            }
            let widest = out.lines().map(UnicodeWidthStr::width).max().unwrap();
            assert!(widest <= usize::from(room), "{widest} at {room}:\n{out}");
        }
    }

    #[test]
    fn what_is_dispensable_goes_first_and_is_told() {
        let (wide, told) = printed(Some(100), &["UTC"]);
        assert!(wide.contains("14:00Z") && told.is_empty());
        let (narrow, told) = printed(Some(66), &["UTC"]);
        assert!(!narrow.contains("14:00Z"), "{narrow}");
        assert!(narrow.starts_with("start"), "{narrow}");
        assert!(told.contains("UTC left out"), "{told}");
        // Blocks lack nothing.
        let (blocks, told) = printed(Some(40), &["UTC"]);
        assert!(blocks.contains("14:00Z") && told.is_empty(), "{blocks}");
    }

    #[test]
    fn without_a_terminal_a_row_is_a_line() {
        let (out, _) = printed(None, &["UTC"]);
        assert_eq!(out.lines().count(), 3);
    }
}
