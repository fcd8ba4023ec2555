//! What an address may ask before anybody knows who it is.

use super::Oauth;
use crate::ratelimit::limiter::{Check, Scope};
use base::access::OpCtx;
use base::address;
use base::clock::{HOUR_MS, MINUTE_MS};
use base::error::{Code, Error, Result};

/// What costs a write, or could.
#[derive(Clone, Copy)]
pub(super) struct Budget {
    name: &'static str,
    limit: u64,
    duration_ms: i64,
}

/// A client registers once on each machine; an office has one address.
pub(super) const REGISTRATIONS: Budget =
    Budget { name: "oauth registrations", limit: 30, duration_ms: HOUR_MS };

pub(super) const EXCHANGES: Budget = Budget { name: "oauth exchanges", limit: 60, duration_ms: MINUTE_MS };

impl Oauth {
    /// Charges one request to the address it comes from; of IPv6 a network of 64
    /// bits. Fails with `too_many_attempts`.
    pub(super) async fn charge(&self, cx: &OpCtx, budget: Budget) -> Result<()> {
        let block = cx.address.counted().map(|ip| address::block(ip, 64));
        let subject = block.map_or_else(|| "nowhere".to_owned(), |block| block.to_string());
        let check = Check {
            workspace: "",
            scope: Scope::Address,
            subject: &subject,
            name: budget.name,
            limit: budget.limit,
            duration_ms: budget.duration_ms.unsigned_abs(),
            cost: 1,
        };
        let taken = self.limiter.take_many(&[check], cx.now_ms).await?;
        if taken.passed {
            return Ok(());
        }
        let wait_ms = taken.decisions[0].reset_ms - cx.now_ms;
        let wait_s = wait_ms.max(1).unsigned_abs().div_ceil(1000);
        let detail = format!("Too many requests from this address. Try again in {wait_s} seconds.");
        Err(Error::new(Code::TooManyAttempts, detail).retry_after_s(wait_s))
    }
}
