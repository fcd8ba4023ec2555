//! Texts around every page: navigation, menus, keyboard shortcuts, pages of errors, the
//! frame of a portal.

use std::fmt::Display;

// Themes

pub const SYSTEM: &str = "System";
pub const LIGHT: &str = "Light";
pub const DARK: &str = "Dark";
pub const HIGH_CONTRAST: &str = "High contrast";

// Navigation and menus

pub const HOME: &str = "Home";
pub const MANAGE: &str = "Manage";
pub const OBSERVE: &str = "Observe";
pub const OPERATE: &str = "Operate";
pub const MAIN_NAVIGATION: &str = "Main";
pub const SWITCH_WORKSPACE: &str = "Switch workspace";
pub const SEARCH_OR_PASTE_A_KEY: &str = "Search, or paste a key";

pub fn your_menu(email: impl Display) -> String {
    format!("Your menu, {email}")
}

pub const SIGN_IN_AND_SECURITY: &str = "Sign-in and security";
pub const KEYBOARD_SHORTCUTS: &str = "Keyboard shortcuts";
pub const SIGN_OUT: &str = "Sign out";

// The frame of a page

pub fn others_beside(name: impl Display) -> String {
    format!("Others beside {name}")
}

pub const BREADCRUMB: &str = "Breadcrumb";
pub const SKIP_TO_THE_PAGE: &str = "Skip to the page";
pub const BRAND_HOME: &str = "unkey, home";
pub const HELP: &str = "Help";
pub const DOCS: &str = "Docs";
pub const API_REFERENCE: &str = "API reference";
pub const HEALTH: &str = "Health";
pub const SHORTCUTS: &str = "Shortcuts";

// The frame of a portal

pub const PREVIEW_THE_KEY_IS_AN_EXAMPLE: &str = "Preview. The key is an example.";
pub const YOUR_API_KEYS: &str = "Your API keys";
pub const YOUR_USAGE: &str = "Your usage";

// Pages of errors

pub const NOTHING_IS_HERE: &str = "Nothing is here";
pub const NOT_FOUND_REASON: &str =
    "It was deleted, it belongs to another workspace, or the address has a typo.";
pub const YOU_MAY_NOT_DO_THIS: &str = "You may not do this";

pub fn nothing_was_changed(message: impl Display) -> String {
    format!("{message} Nothing was changed.")
}

pub const THIS_DID_NOT_WORK: &str = "This did not work";
pub const THIS_FORM_IS_OUT_OF_DATE: &str = "This form is out of date";
pub const STALE_FORM_REASON: &str =
    "You signed in again or left it open for long. Go back, reload, and send it again. Nothing was changed.";
pub const TOO_MANY_ATTEMPTS: &str = "Too many attempts";
pub const NOT_AT_THE_MOMENT: &str = "Not at the moment";

pub fn load_again_in_a_moment(message: impl Display) -> String {
    format!("{message} Load the page again in a moment.")
}

pub const SOMETHING_FAILED_ON_THIS_SERVER: &str = "Something failed on this server";

pub fn cause_is_in_the_log(request_id: impl Display) -> String {
    format!("Nothing more is shown here. The log has the cause under request {request_id}.")
}

pub const TITLE_NOT_FOUND: &str = "Not found";
pub const TITLE_NOT_ALLOWED: &str = "Not allowed";
pub const TITLE_NOT_ACCEPTED: &str = "Not accepted";
pub const TITLE_OUT_OF_DATE: &str = "Out of date";
pub const TITLE_SLOW_DOWN: &str = "Slow down";
pub const TITLE_TRY_AGAIN: &str = "Try again";
pub const TITLE_ERROR: &str = "Error";
pub const LINK_IS_OVER: &str = "This link is unknown, was used, or has expired. Ask for another, or make \
    one on the command line of the server: `unkey setup link` before anybody signed in, `unkey user invite` \
    afterwards.";
pub const NO_ROLE_IN_ANY_WORKSPACE: &str = "You have no role in any workspace of this server.";

/// Of the style sheets, scripts and pictures that pages load.
pub const NO_SUCH_FILE: &str = "There is no such file.\n";

// Keyboard shortcuts

pub const KEY_CTRL_K: &str = "Ctrl K";
pub const SEARCH_AND_GO_ANYWHERE: &str = "Search everything, go anywhere, find what the page offers";
pub const FILTER_THE_LIST: &str = "Filter the list";
pub const NEXT_ROW: &str = "Next row";
pub const ROW_BEFORE: &str = "Row before";
pub const KEY_ENTER: &str = "Enter";
pub const OPEN_THE_ROW: &str = "Open the row";
pub const SHOW_BESIDE_THE_LIST: &str = "Show the row beside the list, as a double click does";
pub const CHOOSE_THE_ROW: &str = "Choose the row";
pub const KEY_ESC: &str = "Esc";
pub const CLOSE_WHAT_IS_OPEN: &str = "Close what is open";
pub const THIS_PAGE: &str = "This page";
pub const EVERYWHERE: &str = "Everywhere";
pub const GO_TO: &str = "Go to";
