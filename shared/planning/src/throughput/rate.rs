/// `throughput` as people read it: whole from a hundred on, else with three digits. 3.44 told as 3 would
/// make nonsense of "65 a minute at 3 a server = 19".
#[must_use]
pub fn rate(throughput: f64) -> String {
    if !(throughput > 0.0 && throughput < 99.95) {
        return format!("{throughput:.0}");
    }
    let whole = throughput.log10().floor() as i32;
    let decimals = usize::try_from((2 - whole).clamp(0, 9)).unwrap_or(0);
    let text = format!("{throughput:.decimals$}");
    if text.contains('.') {
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::rate;

    #[test]
    fn small_throughputs_keep_three_digits() {
        for (value, told) in [
            (3.4376, "3.44"),
            (12.0, "12"),
            (25.26, "25.3"),
            (0.0123, "0.0123"),
            (99.97, "100"),
            (250.4, "250"),
            (1e6, "1000000"),
        ] {
            assert_eq!(rate(value), told);
        }
    }
}
