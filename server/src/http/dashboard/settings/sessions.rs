//! Where one is signed in.

use base::ids::SessionId;
use web::pages::settings::sessions::{SessionRow, SessionsView, sessions};
use web::paths;
use web::texts::{common, security as text};

use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use base::error::{Code, Result};
use domain::session::SessionInfo;

/// `GET /settings/sessions`.
pub async fn show(request: MemberRequest) -> Result<Reply> {
    let row = |session: SessionInfo| SessionRow {
        id: session.id.to_string(),
        browser: session.user_agent.as_deref().map_or_else(|| common::UNKNOWN.to_owned(), browser),
        ip: session.ip,
        started: request.stamp(session.created_at),
        last_seen: request.maybe_stamp(session.last_seen_at),
        current: session.current,
    };
    let rows = request.app.sessions.list(&request.cx).await?.into_iter().map(row).collect();
    Ok(Reply::page(sessions(&request.shell, &SessionsView { sessions: rows })))
}

/// `POST /settings/sessions/:id/end`.
pub async fn end(request: MemberRequest) -> Result<Reply> {
    match request.app.sessions.revoke(&request.cx, &SessionId::from(request.id())).await {
        Ok(()) => Ok(Reply::redirect(paths::sessions()).notice(text::ENDED_THE_SESSION)),
        // That one, not the one that asks.
        Err(error) if error.code() == Code::SessionOver => {
            Ok(Reply::redirect(paths::sessions()).warning(error.detail()))
        }
        Err(error) => Err(error),
    }
}

/// `POST /settings/sessions/end-others`.
pub async fn end_others(request: MemberRequest) -> Result<Reply> {
    let ended = request.app.sessions.revoke_others(&request.cx).await?;
    let ended = web::number::count(ended.cast_signed(), "other session");
    Ok(Reply::redirect(paths::sessions()).notice(common::ended(&ended)))
}

/// `Firefox on Linux`, or the user agent as it is. Order matters: most browsers
/// claim to be others, too.
fn browser(user_agent: &str) -> String {
    const BROWSERS: [(&str, &str); 5] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 6] = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let found = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    match (found(&BROWSERS), found(&SYSTEMS)) {
        (Some(browser), Some(system)) => text::browser_on(browser, system),
        _ => user_agent.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn browsers_are_told_apart_by_what_only_they_say() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36";
        assert_eq!(browser(chrome), "Chrome on Linux");
        assert_eq!(browser(&format!("{chrome} Edg/130.0")), "Edge on Linux");
        assert_eq!(
            browser("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:132.0) Gecko/20100101 Firefox/132.0"),
            "Firefox on macOS"
        );
        assert_eq!(browser("curl/8.5.0"), "curl/8.5.0");
    }
}
