//! `unkey explain`: why a key is refused, check by check.

use base::ids::{ApiId, KeyId, RequestId};
use clap::ArgMatches;

use super::output::{Output, table};
use crate::app::App;
use base::access::OpCtx;
use base::error::{Error, Result};
use base::secret::PlainKey;
use domain::explain::{ExplainKey, Explanation, Subject, Then};

/// Explains the key with this id, the secret on standard input, or the
/// verification of a request.
pub(super) async fn explain(
    app: &App,
    cx: &OpCtx,
    matches: &ArgMatches,
    secret: Option<PlainKey>,
) -> Result<Output> {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    if let Some(request_id) = text("request") {
        let explanation = app.explainer.explain_request(cx, &RequestId::from(request_id)).await?;
        return Ok(Output::text(show(&explanation)));
    }
    let subject = match (text("key"), secret) {
        (Some(id), None) => Subject::Id(KeyId::from(id)),
        (None, Some(secret)) => Subject::Secret(secret),
        _ => return Err(Error::invalid("Name a key with --key ID, --secret-stdin or --request ID.")),
    };
    let ip = text("ip").map(|text| text.parse().map_err(|_| Error::invalid("--ip expects an address.")));
    let command = ExplainKey {
        api: text("api").map(ApiId::from),
        permissions: text("permissions"),
        cost: matches.get_one::<i64>("cost").copied(),
        ip: ip.transpose()?,
        ..ExplainKey::new(subject)
    };
    Ok(Output::text(show(&app.explainer.explain(cx, &command).await?)))
}

fn show(explanation: &Explanation) -> String {
    let mut text = format!("{}\n", explanation.outcome.as_str());
    if let Some(then) = &explanation.recorded {
        text = format!(
            "{} now; {} then, request {}\n",
            explanation.outcome.as_str(),
            then.outcome,
            then.request_id
        );
    }
    let rows = explanation.steps.iter().map(|step| {
        let then = step.then.map(|then| match then {
            Then::Passed => "passed then",
            Then::Failed => "failed then",
            Then::NotReached => "not reached then",
        });
        let mut row = vec![step.check.as_str().to_owned(), step.verdict.as_str().to_owned()];
        row.extend(then.map(ToOwned::to_owned));
        row.push(step.sentence());
        row
    });
    text + &table(&rows.collect::<Vec<_>>())
}
