//! Texts of the settings for AI tools. Absent: the configurations themselves, which are code.

use std::fmt::Display;

// AI tools

pub const NEVER_PASTE_A_ROOT_KEY: &str = "Never paste a root key into a conversation: give the tool a root \
    key of its own by its environment, with no more than it needs and an expiry.";
pub const MCP_IS_OFF: &str = "MCP is switched off on this server: the setting mcp is off.";

pub fn clients_sign_in_at(own: impl Display) -> String {
    format!(
        "Clients can sign in at {own} alone. For them to do so under the address you use, set public_url \
        to it."
    )
}

pub const PROGRAMS_WITH_A_ROOT_KEY: &str = "Programs that were allowed a root key";
pub const LINK_DOCUMENTATION_FOR_AI_TOOLS: &str = "Documentation for AI tools";
pub const NO_PROGRAM_YET: &str = "None yet. Whoever signs in by a client of MCP is listed here.";
pub const PROGRAM: &str = "Program";
pub const ALLOWED: &str = "Allowed";

// Configurations of AI tools

pub const CURSOR: &str = "Cursor: .cursor/mcp.json";
pub const WINDSURF: &str = "Windsurf: ~/.codeium/windsurf/mcp_config.json";
pub const CLAUDE_DESKTOP: &str = "Claude Desktop: claude_desktop_config.json";
pub const CLAUDE_CODE: &str = "Claude Code";
pub const VS_CODE: &str = "VS Code: .vscode/mcp.json";
pub const CLIENTS_THAT_SIGN_IN_HINT: &str = "The client opens this dashboard, where you pick what it may do \
    and for how long. With ?readonly=true at its end the address has tools that change nothing, with \
    ?toolsets=keys,ratelimit some of them.";
pub const CLIENTS_THAT_SIGN_IN: &str = "Clients of MCP that sign in";
pub const CURSOR_WINDSURF_CLAUDE_DESKTOP: &str = "Cursor, Windsurf, Claude Desktop";
pub const CLIENTS_WITH_A_ROOT_KEY_HINT: &str =
    "Give each client a root key of its own, and export it as UNKEY_ROOT_KEY where the client starts.";
pub const CLIENTS_WITH_A_ROOT_KEY: &str = "Clients of MCP with a root key";
pub const CURSOR_INDEXES_DOCUMENTATION: &str = "Cursor, Windsurf and others: documentation to index";
pub const PROJECT_INSTRUCTIONS: &str = "Project instructions: AGENTS.md, .cursor/rules, .windsurfrules";
pub const PROJECT_INSTRUCTIONS_TEXT: &str = "Our API keys are handled by unkey at ORIGIN.\nBefore you write \
    code that calls it, read ORIGIN/llms.txt and the pages it lists that apply.\nThe address is in \
    UNKEY_URL and the root key in UNKEY_ROOT_KEY; never write either into code.";
pub const DOCUMENTATION_IN_ONE_FILE: &str =
    "The whole documentation in one file, for tools that cannot reach this server";
pub const OPENAPI_DOCUMENT: &str = "OpenAPI document of the v2 API";
pub const ENVIRONMENT_OF_THE_CODE: &str = "Environment of the code the tool writes";
pub const DOCUMENTATION_FOR_TOOLS_HINT: &str = "These pages need no credential and hold no data of yours.";
pub const DOCUMENTATION_FOR_TOOLS: &str = "Documentation for tools that write code";
