//! Nothing a user typed becomes markup, and nothing on a page needs more than
//! the strict policy allows.

use web::shell::Theme;

use crate::dom::{Page, samples};
use crate::sample::{Words, every_page};

const HOSTILE: &str = "</title></textarea></script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u{202e}&amp;javascript:alert(1)";

/// Pages that show nothing a user typed.
const WORDLESS: [&str; 4] = ["unclaimed", "secret-link", "secret-link-gone", "portal-closed"];

fn hostile() -> Words {
    Words { instead: Some(HOSTILE.to_owned()) }
}

#[test]
fn hostile_text_is_text_on_every_page() {
    for page in every_page(&hostile(), Theme::System) {
        let dom = Page::parse(&page.html);
        let name = page.name;
        let scripts = dom.named(&["script"]).count();
        // The page Query has one of its own.
        assert_eq!(scripts, if name.starts_with("sql") { 2 } else { 1 }, "{name}: a script got in");
        assert!(dom.named(&["img"]).all(|img| img.get("src") != Some("x")), "{name}: an image got in");
        let shows = page.html.contains("&lt;script&gt;alert(1)") || WORDLESS.contains(&name);
        assert!(shows, "{name}: the text is gone");
    }
}

#[test]
fn hostile_text_keeps_its_form_in_fields() {
    let pages = every_page(&hostile(), Theme::System);
    let page = pages.iter().find(|page| page.name == "key-new").unwrap();
    let dom = Page::parse(&page.html);
    let meta = dom.named(&["textarea"]).find(|area| area.get("name") == Some("meta")).unwrap();
    assert_eq!(meta.own_text, HOSTILE);
    let name = dom.named(&["input"]).find(|input| input.get("name") == Some("name")).unwrap();
    assert_eq!(name.get("value"), Some(HOSTILE));
}

#[test]
fn every_page_works_under_the_strict_policy() {
    for page in every_page(&hostile(), Theme::System) {
        let name = page.name;
        for element in &Page::parse(&page.html).elements {
            for (attribute, value) in &element.attributes {
                assert_ne!(attribute, "style", "{name}: {}", element.name);
                assert!(!attribute.starts_with("on"), "{name}: {attribute}={value}");
            }
            assert_ne!(element.name, "style", "{name}");
            if element.name == "script" {
                assert!(element.own_text.is_empty() && element.get("src").is_some(), "{name}: inline script");
            }
        }
    }
}

#[test]
fn every_address_is_our_own_or_plain_http() {
    const EXTERNAL: &str = "https://acme.example.com/account";
    for page in every_page(&hostile(), Theme::System) {
        for element in &Page::parse(&page.html).elements {
            for attribute in ["href", "action", "formaction", "src", "data-live"] {
                let Some(value) = element.get(attribute) else { continue };
                let own = (value.starts_with('/') && !value.starts_with("//")) || value.starts_with('#');
                assert!(own || value == EXTERNAL, "{}: {attribute}={value}", page.name);
                assert!(!value.contains([' ', '<', '"']), "{}: not encoded: {value}", page.name);
            }
        }
    }
}

#[test]
fn endless_text_makes_no_page_fail() {
    // Parsing it all as well would take minutes in a debug build.
    let words = Words { instead: Some("長".repeat(10_000)) };
    for page in every_page(&words, Theme::System).iter().filter(|page| !WORDLESS.contains(&page.name)) {
        assert!(page.html.ends_with("</html>") && page.html.contains("長"), "{}", page.name);
    }
}

#[test]
fn passwords_are_never_filled_in_and_secrets_never_in_an_address() {
    for page in samples() {
        for element in &page.page.elements {
            if element.get("type") == Some("password") {
                assert_eq!(element.get("value"), None, "{}", page.name);
            }
            let address = element.get("href").or(element.get("action")).unwrap_or_default();
            assert!(!address.contains("live_3ZHJsBkrNU5uRdLEuXYyC9x9Qa"), "{}: {address}", page.name);
        }
    }
}

#[test]
fn every_form_that_changes_something_carries_the_token() {
    for page in samples() {
        let dom = &page.page;
        for (index, form) in dom.elements.iter().enumerate().filter(|(_, element)| element.name == "form") {
            let tokens = dom
                .named(&["input"])
                .filter(|input| input.form == Some(index) && input.get("name") == Some("csrf"));
            let wanted = usize::from(form.get("method") == Some("post"));
            assert_eq!(tokens.count(), wanted, "{}: {:?}", page.name, form.get("action"));
        }
    }
}

#[test]
fn a_viewer_is_offered_nothing_that_would_be_refused() {
    // Own settings, searching and looking are for everybody.
    let leave = "/settings/team/user_1/remove";
    let allowed = ["/search", "/theme", "/logout", "/workspaces/switch", "/views", "/explain", leave];
    for page in samples().iter().filter(|page| page.name.starts_with("viewer-")) {
        for form in page.page.named(&["form"]).filter(|form| form.get("method") == Some("post")) {
            let action = form.get("action").unwrap();
            let known = allowed.contains(&action) || action.starts_with("/views/");
            assert!(known, "{}: {action}", page.name);
        }
    }
}

#[test]
fn the_same_view_gives_the_same_bytes() {
    let render =
        || every_page(&Words::default(), Theme::Dark).into_iter().map(|page| page.html).collect::<Vec<_>>();
    assert!(render() == render());
}
