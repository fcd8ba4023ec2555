//! Valid HTML with what assistive technology and keyboards need. The browser
//! tests run axe over the real pages; this finds the same faults in a second.

use std::collections::BTreeSet;

use crate::dom::{Element, Page, samples};

fn for_each(check: impl Fn(&str, &Page)) {
    for sample in samples() {
        check(sample.name, &sample.page);
    }
}

#[test]
fn every_page_is_valid_html() {
    for_each(|name, page| assert!(page.errors.is_empty(), "{name}: {:?}", page.errors));
}

#[test]
fn every_page_has_one_main_heading_and_a_title() {
    for_each(|name, page| {
        // The style page shows the heading itself; documentation brings its own.
        let headings = page.named(&["h1"]).count();
        assert_eq!(headings, if name == "style" { 2 } else { 1 }, "{name}");
        assert_eq!(page.named(&["main"]).count(), 1, "{name}");
        let title = page.named(&["title"]).find(|title| title.is_inside("head")).unwrap();
        assert!(title.text.len() > 4, "{name}: {}", title.text);
        assert!(page.named(&["html"]).all(|html| html.get("lang") == Some("en")), "{name}");
    });
}

#[test]
fn ids_are_unique_and_references_lead_somewhere() {
    for_each(|name, page| {
        let mut ids = BTreeSet::new();
        for id in page.elements.iter().filter_map(|element| element.get("id")) {
            assert!(ids.insert(id), "{name}: id {id} twice");
        }
        for element in &page.elements {
            for attribute in ["for", "aria-describedby", "aria-labelledby", "list", "form"] {
                for reference in element.get(attribute).unwrap_or_default().split_whitespace() {
                    assert!(ids.contains(reference), "{name}: {attribute}={reference}");
                }
            }
            let pattern = element.get("fill").and_then(|fill| fill.strip_prefix("url(#")?.strip_suffix(')'));
            assert!(pattern.is_none_or(|id| ids.contains(id)), "{name}: {pattern:?}");
        }
    });
}

#[test]
fn every_control_has_a_name() {
    for_each(|name, page| {
        let labels: BTreeSet<_> = page.named(&["label"]).filter_map(|label| label.get("for")).collect();
        for control in page.named(&["input", "select", "textarea", "progress", "meter"]) {
            if control.get("type") == Some("hidden") {
                continue;
            }
            let labelled = control.get("aria-label").is_some_and(|label| !label.is_empty())
                || control.get("id").is_some_and(|id| labels.contains(id))
                || control.is_inside("label");
            assert!(labelled, "{name}: {:?}", control.attributes);
        }
        for element in page.named(&["a", "button", "summary"]) {
            let named =
                !element.text.is_empty() || element.get("aria-label").is_some_and(|label| !label.is_empty());
            assert!(named, "{name}: {:?}", element.attributes);
        }
    });
}

#[test]
fn nothing_interactive_stands_in_something_interactive() {
    for_each(|name, page| {
        for element in page.named(&["a", "button", "form", "summary"]) {
            let outer = element.inside.iter().find(|outer| {
                ["a", "button"].contains(&outer.as_str()) || (element.name == "form" && *outer == "form")
            });
            assert!(outer.is_none(), "{name}: {} in {outer:?}", element.name);
        }
    });
}

/// Enter presses the first button of a form. Where a root key would be given away, it
/// only shows the form again.
#[test]
fn enter_in_a_field_saves_and_gives_nothing_away() {
    for_each(|name, page| {
        let mut is_first = false;
        for element in page.named(&["form", "button"]) {
            if element.name == "button" && is_first && element.is_inside("form") {
                let again = element.get("name") == Some("more");
                assert_eq!(again, again && name == "root-key-asked", "{name}: {:?}", element.attributes);
            }
            is_first = element.name == "form";
        }
    });
}

#[test]
fn every_table_has_a_caption_and_scoped_headers() {
    for_each(|name, page| {
        let tables = page.named(&["table"]).filter(|table| !table.is_inside("article")).count();
        assert_eq!(
            page.named(&["caption"]).filter(|caption| !caption.text.is_empty()).count(),
            tables,
            "{name}"
        );
        for header in page.named(&["th"]) {
            assert!(matches!(header.get("scope"), Some("col" | "row")), "{name}: {}", header.text);
        }
        let sorted: Vec<_> = page.elements.iter().filter_map(|element| element.get("aria-sort")).collect();
        assert!(sorted.iter().all(|state| ["ascending", "descending"].contains(state)), "{name}: {sorted:?}");
    });
}

#[test]
fn a_problem_is_tied_to_its_field() {
    let wrong = |element: &&Element| element.get("aria-invalid") == Some("true");
    for (name, fields) in [("key-new-refused", 5), ("setup", 2), ("override-new", 1)] {
        let page = &samples().iter().find(|sample| sample.name == name).unwrap().page;
        let marked: Vec<_> = page.elements.iter().filter(wrong).collect();
        assert_eq!(marked.len(), fields, "{name}");
        for field in marked {
            let described = field.get("aria-describedby").unwrap();
            let error = described.split(' ').find(|id| id.ends_with("-error")).unwrap();
            let message = page.elements.iter().find(|element| element.get("id") == Some(error)).unwrap();
            assert_eq!(message.text, "This is not as it should be.");
        }
    }
}

#[test]
fn the_page_one_is_on_is_marked_in_the_sidebar() {
    for_each(|name, page| {
        let current = page
            .named(&["a"])
            .filter(|a| a.get("aria-current") == Some("page") && a.get("data-go").is_some());
        assert!(current.count() <= 1, "{name}");
    });
}

#[test]
fn without_script_a_waiting_page_asks_again() {
    let refreshes = |name: &str| {
        let html = &samples().iter().find(|sample| sample.name == name).unwrap().html;
        html.contains("<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>")
    };
    assert!(["requests-live", "job", "start-call-again", "namespace-logs"].into_iter().all(refreshes));
    // Asking again would lose the secret that is shown once.
    assert!(!["requests", "job-done", "start-call", "start-seen"].into_iter().any(refreshes));
}
