//! What to paste into tools that write code, with this server's address in it.

use crate::components::{check, code_block, note, post_form, section, submit};
use crate::form::FormState;
use crate::paths;
use crate::shell::Shell;

/// Posts to [`paths::ai_tools`]: `mcp`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AiView {
    pub form: FormState,
    /// Tool, and the text to paste. A placeholder stands for the root key.
    pub snippets: Vec<(String, String)>,
}

pub fn ai(shell: &Shell, view: &AiView) -> String {
    let mut body = Vec::new();
    if shell.may.admin {
        let help = "Lets tools that speak MCP manage keys with a root key of yours, at /mcp.";
        let fields = vec![check(&view.form, "mcp", "MCP server", help), submit("Save", "primary")];
        body.push(section("MCP", vec![post_form(shell.csrf(), &paths::ai_tools(), "form", fields)]));
    }
    body.push(note("Give such a tool a root key of its own with no more than it needs, and an expiry."));
    body.extend(view.snippets.iter().map(|(tool, text)| code_block(tool, text)));
    super::page(shell, "AI tools").body(body)
}
