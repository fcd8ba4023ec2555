//! A machine whose clock is wrong for a moment, and right again.

use e2e::{MachineClock, Server, eventually, folder};
use serde_json::{Value, json};

/// Ends of minutes of 2027-03-01, Unix milliseconds.
const END_OF_14_00: i64 = 1_803_909_660_000;
const END_OF_12_00: i64 = END_OF_14_00 - 7_200_000;

fn limit(server: &Server, cost: u64) -> Value {
    let body = json!({ "namespace": "n", "identifier": "u", "limit": 2, "duration": 60_000, "cost": cost });
    server.call("ratelimit.limit", &body).data()
}

/// Uses a limit up two hours ahead.
fn use_up(server: &Server) {
    let used = limit(server, 2);
    assert_eq!((&used["success"], &used["reset"]), (&json!(true), &json!(END_OF_14_00)));
    assert_eq!(limit(server, 1)["success"], false);
}

/// The limit follows the clock back, and what was used stays used.
fn is_back(server: &Server) {
    eventually("the limit to follow the clock", || (limit(server, 0)["reset"] == END_OF_12_00).then_some(()));
    let looked = limit(server, 1);
    assert_eq!((&looked["success"], &looked["remaining"]), (&json!(false), &json!(0)));
}

#[test]
fn limits_work_after_a_clock_that_was_two_hours_ahead() {
    let (data, clock) = (folder(), MachineClock::at("2027-03-01 14:00:05"));
    let server = Server::start_with_clock(data.path(), &clock);
    use_up(&server);
    clock.set("2027-03-01 12:00:10");
    is_back(&server);
    clock.set("2027-03-01 12:03:00");
    assert_eq!(limit(&server, 2)["success"], true);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn limits_work_after_a_restart_with_the_right_clock() {
    let (data, clock) = (folder(), MachineClock::at("2027-03-01 14:00:05"));
    let server = Server::start_with_clock(data.path(), &clock);
    use_up(&server);
    assert_eq!(server.stop(), Some(0));
    clock.set("2027-03-01 12:00:10");
    let server = Server::start_with_clock(data.path(), &clock);
    is_back(&server);
    clock.set("2027-03-01 12:03:00");
    assert_eq!(limit(&server, 2)["success"], true);
    assert_eq!(server.stop(), Some(0));
}
