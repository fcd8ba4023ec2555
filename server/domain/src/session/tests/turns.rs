use super::*;
use crate::session::turns::AT_ONCE;

/// What comes of it if nobody waits.
async fn at_once<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        done = work => Some(done),
        () = std::future::ready(()) => None,
    }
}

#[tokio::test]
async fn a_person_waits_and_nobody_else_does() {
    let server = Server::start().await;
    let sessions = &server.sessions;
    let mut held = Vec::new();
    for _ in 0..AT_ONCE {
        held.push(at_once(sessions.turn(&server.ada)).await.unwrap());
    }
    let mut next = Box::pin(sessions.turn(&server.ada));
    assert!(at_once(&mut next).await.is_none(), "Ada waits");
    assert!(at_once(sessions.turn(&UserId::from("user_other"))).await.is_some());
    held.pop();
    assert!(at_once(&mut next).await.is_some(), "a request ended, and the next is worked on");
    drop((held, next));
    sessions.turn(&UserId::from("user_other")).await;
    assert!(sessions.turns.lock().len() <= 1, "who is not here any more is forgotten");
}
