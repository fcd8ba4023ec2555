//! The look of a portal: its frame, its style, and where its logo comes from.

use poem::Body;
use web::paths::Href;
use web::shell::{Frame, PortalFrame, portal_style};

use crate::http::dashboard::reply::Reply;
use base::error::{Code, Error, Result};
use domain::portals::Portal;

/// A page of a portal, which may load its logo.
pub fn page_of(portal: &Portal, html: String) -> Reply {
    let origin = portal.logo_url.as_deref().and_then(image_origin);
    Reply::page(html).images_from(origin)
}

/// A frame without what only a session knows.
pub fn frame_of(portal: &Portal, frame: &Frame, style: Href) -> PortalFrame {
    let logo = portal.logo_url.as_deref().filter(|url| image_origin(url).is_some());
    PortalFrame {
        frame: frame.clone(),
        slug: portal.slug.clone(),
        name: portal.display_name.clone(),
        logo: logo.and_then(Href::external),
        style: portal.primary_color.is_some().then_some(style),
        return_to: None,
        usage: false,
        preview: false,
    }
}

/// The colour of a portal as a style sheet.
pub fn style_of(portal: &Portal) -> Result<Reply> {
    let style = portal.primary_color.as_deref().and_then(portal_style);
    let style = style.ok_or_else(|| Error::absent(Code::RouteNotFound))?;
    Ok(Reply::content("text/css; charset=utf-8", Body::from_string(style)))
}

/// The origin of an image as the policy of a page may name it. A URL whose host
/// has anything but letters, digits, dots, hyphens and a port has none: it would
/// be read as more of the policy.
fn image_origin(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://")?;
    let host = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    (!host.is_empty() && host.chars().all(is_plain)).then(|| format!("https://{host}"))
}

#[cfg(test)]
mod tests {
    use super::image_origin;

    #[test]
    fn only_a_plain_host_gets_into_the_policy() {
        let origin = image_origin("https://cdn.example.com:8443/logo.svg?v=1").unwrap();
        assert_eq!(origin, "https://cdn.example.com:8443");
        for wrong in [
            "http://example.com/a.png",
            "https://",
            "https://a;script-src/x",
            "https://a,b/x",
            "https://user@example.com/x",
            "https://*/x",
            "https://'self'/x",
        ] {
            assert_eq!(image_origin(wrong), None, "{wrong}");
        }
    }
}
