//! The nearest valid spelling of what was mistyped.

use std::path::Path;

use config::Config;

use crate::failure::{Failure, input};

/// Names that an error lists; a configuration may have thousands.
const LISTED: usize = 12;

/// The nearest of `known`, where at most a third of the letters differ.
pub(crate) fn nearest<'k>(text: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    known
        .into_iter()
        .filter_map(|word| Some((distance(text, word)?, word)))
        .min()
        .map(|(_, word)| word)
}

/// How many letters differ; `None` where more than a third do.
pub(crate) fn distance(a: &str, b: &str) -> Option<usize> {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    let most = a.chars().count().max(b.chars().count()).div_ceil(3);
    Some(strsim::damerau_levenshtein(&a, &b)).filter(|distance| *distance <= most)
}

/// `; did you mean demand.csv?`, or nothing where nothing is near.
pub(crate) fn hint<'k>(text: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    nearest(text, known).map_or_else(String::new, |near| format!("; did you mean {near}?"))
}

/// [`hint`] of what lies beside `path`, where that is not there.
pub(crate) fn file_hint(path: &Path) -> String {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return String::new();
    };
    if path.exists() {
        return String::new();
    }
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let beside = std::fs::read_dir(parent.unwrap_or(".".as_ref()));
    let names: Vec<String> = (beside.into_iter().flatten().flatten())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    let near = nearest(name, names.iter().map(String::as_str));
    near.map_or_else(String::new, |near| {
        format!("; did you mean {}?", path.with_file_name(near).display())
    })
}

/// That `place` has no target `name`; `said` is how it was asked for, such as `--target web`.
pub(crate) fn no_target(said: &str, name: &str, place: &str, config: &Config) -> Failure {
    let names = || config.targets.iter().map(|target| target.name.as_str());
    if config.targets.is_empty() {
        return input(format!(
            "{said}: {place} has no target at all: add a [[target]]"
        ));
    }
    input(format!(
        "{said}: {place} has no such target, but {}{}",
        listed(names()),
        hint(name, names())
    ))
}

/// The first few of `names`, and how many more there are.
pub(crate) fn listed<'k>(names: impl Iterator<Item = &'k str>) -> String {
    let names: Vec<&str> = names.collect();
    let more = names.len().saturating_sub(LISTED);
    let first = names[..names.len() - more].join(", ");
    match more {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_offered_and_what_is_far_is_not() {
        let known = ["shop", "checkout", "search"];
        assert_eq!(nearest("shpo", known), Some("shop"));
        assert_eq!(nearest("Chekout", known), Some("checkout"));
        assert_eq!(nearest("payments", known), None);
        assert_eq!(hint("x", known), "");
    }

    #[test]
    fn a_long_list_is_cut() {
        let names: Vec<String> = (0..15).map(|n| format!("t{n}")).collect();
        let told = listed(names.iter().map(String::as_str));
        assert!(told.ends_with("t11 and 3 more"), "{told}");
        assert_eq!(listed(["a", "b"].into_iter()), "a, b");
    }
}
