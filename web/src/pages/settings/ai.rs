//! What to paste into tools that write code, with this server's address in it.

use crate::components::{code_block, link, note, section};
use crate::paths;
use crate::shell::Shell;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AiView {
    /// Tool, and the text to paste.
    pub snippets: Vec<(String, String)>,
}

pub fn ai(shell: &Shell, view: &AiView) -> String {
    let mut blocks = vec![note(
        "These pages need no credential and hold no data of yours. Never paste a root key into a conversation: \
         give the tool a root key of its own by its environment, with no more than it needs and an expiry.",
    )];
    blocks.extend(view.snippets.iter().map(|(tool, text)| code_block(tool, text)));
    blocks.push(link("Documentation for AI tools", &paths::doc("ai-tools")));
    super::page(shell, "AI tools").body(vec![section("Tools that write code", blocks)])
}
