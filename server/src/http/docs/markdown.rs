//! Markdown to HTML: tables, anchors on headings, links between pages.
//!
//! Raw HTML is not interpreted but shown, so that a page can hold neither script
//! nor style.

use std::collections::HashMap;

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// A page ready to be framed.
pub struct Rendered {
    pub html: String,
    /// Its second-level headings: anchor and text.
    pub headings: Vec<(String, String)>,
}

/// Renders a page. `resolve` tells where a link leads, or that it leads nowhere
/// a reader could go; then its text alone remains.
pub fn render(markdown: &str, resolve: impl Fn(&str) -> Option<String>) -> Rendered {
    let events: Vec<Event<'_>> = parser(markdown).collect();
    let mut anchors = HashMap::new();
    let mut headings = Vec::new();
    let mut open_links = Vec::new();
    let mut open_anchor = String::new();
    let mut out = Vec::with_capacity(events.len());
    for (place, event) in events.iter().enumerate() {
        match event {
            Event::Html(text) | Event::InlineHtml(text) => out.push(Event::Text(text.clone())),
            Event::Start(Tag::Heading { level, .. }) => {
                let text = plain_text(&events[place + 1..]);
                open_anchor = anchor(&text, &mut anchors);
                if *level == HeadingLevel::H2 {
                    headings.push((open_anchor.clone(), text));
                }
                let (level, id) = (*level, Some(open_anchor.clone().into()));
                out.push(Event::Start(Tag::Heading { level, id, classes: Vec::new(), attrs: Vec::new() }));
            }
            Event::End(TagEnd::Heading(level)) => {
                if *level != HeadingLevel::H1 {
                    out.push(Event::Html(anchor_link(&open_anchor)));
                }
                out.push(event.clone());
            }
            // Wide tables scroll in a box of their own.
            Event::Start(Tag::Table(_)) => {
                out.push(Event::Html("<div class=\"scroll\" tabindex=\"0\">".into()));
                out.push(event.clone());
            }
            Event::End(TagEnd::Table) => {
                out.push(event.clone());
                out.push(Event::Html("</div>".into()));
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let target = resolve(dest_url);
                open_links.push(target.is_some());
                if let Some(target) = target {
                    let (link_type, title, id) = (*link_type, title.clone(), id.clone());
                    out.push(Event::Start(Tag::Link { link_type, dest_url: target.into(), title, id }));
                }
            }
            Event::End(TagEnd::Link) => {
                if open_links.pop() == Some(true) {
                    out.push(event.clone());
                }
            }
            Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
                let dest_url = resolve(dest_url).map_or_else(|| dest_url.clone(), Into::into);
                let (link_type, title, id) = (*link_type, title.clone(), id.clone());
                out.push(Event::Start(Tag::Image { link_type, dest_url, title, id }));
            }
            other => out.push(other.clone()),
        }
    }
    Rendered { html: written(out, markdown.len() * 2), headings }
}

/// The HTML of events, about `length` bytes.
fn written(events: Vec<Event<'_>>, length: usize) -> String {
    let mut html = String::with_capacity(length);
    html::push_html(&mut html, events.into_iter());
    // Long lines scroll in their block, by keyboard too. Text never holds a tag.
    html.replace("<pre>", "<pre tabindex=\"0\">")
}

/// What stands under one heading of a page, or before the first one.
pub struct Section {
    /// Empty for what stands before the first heading under the title.
    pub anchor: String,
    pub heading: String,
    /// As plain text.
    pub text: String,
}

/// The sections of a page, each with the anchor that [`render`] gives its heading.
pub fn sections(markdown: &str) -> Vec<Section> {
    let events: Vec<Event<'_>> = parser(markdown).collect();
    let mut anchors = HashMap::new();
    let mut sections = vec![Section { anchor: String::new(), heading: String::new(), text: String::new() }];
    let mut in_heading = false;
    for (place, event) in events.iter().enumerate() {
        let Some(section) = sections.last_mut() else { break };
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                in_heading = true;
                let heading = plain_text(&events[place + 1..]);
                let anchor = anchor(&heading, &mut anchors);
                if *level != HeadingLevel::H1 {
                    sections.push(Section { anchor, heading, text: String::new() });
                }
            }
            Event::End(TagEnd::Heading(_)) => in_heading = false,
            _ if in_heading => {}
            Event::Text(text) | Event::Code(text) => section.text.push_str(text),
            Event::Html(text) | Event::InlineHtml(text) => section.text.push_str(text),
            // Words of neighbouring blocks, cells and lines are words of their own.
            Event::SoftBreak | Event::HardBreak => section.text.push(' '),
            Event::End(TagEnd::Paragraph | TagEnd::CodeBlock | TagEnd::Item | TagEnd::TableCell) => {
                section.text.push(' ');
            }
            _ => {}
        }
    }
    sections
}

