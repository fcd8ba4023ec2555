//! The style sheet and the script: small, self-contained, and without parts that
//! no page uses.

use std::collections::BTreeSet;

use crate::dom::samples;

const CSS: &str = include_str!("../../../static/app.css");
const JS: &str = include_str!("../../../static/app.js");
const QUERY_JS: &str = include_str!("../../../static/query.js");
const ICON: &str = include_str!("../../../static/favicon.svg");

#[test]
fn they_stay_small_and_load_nothing() {
    assert!(CSS.len() < 41_000, "{} bytes of CSS", CSS.len());
    assert!(JS.len() < 23_000, "{} bytes of script", JS.len());
    assert!(QUERY_JS.len() < 9_000, "{} bytes of script of one page", QUERY_JS.len());
    for source in [CSS, JS, QUERY_JS] {
        assert!(!source.contains("http") && !source.contains("url(") && !source.contains("@import"));
    }
    for script in [JS, QUERY_JS] {
        assert!(!script.contains("eval(") && !script.contains("localStorage"));
    }
    assert!(ICON.starts_with("<svg"));
}

/// Class names in selectors: what follows a dot outside of declarations.
fn styled() -> BTreeSet<String> {
    let mut classes = BTreeSet::new();
    for part in CSS.split('{').filter_map(|part| part.rsplit(['}', ';', '/']).next()) {
        for name in part.split('.').skip(1) {
            let name: String = name.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            if name.starts_with(|c: char| c.is_ascii_lowercase()) {
                classes.insert(name);
            }
        }
    }
    classes
}

#[test]
fn every_class_of_the_style_sheet_is_used() {
    let mut used = BTreeSet::new();
    for sample in samples() {
        for element in &sample.page.elements {
            used.extend(element.get("class").unwrap_or_default().split_whitespace().map(str::to_owned));
        }
    }
    let unused: Vec<_> =
        styled().into_iter().filter(|class| !used.contains(class) && !JS.contains(class)).collect();
    assert!(unused.is_empty(), "no page uses {unused:?}");
}

#[test]
fn what_the_script_looks_for_is_on_some_page() {
    let pages: String = samples().iter().map(|sample| sample.html.as_str()).collect();
    let hooks: BTreeSet<_> = [JS, QUERY_JS]
        .iter()
        .flat_map(|script| script.split("[data-").skip(1))
        .filter_map(|rest| rest.split([']', '=']).next())
        .map(|name| format!("data-{name}"))
        .collect();
    assert!(hooks.len() > 10);
    for hook in hooks {
        assert!(pages.contains(&hook), "{hook} is on no page");
    }
}

#[test]
fn pages_stay_light() {
    let largest = samples().iter().max_by_key(|page| page.html.len()).unwrap();
    assert!(largest.html.len() < 90_000, "{} has {} bytes", largest.name, largest.html.len());
}
