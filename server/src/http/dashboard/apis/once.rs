//! Forms that make something, sent twice.

use crate::app::App;
use crate::error::{Code, Result};
use crate::op::OpCtx;

/// Carries an act out, unless the nonce of its form says that it was; gives its
/// answer either way. Answers are kept encrypted for a day, so that a page with a
/// new secret can be loaded again without making another.
pub async fn once(app: &App, cx: &OpCtx, act: impl Future<Output = Result<String>>) -> Result<String> {
    let Some(key) = &cx.idempotency else { return act.await };
    if let Some(answer) = app.idempotency.answer(cx, key).await? {
        return Ok(String::from_utf8_lossy(&answer).into_owned());
    }
    match act.await {
        Ok(answer) => {
            if let Err(error) = app.idempotency.save(cx, key, answer.as_bytes()).await {
                tracing::warn!(?error, "the answer of a form could not be kept");
            }
            Ok(answer)
        }
        // The same form is being carried out right now.
        Err(error) if error.code() == Code::IdempotencyConflict => {
            let answer = app.idempotency.answer(cx, key).await?.ok_or(error)?;
            Ok(String::from_utf8_lossy(&answer).into_owned())
        }
        Err(error) => Err(error),
    }
}
