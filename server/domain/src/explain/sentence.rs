//! Each check as a sentence for people, with the values it was decided on.

use super::{Check, LimitState, Step, Verdict};
use crate::identities::Spending;

impl Step {
    /// One sentence, in the present tense, without the name of the key.
    pub fn sentence(&self) -> String {
        let passes = matches!(self.verdict, Verdict::Passed | Verdict::Later { would_pass: true });
        match &self.check {
            Check::Found { deleted: None } if passes => "A live key has this secret or id.".to_owned(),
            Check::Found { deleted: None } => "No key has this secret, or it may not be seen.".to_owned(),
            Check::Found { deleted: Some(deleted) } => match deleted.deleted_at {
                Some(at_ms) => format!("The key {} was deleted at {}.", deleted.key, moment(at_ms)),
                None => format!("The API {} of the key {} was deleted.", deleted.api, deleted.key),
            },
            Check::Workspace { enabled: true } => "The workspace is enabled.".to_owned(),
            Check::Workspace { enabled: false } => "The workspace is disabled.".to_owned(),
            Check::Enabled { enabled: true } => "The key is enabled.".to_owned(),
            Check::Enabled { enabled: false } => "The key is disabled.".to_owned(),
            Check::Api { asked: None, of_key } => format!("No API was named; the key belongs to {of_key}."),
            Check::Api { asked: Some(_), of_key } if passes => format!("The key belongs to {of_key}."),
            Check::Api { asked: Some(asked), of_key } => {
                format!("The key belongs to {of_key}, not to {asked}.")
            }
            Check::Expiry { expires_at: None, .. } => "The key never expires.".to_owned(),
            Check::Expiry { expires_at: Some(at_ms), .. } if passes => {
                format!("The key expires at {}.", moment(*at_ms))
            }
            Check::Expiry { expires_at: Some(at_ms), .. } => {
                format!("The key expired at {}.", moment(*at_ms))
            }
            Check::Address { allowlist, .. } if allowlist.is_empty() => {
                "The API accepts every address.".to_owned()
            }
            Check::Address { ip: Some(ip), .. } if passes => format!("The address {ip} is on the list."),
            Check::Address { ip: Some(ip), .. } => {
                format!("The address {ip} is not on the list of the API.")
            }
            Check::Address { ip: None, .. } => "The address of the caller is not known.".to_owned(),
            Check::Permissions { query, .. } if query.is_empty() => "No permission was asked for.".to_owned(),
            Check::Permissions { missing: Some(slug), .. } => format!("The permission '{slug}' is missing."),
            Check::Permissions { .. } => "The key holds what was asked for.".to_owned(),
            Check::Limits(limits) if limits.is_empty() => "No rate limit applies.".to_owned(),
            Check::Limits(limits) => limits.iter().map(LimitState::sentence).collect::<Vec<_>>().join(" "),
            Check::Credits { balance: None, .. } => "The credits of the key are unlimited.".to_owned(),
            Check::Credits { balance: Some(balance), cost } if passes => {
                format!("The balance of {balance} covers the cost of {cost}.")
            }
            Check::Credits { balance: Some(balance), cost } => {
                format!("The balance of {balance} does not cover the cost of {cost}.")
            }
            Check::SpendCap { month: None, .. } => {
                "What its identity spends in a month has no cap.".to_owned()
            }
            Check::SpendCap { month: Some(month), resets_at, cost } => {
                let Spending { monthly_credits, spent_credits } = month;
                let verdict = if passes { "covers" } else { "does not cover" };
                format!(
                    "The month of its identity {verdict} the cost of {cost}: {spent_credits} of {monthly_credits} \
                     credits are spent; the next month begins at {}.",
                    moment(*resets_at)
                )
            }
        }
    }
}

impl LimitState {
    fn sentence(&self) -> String {
        let Self { name, limit, duration_ms, cost, used, .. } = self;
        let verdict = if self.exceeded { "is exceeded" } else { "has room" };
        format!(
            "The limit '{name}' {verdict}: {used} of {limit} used in {duration_ms} ms, {cost} asked for; the window \
             ends at {}.",
            moment(self.reset_ms)
        )
    }
}

fn moment(time_ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(time_ms)
        .map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
        .unwrap_or_else(|| format!("{time_ms} ms"))
}
