use crate::table::{self, Line};

/// The code that was probably meant by `text`: the same in other case, the three-letter code, the
/// country's name or its initials, a name or a code written slightly wrong.
pub(crate) fn nearest(text: &str) -> Option<&'static str> {
    let text = text.trim().to_uppercase().replace('_', "-");
    if text.is_empty() {
        return None;
    }
    let country = |matches: &dyn Fn(&Line) -> bool| {
        table::places()
            .filter(|place| !place.name.is_empty())
            .find(|place| matches(place))
            .map(|place| place.code)
    };
    if let Some(place) = table::places().find(|place| place.code == text) {
        return Some(place.code);
    }
    if let Some((land, _)) = text.split_once('-') {
        let own = table::places().filter(|place| place.code.starts_with(&format!("{land}-")));
        let near = own.min_by_key(|place| strsim::damerau_levenshtein(place.code, &text));
        return near
            .map(|place| place.code)
            .or_else(|| country(&|place| place.code == land));
    }
    country(&|place| place.alpha3 == text)
        .or_else(|| country(&|place| place.name.to_uppercase() == text))
        .or_else(|| country(&|place| text.len() >= 2 && initials(place.name) == text))
        .or_else(|| misspelt(&text))
}

fn initials(name: &str) -> String {
    name.split(' ')
        .filter_map(|word| word.chars().next())
        .collect()
}

/// The nearest name where at most a third of the letters differ, else the nearest code.
fn misspelt(text: &str) -> Option<&'static str> {
    let length = text.chars().count();
    let distance = |other: &str| strsim::damerau_levenshtein(&other.to_uppercase(), text);
    let countries = || table::places().filter(|place| !place.name.is_empty());
    let by_name = countries()
        .map(|place| (distance(place.name), place))
        .filter(|(far, place)| far * 3 <= length.max(place.name.chars().count()))
        .min_by_key(|(far, _)| *far);
    let by_code = || {
        countries()
            .map(|place| (distance(place.code), place))
            .filter(|(far, _)| *far <= 1)
            .min_by_key(|(far, _)| *far)
    };
    by_name.or_else(by_code).map(|(_, place)| place.code)
}
