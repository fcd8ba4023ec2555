//! What to paste into tools that write code and into clients of MCP, with the
//! address of this server, and which programs were allowed a root key.

use web::pages::settings::ai::{AiView, ProgramRow, Snippets, ai as page};
use web::texts::ai_tools as text;

use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::error::Result;
use domain::root_keys::RootKey;

/// `GET /settings/ai`.
pub async fn show(request: MemberRequest) -> Result<Reply> {
    let (origin, own) = (&request.shell.frame.origin, request.app.origin());
    let mcp = request.app.config.mcp;
    let mut snippets = Vec::new();
    if mcp {
        snippets.extend([signing_in(origin), with_root_key(origin)]);
    }
    snippets.push(documentation(origin));
    let root_keys = request.app.root_keys.list(&request.cx).await?;
    let view = AiView {
        mcp,
        signs_in_at: Some(own).filter(|own| mcp && own != origin),
        snippets,
        programs: root_keys.into_iter().filter_map(|key| program(&request, key)).collect(),
    };
    Ok(Reply::page(page(&request.shell, &view)))
}

fn program(request: &MemberRequest, key: RootKey) -> Option<ProgramRow> {
    let name = key.label();
    let client = key.client?;
    Some(ProgramRow {
        root_key: key.id.into_string(),
        name,
        client: client.name,
        allowed: request.stamp(key.created_at),
        last_used: request.maybe_stamp(key.last_used_at),
        expires: request.maybe_stamp(key.expires_at),
    })
}

// The blocks below are those of docs/ai-tools.md, which a test holds them to and
// another carries out.

fn signing_in(origin: &str) -> Snippets {
    let blocks = [
        (text::CURSOR, CURSOR),
        (text::WINDSURF, WINDSURF),
        (text::CLAUDE_DESKTOP, BY_MCP_REMOTE),
        (text::CLAUDE_CODE, "claude mcp add --transport http unkey ORIGIN/mcp"),
        (text::VS_CODE, VS_CODE),
    ];
    let about = text::CLIENTS_THAT_SIGN_IN_HINT;
    group(text::CLIENTS_THAT_SIGN_IN, about, origin, &blocks)
}

fn with_root_key(origin: &str) -> Snippets {
    let blocks = [
        (text::CURSOR_WINDSURF_CLAUDE_DESKTOP, BY_MCP_REMOTE_WITH_ROOT_KEY),
        (
            text::CLAUDE_CODE,
            "claude mcp add --transport http unkey ORIGIN/mcp --header \"Authorization: Bearer $UNKEY_ROOT_KEY\"",
        ),
        (text::VS_CODE, VS_CODE_WITH_ROOT_KEY),
    ];
    let about = text::CLIENTS_WITH_A_ROOT_KEY_HINT;
    group(text::CLIENTS_WITH_A_ROOT_KEY, about, origin, &blocks)
}

fn documentation(origin: &str) -> Snippets {
    let blocks = [
        (text::CURSOR_INDEXES_DOCUMENTATION, "ORIGIN/llms.txt"),
        (text::PROJECT_INSTRUCTIONS, text::PROJECT_INSTRUCTIONS_TEXT),
        (text::DOCUMENTATION_IN_ONE_FILE, "ORIGIN/llms-full.txt"),
        (text::OPENAPI_DOCUMENT, "ORIGIN/openapi/v2.json"),
        (text::ENVIRONMENT_OF_THE_CODE, "UNKEY_URL=ORIGIN\nUNKEY_ROOT_KEY="),
    ];
    let about = text::DOCUMENTATION_FOR_TOOLS_HINT;
    group(text::DOCUMENTATION_FOR_TOOLS, about, origin, &blocks)
}

fn group(title: &str, about: &str, origin: &str, blocks: &[(&str, &str)]) -> Snippets {
    // What mcp-remote is told where nothing is encrypted on the way.
    let options = if is_plain_and_far(origin) { ", \"--allow-http\"" } else { "" };
    let filled = |text: &str| text.replace("ORIGIN", origin).replace(" OPTIONS", options);
    let blocks = blocks.iter().map(|(name, text)| ((*name).to_owned(), filled(text))).collect();
    Snippets { title: title.to_owned(), about: about.to_owned(), blocks }
}

fn is_plain_and_far(origin: &str) -> bool {
    let Some(host) = origin.strip_prefix("http://") else { return false };
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    !matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

const CURSOR: &str = r#"{
  "mcpServers": {
    "unkey": { "url": "ORIGIN/mcp" }
  }
}"#;

const WINDSURF: &str = r#"{
  "mcpServers": {
    "unkey": { "serverUrl": "ORIGIN/mcp" }
  }
}"#;

const BY_MCP_REMOTE: &str = r#"{
  "mcpServers": {
    "unkey": {
      "command": "npx",
      "args": ["-y", "mcp-remote@0.15", "ORIGIN/mcp" OPTIONS]
    }
  }
}"#;

const BY_MCP_REMOTE_WITH_ROOT_KEY: &str = r#"{
  "mcpServers": {
    "unkey": {
      "command": "npx",
      "args": ["-y", "mcp-remote@0.15", "ORIGIN/mcp", "--header", "MCP-UNKEY-BEARER-AUTH:${UNKEY_ROOT_KEY}" OPTIONS]
    }
  }
}"#;

const VS_CODE: &str = r#"{
  "servers": {
    "unkey": { "type": "http", "url": "ORIGIN/mcp" }
  }
}"#;

const VS_CODE_WITH_ROOT_KEY: &str = r#"{
  "inputs": [{ "type": "promptString", "id": "root-key", "description": "Root key of unkey", "password": true }],
  "servers": {
    "unkey": {
      "type": "http",
      "url": "ORIGIN/mcp",
      "headers": { "Authorization": "Bearer ${input:root-key}" }
    }
  }
}"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_has_the_blocks_of_the_page() {
        let guide = include_str!("../../../../../docs/ai-tools.md");
        let origin = "https://keys.example.com";
        for Snippets { title, blocks, .. } in [signing_in(origin), with_root_key(origin)] {
            for (name, text) in blocks {
                assert!(guide.contains(&text), "{title}: {name}: the guide lacks\n{text}");
                assert!(!text.contains("ORIGIN") && !text.contains("OPTIONS"), "{text}");
            }
        }
    }

    #[test]
    fn mcp_remote_is_told_where_nothing_is_encrypted() {
        let has = |origin: &str| with_root_key(origin).blocks[0].1.contains("\"--allow-http\"]");
        assert!(has("http://keys.example.com") && has("http://10.0.0.1:3000"));
        for origin in
            ["https://keys.example.com", "http://localhost:3000", "http://127.0.0.1:3000", "http://[::1]:80"]
        {
            assert!(!has(origin), "{origin}");
        }
    }
}
