//! Keys: what they are called, their states, and a line about one.

use web::components::{Chip, Outcome, Tone};
use web::pages::parts::{KeyLine, Named};
use web::texts::{common, outcomes as text};
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
        states.push(Chip::new(Tone::Quiet, common::DISABLED, text::DISABLED_REASON));
    }
    states.extend(expiry_state(key.expires_at, now_ms));
    states.extend(credit_state(key));
    states.extend(counts.and_then(traffic_state));
    if states.is_empty() {
        let reason = if counts.is_some() { text::NOTHING_STANDS_OUT } else { "" };
        states.push(Chip::new(Tone::Good, common::ACTIVE, reason));
    }
    states
}

/// The state of a key that can be restored.
pub fn deleted_state() -> Chip {
    Chip::new(Tone::Quiet, common::DELETED, text::DELETED_REASON)
}

fn expiry_state(expires_at: Option<i64>, now_ms: i64) -> Option<Chip> {
    let left = expires_at?.saturating_sub(now_ms);
    match left {
        ..0 => Some(Chip::new(Tone::Attention, common::EXPIRED, text::EXPIRED_REASON)),
        0..=DAY_MS => Some(Chip::new(Tone::Attention, common::EXPIRES_SOON, text::EXPIRES_SOON_REASON)),
        _ => None,
    }
}

fn credit_state(key: &Key) -> Option<Chip> {
    let remaining = key.credits.remaining?;
    let refill = key.credits.refill.as_ref();
    if remaining <= 0 {
        let reason = match refill {
            Some(_) => text::OUT_OF_CREDITS_UNTIL_REFILL,
            None => text::OUT_OF_CREDITS_FOR_GOOD,
        };
        return Some(Chip::new(Tone::Error, text::OUT_OF_CREDITS, reason));
    }
    let is_low = refill.is_some_and(|refill| remaining < refill.amount / 10);
    is_low.then(|| Chip::new(Tone::Caution, text::LOW_CREDITS, text::LOW_CREDITS_REASON))
}

fn traffic_state(counts: &Counts) -> Option<Chip> {
    let (total, limited) = (counts.total(), count_of(counts, Outcome::RateLimited));
    if limited * 10 > total {
        let reason = text::RATE_LIMITED_REASON;
        return Some(Chip::new(Tone::Caution, text::RATE_LIMITED, reason));
    }
    (bad(counts) * 10 > total)
        .then(|| Chip::new(Tone::Caution, text::OFTEN_REFUSED, text::OFTEN_REFUSED_REASON))
}
