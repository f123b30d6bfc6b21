//! vCPUs by the name of an instance type, as far as names tell.

/// vCPUs that an instance of `name` counts for against the quota of the standard families, by AWS's
/// naming; `None` where it counts against another quota or its name does not tell.
///
/// Sizes below `xlarge` are taken as 2, which a few of one vCPU (`t2.micro`, `m7g.medium`) are below:
/// too much rather than too little. Source: EC2 user guide, "On-Demand Instance quotas" (standard
/// families A, C, D, H, I, M, R, T, Z) and "CPU options by instance type".
pub(crate) fn vcpus(name: &str) -> Option<u32> {
    let (family, size) = name.split_once('.')?;
    let kind: String = family
        .chars()
        .take_while(char::is_ascii_alphabetic)
        .collect();
    let standard = ["a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z"];
    if !standard.contains(&kind.as_str()) {
        return None;
    }
    match size {
        "nano" | "micro" | "small" | "medium" | "large" => Some(2),
        "xlarge" => Some(4),
        _ => {
            let times: u32 = size.strip_suffix("xlarge")?.parse().ok()?;
            times.checked_mul(4)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::vcpus;

    #[test]
    fn sizes_and_families_are_told_by_name() {
        for (name, expected) in [
            ("m5.large", Some(2)),
            ("c7g.xlarge", Some(4)),
            ("r6i.24xlarge", Some(96)),
            ("t3.micro", Some(2)),
            ("im4gn.4xlarge", Some(16)),
            ("p4d.24xlarge", None),
            ("inf2.xlarge", None),
            ("mac1.metal", None),
            ("m5.metal", None),
            ("large", None),
        ] {
            assert_eq!(vcpus(name), expected, "{name}");
        }
    }
}
