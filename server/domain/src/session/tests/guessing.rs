//! Guessers against an owner: how much they get to try, and that the owner gets in.

use base::clock::{DAY_MS, HOUR_MS, SECOND_MS};
use std::collections::BTreeSet;
use std::net::IpAddr;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::*;
use crate::session::attempts::{self, Kind, Standing};
use crate::session::totp::Generator;
use crate::users::{self, Lane};

/// The most that strangers may try in any hour.
const MOST_PASSWORDS: usize = 600;
const MOST_CODES: usize = 40;

fn from(address: IpAddr, now_ms: i64) -> OpCtx {
    OpCtx { address: ClientAddress::direct(address), ..visitor(now_ms) }
}

/// One of 256 addresses of a network.
fn guesser(host: u8) -> IpAddr {
    IpAddr::from([198, 51, 100, host])
}

fn stranger(number: i64) -> IpAddr {
    let [.., c, d] = number.to_be_bytes();
    IpAddr::from([203, 0, c, d])
}

impl Server {
    /// Whether a stranger at this address gets to try a password of Ada's.
    async fn guesses(&self, address: IpAddr, now_ms: i64) -> bool {
        self.tries(&Kind::PASSWORD, EMAIL, address, now_ms).await
    }

    async fn tries(&self, kind: &Kind, subject: &str, address: IpAddr, now_ms: i64) -> bool {
        let charged = self.sessions.charge(&from(address, now_ms), kind, subject, &Standing::Stranger).await;
        charged.map_err(|error| assert_eq!(error.code(), Code::TooManyAttempts)).is_ok()
    }

    /// Lets so many strangers guess until there is nothing left for anybody new.
    async fn exhaust(&self, subject: &str, now_ms: i64) {
        for number in 0..400 {
            self.tries(&Kind::PASSWORD, subject, stranger(number), now_ms).await;
        }
        assert!(!self.tries(&Kind::PASSWORD, subject, stranger(1000), now_ms).await);
    }

    async fn adas(&self) -> String {
        attempts::subject(EMAIL, Some(&self.account().await))
    }

    async fn account(&self) -> users::Account {
        users::account(self.test.store.read(), &self.ada).await.unwrap().unwrap()
    }

    async fn log_in_from(&self, address: IpAddr, device: Option<&PlainKey>, now_ms: i64) -> Result<Step> {
        let command = Login { device: device.cloned(), ..login(EMAIL, PASSWORD) };
        self.sessions.login(&from(address, now_ms), command).await
    }
}

/// The most that fall within any hour.
fn most_in_an_hour(times: &[i64]) -> usize {
    let until = |start: &i64| times.partition_point(|time| *time < start + HOUR_MS);
    times.iter().enumerate().map(|(first, start)| until(start) - first).max().unwrap_or_default()
}

#[tokio::test]
async fn the_owner_signs_in_each_time_while_two_hundred_addresses_guess() {
    let server = Server::start().await;
    let subject = server.adas().await;
    let (mut owner_in, mut owner_elsewhere) = (0, 0);
    for step in 0..15 * 60_i64 {
        let now_ms = NOW_MS + step * 2 * SECOND_MS;
        let address = guesser(u8::try_from(step % 200).unwrap());
        server.tries(&Kind::PASSWORD, &subject, address, now_ms).await;
        if step % 60 == 59 {
            let in_again = server.log_in_from([192, 0, 2, 1].into(), None, now_ms).await;
            owner_in += usize::from(in_again.is_ok());
            let anew = server.log_in_from(stranger(step), None, now_ms).await;
            owner_elsewhere += usize::from(anew.is_ok());
        }
    }
    assert_eq!((owner_in, owner_elsewhere), (15, 15));
}

#[tokio::test]
async fn a_day_of_guessing_gains_little_and_keeps_nobody_new_out() {
    let server = Server::start().await;
    let mut tried = Vec::new();
    for step in 0..DAY_MS / (2 * SECOND_MS) {
        let now_ms = NOW_MS + step * 2 * SECOND_MS;
        if server.guesses(guesser(u8::try_from(step % 200).unwrap()), now_ms).await {
            tried.push(now_ms);
        }
        if step % 1800 == 1799 {
            let hour = step / 1800;
            assert!(server.guesses(stranger(hour), now_ms).await, "in hour {hour}");
        }
    }
    assert!(most_in_an_hour(&tried) <= 300, "{}", most_in_an_hour(&tried));
    assert!(tried.len() <= 1000, "{} in a day", tried.len());
    let later = tried.iter().filter(|time| **time >= NOW_MS + 12 * HOUR_MS).count();
    assert!(later <= 12 * 2 * 20, "{later} in twelve hours, once each was used up");
}

