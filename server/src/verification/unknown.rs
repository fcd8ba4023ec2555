//! A budget of unknown keys per address (D29): whoever may verify without a
//! credential may not guess, or make the database look, without bound.
//!
//! Known keys are never refused for it: an address may be that of a backend
//! whose own clients send it nonsense.

use std::net::{IpAddr, Ipv6Addr};

use super::Verifier;
use crate::error::{Code, Error, Result};
use crate::ratelimit::limiter::{Check, Scope};

const MINUTE_MS: u64 = 60_000;
/// Names the counters among those of the limiter; they belong to no workspace.
const NAME: &str = "unknown keys";

impl Verifier {
    /// Charges one unknown key to an address. Fails with
    /// `unknown_keys_rate_limited` once it had `per_minute` of them.
    pub async fn charge_unknown(&self, ip: Option<IpAddr>, per_minute: u64, now_ms: i64) -> Result<()> {
        // Callers without an address share one budget: better than none.
        let subject = ip.map_or_else(|| "unknown".to_owned(), |ip| network(ip).to_string());
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

/// An address as budgets count it: a v6 host has a whole /64 to call from.
pub fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_a_v6_network_are_one() {
        let of = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
