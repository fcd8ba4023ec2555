//! Clocks that are set: ahead, back, over midnight, and right again. Whatever the
//! server makes of that, windows must go on ending and keys expiring.

use std::time::Duration;

use e2e::ROOT_KEY;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::{Fault, some_ms};
use crate::doors::v2;
use crate::doors::wire::Wire;
use crate::site::{Equipment, Site};
use crate::time::{unix_ms, wait_for};

/// Nobody waits longer for a window of a second to end, or for a key to expire.
const MOVES_WITHIN: Duration = Duration::from_secs(20);
const DAY_S: i64 = 86_400;
/// Tokens of portals last a day: no step may outlast them.
const MOST_S: i64 = DAY_S - 3600;

/// Where the clock is set, one after the other, in seconds from the right time.
#[derive(Debug)]
pub struct Clock {
    offsets_s: Vec<i64>,
}

impl Clock {
    pub fn draw(number: usize, rng: &mut StdRng) -> Self {
        let to_midnight_s = DAY_S - (unix_ms() / 1000) % DAY_S;
        let past_midnight_s = (to_midnight_s + rng.random_range(1..120)).min(MOST_S);
        let before_midnight_s = (DAY_S - to_midnight_s + rng.random_range(1..120)).min(MOST_S);
        let hours_s = rng.random_range(3000..20_000);
        let offsets_s = match number % 5 {
            0 => vec![hours_s],
            1 => vec![-hours_s],
            2 => vec![past_midnight_s, past_midnight_s - 7200],
            3 => vec![-before_midnight_s],
            _ => vec![rng.random_range(2..120), -rng.random_range(2..120), rng.random_range(2..20)],
        };
        Self { offsets_s }
    }
}

impl Fault for Clock {
    fn equipment(&self) -> Equipment {
        Equipment { own_clock: true, ..Equipment::default() }
    }

    fn strike(&self, site: &Site, rng: &mut StdRng) {
        for offset_s in &self.offsets_s {
            set(site, *offset_s);
            std::thread::sleep(some_ms(rng, 800, 2000));
            expect_moving(site, *offset_s, rng);
        }
        set(site, 0);
    }

    fn check(&self, site: &Site, rng: &mut StdRng) {
        expect_moving(site, 0, rng);
    }
}

/// Sets the clock of the server, in one step.
fn set(site: &Site, offset_s: i64) {
    let next = site.clock_file().with_extension("next");
    std::fs::write(&next, format!("{offset_s:+}")).expect("the folder can be written");
    std::fs::rename(next, site.clock_file()).expect("the folder can be written");
    site.clock.moved_to(offset_s * 1000);
    site.journal.line(&format!("the clock is {offset_s} s from the right time"));
}

/// Windows end and keys expire by a clock that was set.
fn expect_moving(site: &Site, offset_s: i64, rng: &mut StdRng) {
    let mut wire = Wire::new(StdRng::from_rng(rng));
    let number: u64 = rng.random();
    let mut call = |operation: &str, body: &Value| -> Option<Value> {
        let reply = wire.answer(&site.base(), &v2::call(operation, body, ROOT_KEY)).ok()?;
        let body: Value = serde_json::from_str(&reply.body).ok()?;
        Some(body["data"].clone())
    };
    let window =
        json!({ "namespace": "clock", "identifier": format!("i{number}"), "limit": 1, "duration": 1000 });
    let mut admitted = 0;
    wait_for(MOVES_WITHIN, || {
        let answer = call("ratelimit.limit", &window)?;
        admitted += u32::from(answer["success"] == true);
        (admitted == 3).then_some(())
    });
    let when = format!("{offset_s} s from the right time");
    if admitted < 3 {
        let model = "one admission a second goes on";
        site.journal.violation(
            "a limit of 1 a second",
            model,
            format!("{admitted} in {MOVES_WITHIN:?}, {when}"),
        );
    }
    let api = call("apis.createApi", &json!({ "name": "clock" })).unwrap_or_default();
    let expires = unix_ms() + offset_s * 1000 + 2000;
    let body = json!({ "apiId": api["apiId"], "expires": expires });
    let key = call("keys.createKey", &body).unwrap_or_default();
    let verify = json!({ "key": key["key"] });
    let mut seen = Value::Null;
    let expired = wait_for(MOVES_WITHIN, || {
        seen = call("keys.verifyKey", &verify)?["code"].clone();
        (seen == "EXPIRED").then_some(())
    });
    if expired.is_none() {
        site.journal.violation("a key for 2 s", "EXPIRED", format!("{seen} after {MOVES_WITHIN:?}, {when}"));
    }
}