/// Guessers by number, and how long each waits after the one before.
fn attack() -> impl Strategy<Value = Vec<(u8, i64)>> {
    let pause = prop_oneof![3 => 0_i64..5 * SECOND_MS, 1 => Just(0), 1 => 0_i64..2 * HOUR_MS];
    prop::collection::vec((0_u8..230, pause), 1..1500)
}

/// Half of them have an address of IPv4, half a network of IPv6 to choose from.
fn of_either(number: u8, step: usize) -> IpAddr {
    if number.is_multiple_of(2) {
        return guesser(number);
    }
    let low = u16::try_from(step % 60_000).unwrap();
    IpAddr::from([0x2001, 0xdb8, u16::from(number), low, 0, 0, 0, low])
}

#[test]
fn whatever_guessers_do_they_are_bounded_and_nobody_new_is_kept_out() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(Server::start());
    let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
    // Days apart, so that nothing of one case is left in the next.
    let mut start_ms = NOW_MS;
    let run = |attack: Vec<(u8, i64)>, start_ms: i64| {
        runtime.block_on(async {
            let (mut now_ms, mut tried, mut probes) = (start_ms, Vec::new(), 0);
            for (step, (number, pause_ms)) in attack.iter().enumerate() {
                now_ms += pause_ms;
                if server.guesses(of_either(*number, step), now_ms).await {
                    tried.push(now_ms);
                }
                if step % 150 == 149 {
                    probes += 1;
                    prop_assert!(server.guesses(stranger(probes), now_ms).await, "step {}", step);
                }
            }
            let most = most_in_an_hour(&tried);
            prop_assert!(most <= MOST_PASSWORDS, "{} in an hour", most);
            Ok(now_ms + 3 * DAY_MS)
        })
    };
    let starts = std::cell::Cell::new(start_ms);
    let outcome = runner.run(&attack(), |attack| {
        starts.set(run(attack, starts.get())?);
        Ok::<(), TestCaseError>(())
    });
    start_ms = starts.get();
    outcome.unwrap_or_else(|error| panic!("before {start_ms}: {error}"));
}

#[tokio::test]
async fn any_number_of_addresses_stays_below_the_bound() {
    let server = Server::start().await;
    for (kind, most) in [(Kind::PASSWORD, MOST_PASSWORDS), (Kind::CODE, MOST_CODES)] {
        let mut tried = Vec::new();
        for step in 0..3 * 3600_i64 {
            let now_ms = NOW_MS + step * SECOND_MS;
            if server.tries(&kind, "anybody", stranger(step), now_ms).await {
                tried.push(now_ms);
            }
        }
        let in_an_hour = most_in_an_hour(&tried);
        assert!(in_an_hour <= most && in_an_hour > most / 4, "{in_an_hour}");
    }
}

