//! What guessing costs: budgets of attempts, and lockouts that grow.
//!
//! Budgets come first and cost nothing: so many attempts a minute from one
//! address and on one account, whether it exists or not. Whoever keeps failing on
//! an account that exists locks it for a while, longer each time. The right
//! password does not open a locked account, and the answer is always the same,
//! so that nobody learns which addresses have accounts.

use std::net::{IpAddr, Ipv6Addr};

use super::Sessions;
use crate::error::{Code, Error, Result};
use crate::op::OpCtx;
use crate::ratelimit::limiter::{Check, Scope};
use crate::secret::KeyHash;

const MINUTE_MS: u64 = 60_000;
const PER_ADDRESS: u64 = 30;
const PER_ACCOUNT: u64 = 10;
/// Names the counters among those of the limiter.
const NAME: &str = "sign in";

/// Failures in a row that cost nothing.
const FREE_FAILURES: i64 = 5;
const FIRST_LOCK_MS: i64 = 30_000;
/// How long an account stays locked at most.
pub(super) const LONGEST_LOCK_MS: i64 = 15 * 60_000;

/// How long an account stays locked after this many failures in a row.
pub(super) fn lock_ms(failures: i64) -> i64 {
    match failures - FREE_FAILURES {
        ..0 => 0,
        over => FIRST_LOCK_MS.saturating_mul(1 << over.min(20)).min(LONGEST_LOCK_MS),
    }
}

/// The one refusal, whatever was wrong.
pub(super) fn refused() -> Error {
    let detail = "This is not right, or there were too many attempts. Check it, wait a little and try again.";
    Error::new(Code::SignInRefused, detail)
}

impl Sessions {
    /// Charges one attempt on the account that `subject` names.
    ///
    /// Fails with `too_many_attempts`.
    pub(super) async fn charge(&self, cx: &OpCtx, subject: &str) -> Result<()> {
        let address = cx.ip.map(network);
        let account = KeyHash::of(subject).to_base64();
        let check = |scope, subject, limit| Check {
            workspace: "",
            scope,
            subject,
            name: NAME,
            limit,
            duration_ms: MINUTE_MS,
            cost: 1,
        };
        let mut checks = vec![check(Scope::Account, account.as_str(), PER_ACCOUNT)];
        checks.extend(address.as_deref().map(|address| check(Scope::Address, address, PER_ADDRESS)));
        if self.limiter.take_many(&checks, cx.now_ms).await?.passed {
            return Ok(());
        }
        Err(Error::new(Code::TooManyAttempts, "Too many attempts. Wait a minute and try again."))
    }
}

/// Whom an address stands for: of IPv6, everybody has a whole network.
fn network(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lockouts_grow_to_a_quarter_of_an_hour() {
        let seconds: Vec<i64> = (0..13).map(|failures| lock_ms(failures) / 1000).collect();
        assert_eq!(seconds, [0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]);
        assert_eq!(lock_ms(i64::MAX), LONGEST_LOCK_MS);
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::9"));
        assert_ne!(of("2001:db8:1:2::9"), of("2001:db8:1:3::9"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
