//! Addresses that lead to a page without being its own: those of the hosted
//! product's documentation, which bookmarks, error bodies and assistants still
//! name, and other spellings of ours.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::book::{self, BOOK, Page};

/// Where the hosted product had its pages of errors of v2; the rest is the same.
const OLD_ERRORS: &str = "api-reference/errors-v2/";

/// Slugs of the hosted product and the slug, perhaps with an anchor, of the page
/// here that answers the same. A slug that both have is not listed.
static OLD: LazyLock<HashMap<&str, &str>> =
    LazyLock::new(|| rows(include_str!("old_addresses.txt")).collect());

fn rows(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (old, new) = line.split_once(char::is_whitespace)?;
        Some((old, new.trim().trim_start_matches('/')))
    })
}

/// The address that a path below the root of the documentation leads to. The form
/// is kept: what was asked for as Markdown stays so.
pub fn moved(path: &str) -> Option<String> {
    let plain = path.trim_end_matches('/');
    let (name, as_markdown) = plain.strip_suffix(".md").map_or((plain, false), |name| (name, true));
    let (page, anchor) = old(name).or_else(|| respelled(path, name, as_markdown))?;
    if as_markdown {
        return Some(format!("{}/{}", super::ROOT, page.file));
    }
    let anchor = anchor.map(|anchor| format!("#{anchor}")).unwrap_or_default();
    Some(format!("{}{anchor}", book::url(&page.slug)))
}

fn old(name: &str) -> Option<(&'static Page, Option<&str>)> {
    if BOOK.page(name).is_some() {
        return None;
    }
    if let Some(target) = OLD.get(name) {
        let (slug, anchor) = target.split_once('#').map_or((*target, None), |(slug, at)| (slug, Some(at)));
        return Some((BOOK.page(slug)?, anchor));
    }
    let error = name.strip_prefix(OLD_ERRORS)?;
    Some((BOOK.page(&format!("errors/{error}"))?, None))
}

/// A page of ours with a slash at its end, or with `.md` at the end of a slug that
/// is a folder.
fn respelled(path: &str, name: &str, as_markdown: bool) -> Option<(&'static Page, Option<&'static str>)> {
    let page = BOOK.page(name)?;
    let own = if as_markdown { page.file == path } else { page.slug == path };
    (!own).then_some((page, None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::docs::markdown;

    const SLUGS: &str = include_str!("../../../../tests/features/slugs.txt");

    fn slugs() -> impl Iterator<Item = &'static str> {
        SLUGS.lines().filter_map(|line| line.split_whitespace().nth(1))
    }

    #[test]
    fn every_old_slug_has_a_page() {
        assert_eq!(slugs().count(), 192);
        let lost: Vec<&str> =
            slugs().filter(|slug| BOOK.page(slug).is_none() && old(slug).is_none()).collect();
        assert!(lost.is_empty(), "{lost:#?}");
    }

    #[test]
    fn every_row_leads_to_a_page_and_a_heading_that_are_there() {
        let text = include_str!("old_addresses.txt");
        assert_eq!(rows(text).count(), OLD.len(), "an address is listed twice");
        for (name, target) in rows(text) {
            let (page, anchor) = old(name).unwrap_or_else(|| panic!("{name} is a page, or {target} is none"));
            let sections = markdown::sections(&page.markdown);
            let has = |anchor| sections.iter().any(|section| section.anchor == anchor);
            assert!(anchor.is_none_or(has), "{name}: there is no {target}");
        }
    }

    #[test]
    fn only_the_introduction_leads_to_the_first_page() {
        let first: Vec<&str> =
            slugs().filter(|slug| old(slug).is_some_and(|(page, _)| page.slug.is_empty())).collect();
        assert_eq!(first, ["introduction"]);
    }

    #[test]
    fn the_form_is_kept() {
        for (from, to) in [
            ("introduction", Some("/docs")),
            ("introduction.md", Some("/docs/README.md")),
            (
                "api-reference/errors-v2/unkey/data/api_not_found.md",
                Some("/docs/errors/unkey/data/api_not_found.md"),
            ),
            ("apis/features/refill", Some("/docs/credits#refill")),
            ("apis/features/refill.md", Some("/docs/credits.md")),
            ("apis/features/refill/", Some("/docs/credits#refill")),
            ("cli/", Some("/docs/cli")),
            ("errors.md", Some("/docs/errors/README.md")),
            ("cli", None),
            ("cli.md", None),
            ("errors", None),
            ("errors/README.md", None),
            ("nothing", None),
            ("nothing.md", None),
        ] {
            assert_eq!(moved(from).as_deref(), to, "{from}");
        }
    }
}
