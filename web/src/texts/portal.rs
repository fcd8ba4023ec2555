//! Texts of portals: what end users see, and where members set a portal up.

use std::fmt::Display;

// Settings of a portal

pub const NO_PORTAL_YET: &str = "No portal yet";
pub const NO_PORTAL_YET_HINT: &str =
    "A portal lets your users see, rotate and watch their own keys under your name, without an account here.";
pub const PORTAL_ID_TO_COPY: &str = "portal id";
pub const LOOK: &str = "Look";
pub const OPEN_SESSIONS: &str = "Open sessions";
pub const SEND_A_USER_THERE: &str = "Send a user there";
pub const SEND_A_USER_THERE_HINT: &str =
    "Your backend opens a session and redirects the browser to the address in the answer.";
pub const OPEN_A_SESSION: &str = "Open a session";
pub const NAME_HINT: &str = "Shown to your users.";
pub const SLUG_HINT: &str = "Part of the address: 3 to 64 of a-z, 0-9, -.";
pub const LOGO: &str = "Logo";
pub const LOGO_HINT: &str = "An image under https. Browsers of your users load it from there.";
pub const COLOUR: &str = "Colour";
pub const COLOUR_HINT: &str = "Of buttons and lines, as #rrggbb. Empty for the usual one.";
pub const OPEN: &str = "Open";
pub const OPEN_HINT: &str = "A closed portal ends its sessions and opens no new ones. Keys keep working.";
pub const CREATE_PORTAL: &str = "Create portal";
pub const BRANDING: &str = "Branding";
pub const DELETE_THE_PORTAL: &str = "Delete the portal";
pub const DELETE_CONSEQUENCE: &str = "Ends its sessions. The keys of its users keep working.";
pub const DELETE_PORTAL: &str = "Delete portal";

// Answers to the settings

pub const SAVED_THE_PORTAL: &str = "Saved the portal.";
pub const THIS_IS_NOT_ITS_SLUG: &str = "This is not its slug.";

pub fn deleted_the_portal(slug: impl Display) -> String {
    format!("Deleted the portal {slug}.")
}

pub const EXAMPLE_KEY_NAME: &str = "Example";

// What an end user sees

pub const AT_ONCE: &str = "at once";
pub const IN_AN_HOUR: &str = "in an hour";
pub const IN_A_DAY: &str = "in a day";
pub const IN_A_WEEK: &str = "in a week";
pub const YOU_HAVE_NO_KEYS_YET: &str = "You have no keys yet";
pub const NO_KEYS_YET_HINT: &str = "They show here once you have some.";
pub const OLD_SECRET_STOPS_WORKING: &str = "The old secret stops working ";
pub const REPLACE_THIS_KEY: &str = "Replace this key";
pub const REPLACE: &str = "Replace";
pub const REPLACE_HINT: &str = "Makes a new secret and shows it once.";
pub const SESSION_ENDED_HINT: &str = "Open this page again from the site that sent you here.";
pub const THIS_SESSION_HAS_ENDED: &str = "This session has ended";

// Keys of an end user

pub const SWITCHED_OFF: &str = "Switched off";
pub const SWITCHED_OFF_REASON: &str = "It is refused until it is switched on again.";
pub const EXPIRED_REASON: &str = "It is refused since then.";
pub const EXPIRES_SOON_REASON: &str = "Replace it in time.";
pub const CHOOSE_WHEN_OLD_SECRET_STOPS: &str = "Choose when the old secret stops working.";

// Usage of an end user

pub const REQUESTS_UTC: &str = "Requests (UTC)";
