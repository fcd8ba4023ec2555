//! What guessing costs: budgets of attempts. Nothing locks an account, because
//! a lock is what a stranger would use to keep its owner out.
//!
//! An attempt is charged before anything is computed, and the same whether the
//! account exists or not. What it is charged to depends on where it comes from:
//!
//! * **A browser that signed in to the account before**, which a signed cookie
//!   tells, has a budget of its own. So has a session that proves its owner again.
//! * **A network from which the account signed in lately** has one as well.
//! * **Strangers** share a budget per account. How much of it an address finds
//!   depends on how often it tried this account within a day: all of it the first
//!   time, a little the second, less afterwards. Addresses that were used up can
//!   therefore not spend what is left for those never seen.
//!
//! So an owner who comes from elsewhere, without the cookie, gets in as long as
//! fewer than [`Kind::strangers`]`[0]` minus `[1]` addresses guess within a day
//! (IPv6: networks of 48 bits), and guesses of strangers never exceed twice
//! `[0]` in any hour, from however many addresses: the sliding window weighs the
//! hour before, which bounds any hour by two limits. Counters fade by themselves.
//!
//! Counters are named by the password as well: a new one starts afresh, so that
//! whoever resets it lets its owner in.

use std::net::IpAddr;

use super::{Sessions, store};
use crate::ratelimit::limiter::{Check, Decision, Scope, Taken};
use crate::users::{Account, Lane};
use base::access::OpCtx;
use base::address;
use base::error::{Code, Error, Result};
use base::secret::{KeyHash, PlainKey};

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// Attempts of one address in a minute, on whatever accounts.
const PER_ADDRESS_MINUTE: u64 = 30;
/// Attempts in an hour of one address, or network of IPv6, that is not known.
const PER_STRANGE_NETWORK_HOUR: u64 = 120;
/// How long a network stays known after somebody signed in from it.
const KNOWN_NETWORK_MS: i64 = 30 * base::clock::DAY_MS;
/// Attempts of an address are counted in thousandths: the window fades in whole
/// numbers, and one attempt would be forgotten as soon as its day is over.
const ATTEMPT: u64 = 1000;

/// What became of checks, in their order.
type Decisions = smallvec::SmallVec<[Decision; 2]>;

/// What is attempted, and how many times in an hour on one account.
pub(super) struct Kind {
    name: &'static str,
    /// From one browser that is known.
    device: u64,
    /// From one network that is known.
    network: u64,
    /// From everywhere else together: up to where the first attempt of an address
    /// in a day passes, the second, the third, and any other.
    strangers: [u64; 4],
}

impl Kind {
    pub const PASSWORD: Self =
        Self { name: "passwords", device: 30, network: 60, strangers: [300, 60, 40, 20] };

    /// Of the second factor, or for recovery, once the password was right: a
    /// million codes, of which three are right at a time.
    pub const CODE: Self = Self { name: "codes", device: 20, network: 20, strangers: [20, 8, 5, 3] };
}

/// Where an attempt comes from, as the account sees it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// A browser that signed in before, or a session, by its id.
    Device(String),
    Network(IpAddr),
    Stranger,
}

/// Names the counters of an account. Of one that does not exist, those of the
/// address that was typed.
pub(super) fn subject(email: &str, account: Option<&Account>) -> String {
    let password = account.map_or("", |account| account.password_hash.as_str());
    KeyHash::of(&format!("{} {password}", email.to_lowercase())).to_base64()
}

/// The one refusal, whatever was wrong.
pub(super) fn refused() -> Error {
    Error::new(Code::SignInRefused, "This is not right. Check it and try again.")
}

impl Sessions {
    /// Where an attempt on an account comes from, given the cookie that tells
    /// known browsers.
    pub(super) async fn standing(
        &self,
        cx: &OpCtx,
        account: Option<&Account>,
        device: Option<&PlainKey>,
    ) -> Result<Standing> {
        let known =
            account.zip(device).and_then(|(account, cookie)| self.device_of(account, cookie, cx.now_ms));
        if let Some(device) = known {
            return Ok(Standing::Device(device));
        }
        let Some(here) = cx.address.known().map(network) else { return Ok(Standing::Stranger) };
        // Asked of nobody's as well, so that the time an answer takes tells nothing.
        let user = account.map_or_else(|| "".into(), |account| account.id.clone());
        let addresses = store::addresses(self.store.read(), &user, cx.now_ms - KNOWN_NETWORK_MS).await?;
        let mut networks = addresses.iter().filter_map(|text| text.parse().ok()).map(network);
        Ok(if networks.any(|network| network == here) { Standing::Network(here) } else { Standing::Stranger })
    }

