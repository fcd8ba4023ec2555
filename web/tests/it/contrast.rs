//! The colours of the style sheet, measured: text at 4.5 to 1 and marks at 3 to
//! 1 on what they stand on, in every theme (WCAG 2.2, 1.4.3 and 1.4.11).

use std::collections::BTreeMap;

const CSS: &str = include_str!("../../../static/app.css");

type Tokens = BTreeMap<String, [String; 2]>;

/// The pairs for light and dark declared in the rule of `selector`.
fn tokens(selector: &str) -> Tokens {
    let rule = CSS.split(selector).nth(1).unwrap().split('}').next().unwrap();
    let declared = rule.lines().filter_map(|line| line.trim().strip_suffix(';')?.split_once(": "));
    declared
        .filter_map(|(name, value)| {
            let (light, dark) = value.strip_prefix("light-dark(")?.strip_suffix(')')?.split_once(", ")?;
            Some((name.to_owned(), [light.to_owned(), dark.to_owned()]))
        })
        .collect()
}

fn luminance(color: &str) -> f64 {
    let digits = color.strip_prefix('#').unwrap_or_else(|| panic!("{color} is not #rrggbb"));
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&digits[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}

fn contrast(a: &str, b: &str) -> f64 {
    let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
    if a > b { a / b } else { b / a }
}

fn check(tokens: &Tokens, front: &str, back: &str, least: f64, problems: &mut Vec<String>) {
    for (index, theme) in ["light", "dark"].into_iter().enumerate() {
        let measured = contrast(&tokens[front][index], &tokens[back][index]);
        if measured < least {
            problems.push(format!("{front} on {back}, {theme}: {measured:.2}, wanted {least}"));
        }
    }
}

fn check_all(tokens: &Tokens) -> Vec<String> {
    let mut problems = Vec::new();
    for front in ["--text", "--muted", "--accent", "--error"] {
        for back in ["--bg", "--chrome", "--raised", "--well", "--selected"] {
            check(tokens, front, back, 4.5, &mut problems);
        }
    }
    for tint in ["quiet", "ok", "info", "caution", "attention", "error"] {
        check(tokens, &format!("--{tint}"), &format!("--{tint}-bg"), 4.5, &mut problems);
    }
    check(tokens, "--on-primary", "--primary", 4.5, &mut problems);
    for mark in ["good", "limited", "used", "expired", "off", "denied", "forbidden", "unknown"] {
        check(tokens, &format!("--s-{mark}"), "--raised", 3.0, &mut problems);
    }
    for edge in ["--line-strong", "--focus"] {
        check(tokens, edge, "--bg", 3.0, &mut problems);
        check(tokens, edge, "--raised", 3.0, &mut problems);
    }
    problems
}

#[test]
fn light_and_dark_can_be_read() {
    let problems = check_all(&tokens(":root {"));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn the_high_contrast_theme_reaches_seven_to_one() {
    let mut all = tokens(":root {");
    all.extend(tokens(":root[data-theme=\"contrast\"] {"));
    let mut problems = check_all(&all);
    for front in ["--text", "--muted", "--accent", "--line"] {
        check(&all, front, "--bg", 7.0, &mut problems);
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn the_measure_itself_is_right() {
    assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 0.01);
    assert!((contrast("#767676", "#ffffff") - 4.54).abs() < 0.01);
}
