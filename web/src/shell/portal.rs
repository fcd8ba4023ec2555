//! The frame of a portal: the customer's name, logo and colour, nothing of ours
//! but the footer.

use leptos::prelude::*;

use super::Frame;
use super::document::{self, Document};
use crate::View;
use crate::components::{act, flash_region};
use crate::paths::{self, Href};
use crate::texts::{common, shell as text};

/// A portal as its end user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalFrame {
    pub frame: Frame,
    pub slug: String,
    pub name: String,
    /// From [`Href::external`]; the page's policy must allow this image.
    pub logo: Option<Href>,
    /// Where [`portal_style`] is served, for portals with a colour.
    pub style: Option<Href>,
    /// Back to the customer's own pages.
    pub return_to: Option<Href>,
    /// Whether the end user may see usage.
    pub usage: bool,
    /// Whether this is somebody of the workspace looking, not an end user; there is
    /// nothing to be done then.
    pub preview: bool,
}

/// The style sheet of a portal: its colour and a readable text on it. `None`
/// unless the colour is `#rrggbb`.
pub fn portal_style(color: &str) -> Option<String> {
    let digits = color.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let value = u32::from_str_radix(digits, 16).ok().filter(|_| hex)?;
    let channel = |shift: u32| f64::from((value >> shift) & 0xff) / 255.0;
    let linear = |c: f64| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
    // Relative luminance of WCAG 2; above this black contrasts more than white.
    let luminance = 0.2126 * linear(channel(16)) + 0.7152 * linear(channel(8)) + 0.0722 * linear(channel(0));
    let text = if luminance > 0.179 { "#000000" } else { "#ffffff" };
    Some(format!(".portal{{--brand:#{value:06x};--on-brand:{text}}}\n"))
}

/// `current` is `Keys` or `Usage`.
pub(crate) fn portal_page(portal: &PortalFrame, current: &str, body: Vec<View>) -> String {
    let tabs: Vec<(&str, Href)> = [(common::KEYS, paths::portal(&portal.slug))]
        .into_iter()
        .chain(portal.usage.then(|| (common::USAGE, paths::portal_usage(&portal.slug))))
        .collect();
    let tabs =
        (tabs.len() > 1 && !portal.preview).then(|| crate::components::tabs(common::PORTAL, current, tabs));
    let logo = portal.logo.as_ref().map(|src| {
        view! { <img src=src.to_string() alt="" height="28" referrerpolicy="no-referrer"/> }
    });
    let back = portal.return_to.as_ref().map(|href| {
        view! { <a class="button" href=href.to_string() rel="noreferrer">{common::BACK_TO_THE_SITE}</a> }
    });
    let preview =
        portal.preview.then(|| view! { <p class="notice t-info">{text::PREVIEW_THE_KEY_IS_AN_EXAMPLE}</p> });
    let csrf = &portal.frame.csrf;
    let leave =
        (!portal.preview).then(|| act(csrf, None, text::SIGN_OUT, &paths::portal_logout(&portal.slug), ""));
    let content = view! {
        <a class="skip" href="#main">{text::SKIP_TO_THE_PAGE}</a>
        <header class="portal-top">
            {logo}
            <strong>{portal.name.clone()}</strong>
            <div class="page-actions">
                {back}
                {leave}
            </div>
        </header>
        <main id="main" class="narrow" tabindex="-1">
            {preview}
            {flash_region(csrf, &portal.frame.flashes)}
            <h1>{if current == common::KEYS { text::YOUR_API_KEYS } else { text::YOUR_USAGE }}</h1>
            {tabs}
            {body}
        </main>
    };
    document::render(Document {
        frame: &portal.frame,
        title: format!("{current} · {}", portal.name),
        class: "portal",
        refresh_s: None,
        style: portal.style.clone(),
        script: None,
        body: content.into_any(),
    })
}

#[cfg(test)]
mod tests {
    use super::portal_style;

    #[test]
    fn text_on_the_brand_colour_is_readable_and_nothing_else_gets_in() {
        assert_eq!(portal_style("#FFD400").unwrap(), ".portal{--brand:#ffd400;--on-brand:#000000}\n");
        assert_eq!(portal_style("#1b1b8f").unwrap(), ".portal{--brand:#1b1b8f;--on-brand:#ffffff}\n");
        assert!(portal_style("red;}body{display:none").is_none());
        assert!(portal_style("#+1234").is_none() && portal_style("#+12345").is_none());
    }
}
