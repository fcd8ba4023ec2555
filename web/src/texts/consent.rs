//! Texts of the page on which a person gives a program a root key.

use std::fmt::Display;

// The page

pub fn program_asks_for_a_root_key(client: impl Display, workspace: impl Display) -> String {
    format!(
        "A program that calls itself {client} asks for a root key of the workspace {workspace}. Anybody \
        can call a program so. Go on only if you have just started to connect it, and know where the \
        answer goes."
    )
}

pub const CALLS_ITSELF: &str = "Calls itself";
pub const THE_ANSWER_GOES_TO: &str = "The answer goes to";
pub const ASKS_TO_USE: &str = "Asks to use";
pub const REGISTERED: &str = "Registered";
pub const CLIENT_ID: &str = "Client id";
pub const CLIENT_ID_TO_COPY: &str = "client id";
pub const GIVE_A_PROGRAM_A_ROOT_KEY: &str = "Give a program a root key";
pub const NAME_HINT: &str = "Of the root key, in lists.";
pub const PERMISSIONS_HINT: &str = "What the program may do. Give no more than you want it to do for you.";
pub const EXPIRY_HINT: &str = "When it has to ask again.";
pub const ALLOW_CONSEQUENCE: &str =
    "The program gets a root key, which is listed with the others and can be deleted at any time.";
pub const ALLOW: &str = "Allow";
pub const REFUSE: &str = "Refuse";

pub fn in_the_workspace_instead(workspace: impl Display) -> String {
    format!("In the workspace {workspace} instead")
}

// Answers

pub const YOU_ARE_IN_ANOTHER_WORKSPACE: &str =
    "You are in another workspace than this form was of. It is of the one you are in now.";
pub const SEND_THE_FORM_AS_SHOWN: &str = "Send the form as it is shown here.";
pub const FORM_WAS_SENT_BEFORE: &str =
    "This form was sent before, and the program has its answer. Begin again in the program.";

pub fn address_has_more_than_once(name: impl Display) -> String {
    format!("The address has {name} more than once.")
}
