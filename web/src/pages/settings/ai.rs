//! What to paste into tools that write code and clients of MCP, with this server's
//! address in it, and which of them were allowed a root key.

use leptos::prelude::*;

use crate::View;
use crate::components::{
    Icon, Row, Table, button_link, code_block, head, link, note, optional_stamp, section, stamp,
};
use crate::paths;
use crate::shell::Shell;
use crate::texts::{ai_tools as text, common};
use crate::time::Stamp;

/// Texts to paste, for one purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippets {
    pub title: String,
    pub about: String,
    /// Tool or place, and the text.
    pub blocks: Vec<(String, String)>,
}

/// A program that somebody allowed a root key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramRow {
    /// As it calls itself.
    pub client: String,
    /// Id of the root key.
    pub root_key: String,
    pub name: String,
    pub allowed: Stamp,
    pub last_used: Option<Stamp>,
    pub expires: Option<Stamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AiView {
    /// Whether this server answers clients of MCP.
    pub mcp: bool,
    /// The only address at which clients can sign in, if it is not the one in use.
    pub signs_in_at: Option<String>,
    pub snippets: Vec<Snippets>,
    pub programs: Vec<ProgramRow>,
}

pub fn ai(shell: &Shell, view: &AiView) -> String {
    let mut body = vec![note(text::NEVER_PASTE_A_ROOT_KEY)];
    if !view.mcp {
        body.push(note(text::MCP_IS_OFF));
    }
    if let Some(own) = &view.signs_in_at {
        let text = text::clients_sign_in_at(own);
        body.push(note(&text));
    }
    body.extend(view.snippets.iter().map(group));
    if view.mcp {
        body.push(section(text::PROGRAMS_WITH_A_ROOT_KEY, vec![programs(&view.programs)]));
    }
    let mut links = vec![link(text::LINK_DOCUMENTATION_FOR_AI_TOOLS, &paths::doc("ai-tools"))];
    if shell.may.admin {
        links.push(button_link(Some(Icon::Plus), common::NEW_ROOT_KEY, &paths::new_root_key(), ""));
    }
    body.push(view! { <div class="form-actions">{links}</div> }.into_any());
    super::page(shell, common::AI_TOOLS).body(body)
}

fn group(snippets: &Snippets) -> View {
    let mut blocks = vec![view! { <p class="hint">{snippets.about.clone()}</p> }.into_any()];
    blocks.extend(snippets.blocks.iter().map(|(name, text)| code_block(name, text)));
    section(&snippets.title, blocks)
}

fn programs(rows: &[ProgramRow]) -> View {
    if rows.is_empty() {
        return view! { <p class="hint">{text::NO_PROGRAM_YET}</p> }.into_any();
    }
    let heads = vec![
        head(text::PROGRAM),
        head(common::ROOT_KEY),
        head(text::ALLOWED),
        head(common::LAST_USED),
        head(common::EXPIRES),
    ];
    let rows = rows.iter().map(|row| {
        Row::new(vec![
            view! { <bdi>{row.client.clone()}</bdi> }.into_any(),
            link(&row.name, &paths::root_key(&row.root_key)),
            stamp(&row.allowed),
            optional_stamp(&row.last_used, common::NEVER),
            optional_stamp(&row.expires, common::NEVER),
        ])
    });
    Table::new(text::PROGRAMS_WITH_A_ROOT_KEY, heads).dense().rows(rows.collect())
}