#[tokio::test]
async fn one_address_tries_a_few_times_and_may_err() {
    let server = Server::start().await;
    let mut tried = 0;
    for step in 0..120 {
        tried += i32::from(server.guesses(guesser(1), NOW_MS + step * 20 * SECOND_MS).await);
    }
    assert_eq!(tried, 20, "of one address in forty minutes");
    assert!(!server.guesses(guesser(1), NOW_MS + 45 * MINUTE_MS).await);
    assert!(server.guesses(guesser(1), NOW_MS + 2 * HOUR_MS).await, "it fades");
    let neighbours: BTreeSet<bool> = BTreeSet::from([server.guesses(guesser(2), NOW_MS).await]);
    assert_eq!(neighbours, BTreeSet::from([true]));
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_the_same_time_do_not_outrun_the_budget() {
    let server = Server::start().await;
    let subject = server.adas().await;
    let guess = |_| {
        let (sessions, subject) = (server.sessions.clone(), subject.clone());
        tokio::spawn(async move {
            let cx = from(guesser(1), NOW_MS);
            sessions.charge(&cx, &Kind::PASSWORD, &subject, &Standing::Stranger).await.is_ok()
        })
    };
    let guesses: Vec<_> = (0..29).map(guess).collect();
    let mut tried = 0;
    for guess in guesses {
        tried += i32::from(guess.await.unwrap());
    }
    assert_eq!(tried, 20);
}

#[tokio::test]
async fn a_known_browser_gets_in_when_strangers_have_used_everything_up() {
    let server = Server::start().await;
    let session = server.log_in(NOW_MS).await;
    server.exhaust(&server.adas().await, NOW_MS).await;
    let elsewhere = IpAddr::from([192, 0, 2, 99]);
    let refused = server.log_in_from(elsewhere, None, NOW_MS).await.unwrap_err();
    assert_eq!(refused.code(), Code::TooManyAttempts);
    assert!(refused.wait_s().is_some_and(|seconds| (1..=3600).contains(&seconds)));
    for _ in 0..15 {
        server.log_in_from(elsewhere, Some(&session.device), NOW_MS).await.unwrap();
    }
    assert!(server.log_in_from([192, 0, 2, 1].into(), None, NOW_MS).await.is_ok(), "its network is known");
}

#[tokio::test]
async fn a_known_browser_is_one_of_this_account_and_this_password() {
    let server = Server::start().await;
    let operator = server.test.operator();
    server.users.create(&operator, user("eve@example.com")).await.unwrap();
    let own = server.log_in(NOW_MS).await;
    let step = server.sessions.login(&visitor(NOW_MS), login("eve@example.com", PASSWORD)).await.unwrap();
    let Step::SignedIn(eves) = step else { panic!("there is no second factor") };
    let account = server.account().await;
    let standing = async |cookie: &PlainKey, now_ms: i64| {
        let cx = from([192, 0, 2, 99].into(), now_ms);
        server.sessions.standing(&cx, Some(&account), Some(cookie)).await.unwrap()
    };
    assert!(matches!(standing(&own.device, NOW_MS).await, Standing::Device(_)));
    let again = Login { device: Some(own.device.clone()), ..login(EMAIL, PASSWORD) };
    let Step::SignedIn(again) = server.sessions.login(&visitor(NOW_MS + 1), again).await.unwrap() else {
        panic!("there is no second factor")
    };
    assert_eq!(standing(&again.device, NOW_MS).await, standing(&own.device, NOW_MS).await, "it keeps its id");
    for wrong in [&eves.device, &own.cookie, &plain("nonsense")] {
        assert_eq!(standing(wrong, NOW_MS).await, Standing::Stranger);
    }
    assert_eq!(standing(&own.device, NOW_MS + DEVICE_MS).await, Standing::Stranger, "too old");
    assert_eq!(code(server.sessions.authenticate(own.device.reveal(), NOW_MS).await), Code::SessionOver);
    server.sessions.reset_password(&operator, EMAIL, plain("another horse")).await.unwrap();
    let account = server.account().await;
    let cx = from([192, 0, 2, 99].into(), NOW_MS);
    let stale = server.sessions.standing(&cx, Some(&account), Some(&own.device)).await.unwrap();
    assert_eq!(stale, Standing::Stranger, "of another password");
}

#[tokio::test]
async fn who_is_known_guesses_within_bounds_as_well() {
    let server = Server::start().await;
    let subject = server.adas().await;
    for (standing, most) in [
        (Standing::Device("a".into()), 30),
        (Standing::Device("b".into()), 30),
        (Standing::Network([192, 0, 2, 7].into()), 60),
    ] {
        let mut tried = Vec::new();
        for step in 0..1800_i64 {
            let cx = from([192, 0, 2, 7].into(), NOW_MS + step * 4 * SECOND_MS);
            if server.sessions.charge(&cx, &Kind::PASSWORD, &subject, &standing).await.is_ok() {
                tried.push(cx.now_ms);
            }
        }
        assert!((most..=2 * most).contains(&most_in_an_hour(&tried)), "{standing:?}: {}", tried.len());
    }
}

#[tokio::test]
async fn a_new_password_begins_anew() {
    let server = Server::start().await;
    server.exhaust(&server.adas().await, NOW_MS).await;
    let owner = IpAddr::from([192, 0, 2, 99]);
    assert_eq!(code(server.log_in_from(owner, None, NOW_MS).await), Code::TooManyAttempts);
    server.sessions.reset_password(&server.test.operator(), EMAIL, plain("another horse")).await.unwrap();
    let login = login(EMAIL, "another horse");
    assert!(server.sessions.login(&from(owner, NOW_MS), login).await.is_ok());
}

#[tokio::test]
async fn attempts_have_budgets_whether_the_account_exists_or_not() {
    let server = Server::start().await;
    let attempts = async |email: &str, network: u8| {
        let mut codes = Vec::new();
        for step in 0..24 {
            let cx = from([198, 18, network, 1].into(), NOW_MS + step * 3 * SECOND_MS);
            codes.push(code(server.sessions.login(&cx, login(email, "wrong")).await));
        }
        codes
    };
    let (of_ada, of_nobody) = (attempts(EMAIL, 1).await, attempts("NOBODY@example.com", 2).await);
    assert_eq!(of_ada, of_nobody);
    assert_eq!(of_ada[..20], [Code::SignInRefused; 20]);
    assert_eq!(of_ada[20..], [Code::TooManyAttempts; 4]);
    assert_eq!(server.events().await.len(), 40, "what is over budget is not even noted");
}

#[tokio::test]
async fn an_address_has_a_budget_over_all_accounts() {
    let server = Server::start().await;
    let attempt = async |number: i64, now_ms: i64| {
        let refused = server.tries(&Kind::PASSWORD, &format!("user {number}"), guesser(1), now_ms).await;
        i64::from(refused)
    };
    let mut tried = 0;
    for number in 0..40 {
        tried += attempt(number, NOW_MS).await;
    }
    assert_eq!(tried, 30, "in a minute");
    for number in 0..400 {
        tried += attempt(number, NOW_MS + number * 5 * SECOND_MS + 2 * MINUTE_MS).await;
    }
    assert_eq!(tried, 120, "in an hour");
    let lane = async |host: u8| {
        let cx = from(guesser(host), NOW_MS);
        server.sessions.charge(&cx, &Kind::PASSWORD, "another", &Standing::Stranger).await.unwrap()
    };
    assert_eq!([lane(2).await, lane(2).await], [Lane::Newcomers, Lane::Strangers]);
    let one = |end: u16| IpAddr::from([0x2001, 0xdb8, 1, 2, 0, 0, 0, end]);
    for end in 0..30 {
        assert!(server.tries(&Kind::PASSWORD, &format!("user {end}"), one(end), NOW_MS).await);
    }
    assert!(
        !server.tries(&Kind::PASSWORD, "another", one(99), NOW_MS).await,
        "a network of IPv6 is one address"
    );
    let links = from(one(99), NOW_MS);
    assert_eq!(code(server.sessions.charge_address(&links).await), Code::TooManyAttempts, "links as well");
}

#[tokio::test]
async fn attempts_of_a_hidden_client_count_on_its_proxy() {
    let server = Server::start().await;
    let hidden = OpCtx { address: ClientAddress::behind([10, 0, 0, 1].into(), None), ..visitor(NOW_MS) };
    for _ in 0..30 {
        server.sessions.charge_address(&hidden).await.unwrap();
    }
    assert_eq!(code(server.sessions.charge_address(&hidden).await), Code::TooManyAttempts);
    server.sessions.charge_address(&from([10, 0, 0, 2].into(), NOW_MS)).await.unwrap();
}

#[tokio::test]
async fn a_session_proves_its_owner_on_a_budget_of_its_own() {
    let server = Server::start().await;
    let (one, two) = (server.log_in(NOW_MS).await, server.log_in(NOW_MS).await);
    let cx = server.open(&one, NOW_MS).await.unwrap();
    server.sessions.confirmed(&cx, plain(PASSWORD)).await.unwrap();
    for _ in 0..29 {
        assert_eq!(code(server.sessions.confirmed(&cx, plain("wrong")).await), Code::SignInRefused);
    }
    assert_eq!(code(server.sessions.confirmed(&cx, plain(PASSWORD)).await), Code::TooManyAttempts);
    let other = server.open(&two, NOW_MS).await.unwrap();
    server.sessions.confirmed(&other, plain(PASSWORD)).await.unwrap();
    server.log_in(NOW_MS).await;
    let nobody = server.sessions.confirmed(&anonymous(), plain(PASSWORD)).await;
    assert_eq!(code(nobody), Code::SessionOver);
}

#[tokio::test]
async fn codes_are_guessed_within_bounds_and_the_owner_gets_in() {
    let server = Server::start().await;
    let session = server.log_in(NOW_MS).await;
    let cx = server.open(&session, NOW_MS).await.unwrap();
    let enrolment = server.sessions.begin_second_factor(&cx, plain(PASSWORD)).await.unwrap();
    let generator = Generator::from_base32(enrolment.secret.reveal(), EMAIL).unwrap();
    let token = enrolment.token.reveal();
    let recovery = server.sessions.enable_second_factor(&cx, token, &generator.code(NOW_MS)).await.unwrap();
    let now_ms = NOW_MS + MINUTE_MS;
    // Somebody who has the password, at many addresses.
    let second = async |address: IpAddr, code: &str, device: Option<&PlainKey>| {
        let first = server.log_in_from(address, device, now_ms).await.unwrap();
        let Step::SecondFactor(token) = first else { panic!("a code should have been asked for") };
        let step = SecondStep { token: token.reveal(), code, device };
        server.sessions.second_step(&from(address, now_ms), step).await
    };
    let mut tried = 0;
    for host in 0..60 {
        tried += i32::from(code(second(guesser(host), "000000", None).await) == Code::SignInRefused);
    }
    assert_eq!(tried, 20);
    let right = generator.code(now_ms);
    let strange = second([192, 0, 2, 99].into(), &right, None).await;
    assert_eq!(code(strange), Code::TooManyAttempts, "there is none left for strangers");
    assert_eq!(code(second([192, 0, 2, 98].into(), recovery[0].reveal(), None).await), Code::TooManyAttempts);
    second([192, 0, 2, 99].into(), &right, Some(&session.device)).await.unwrap();
    second([192, 0, 2, 1].into(), recovery[0].reveal(), None).await.unwrap();
    let own = server.sessions.renew_recovery_codes(&cx, "000000").await;
    assert_eq!(code(own), Code::SignInRefused, "a session has a budget of its own");
}
