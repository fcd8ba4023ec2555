//! The frame of a page: one template, no script, no inline style.
//!
//! Every text comes from `docs/`; it is escaped all the same.

use std::fmt::Write;

use pulldown_cmark_escape::escape_html;

use super::book::{self, Book, Page};
use super::markdown::{self, Rendered};

/// A page of the book.
pub fn html(book: &Book, page: &Page, stylesheet: &str) -> String {
    let content = markdown::render(page.markdown, |link| book::resolve(&page.file, link));
    let source = format!("{}/{}", super::ROOT, page.file);
    let mut body = content.html.clone();
    let _ = write!(
        body,
        "<p class=\"source\"><a href=\"{source}\">This page as Markdown</a></p>\n<nav class=\"turn\">"
    );
    let (before, after) = book.neighbours(page);
    for (page, name, arrow) in [(before, "prev", "← "), (after, "next", "")] {
        let Some(page) = page else { continue };
        let tail = if arrow.is_empty() { " →" } else { "" };
        let (url, title) = (book::url(&page.slug), escaped(&page.title));
        let _ = write!(body, "<a rel=\"{name}\" href=\"{url}\">{arrow}{title}{tail}</a>");
    }
    body.push_str("</nav>\n");
    let alternate = format!("<link rel=\"alternate\" type=\"text/markdown\" href=\"{source}\">\n");
    frame(&page.title, stylesheet, &alternate, &contents(book, Some((page, &content))), &body)
}

/// What an unknown address is answered with.
pub fn not_found(book: &Book, stylesheet: &str) -> String {
    let body = format!(
        "<h1>There is no such page</h1>\n<p>The documentation of this server starts at \
         <a href=\"{root}\">{root}</a>; its pages are listed beside this text.</p>\n",
        root = super::ROOT
    );
    frame("There is no such page", stylesheet, "", &contents(book, None), &body)
}

/// The whole document around a body that is already HTML.
fn frame(title: &str, stylesheet: &str, head: &str, contents: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} · unkey</title>\n<link rel=\"stylesheet\" href=\"{stylesheet}\">\n{head}</head>\n<body>\n\
         <header class=\"top\"><a class=\"name\" href=\"{root}\">unkey</a> <span>documentation</span> \
         <a class=\"jump\" href=\"#contents\">Contents</a></header>\n\
         <div class=\"page\">\n<main id=\"main\">\n{body}</main>\n\
         <nav id=\"contents\" class=\"contents\" aria-label=\"Contents\">\n{contents}</nav>\n</div>\n</body>\n</html>\n",
        title = escaped(title),
        root = super::ROOT,
    )
}

/// The table of contents; the page that is shown lists its own sections too.
fn contents(book: &Book, current: Option<(&Page, &Rendered)>) -> String {
    let mut html = String::new();
    for section in &book.sections {
        let pages = &book.pages[section.pages.clone()];
        let is_current = |page: &Page| current.is_some_and(|(shown, _)| shown.slug == page.slug);
        let shown = if section.folded && !pages.iter().any(is_current) { 1 } else { pages.len() };
        let _ = writeln!(html, "<h2>{}</h2>\n<ul>", escaped(section.title));
        for page in pages.iter().take(shown) {
            let mark = if is_current(page) { " aria-current=\"page\"" } else { "" };
            let (url, title) = (book::url(&page.slug), escaped(&page.title));
            let _ = write!(html, "<li><a href=\"{url}\"{mark}>{title}</a>");
            if let Some((_, content)) = current.filter(|_| is_current(page)) {
                headings(&mut html, content);
            }
            html.push_str("</li>\n");
        }
        html.push_str("</ul>\n");
    }
    html
}

fn headings(html: &mut String, content: &Rendered) {
    if content.headings.len() < 2 {
        return;
    }
    html.push_str("\n<ul>\n");
    for (anchor, text) in &content.headings {
        let _ = writeln!(html, "<li><a href=\"#{anchor}\">{}</a></li>", escaped(text));
    }
    html.push_str("</ul>");
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    escape_html(&mut html, text).expect("a String takes all text");
    html
}
