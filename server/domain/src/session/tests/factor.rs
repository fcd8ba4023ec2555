use super::*;
use crate::session::totp::Generator;

const STEP_MS: i64 = 30_000;

/// Ada's authenticator, after she set it up at `NOW_MS`.
struct Authenticator {
    generator: Generator,
    recovery: Vec<PlainKey>,
}

impl Authenticator {
    fn code(&self, now_ms: i64) -> String {
        self.generator.code(now_ms)
    }
}

impl Server {
    async fn set_up_factor(&self, cx: &OpCtx) -> Authenticator {
        let enrolment = self.sessions.begin_second_factor(cx, plain(PASSWORD)).await.unwrap();
        let generator = Generator::from_base32(enrolment.secret.reveal(), EMAIL).unwrap();
        let code = generator.code(cx.now_ms);
        let recovery = self.sessions.enable_second_factor(cx, enrolment.token.reveal(), &code).await.unwrap();
        Authenticator { generator, recovery }
    }

    async fn first_step(&self, now_ms: i64) -> PlainKey {
        match self.try_log_in(PASSWORD, now_ms).await.unwrap() {
            Step::SecondFactor(token) => token,
            Step::SignedIn(_) => panic!("a code should have been asked for"),
        }
    }

    async fn second_step(&self, token: &PlainKey, code: &str, now_ms: i64) -> Result<NewSession, Error> {
        let step = SecondStep { token: token.reveal(), code, device: None };
        self.sessions.second_step(&visitor(now_ms), step).await
    }
}

/// Ada, signed in before she had a second factor.
async fn signed_in() -> (Server, OpCtx) {
    let server = Server::start().await;
    let session = server.log_in(NOW_MS).await;
    let cx = server.open(&session, NOW_MS).await.unwrap();
    (server, cx)
}

#[tokio::test]
async fn a_factor_is_on_only_after_a_good_code() {
    let (server, cx) = signed_in().await;
    assert_eq!(code(server.sessions.begin_second_factor(&cx, plain("wrong")).await), Code::SignInRefused);
    let enrolment = server.sessions.begin_second_factor(&cx, plain(PASSWORD)).await.unwrap();
    assert!(enrolment.url.reveal().contains(enrolment.secret.reveal()));
    let enable = async |cx: &OpCtx, token: &str, typed: &str| {
        server.sessions.enable_second_factor(cx, token, typed).await
    };
    assert_eq!(code(enable(&cx, enrolment.token.reveal(), "000000").await), Code::InvalidInput);
    assert!(matches!(server.try_log_in(PASSWORD, NOW_MS).await, Ok(Step::SignedIn(_))), "still off");
    let generator = Generator::from_base32(enrolment.secret.reveal(), EMAIL).unwrap();
    let late = OpCtx { now_ms: NOW_MS + 15 * MINUTE_MS, ..cx.clone() };
    let typed = generator.code(late.now_ms);
    assert_eq!(code(enable(&late, enrolment.token.reveal(), &typed).await), Code::InvalidInput, "too late");
    let codes = enable(&cx, enrolment.token.reveal(), &generator.code(NOW_MS)).await.unwrap();
    assert_eq!(codes.len(), 10);
    let again = enable(&cx, enrolment.token.reveal(), &generator.code(NOW_MS + STEP_MS)).await;
    assert_eq!(code(again), Code::PreconditionFailed);
    assert_eq!(server.sessions.recovery_codes_left(&cx).await.unwrap(), 10);
    assert_eq!(server.events().await.last().unwrap(), "user.totp_enable");
    let listed = server.users.list(&cx).await.unwrap();
    assert!(listed[0].second_factor);
}

#[tokio::test]
async fn nothing_readable_of_a_factor_is_stored() {
    let (server, cx) = signed_in().await;
    let authenticator = server.set_up_factor(&cx).await;
    let secret: String = authenticator.generator.secret().iter().map(|byte| format!("{byte:02X}")).collect();
    let stored = server.test.hex("totp_secret");
    assert_eq!(
        server.test.count("users", &format!("replace({stored}, '{secret}', '') <> {stored}")).await,
        0
    );
    assert_eq!(server.test.count("users", "totp_secret IS NOT NULL").await, 1);
    let code = authenticator.recovery[0].reveal();
    assert_eq!(server.test.count("recovery_codes", &format!("code_hash = '{code}'")).await, 0);
}

