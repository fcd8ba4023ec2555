//! Keys: what they are called, their states, and a line about one.

use web::components::{Chip, Outcome, Tone};
use web::pages::parts::{KeyLine, Named};
use web::time::Stamp;

use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::outcome_counts::{bad, count_of};
use domain::keys::{Key, label};
use insight::analytics::Counts;

const DAY_MS: i64 = 24 * 60 * 60_000;

/// When a key was last used, as far as it was noted: a minute may be missing.
pub fn last_used(request: &MemberRequest, key: &Key) -> Option<Stamp> {
    request.maybe_stamp(key.last_used_at.max(request.app.recorder.last_used().of_key(&key.id)))
}

pub fn key_line(request: &MemberRequest, key: &Key) -> KeyLine {
    KeyLine {
        id: key.id.to_string(),
        label: key_label(key),
        api: Named::new(key.api.id.as_str(), &key.api.name),
        last_used: last_used(request, key),
        states: key_states(key, None, request.now_ms()),
    }
}

pub fn key_label(key: &Key) -> String {
    label(&key.id, key.name.as_deref(), &key.start, &key.last4)
}

/// The states of a key, the most urgent first, never none. `counts` are those of
/// the last 36 hours, where they are known.
pub fn key_states(key: &Key, counts: Option<&Counts>, now_ms: i64) -> Vec<Chip> {
    let mut states = Vec::new();
    if !key.enabled {
        states.push(Chip::new(Tone::Quiet, "Disabled", "Requests with it are refused until it is enabled."));
    }
    states.extend(expiry_state(key.expires_at, now_ms));
    states.extend(credit_state(key));
    states.extend(counts.and_then(traffic_state));
    if states.is_empty() {
        let reason = if counts.is_some() { "Nothing stands out in the last 36 hours." } else { "" };
        states.push(Chip::new(Tone::Good, "Active", reason));
    }
    states
}

/// The state of a key that can be restored.
pub fn deleted_state() -> Chip {
    Chip::new(Tone::Quiet, "Deleted", "Requests with it are refused. It can still be restored.")
}

fn expiry_state(expires_at: Option<i64>, now_ms: i64) -> Option<Chip> {
    let left = expires_at?.saturating_sub(now_ms);
    match left {
        ..0 => Some(Chip::new(
            Tone::Attention,
            "Expired",
            "It stopped working by itself. Set a later expiry to use it again.",
        )),
        0..=DAY_MS => Some(Chip::new(
            Tone::Attention,
            "Expires soon",
            "It stops working within a day. Set a later expiry, or rotate it.",
        )),
        _ => None,
    }
}

fn credit_state(key: &Key) -> Option<Chip> {
    let remaining = key.credits.remaining?;
    let refill = key.credits.refill.as_ref();
    if remaining <= 0 {
        let reason = match refill {
            Some(_) => "Nothing is left until the next refill. Set the credits to let it work at once.",
            None => "Nothing is left, and nothing comes back by itself. Set its credits.",
        };
        return Some(Chip::new(Tone::Error, "Out of credits", reason));
    }
    let is_low = refill.is_some_and(|refill| remaining < refill.amount / 10);
    is_low.then(|| {
        Chip::new(
            Tone::Caution,
            "Low credits",
            "Less than a tenth of what a refill brings it back to is left.",
        )
    })
}

fn traffic_state(counts: &Counts) -> Option<Chip> {
    let (total, limited) = (counts.total(), count_of(counts, Outcome::RateLimited));
    if limited * 10 > total {
        let reason = "More than a tenth of its requests of 36 hours exceeded a rate limit.";
        return Some(Chip::new(Tone::Caution, "Rate limited", reason));
    }
    (bad(counts) * 10 > total).then(|| {
        Chip::new(
            Tone::Caution,
            "Often refused",
            "More than a tenth of its requests of 36 hours were refused.",
        )
    })
}
