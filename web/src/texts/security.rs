//! Texts of the settings of one person: password, second factor, sessions.

use std::fmt::Display;

// Security

pub const RECOVERY_CODES_STORE_NOW: &str = "Recovery codes: store them now";
pub const RECOVERY_CODES_HINT: &str =
    "Each works once in place of a code, when your authenticator is gone. They are not shown again.";
pub const RECOVERY_CODES: &str = "Recovery codes";
pub const YOUR_PASSWORD: &str = "Your password";
pub const NOTHING_CHANGES_BEFORE_A_CODE: &str = "Nothing changes until you typed a first code.";
pub const SET_UP_A_SECOND_FACTOR: &str = "Set up a second factor";
pub const PASSWORD_ONLY: &str = "Signing in takes your password only.";
pub const FIRST_CODE_HINT: &str = "The six digits your authenticator shows now.";
pub const TURN_ON: &str = "Turn on";
pub const SCAN_THIS: &str = "Scan this with an authenticator app, or type the secret.";
pub const QR_CODE_OF_THE_SECRET: &str = "QR code of the secret";
pub const CODE_HINT: &str = "Of your authenticator, or a recovery code.";
pub const FEW_CODES_ARE_LEFT: &str = "Few recovery codes are left. Make new ones.";

pub fn second_factor_is_on(codes: impl Display) -> String {
    format!("On. {codes} left.")
}

pub const NEW_RECOVERY_CODES: &str = "New recovery codes";
pub const TURN_OFF: &str = "Turn off";
pub const CURRENT_PASSWORD: &str = "Current password";
pub const NEW_PASSWORD: &str = "New password";
pub const ENDS_YOUR_OTHER_SESSIONS: &str = "Ends your other sessions.";
pub const CHANGE_PASSWORD: &str = "Change password";
pub const TIME_ZONE_HINT: &str = "Times are shown in it, to you only.";

// Sessions

pub const BROWSER: &str = "Browser";
pub const ADDRESS: &str = "Address";
pub const SIGNED_IN: &str = "Signed in";
pub const THIS_SESSION: &str = "this one";
pub const END_SESSION: &str = "End";
pub const END_ALL_OTHERS: &str = "End all others";
pub const YOUR_SESSIONS: &str = "Your sessions";

// Notices

pub const TURNED_THE_SECOND_FACTOR_OFF: &str = "Turned the second factor off.";
pub const CHANGED_THE_PASSWORD: &str = "Changed the password. Other sessions are over.";

// Notices of sessions, and browsers

pub const ENDED_THE_SESSION: &str = "Ended the session.";

pub fn browser_on(browser: impl Display, system: impl Display) -> String {
    format!("{browser} on {system}")
}