    /// Charges one attempt on the account that `subject` names; answers where its
    /// password waits to be computed.
    ///
    /// Fails with `too_many_attempts`.
    pub(super) async fn charge(
        &self,
        cx: &OpCtx,
        kind: &Kind,
        subject: &str,
        standing: &Standing,
    ) -> Result<Lane> {
        match standing {
            // Whoever shares its address must not keep a known browser out.
            Standing::Device(id) => {
                let own = format!("{subject}/device/{id}");
                self.take(cx, &[hourly(&own, kind, kind.device)]).await.map(|_| Lane::Known)
            }
            Standing::Network(network) => {
                self.charge_address(cx).await?;
                let own = format!("{subject}/network/{network}");
                self.take(cx, &[hourly(&own, kind, kind.network)]).await.map(|_| Lane::Known)
            }
            Standing::Stranger => self.charge_stranger(cx, kind, subject).await,
        }
    }

    /// Charges one attempt of any kind to the address it comes from: of whoever
    /// posts to a link, too.
    ///
    /// Fails with `too_many_attempts`.
    pub async fn charge_address(&self, cx: &OpCtx) -> Result<()> {
        let address = caller(cx, 64);
        let limit = of_address(&address, "sign in", PER_ADDRESS_MINUTE, MINUTE_MS);
        self.take(cx, &[limit]).await.map(|_| ())
    }

    async fn charge_stranger(&self, cx: &OpCtx, kind: &Kind, subject: &str) -> Result<Lane> {
        let (address, network) = (caller(cx, 64), caller(cx, 48));
        let limits = [
            of_address(&address, "sign in", PER_ADDRESS_MINUTE, MINUTE_MS),
            of_address(&network, "sign in as a stranger", PER_STRANGE_NETWORK_HOUR, HOUR_MS),
        ];
        let left = self.take(cx, &limits).await?[1].remaining;
        let lane = if left + 1 == PER_STRANGE_NETWORK_HOUR { Lane::Newcomers } else { Lane::Strangers };
        let own = format!("{subject}/stranger/{network}");
        let mut refusal = None;
        for (earlier, limit) in (0_u64..).zip(kind.strangers) {
            let is_last = earlier + 1 == kind.strangers.len() as u64;
            let own_limit = if is_last { u64::MAX } else { (earlier + 1) * ATTEMPT };
            let tried = Check {
                scope: Scope::Account,
                cost: ATTEMPT,
                duration_ms: DAY_MS,
                ..hourly(&own, kind, own_limit)
            };
            let taken = self.limiter.take_many(&[hourly(subject, kind, limit), tried], cx.now_ms).await?;
            if taken.passed {
                return Ok(lane);
            }
            refusal = Some(too_many(cx.now_ms, &taken.decisions[..1]));
            // It tried no more often than this, so the rest is not for it.
            if !taken.decisions[1].exceeded {
                break;
            }
        }
        refusal.map_or(Ok(lane), Err)
    }

    async fn take(&self, cx: &OpCtx, checks: &[Check<'_>]) -> Result<Decisions> {
        let Taken { passed, decisions } = self.limiter.take_many(checks, cx.now_ms).await?;
        if passed { Ok(decisions) } else { Err(too_many(cx.now_ms, &decisions)) }
    }
}

/// Whom an attempt counts for among strangers: an IPv6 network of so many bits.
fn caller(cx: &OpCtx, v6_bits: u32) -> String {
    let block = cx.address.counted().map(|ip| address::block(ip, v6_bits));
    block.map_or_else(|| "nowhere".to_owned(), |block| block.to_string())
}

/// The network of a household, which one address of IPv4 is too.
fn network(ip: IpAddr) -> IpAddr {
    address::block(ip, 64)
}

fn hourly<'a>(subject: &'a str, kind: &Kind, limit: u64) -> Check<'a> {
    Check {
        workspace: "",
        scope: Scope::Account,
        subject,
        name: kind.name,
        limit,
        duration_ms: HOUR_MS,
        cost: 1,
    }
}

fn of_address<'a>(address: &'a str, name: &'a str, limit: u64, duration_ms: u64) -> Check<'a> {
    Check { workspace: "", scope: Scope::Address, subject: address, name, limit, duration_ms, cost: 1 }
}

/// Says when the counters that refused will have faded by a window.
fn too_many(now_ms: i64, decisions: &[Decision]) -> Error {
    let exceeded = decisions.iter().filter(|decision| decision.exceeded);
    let wait_ms = exceeded.map(|decision| decision.reset_ms - now_ms).max().unwrap_or_default();
    let wait_s = wait_ms.max(1).unsigned_abs().div_ceil(1000);
    let wait = match wait_s {
        ..120 => format!("{wait_s} seconds"),
        _ => format!("{} minutes", wait_s.div_ceil(60)),
    };
    Error::new(Code::TooManyAttempts, format!("Too many attempts. Try again in {wait}."))
        .retry_after_s(wait_s)
}