/// The title of a page and its first sentence, both as plain text.
pub fn introduction(markdown: &str) -> (String, String) {
    let events: Vec<Event<'_>> = parser(markdown).collect();
    let after = |wanted: fn(&Tag<'_>) -> bool| {
        let place = events.iter().position(|event| matches!(event, Event::Start(tag) if wanted(tag)));
        place.map(|place| plain_text(&events[place + 1..])).unwrap_or_default()
    };
    let paragraph = after(|tag| matches!(tag, Tag::Paragraph));
    let sentence = paragraph.split_inclusive(". ").next().unwrap_or_default().trim_end().to_owned();
    (after(|tag| matches!(tag, Tag::Heading { .. })), sentence)
}

fn parser(markdown: &str) -> Parser<'_> {
    Parser::new_ext(markdown, Options::ENABLE_TABLES)
}

/// The text up to the end of the block that `events` begin within.
fn plain_text(events: &[Event<'_>]) -> String {
    let mut text = String::new();
    for event in events {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(part),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            Event::End(TagEnd::Heading(_) | TagEnd::Paragraph) => break,
            _ => {}
        }
    }
    text
}

/// The anchor of a heading as the usual Markdown viewers make it, so that links
/// work in the repository and on the server.
fn anchor(text: &str, taken: &mut HashMap<String, usize>) -> String {
    let kept = text.to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
    let times = taken.entry(anchor.clone()).or_default();
    *times += 1;
    if *times == 1 { anchor } else { format!("{anchor}-{}", *times - 1) }
}

/// `anchor` has letters, digits, `-` and `_` only.
fn anchor_link(anchor: &str) -> CowStr<'static> {
    format!(" <a class=\"anchor\" href=\"#{anchor}\" aria-label=\"Link to this section\">#</a>").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(markdown: &str) -> String {
        render(markdown, |link| (!link.starts_with("out")).then(|| format!("/to/{link}"))).html
    }

    #[test]
    fn raw_html_is_shown_not_interpreted() {
        let page = html("a <script>alert(1)</script> b\n\n<style>p{}</style>\n");
        assert!(!page.contains("<script") && !page.contains("<style"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
    }

    #[test]
    fn headings_have_the_anchors_of_markdown_viewers() {
        let page = render("# A\n\n## Keys & `limits`\n\n## Keys & limits\n", |_| None);
        assert_eq!(
            page.headings,
            [
                ("keys--limits".to_owned(), "Keys & limits".to_owned()),
                ("keys--limits-1".to_owned(), "Keys & limits".to_owned())
            ]
        );
        assert!(page.html.contains("<h2 id=\"keys--limits\">"), "{}", page.html);
    }

    #[test]
    fn sections_have_the_anchors_of_the_page() {
        let text =
            "# Title\n\nBefore `it`.\n\n## Same\n\n| a | b |\n|---|---|\n| c | d |\n\n### Same\n\nx\ny\n";
        let found: Vec<(String, String)> =
            sections(text).into_iter().map(|section| (section.anchor, section.text)).collect();
        let expected = [("", "Before it. "), ("same", "a b c d "), ("same-1", "x y ")];
        assert_eq!(found, expected.map(|(anchor, text)| (anchor.to_owned(), text.to_owned())));
        let html = render(text, |_| None).html;
        assert!(html.contains("<h2 id=\"same\">") && html.contains("<h3 id=\"same-1\">"), "{html}");
    }

    #[test]
    fn links_are_resolved_and_those_to_nowhere_are_text() {
        let page = html("[in](a.md) [out](out.md)");
        assert_eq!(page, "<p><a href=\"/to/a.md\">in</a> out</p>\n");
    }

    #[test]
    fn a_page_introduces_itself() {
        let (title, summary) = introduction("# Keys of `v2`\n\nWhat *they*\nare. And\nmore.\n");
        assert_eq!((title.as_str(), summary.as_str()), ("Keys of v2", "What they are."));
    }
}
