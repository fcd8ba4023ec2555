//! `unkey webhook create | list | delete | deliveries | replay`.

use base::ids::{DeliveryId, WebhookId};
use clap::ArgMatches;

use super::listing::{self, Column, moments, plain};
use super::options::list_format;
use super::output::Output;
use crate::app::App;
use base::access::OpCtx;
use base::error::Result;
use base::store::Page;
use domain::webhooks::{CreateEndpoint, DeliveryState};

const ENDPOINTS: &[Column] = &[
    plain("id"),
    plain("url"),
    plain("events"),
    plain("enabled"),
    plain("disabled_reason"),
    moments("failing_since"),
    moments("created_at"),
];

const DELIVERIES: &[Column] = &[
    plain("id"),
    plain("event"),
    plain("message_id"),
    plain("state"),
    plain("attempts"),
    moments("created_at"),
    moments("next_attempt_at"),
    moments("ended_at"),
];

/// Endpoints per question of the database; of deliveries, all that are shown.
const PAGE: u64 = 100;

/// Prints the id, and below it the secret.
pub(super) async fn create(app: &App, cx: &OpCtx, given: &ArgMatches) -> Result<Output> {
    let command = CreateEndpoint {
        url: text(given, "url").to_owned(),
        description: given.get_one::<String>("description").cloned(),
        events: given.get_many("event").unwrap_or_default().cloned().collect(),
        enabled: true,
    };
    let (endpoint, secret) = app.webhooks.create(cx, command).await?;
    let printed = format!("{}\n{}\n", endpoint.id, secret.reveal());
    Ok(Output::text(printed).remark("The secret is not shown again."))
}

pub(super) async fn list(app: &App, cx: &OpCtx, given: &ArgMatches) -> Result<Output> {
    let found = app.webhooks.list(cx, &Page { limit: PAGE, cursor: None }).await?;
    let rows = found.items.into_iter().map(|endpoint| {
        vec![
            endpoint.id.as_str().into(),
            endpoint.url.into(),
            endpoint.events.names().join(" ").into(),
            endpoint.enabled.into(),
            endpoint.disabled_reason.into(),
            endpoint.failing_since.into(),
            endpoint.created_at.into(),
        ]
    });
    listing::list(list_format(given), ENDPOINTS, rows)
}

pub(super) async fn delete(app: &App, cx: &OpCtx, given: &ArgMatches) -> Result<Output> {
    app.webhooks.delete(cx, &WebhookId::from(text(given, "endpoint"))).await?;
    Ok(Output::default().remark("Deleted."))
}

pub(super) async fn deliveries(app: &App, cx: &OpCtx, given: &ArgMatches) -> Result<Output> {
    let endpoint = WebhookId::from(text(given, "endpoint"));
    let state = given.get_one::<DeliveryState>("state").copied();
    let page = Page { limit: PAGE, cursor: None };
    let found = app.webhooks.deliveries(cx, &endpoint, state, &page).await?;
    let rows = found.items.into_iter().map(|delivery| {
        vec![
            delivery.id.as_str().into(),
            delivery.event.into(),
            delivery.audit.as_str().into(),
            delivery.state.as_str().into(),
            delivery.attempts.into(),
            delivery.created_at.into(),
            delivery.due_at.into(),
            delivery.ended_at.into(),
        ]
    });
    let output = listing::list(list_format(given), DELIVERIES, rows)?;
    Ok(if found.next.is_some() {
        output.remark(format!("These are the newest {PAGE}; the API lists the others."))
    } else {
        output
    })
}

pub(super) async fn replay(app: &App, cx: &OpCtx, given: &ArgMatches) -> Result<Output> {
    let (endpoint, delivery) = (text(given, "endpoint"), text(given, "delivery"));
    app.webhooks.replay(cx, &WebhookId::from(endpoint), &DeliveryId::from(delivery)).await?;
    Ok(Output::default().remark("It is sent again."))
}

fn text<'a>(given: &'a ArgMatches, name: &str) -> &'a str {
    given.get_one::<String>(name).map(String::as_str).unwrap_or_default()
}
