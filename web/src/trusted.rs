//! Markup that is written as it stands, and escaping where the renderer has none.
//!
//! Everything else on a page is escaped by the renderer. Nothing a user typed
//! may become [`TrustedHtml`].

/// HTML or SVG made by this program: rendered documentation, a QR code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedHtml(String);

impl TrustedHtml {
    /// The caller vouches that `html` holds no text of a user that is not escaped.
    pub fn from_own_markup(html: String) -> Self {
        Self(html)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Escapes the text of a `<textarea>`, which the renderer writes unescaped. The
/// leading newline is dropped by HTML parsers and keeps one that the text has.
pub(crate) fn textarea_text(text: &str) -> String {
    format!("\n{}", text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

#[cfg(test)]
mod tests {
    use super::textarea_text;

    #[test]
    fn a_textarea_cannot_be_closed_by_its_text() {
        assert_eq!(textarea_text("</textarea>&"), "\n&lt;/textarea&gt;&amp;");
    }
}
