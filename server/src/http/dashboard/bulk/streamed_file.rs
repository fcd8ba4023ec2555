//! Bodies that are made part after part while they are sent, so that no file is
//! held in memory.

use std::io;

use bytes::Bytes;
use futures_util::future::ready;
use futures_util::{StreamExt, stream};
use poem::Body;

use base::error::Result;

/// A part of a file, and where the next one begins.
pub type Part = (String, Option<String>);

/// A body of the first part and those that `more` makes. A part that fails ends
/// the body in a way that the browser notices.
pub fn parts<F, Fut>(first: Part, more: F) -> Body
where
    F: FnMut(String) -> Fut + Send + 'static,
    Fut: Future<Output = Result<Part>> + Send + 'static,
{
    let (text, next) = first;
    let rest = stream::try_unfold((next, more), |(next, mut more)| async move {
        let Some(cursor) = next else { return Ok(None) };
        match more(cursor).await {
            Ok((text, next)) => Ok(Some((Bytes::from(text), (next, more)))),
            Err(error) => {
                tracing::error!(?error, "a download ends before its end");
                Err(io::Error::other("the rest cannot be read"))
            }
        }
    });
    Body::from_bytes_stream(stream::once(ready(Ok(Bytes::from(text)))).chain(rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::error::Error;

    #[tokio::test]
    async fn parts_come_in_their_order_and_a_failure_is_no_end() {
        let more = |cursor: String| async move {
            let next = (cursor != "2").then(|| "2".to_owned());
            Ok((format!("part {cursor};"), next))
        };
        let body = parts(("part 0;".to_owned(), Some("1".to_owned())), more);
        assert_eq!(body.into_string().await.unwrap(), "part 0;part 1;part 2;");
        let fails = |_| async { Err(Error::internal("gone")) };
        assert!(parts((String::new(), Some("1".to_owned())), fails).into_string().await.is_err());
    }
}
