//! Leaves out of a bundled library what nothing of ours asks for.
//!
//! plotly.js comes as one bundle of some twelve hundred modules, `var NAME=HELPER((e,t)=>{...});`, of
//! which the last registers all kinds of chart: maps, 3-D scenes, statistics. Its own documentation calls
//! a bundle that registers fewer a custom one ("Custom bundles", plotly.js/CUSTOM_BUNDLE.md). Here the
//! list is emptied, since lines and points are in the core, and modules that then cannot be reached from
//! what remains are dropped: four of five bytes, which a browser need not read each time a page is opened.
//!
//! Nothing is guessed: a module stays where its name occurs, followed by `(`, in anything that stays.
//! Where the bundle is not as described, the answer is `None` and the library stays whole.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// `library` without the modules that drawing lines does not need.
pub(crate) fn needed(library: &str) -> Option<String> {
    let helper = helper(library)?;
    let definition = format!("={helper}(");
    let mut modules: Vec<(&str, Range<usize>)> = Vec::new();
    let mut from = 0;
    while let Some(found) = library[from..].find(&definition) {
        let equals = from + found;
        let name_at = library[..equals].rfind(|it: char| !is_part(it))? + 1;
        let start = name_at.checked_sub("var ".len())?;
        let end = closed(library.as_bytes(), equals + definition.len() - 1)?;
        if !library[start..].starts_with("var ") || library.as_bytes().get(end) != Some(&b';') {
            return None;
        }
        modules.push((&library[name_at..equals], start..end + 1));
        from = end + 1;
    }
    let mut texts: BTreeMap<&str, String> = (modules.iter())
        .map(|(name, range)| (*name, library[range.clone()].to_owned()))
        .collect();
    if texts.len() != modules.len() {
        return None;
    }
    // The module of the most charts is the one that registers them.
    let (last, list) = modules
        .iter()
        .filter_map(|(name, range)| Some((*name, registered(&library[range.clone()])?)))
        .max_by_key(|(_, list)| list.len())?;
    texts.get_mut(last)?.replace_range(list, "");
    let outside = outside(library, &modules);
    let mut live: BTreeSet<&str> = BTreeSet::new();
    let mut next: Vec<&str> = outside.clone();
    while let Some(text) = next.pop() {
        for name in called(text) {
            if let Some((name, text)) = texts.get_key_value(name)
                && live.insert(name)
            {
                next.push(text);
            }
        }
    }
    let mut kept = String::with_capacity(library.len() / 4);
    for (index, part) in outside.iter().enumerate() {
        kept += part;
        if let Some((name, _)) = modules.get(index)
            && live.contains(name)
        {
            kept += texts.get(name)?;
        }
    }
    Some(kept)
}

/// What lies before, between and after the modules.
fn outside<'l>(library: &'l str, modules: &[(&str, Range<usize>)]) -> Vec<&'l str> {
    let starts = modules.iter().map(|(_, range)| range.start);
    let ends = modules.iter().map(|(_, range)| range.end);
    let gaps = std::iter::once(0)
        .chain(ends)
        .zip(starts.chain([library.len()]));
    gaps.map(|(from, to)| &library[from..to]).collect()
}

/// The name of the function around each module, as esbuild writes it.
fn helper(library: &str) -> Option<&str> {
    let at = library.find("=(e,t)=>()=>(t||e((t={exports:{}}).exports,t),t.exports)")?;
    let from = library[..at].rfind(|it: char| !is_part(it))? + 1;
    Some(&library[from..at])
}

/// Where the list of `X.register([A(),B()]);Y.exports=X` lies in a module.
fn registered(module: &str) -> Option<Range<usize>> {
    const BEGIN: &str = ".register([";
    let start = module.find(BEGIN)? + BEGIN.len();
    let list = &module[start..];
    let length = list.find(']')?;
    let only_calls = list[..length]
        .bytes()
        .all(|it| is_part(char::from(it)) || matches!(it, b'(' | b')' | b','));
    (only_calls && list[length..].starts_with("]);")).then_some(start..start + length)
}

/// Names that are followed by `(`.
fn called(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('(').map(|(at, _)| {
        let before = &text[..at];
        let from = before.rfind(|it: char| !is_part(it));
        &before[from.map_or(0, |from| from + 1)..]
    })
}

fn is_part(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '$'
}

/// Where the bracket at `at` is closed: the place after it.
fn closed(text: &[u8], at: usize) -> Option<usize> {
    let mut open = Vec::new();
    let mut at = at;
    loop {
        match text.get(at)? {
            b'"' | b'\'' => at = quoted(text, at)?,
            b'`' => at = template(text, at)?,
            b'/' => at = slash(text, at)?,
            bracket @ (b'(' | b'[' | b'{') => {
                open.push(*bracket);
                at += 1;
            }
            bracket @ (b')' | b']' | b'}') => {
                let fits = matches!(
                    (open.pop()?, bracket),
                    (b'(', b')') | (b'[', b']') | (b'{', b'}')
                );
                at += 1;
                match (fits, open.is_empty()) {
                    (false, _) => return None,
                    (true, true) => return Some(at),
                    (true, false) => {}
                }
            }
            _ => at += 1,
        }
    }
}

/// The place after the string that begins at `at`.
fn quoted(text: &[u8], at: usize) -> Option<usize> {
    let mark = text[at];
    let mut at = at + 1;
    while *text.get(at)? != mark {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    Some(at + 1)
}

/// The place after the template string that begins at `at`.
fn template(text: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        match text.get(at)? {
            b'`' => return Some(at + 1),
            b'\\' => at += 2,
            b'$' if text.get(at + 1) == Some(&b'{') => at = closed(text, at + 1)?,
            _ => at += 1,
        }
    }
}

/// The place after the comment, regular expression or division that begins at `at`.
fn slash(text: &[u8], at: usize) -> Option<usize> {
    let after = |mark: &[u8]| {
        let found = text[at..].windows(mark.len()).position(|it| it == mark);
        found.map(|found| at + found + mark.len())
    };
    match text.get(at + 1)? {
        b'*' => return after(b"*/"),
        b'/' => return after(b"\n"),
        _ if !begins_expression(&text[..at]) => return Some(at + 1),
        _ => {}
    }
    let (mut at, mut class) = (at + 1, false);
    loop {
        match text.get(at)? {
            b'\\' => at += 1,
            b'[' => class = true,
            b']' => class = false,
            b'/' if !class => return Some(at + 1),
            b'\n' => return None,
            _ => {}
        }
        at += 1;
    }
}

/// Whether an expression begins after `before`: then a slash begins a regular expression.
fn begins_expression(before: &[u8]) -> bool {
    const WORDS: [&[u8]; 12] = [
        b"return",
        b"typeof",
        b"case",
        b"in",
        b"of",
        b"delete",
        b"void",
        b"throw",
        b"new",
        b"else",
        b"do",
        b"instanceof",
    ];
    let before = before.trim_ascii_end();
    let Some(last) = before.last() else {
        return true;
    };
    if !is_part(char::from(*last)) {
        return !matches!(last, b')' | b']');
    }
    let word = before.rsplit(|it| !is_part(char::from(*it))).next();
    word.is_some_and(|word| WORDS.contains(&word))
}
