//! Keys in short: what a line about one says.

use std::collections::HashMap;

use web::components::{Chip, Tone};
use web::pages::parts::{KeyLine, Named};

use super::super::visit::Visit;
use crate::keys::{Key, KeyDetails};

/// Its name, else what is stored of its secret.
pub fn key_label(key: &Key) -> String {
    match &key.name {
        Some(name) if !name.trim().is_empty() => name.clone(),
        _ if key.start.is_empty() && key.last4.is_empty() => key.id.to_string(),
        _ => format!("{}...{}", key.start, key.last4),
    }
}

/// Why it is refused, or that it is not.
pub fn key_states(key: &Key, now_ms: i64) -> Vec<Chip> {
    let mut states = Vec::new();
    if !key.enabled {
        states.push(Chip::new(Tone::Quiet, "Disabled", "Requests with it are refused until it is enabled."));
    }
    if key.expires_at.is_some_and(|expires_at| expires_at < now_ms) {
        states.push(Chip::new(Tone::Error, "Expired", "Its time is over."));
    }
    if key.credits.remaining.is_some_and(|remaining| remaining <= 0) {
        states.push(Chip::new(Tone::Attention, "No credits", "None of its credits are left."));
    }
    if states.is_empty() {
        states.push(Chip::new(Tone::Good, "Active", ""));
    }
    states
}

impl Visit {
    /// Lines about keys of whatever APIs.
    pub(super) fn key_lines(&self, keys: &[KeyDetails]) -> Vec<KeyLine> {
        let line = |details: &KeyDetails| {
            let key = &details.key;
            KeyLine {
                id: key.id.to_string(),
                label: key_label(key),
                api: Named::new(key.api.id.as_str(), &key.api.name),
                last_used: self.maybe_stamp(key.last_used_at),
                states: key_states(key, self.now_ms()),
            }
        };
        keys.iter().map(line).collect()
    }

    /// Addresses of the members of the workspace by the ids that actors have.
    pub(super) async fn people(&self) -> crate::error::Result<HashMap<String, String>> {
        let members = self.app.users.list(&self.cx).await?;
        Ok(members.into_iter().map(|member| (member.id.to_string(), member.email)).collect())
    }
}
