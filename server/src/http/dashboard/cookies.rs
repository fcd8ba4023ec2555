//! The cookies of the dashboard, by name and attribute.
//!
//! The session's cookie is the only one that opens anything. Behind HTTPS, which
//! the public URL tells, names have the prefix with which browsers refuse cookies
//! from elsewhere (docs/decisions.md#cookies-are-bound-to-the-host).

use poem::http::HeaderMap;

use crate::http::headers::{PORTAL_SESSION, cookie};
use base::config::Config;

/// A cookie of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieName {
    /// Who is signed in.
    Session,
    /// That a password was right and a code is wanted.
    Step,
    /// That somebody signed in with this browser before.
    Device,
    /// The form token of somebody not signed in.
    Form,
    /// The workspace somebody looks at.
    Workspace,
    /// What the last action came to, until it was shown.
    Flash,
    /// The session of an end user in a portal, which is not one of ours. The API
    /// reads it too, so that its name is the same everywhere.
    Portal,
}

impl CookieName {
    const fn name(self) -> &'static str {
        match self {
            CookieName::Session => "unkey_session",
            CookieName::Step => "unkey_step",
            CookieName::Device => "unkey_device",
            CookieName::Form => "unkey_form",
            CookieName::Workspace => "unkey_workspace",
            CookieName::Flash => "unkey_flash",
            CookieName::Portal => PORTAL_SESSION,
        }
    }

    fn full_name(self, config: &Config) -> String {
        if config.is_https() && self != CookieName::Portal {
            format!("__Host-{}", self.name())
        } else {
            self.name().to_owned()
        }
    }

    /// Its value in a request.
    pub fn read<'a>(self, config: &Config, headers: &'a HeaderMap) -> Option<&'a str> {
        cookie(headers, &self.full_name(config))
    }

    /// The header that sets it for so many seconds; 0 takes it away. Values are
    /// of the characters cookies may have.
    pub fn set(self, config: &Config, value: &str, seconds: i64) -> String {
        let secure = if config.is_https() { "; Secure" } else { "" };
        let name = self.full_name(config);
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
    }

    pub fn end(self, config: &Config) -> String {
        self.set(config, "", 0)
    }
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;
    use poem::http::header::COOKIE;

    use super::*;

    #[test]
    fn behind_https_cookies_are_bound_to_the_host() {
        let mut config = Config::for_tests(std::path::Path::new("/tmp"));
        let plain = CookieName::Session.set(&config, "v", 9);
        assert_eq!(plain, "unkey_session=v; Path=/; HttpOnly; SameSite=Lax; Max-Age=9");
        config.public_url = Some("https://keys.example.com".to_owned());
        let bound = CookieName::Session.set(&config, "v", 9);
        assert_eq!(bound, "__Host-unkey_session=v; Path=/; HttpOnly; SameSite=Lax; Max-Age=9; Secure");
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static("unkey_session=forged; __Host-unkey_session=own"));
        assert_eq!(CookieName::Session.read(&config, &headers), Some("own"));
        assert_eq!(CookieName::Flash.read(&config, &headers), None);
        let portal = CookieName::Portal.set(&config, "v", 9);
        assert_eq!(portal, "portal_session=v; Path=/; HttpOnly; SameSite=Lax; Max-Age=9; Secure");
    }
}
