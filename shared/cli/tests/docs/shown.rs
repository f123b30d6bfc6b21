//! What pages show of what commands print.
//!
//! A block of text or CSV below a block of commands is an excerpt of what the last of these prints: each of
//! its lines is there, in their order. Numbers may differ by a few percent, since a model that is made
//! better moves them a little; words may not. What no test can print says so, in a comment above the
//! block that is not shown to readers: `<!-- not printed here: REASON -->`; what a demo prints, whose own
//! page may be another, names its arguments: `<!-- printed by: demo -->`.

/// A fenced block of a page.
pub(crate) struct Block {
    /// What stands behind the fence.
    pub(crate) kind: String,
    pub(crate) text: String,
    /// Why no test prints it.
    elsewhere: Option<String>,
    /// Arguments of the demo that prints it.
    pub(crate) demo: Option<String>,
    /// Whether it stands below commands, and no other block between.
    below_commands: bool,
}

/// How much numbers may differ.
const APART: f64 = 0.05;
/// What begins the comment above a block that no test prints.
const ELSEWHERE: &str = "<!-- not printed here: ";
/// What begins the comment above a block that a demo prints, by its arguments.
const DEMO: &str = "<!-- printed by: ";

/// The blocks of a page in their order.
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut open, mut above) = (None, "");
    for line in page.lines() {
        let plain = line.trim();
        match (&mut open, plain.strip_prefix("```")) {
            (None, Some(kind)) => {
                let said = |begin| {
                    let said = above.strip_prefix(begin)?;
                    Some(said.trim_end_matches("-->").trim().to_owned())
                };
                open = Some(Block {
                    kind: kind.to_owned(),
                    text: String::new(),
                    elsewhere: said(ELSEWHERE),
                    demo: said(DEMO),
                    below_commands: blocks.last().is_some_and(|block| block.kind == "sh"),
                });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text += line;
                block.text.push('\n');
            }
            (None, None) => {}
        }
        if !plain.is_empty() {
            above = plain;
        }
    }
    blocks
}

impl Block {
    /// What is wrong with it, where `printed` is what the command above printed.
    pub(crate) fn differs(&self, printed: Option<&str>) -> Option<String> {
        let shows = ["text", "csv"].contains(&self.kind.as_str()) && self.below_commands;
        if (!shows && self.demo.is_none())
            || self
                .elsewhere
                .as_ref()
                .is_some_and(|reason| reason.len() > 10)
        {
            return None;
        }
        let Some(printed) = printed else {
            return Some(format!(
                "the command above is not run: say why no test prints this:\n{}",
                self.text
            ));
        };
        let mut lines = printed.lines();
        for line in self.text.lines() {
            if !lines.any(|other| alike(line, other)) {
                return Some(format!("{line}\nis not printed, but\n{printed}"));
            }
        }
        None
    }
}

/// Whether both have the same words, and numbers that are nearly the same.
fn alike(a: &str, b: &str) -> bool {
    let (a, b) = (words(a), words(b));
    a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| word_alike(a, b))
}

fn words(line: &str) -> Vec<&str> {
    let between = |c: char| c.is_whitespace() || c == ';' || c == '(' || c == ')';
    let words = line.split(between).filter(|word| !word.is_empty());
    words.flat_map(fields).collect()
}

/// The fields of a row of CSV; a number with its thousands apart is one.
fn fields(word: &str) -> Vec<&str> {
    if number(word).is_some() {
        return vec![word];
    }
    word.split(',').filter(|field| !field.is_empty()).collect()
}

fn word_alike(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    let kind = |word: &str| {
        (
            word.contains('%'),
            word.ends_with("/min"),
            word.starts_with('p'),
        )
    };
    match (number(a), number(b)) {
        // The last digit that is shown is rounded.
        (Some(x), Some(y)) => {
            let near = (x - y).abs() <= (APART * x.abs().max(y.abs())).max(last_digit(a));
            near && kind(a) == kind(b)
        }
        _ => false,
    }
}

/// The number that a word is, such as `1,234`, `+26%`, `p99.8` or `250/min`.
fn number(word: &str) -> Option<f64> {
    let word = word.trim_end_matches(',');
    let word = word
        .strip_suffix("/min")
        .unwrap_or(word)
        .trim_end_matches('%');
    let word = word.strip_prefix('p').unwrap_or(word);
    let grouped = word
        .split(',')
        .skip(1)
        .all(|group| group.split('.').next().is_some_and(|it| it.len() == 3));
    if !grouped {
        return None;
    }
    word.replace(',', "").parse().ok()
}

/// The value of one of the last digit of `word`.
fn last_digit(word: &str) -> f64 {
    let decimals = word
        .trim_end_matches('%')
        .split_once('.')
        .map_or(0, |(_, digits)| digits.len());
    0.1_f64.powi(decimals.min(9) as i32)
}

#[test]
fn numbers_may_differ_a_little_and_words_not() {
    for (a, b, same) in [
        (
            "Forescale  3,517  337.65  +26%",
            "Forescale  3,520 338.10  +27%",
            true,
        ),
        ("Forescale  3,517", "Forescale  4,517", false),
        ("Forescale  3,517", "forescale  3,517", false),
        (
            "2026-01-01T00:00:00Z,286.9,314.5",
            "2026-01-01T00:00:00Z,287.1,314.9",
            true,
        ),
        (
            "2026-01-01T00:00:00Z,286.9",
            "2026-01-01T01:00:00Z,286.9",
            false,
        ),
        (
            "up to 4500/min (p99.6) at 250/min",
            "up to 4520/min (p99.7) at 250/min",
            true,
        ),
        ("0.059%", "0.060%", true),
        ("up to 5", "up to 5 more", false),
    ] {
        assert_eq!(alike(a, b), same, "{a} and {b}");
    }
}

#[test]
fn a_block_is_compared_with_the_command_above_it() {
    let page = "```sh\nls\n```\n\n```text\na 1\nc 3\n```\n";
    let blocks = blocks(page);
    assert_eq!(blocks.len(), 2);
    assert_eq!(blocks[1].differs(Some("a 1\nb 2\nc 3\n")), None);
    assert!(
        blocks[1].differs(Some("c 3\na 1\n")).is_some(),
        "their order"
    );
    assert!(blocks[1].differs(None).is_some());
    let marked = page.replace(
        "```text",
        "<!-- not printed here: needs an account with groups -->\n```text",
    );
    assert_eq!(self::blocks(&marked)[1].differs(None), None);
}
