//! Texts of the pages of who has not signed in yet: sign-in, setup, invitations.

use std::fmt::Display;

// Signing in

pub const SESSION_ENDED: &str = "Your session ended. Sign in to go on where you were.";
pub const FORGOT_THE_PASSWORD: &str = "Forgot the password? An owner can set a new one with ";
pub const CODE_HINT: &str = "Six digits from your authenticator, or one of your recovery codes.";
pub const SIGN_IN_AS_SOMEBODY_ELSE: &str = "Sign in as somebody else";

// Setting up the server

pub fn at_least_characters_a_sentence(count: impl Display) -> String {
    format!("At least {count} characters. A sentence is easy to keep.")
}

pub const WORKSPACE_HINT: &str = "A team, a product or a company. More can be added later.";
pub const YOU_BECOME_THE_OWNER: &str = "You become the owner of this server.";
pub const SET_UP_THIS_SERVER: &str = "Set up this server";
pub const NOBODY_HAS_SIGNED_IN_YET: &str = "Nobody has signed in here yet.";
pub const WAITS_FOR_ITS_FIRST_USER: &str = "This server waits for its first user.";
pub const OPEN_THE_SETUP_LINK: &str = "Open the setup link that the server printed when it started. It \
    works for an hour; this makes another, on the machine of the server:";
pub const WELCOME: &str = "Welcome";
pub const A_NEW_SETUP_LINK: &str = "A new setup link";
pub const SERVER_IS_SET_UP: &str = "The server is set up, and you are its owner.";

// Invitations

pub fn whom_is_invited(whom: impl Display, workspace: impl Display, role: impl Display) -> String {
    format!("{whom} is invited to {workspace} as {role}.")
}

pub fn you_are_invited(workspace: impl Display, role: impl Display) -> String {
    format!("You are invited to {workspace} as {role}.")
}

pub const YOU_ARE_SIGNED_IN_AS: &str = "You are signed in as ";
pub const JOIN: &str = "Join";
pub const YOU_HAVE_AN_ACCOUNT_HERE: &str = "You have an account here? ";
pub const SIGN_IN_FIRST: &str = "Sign in first";

pub fn join_workspace(workspace: impl Display) -> String {
    format!("Join {workspace}")
}

pub const CHOOSE_A_PASSWORD: &str = "Choose a password";
pub const YOU_JOINED_THE_WORKSPACE: &str = "You joined the workspace.";
pub const WELCOME_NOTICE: &str = "Welcome.";