#[tokio::test]
async fn signing_in_takes_both_and_a_code_works_once() {
    let (server, cx) = signed_in().await;
    let authenticator = server.set_up_factor(&cx).await;
    let now_ms = NOW_MS + 2 * MINUTE_MS;
    let token = server.first_step(now_ms).await;
    assert_eq!(code(server.sessions.authenticate(token.reveal(), now_ms).await), Code::SessionOver);
    assert_eq!(code(server.second_step(&token, "000000", now_ms).await), Code::SignInRefused);
    let typed = authenticator.code(now_ms);
    let session = server.second_step(&token, &typed, now_ms).await.unwrap();
    assert!(server.open(&session, now_ms).await.unwrap().require_user().is_ok());
    assert_eq!(code(server.second_step(&token, &typed, now_ms).await), Code::SignInRefused, "a replay");
    let earlier = authenticator.code(now_ms - STEP_MS);
    assert_eq!(code(server.second_step(&token, &earlier, now_ms).await), Code::SignInRefused, "an older one");
    let late = now_ms + 5 * MINUTE_MS;
    let typed = authenticator.code(late);
    assert_eq!(code(server.second_step(&token, &typed, late).await), Code::SignInRefused, "too late");
    let described = "event = 'session.login' AND description LIKE '%with a second factor'";
    assert_eq!(server.test.count("audit_log", described).await, 1);
}

#[tokio::test]
async fn two_callers_with_one_code_are_one_session() {
    let (server, cx) = signed_in().await;
    let authenticator = server.set_up_factor(&cx).await;
    let now_ms = NOW_MS + MINUTE_MS;
    let token = server.first_step(now_ms).await;
    let typed = authenticator.code(now_ms);
    let (one, two) =
        tokio::join!(server.second_step(&token, &typed, now_ms), server.second_step(&token, &typed, now_ms),);
    assert!(one.is_ok() != two.is_ok());
}

#[tokio::test]
async fn recovery_codes_work_once_each() {
    let (server, cx) = signed_in().await;
    let authenticator = server.set_up_factor(&cx).await;
    let now_ms = NOW_MS + MINUTE_MS;
    let token = server.first_step(now_ms).await;
    let lost = authenticator.recovery[3].reveal().to_uppercase();
    server.second_step(&token, &lost, now_ms).await.unwrap();
    assert_eq!(code(server.second_step(&token, &lost, now_ms).await), Code::SignInRefused);
    assert_eq!(server.sessions.recovery_codes_left(&cx).await.unwrap(), 9);
    let renewed =
        server.sessions.renew_recovery_codes(&cx, authenticator.recovery[4].reveal()).await.unwrap();
    assert_eq!(server.sessions.recovery_codes_left(&cx).await.unwrap(), 10);
    let void = authenticator.recovery[5].reveal();
    assert_eq!(code(server.second_step(&token, void, now_ms).await), Code::SignInRefused);
    server.second_step(&token, renewed[0].reveal(), now_ms).await.unwrap();
}

#[tokio::test]
async fn a_new_password_voids_a_half_finished_login() {
    let (server, cx) = signed_in().await;
    let authenticator = server.set_up_factor(&cx).await;
    let now_ms = NOW_MS + MINUTE_MS;
    let token = server.first_step(now_ms).await;
    server.sessions.change_password(&cx, plain(PASSWORD), plain("another horse")).await.unwrap();
    let typed = authenticator.code(now_ms);
    assert_eq!(code(server.second_step(&token, &typed, now_ms).await), Code::SignInRefused);
}

#[tokio::test]
async fn removing_a_factor_asks_for_it() {
    let (server, cx) = signed_in().await;
    let authenticator = server.set_up_factor(&cx).await;
    assert_eq!(code(server.sessions.disable_second_factor(&cx, "000000").await), Code::SignInRefused);
    let later = OpCtx { now_ms: NOW_MS + MINUTE_MS, ..cx.clone() };
    let typed = authenticator.code(later.now_ms);
    server.sessions.disable_second_factor(&later, &typed).await.unwrap();
    assert!(matches!(server.try_log_in(PASSWORD, later.now_ms).await, Ok(Step::SignedIn(_))));
    assert_eq!(server.test.count("recovery_codes", "TRUE").await, 0);
    assert_eq!(code(server.sessions.disable_second_factor(&later, &typed).await), Code::PreconditionFailed);
    let events = server.events().await;
    assert_eq!(events[1..], ["user.totp_enable", "session.failed", "user.totp_disable", "session.login"]);
}

#[tokio::test]
async fn the_operator_helps_whoever_lost_it() {
    let (server, cx) = signed_in().await;
    server.set_up_factor(&cx).await;
    assert!(server.sessions.reset_second_factor(&cx, &server.ada).await.is_err(), "not by an admin");
    let operator = server.test.operator();
    server.sessions.reset_second_factor(&operator, &server.ada).await.unwrap();
    assert!(matches!(server.try_log_in(PASSWORD, NOW_MS).await, Ok(Step::SignedIn(_))));
    let again = server.sessions.reset_second_factor(&operator, &server.ada).await;
    assert_eq!(code(again), Code::PreconditionFailed);
}

#[tokio::test]
async fn a_factor_survives_a_rotation_of_the_master_key() {
    let (server, cx) = signed_in().await;
    let authenticator = server.set_up_factor(&cx).await;
    server.sessions.vault.rotate(&server.test.operator()).await.unwrap();
    let now_ms = NOW_MS + MINUTE_MS;
    let token = server.first_step(now_ms).await;
    server.second_step(&token, &authenticator.code(now_ms), now_ms).await.unwrap();
}
