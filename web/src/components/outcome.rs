//! What became of a request: the words, colours and patterns that every chart,
//! badge and legend shares.
//!
//! Good traffic is grey and plain. Each problem has a colour, and a pattern that shows
//! where more contrast is asked for. Beside every chart stand its figures, so that nothing
//! is told by colour alone.

use leptos::prelude::*;

use crate::View;
use crate::texts::{common, outcomes as text};

/// The result of a verification, of a rate-limit decision or of an API request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    Valid,
    NotFound,
    Forbidden,
    InsufficientPermissions,
    UsageExceeded,
    RateLimited,
    Disabled,
    Expired,
    Passed,
    Blocked,
    Success,
    Redirect,
    ClientError,
    ServerError,
}

impl Outcome {
    /// Of verifications, in the order charts stack them.
    pub const VERIFICATIONS: [Outcome; 8] = [
        Outcome::Valid,
        Outcome::RateLimited,
        Outcome::UsageExceeded,
        Outcome::Expired,
        Outcome::Disabled,
        Outcome::InsufficientPermissions,
        Outcome::Forbidden,
        Outcome::NotFound,
    ];
    /// Of verifications with a key that is somebody's: unknown keys belong to no workspace.
    pub const OF_KEYS: [Outcome; 7] = [
        Outcome::Valid,
        Outcome::RateLimited,
        Outcome::UsageExceeded,
        Outcome::Expired,
        Outcome::Disabled,
        Outcome::InsufficientPermissions,
        Outcome::Forbidden,
    ];
    /// Of rate-limit decisions.
    pub const DECISIONS: [Outcome; 2] = [Outcome::Passed, Outcome::Blocked];
    /// Of API requests.
    pub const RESPONSES: [Outcome; 4] =
        [Outcome::Success, Outcome::Redirect, Outcome::ClientError, Outcome::ServerError];

    /// The outcome of a verification by its name in the contract.
    pub fn of_verification(code: &str) -> Option<Self> {
        Self::VERIFICATIONS.into_iter().find(|outcome| outcome.code() == code)
    }

    pub fn of_status(status: u16) -> Self {
        match status {
            ..300 => Outcome::Success,
            300..400 => Outcome::Redirect,
            400..500 => Outcome::ClientError,
            _ => Outcome::ServerError,
        }
    }

    pub const fn code(self) -> &'static str {
        match self {
            Outcome::Valid => "VALID",
            Outcome::NotFound => "NOT_FOUND",
            Outcome::Forbidden => "FORBIDDEN",
            Outcome::InsufficientPermissions => "INSUFFICIENT_PERMISSIONS",
            Outcome::UsageExceeded => "USAGE_EXCEEDED",
            Outcome::RateLimited => "RATE_LIMITED",
            Outcome::Disabled => "DISABLED",
            Outcome::Expired => "EXPIRED",
            Outcome::Passed => "PASSED",
            Outcome::Blocked => "BLOCKED",
            Outcome::Success => "2XX",
            Outcome::Redirect => "3XX",
            Outcome::ClientError => "4XX",
            Outcome::ServerError => "5XX",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Outcome::Valid => text::VALID,
            Outcome::NotFound => text::UNKNOWN_KEY,
            Outcome::Forbidden => text::FORBIDDEN,
            Outcome::InsufficientPermissions => text::NO_PERMISSION,
            Outcome::UsageExceeded => text::OUT_OF_CREDITS,
            Outcome::RateLimited => text::RATE_LIMITED,
            Outcome::Disabled => common::DISABLED,
            Outcome::Expired => common::EXPIRED,
            Outcome::Passed => text::PASSED,
            Outcome::Blocked => text::BLOCKED,
            Outcome::Success => text::SUCCESS,
            Outcome::Redirect => text::REDIRECT,
            Outcome::ClientError => text::CLIENT_ERROR,
            Outcome::ServerError => text::SERVER_ERROR,
        }
    }

    /// One sentence for whoever meets the word for the first time.
    pub const fn meaning(self) -> &'static str {
        match self {
            Outcome::Valid => text::VALID_MEANING,
            Outcome::NotFound => text::NOT_FOUND_MEANING,
            Outcome::Forbidden => text::FORBIDDEN_MEANING,
            Outcome::InsufficientPermissions => text::NO_PERMISSION_MEANING,
            Outcome::UsageExceeded => common::CREDITS_DID_NOT_SUFFICE,
            Outcome::RateLimited => text::RATE_LIMITED_MEANING,
            Outcome::Disabled => text::DISABLED_MEANING,
            Outcome::Expired => text::EXPIRED_MEANING,
            Outcome::Passed => text::PASSED_MEANING,
            Outcome::Blocked => text::BLOCKED_MEANING,
            Outcome::Success => text::SUCCESS_MEANING,
            Outcome::Redirect => text::REDIRECT_MEANING,
            Outcome::ClientError => text::CLIENT_ERROR_MEANING,
            Outcome::ServerError => text::SERVER_ERROR_MEANING,
        }
    }

    pub const fn is_good(self) -> bool {
        matches!(self, Outcome::Valid | Outcome::Passed | Outcome::Success)
    }

    /// Suffix of the classes and patterns that colour this outcome.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Outcome::Valid | Outcome::Passed | Outcome::Success => "good",
            Outcome::RateLimited | Outcome::Blocked | Outcome::ClientError => "limited",
            Outcome::UsageExceeded => "used",
            Outcome::Expired => "expired",
            Outcome::Disabled => "off",
            Outcome::InsufficientPermissions | Outcome::ServerError => "denied",
            Outcome::Forbidden => "forbidden",
            Outcome::NotFound => "unknown",
            Outcome::Redirect => "info",
        }
    }

    /// The paint of this outcome in bars and legends: colour and pattern in one.
    pub(crate) fn paint(self) -> String {
        format!("url(#p-{})", self.class())
    }
}

/// The colour square of a legend, with its pattern.
pub(crate) fn swatch(outcome: Outcome) -> View {
    view! {
        <svg class="swatch" viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
            <rect width="10" height="10" fill=outcome.paint()></rect>
        </svg>
    }
    .into_any()
}

/// The patterns that bars and legends refer to; once per page.
pub(crate) fn patterns() -> View {
    const DRAWINGS: [(&str, &str); 9] = [
        ("good", ""),
        ("info", "M4 0v8"),
        ("limited", "M-1 5 5-1M-1 9 9-1M3 9 9 3"),
        ("used", "M-1 3 5 9M-1-1 9 9M3-1 9 5"),
        ("expired", "M0 2h8M0 6h8"),
        ("off", "M2 0v8M6 0v8"),
        ("denied", "M0 0 8 8M8 0 0 8"),
        ("forbidden", "M0 0h8M0 0v8"),
        ("unknown", "M3 3h2v2H3z"),
    ];
    let patterns = DRAWINGS.map(|(name, drawing)| {
        view! {
            <pattern id=format!("p-{name}") width="8" height="8" patternUnits="userSpaceOnUse">
                <rect class=format!("s-{name}") width="8" height="8"></rect>
                <path class="pattern" d=drawing></path>
            </pattern>
        }
    });
    view! {
        <svg class="defs" width="0" height="0" aria-hidden="true" focusable="false">
            <defs>
                {Vec::from(patterns)}
            </defs>
        </svg>
    }
    .into_any()
}
