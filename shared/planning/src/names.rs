//! Names of our scheduled actions: prefix, group and UTC start.
//!
//! The start in the name makes a change of size an update in place and two actions of one start
//! impossible; the group in it keeps groups apart where a tool looks only at names.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Longest name AWS takes. Source: botocore's model of Auto Scaling, `XmlStringMaxLen255`.
const LONGEST: usize = 255;

/// `-` and a start such as `20261122T0940Z`.
const START_LENGTH: usize = 15;

/// What the names of all our actions on `group` begin with.
#[must_use]
pub fn own_prefix(group: &str) -> String {
    const HEAD: &str = "forescale-";
    let room = LONGEST - START_LENGTH - HEAD.len();
    if group.len() <= room {
        return format!("{HEAD}{group}-");
    }
    // A long group name is cut where a character ends, and a checksum of the whole keeps two groups
    // with one beginning apart.
    let cut = (0..=room - 10)
        .rev()
        .find(|at| group.is_char_boundary(*at))
        .unwrap_or(0);
    format!("{HEAD}{}~{:08x}-", &group[..cut], checksum(group))
}

/// The name of our action on `group` at `start`, a whole minute.
pub(crate) fn own_name(group: &str, start: Timestamp) -> String {
    let stamp = start.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%MZ");
    format!("{}{stamp}", own_prefix(group))
}

/// Whether the action called `name` on `group` is ours: our prefix and a start, nothing else.
#[must_use]
pub fn is_own(group: &str, name: &str) -> bool {
    name.strip_prefix(&own_prefix(group)).is_some_and(|stamp| {
        stamp.len() == START_LENGTH - 1
            && stamp.bytes().enumerate().all(|(index, byte)| match index {
                8 => byte == b'T',
                13 => byte == b'Z',
                _ => byte.is_ascii_digit(),
            })
    })
}

/// 32-bit FNV-1a. Source: Fowler, Noll, Vo; IETF draft-eastlake-fnv.
fn checksum(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_group_and_start() {
        let start = "2026-11-22T09:40:00Z".parse().unwrap();
        let name = own_name("web", start);
        assert_eq!(name, "forescale-web-20261122T0940Z");
        assert!(is_own("web", &name));
        assert!(!is_own("we", &name) && !is_own("web-20261122T0940Z", &name));
        assert!(
            !is_own("web", "forescale-web-by-hand")
                && !is_own("web", "forescale-web-b-20261122T0940Z")
        );
    }

    #[test]
    fn long_groups_stay_apart_within_the_limit() {
        let start = "2026-11-22T09:40:00Z".parse().unwrap();
        let (one, two) = (
            format!("{}一", "é".repeat(140)),
            format!("{}二", "é".repeat(140)),
        );
        let (first, second) = (own_name(&one, start), own_name(&two, start));
        assert!(first.len() <= LONGEST && first != second, "{first}");
        assert!(is_own(&one, &first) && !is_own(&two, &first));
    }
}
