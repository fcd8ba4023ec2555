//! A budget of unknown keys per address (D29): whoever may verify without a
//! credential may not guess, or make the database look, without bound.
//!
//! Known keys are never refused for it: an address may be that of a backend
//! whose own clients send it nonsense.

use super::Verifier;
use crate::address::{self, ClientAddress};
use crate::error::{Code, Error, Result};
use crate::ratelimit::limiter::{Check, Scope};

const MINUTE_MS: u64 = 60_000;
/// Names the counters among those of the limiter; they belong to no workspace.
const NAME: &str = "unknown keys";

impl Verifier {
    /// Charges one unknown key to an address. Fails with
    /// `unknown_keys_rate_limited` once it had `per_minute` of them.
    pub async fn charge_unknown(&self, from: ClientAddress, per_minute: u64, now_ms: i64) -> Result<()> {
        // Callers without an address share one budget: better than none.
        let network = from.counted().map(|ip| address::block(ip, 64));
        let subject = network.map_or_else(|| "unknown".to_owned(), |network| network.to_string());
        let check = Check {
            workspace: "",
            scope: Scope::Address,
            subject: &subject,
            name: NAME,
            limit: per_minute,
            duration_ms: MINUTE_MS,
            cost: 1,
        };
        if self.limiter.take_many(&[check], now_ms).await?.passed {
            return Ok(());
        }
        let detail = format!("This address asked for more than {per_minute} unknown keys within a minute.");
        Err(Error::new(Code::UnknownKeysRateLimited, detail))
    }
}
