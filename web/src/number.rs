//! Numbers as people read them: short, with the exact figure close by.

use crate::texts::numbers as text;

/// `1234567` as `1,234,567`.
pub fn exact(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if value < 0 {
        text.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1234567` as `1.2M`. Cut, not rounded, so that 999,999 never reads 1,000.0K.
pub fn compact(value: i64) -> String {
    const UNITS: [(u64, &str); 4] = [
        (1_000_000_000_000, text::TRILLIONS),
        (1_000_000_000, text::BILLIONS),
        (1_000_000, text::MILLIONS),
        (1_000, text::THOUSANDS),
    ];
    let magnitude = value.unsigned_abs();
    let sign = if value < 0 { "-" } else { "" };
    let Some((unit, suffix)) = UNITS.into_iter().find(|(unit, _)| magnitude >= *unit) else {
        return value.to_string();
    };
    let tenths = magnitude / (unit / 10);
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{sign}{whole}{suffix}"),
        (whole, _) if whole >= 100 => format!("{sign}{whole}{suffix}"),
        (whole, tenth) => format!("{sign}{whole}.{tenth}{suffix}"),
    }
}

/// `1250` thousandths as `1.25`.
pub fn thousandths(value: i64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let (whole, rest) = (value.unsigned_abs() / 1_000, value.unsigned_abs() % 1_000);
    match rest {
        0 => format!("{sign}{whole}"),
        rest => format!("{sign}{whole}.{}", format!("{rest:03}").trim_end_matches('0')),
    }
}

/// `part` of `whole` in percent with one decimal, `0` where there is no whole.
pub fn percent(part: i64, whole: i64) -> String {
    if whole <= 0 {
        return "0%".to_owned();
    }
    let tenths = i128::from(part) * 1000 / i128::from(whole);
    match (tenths / 10, tenths % 10) {
        (0, 0) if part > 0 => "<0.1%".to_owned(),
        (whole, 0) => format!("{whole}%"),
        (whole, tenth) => format!("{whole}.{tenth}%"),
    }
}

/// `1 key`, `2 keys`, of the nouns in [`crate::texts::numbers`].
pub fn count(value: i64, noun: &str) -> String {
    text::counted(value, &exact(value), noun)
}

/// Bytes in binary units, `1536` as `1.5 KiB`.
pub fn bytes(value: i64) -> String {
    const UNITS: [(i64, &str); 4] = [
        (1 << 40, text::TEBIBYTES),
        (1 << 30, text::GIBIBYTES),
        (1 << 20, text::MEBIBYTES),
        (1 << 10, text::KIBIBYTES),
    ];
    match UNITS.into_iter().find(|(unit, _)| value >= *unit) {
        Some((unit, suffix)) => format!("{}.{} {suffix}", value / unit, value % unit * 10 / unit),
        None => format!("{value} {}", text::BYTES),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_groups_thousands() {
        let texts = [0, 12, 999, 1000, -1_234_567, i64::MIN].map(exact);
        assert_eq!(texts, ["0", "12", "999", "1,000", "-1,234,567", "-9,223,372,036,854,775,808"]);
    }

    #[test]
    fn compact_cuts_and_never_rounds_up_to_the_next_unit() {
        let texts = [999, 1000, 1250, 99_949, 123_456, 999_999, 1_000_000, -2_500].map(compact);
        assert_eq!(texts, ["999", "1K", "1.2K", "99.9K", "123K", "999K", "1M", "-2.5K"]);
    }

    #[test]
    fn percent_shows_that_a_little_is_not_nothing() {
        assert_eq!([percent(0, 0), percent(1, 100_000), percent(1, 3)], ["0%", "<0.1%", "33.3%"]);
    }

    #[test]
    fn plurals_and_bytes() {
        assert_eq!([count(1, "key"), count(2_000, "identity")], ["1 key", "2,000 identities"]);
        assert_eq!([1_250, 50, 3_000, -7].map(thousandths), ["1.25", "0.05", "3", "-0.007"]);
        assert_eq!([bytes(1023), bytes(1536), bytes(3 << 30)], ["1023 B", "1.5 KiB", "3.0 GiB"]);
    }
}
