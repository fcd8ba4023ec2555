//! A budget of unknown keys per address
//! (docs/decisions.md#unknown-keys-have-a-budget): whoever may verify without a
//! credential may not guess, or make the database look, without bound.
//!
//! Keys in memory are never refused for it: an address may be that of a backend
//! whose own clients send it nonsense. Once the budget is used up, the database
//! is not asked any more, so a key that is not in memory is refused as well.

use super::{Verifier, VerifyKey};
use crate::ratelimit::limiter::{Check, Scope};
use base::access::OpCtx;
use base::address;
use base::error::{Code, Error, Result};

const MINUTE_MS: u64 = 60_000;
/// Names the counters among those of the limiter; they belong to no workspace.
const NAME: &str = "unknown keys";

impl Verifier {
    /// Whether the address may ask about another unknown key. Fails with
    /// `unknown_keys_rate_limited`.
    pub(super) async fn check_unknown(&self, cx: &OpCtx, request: &VerifyKey) -> Result<()> {
        self.unknown(cx, request.unknown_keys_per_minute, false).await
    }

    /// Charges one unknown key to the address. Fails as [`Verifier::check_unknown`].
    pub(super) async fn charge_unknown(&self, cx: &OpCtx, request: &VerifyKey) -> Result<()> {
        self.unknown(cx, request.unknown_keys_per_minute, true).await
    }

    async fn unknown(&self, cx: &OpCtx, per_minute: Option<u64>, charge: bool) -> Result<()> {
        let Some(limit) = per_minute else { return Ok(()) };
        // Callers without an address share one budget: better than none.
        let network = cx.address.counted().map(|ip| address::block(ip, 64));
        let subject = network.map_or_else(|| "unknown".to_owned(), |network| network.to_string());
        let check = Check {
            workspace: "",
            scope: Scope::Address,
            subject: &subject,
            name: NAME,
            limit,
            duration_ms: MINUTE_MS,
            cost: 1,
        };
        let taken = match charge {
            true => self.limiter.take_many(&[check], cx.now_ms).await?,
            false => self.limiter.look_many(&[check], cx.now_ms).await?,
        };
        if taken.passed {
            return Ok(());
        }
        let detail = format!("This address asked for more than {limit} unknown keys within a minute.");
        let reset_s = (taken.decisions[0].reset_ms - cx.now_ms).max(0).unsigned_abs() / 1000;
        Err(Error::new(Code::UnknownKeysRateLimited, detail).used_up(limit, reset_s))
    }
}
