//! Each page in outline: headings, links, forms with their fields, tables. What
//! changes here changes what people see or what handlers must read.

use crate::dom::{Element, Page, samples};

#[test]
fn pages_are_as_they_were() {
    for sample in samples() {
        insta::assert_snapshot!(sample.name, outline(&sample.page));
    }
}

/// The frame around a page is the same everywhere; it is in the outline of one.
fn outline(page: &Page) -> String {
    let lines = page.elements.iter().filter(|element| element.is_inside("main") || element.name == "main");
    lines.filter_map(|element| line(page, element)).map(|line| line + "\n").collect()
}

fn line(page: &Page, element: &Element) -> Option<String> {
    let get = |name| element.get(name).unwrap_or_default();
    let indent = if element.form.is_some() { "  " } else { "" };
    Some(match element.name.as_str() {
        "h1" | "h2" | "h3" | "legend" | "caption" | "figcaption" => {
            format!("{indent}{}: {}", element.name, element.text)
        }
        "a" if element.is_inside("svg") => return None,
        "a" => format!("{indent}link {} -> {}", label(element), get("href")),
        "form" => format!("form {} {}", get("method"), get("action")),
        "button" if get("type") == "submit" => {
            let sent = if get("name").is_empty() {
                String::new()
            } else {
                format!(" [{}={}]", get("name"), get("value"))
            };
            format!("{indent}button {}{sent}", label(element))
        }
        "input" if get("name") == "csrf" => return None,
        "input" | "textarea" | "select" => {
            format!("{indent}{} {}{}{}", element.name, get("name"), value(page, element), flags(element))
        }
        "th" if !element.text.is_empty() => format!("{indent}th {}", element.text),
        "p" if !element.text.is_empty() => format!("{indent}{}", element.text),
        _ => return None,
    })
}

fn label(element: &Element) -> String {
    match element.get("aria-label") {
        Some(label) => format!("({label})"),
        None => element.text.clone(),
    }
}

fn value(page: &Page, element: &Element) -> String {
    match element.name.as_str() {
        "select" => {
            let at = page.elements.iter().position(|other| std::ptr::eq(other, element)).unwrap();
            let options = page.elements[at + 1..].iter().take_while(|other| other.name == "option");
            let marked = options.map(|option| {
                let chosen = if option.get("selected").is_some() { "*" } else { "" };
                format!("{}{chosen}", option.get("value").unwrap_or_default())
            });
            format!(" {{{}}}", marked.collect::<Vec<_>>().join(" "))
        }
        "textarea" => format!(" = {:?}", element.own_text),
        _ => element.get("value").map(|value| format!(" = {value:?}")).unwrap_or_default(),
    }
}

fn flags(element: &Element) -> String {
    let flags = ["type", "checked", "required", "readonly", "disabled", "aria-invalid"];
    let set = flags.into_iter().filter_map(|name| {
        let value = element.get(name)?;
        match value {
            "text" => None,
            "" | "true" => Some(format!(" {name}")),
            value => Some(format!(" {value}")),
        }
    });
    set.collect()
}
