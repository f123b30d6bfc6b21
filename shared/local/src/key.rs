use ports::{Condition, PortError, Version};
use sha2::{Digest, Sha256};

/// `key`, if it is one: parts of letters, digits, `-`, `_` and `.` between slashes, none empty and
/// none beginning with a dot, so that no key leads out of the store or to its own files.
pub(crate) fn checked<'k>(operation: &'static str, key: &'k str) -> Result<&'k str, PortError> {
    if key.split('/').all(is_part) {
        return Ok(key);
    }
    Err(PortError::Refused {
        operation,
        resource: format!("{key:?}"),
        detail:
            "a key is parts of letters, digits, - _ . between slashes, none beginning with a dot"
                .to_owned(),
    })
}

/// `prefix`, if a key could begin with it.
pub(crate) fn checked_prefix<'k>(
    operation: &'static str,
    prefix: &'k str,
) -> Result<&'k str, PortError> {
    match prefix.rsplit_once('/') {
        Some((parts, "")) => checked(operation, parts),
        None if prefix.is_empty() => Ok(prefix),
        _ => checked(operation, prefix),
    }?;
    Ok(prefix)
}

/// The version of `bytes`: their SHA-256, as an ETag is a digest of what it marks.
pub(crate) fn version(bytes: &[u8]) -> Version {
    let digest = Sha256::digest(bytes);
    Version(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn is_part(part: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !part.is_empty() && !part.starts_with('.') && part.bytes().all(good)
}

/// Whether `condition` holds where `found` is stored at `key`.
pub(crate) fn hold(
    key: &str,
    condition: &Condition,
    found: Option<&Version>,
) -> Result<(), PortError> {
    let detail = match (condition, found) {
        (Condition::Always, _) | (Condition::Absent, None) => return Ok(()),
        (Condition::Matches(wanted), Some(found)) if wanted == found => return Ok(()),
        (Condition::Absent, Some(_)) => "it exists already",
        (Condition::Matches(_), None) => "it is gone",
        (Condition::Matches(_), Some(_)) => "it has another version",
    };
    Err(PortError::Conflict {
        operation: "put document",
        resource: key.to_owned(),
        detail: detail.to_owned(),
    })
}
