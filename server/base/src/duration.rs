//! Durations as people type them: `10s`, `5m`, `1h`, `1d`.

const UNITS: [(&str, i64); 6] =
    [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000)];

/// Milliseconds of a whole number and its unit; without one it says nothing.
pub fn duration_ms(text: &str) -> Option<i64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, length_ms) = UNITS.into_iter().find(|(name, _)| *name == unit.trim())?;
    number.parse::<i64>().ok()?.checked_mul(length_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit_is_a_duration() {
        for (text, ms) in
            [("250ms", 250), ("10s", 10_000), (" 5 M ", 300_000), ("1h", 3_600_000), ("2w", 1_209_600_000)]
        {
            assert_eq!(duration_ms(text), Some(ms), "{text}");
        }
        for wrong in ["", "10", "m", "-1m", "1y", "1.5h", "99999999999999999d", "1m30s", "é"] {
            assert_eq!(duration_ms(wrong), None, "{wrong}");
        }
    }
}
