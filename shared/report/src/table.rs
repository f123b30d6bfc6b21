//! Tables that read as such on a wide screen, and as stacked rows on a phone, where each cell carries its
//! heading.

use maud::{Markup, html as markup};

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Few words.
    Words,
    /// Figures.
    Figures,
    /// Sentences.
    Sentences,
}

impl Kind {
    fn class(self) -> Option<&'static str> {
        match self {
            Self::Words => None,
            Self::Figures => Some("n"),
            Self::Sentences => Some("why"),
        }
    }
}

/// A column: its heading and what stands in it.
pub(crate) type Column<'a> = (&'a str, Kind);

/// What stands in a cell, and the figure behind it for programs.
pub(crate) struct Cell {
    content: Markup,
    value: Option<f64>,
}

impl Cell {
    /// A cell of `content`.
    pub(crate) fn of(content: Markup) -> Self {
        Self {
            content,
            value: None,
        }
    }

    /// A cell of a figure as people read it.
    pub(crate) fn figure(shown: &str, value: f64) -> Self {
        Self {
            content: markup! { (shown) },
            value: Some(value),
        }
    }
}

/// A table's frame: `name` is what a screen reader calls it, `body` the id of its rows.
pub(crate) fn table(
    name: &str,
    class: &str,
    body: &str,
    columns: &[Column<'_>],
    rows: &Markup,
) -> Markup {
    markup! {
        div.wide tabindex="0" role="region" aria-label=(name) {
            table class=(class) role="table" aria-label=(name) {
                thead role="rowgroup" {
                    tr role="row" {
                        @for (heading, kind) in columns {
                            th scope="col" role="columnheader" class=[kind.class()] { (heading) }
                        }
                    }
                }
                tbody id=(body) role="rowgroup" { (rows) }
            }
        }
    }
}

/// A row's cells, the first of which names it.
pub(crate) fn cells(columns: &[Column<'_>], cells: &[Cell]) -> Markup {
    markup! {
        @for (index, ((heading, kind), cell)) in columns.iter().zip(cells).enumerate() {
            @if index == 0 {
                th scope="row" role="rowheader" { (cell.content) }
            } @else {
                td role="cell" class=[kind.class()] data-label=(heading) data-value=[cell.value] {
                    (cell.content)
                }
            }
        }
    }
}

/// A plain row.
pub(crate) fn row(columns: &[Column<'_>], content: &[Cell]) -> Markup {
    markup! { tr role="row" { (cells(columns, content)) } }
}
