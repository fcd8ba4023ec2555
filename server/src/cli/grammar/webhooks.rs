//! The grammar of webhooks.

use clap::{ArgAction, Command as Syntax};

use super::{list_format, one_of, option, required, word};
use crate::cli::command::FolderCommand;
use crate::cli::entry::{Entry, Example, Group};
use domain::webhooks::DeliveryState;

pub(in crate::cli) fn webhook() -> Entry {
    let endpoint = || word("endpoint", "Id of the endpoint");
    Group::new("webhook", "Endpoints that are told of changes")
        .add(
            FolderCommand::WebhookCreate,
            Syntax::new("create")
                .about("Create an endpoint; prints its id, then its secret")
                .arg(word("url", "Where events are posted to"))
                .arg(
                    required("event", "An event of the audit log, key.* or *; may be repeated")
                        .action(ArgAction::Append),
                )
                .arg(option("description", "What it is for"))
                .example("unkey webhook create https://example.com/hook --event 'key.*'"),
        )
        .add(
            FolderCommand::WebhookList,
            Syntax::new("list").about("List endpoints").arg(list_format()).example("unkey webhook list"),
        )
        .add(
            FolderCommand::WebhookDelete,
            Syntax::new("delete")
                .about("Delete an endpoint, and what waits for it")
                .arg(endpoint())
                .example("unkey webhook delete whep_1234"),
        )
        .add(
            FolderCommand::WebhookDeliveries,
            Syntax::new("deliveries")
                .about("List what was sent to an endpoint, the newest first")
                .arg(endpoint())
                .arg(option("state", "Those in this state alone").value_parser(one_of(&[
                    ("waiting", DeliveryState::Waiting),
                    ("delivered", DeliveryState::Delivered),
                    ("given-up", DeliveryState::GivenUp),
                ])))
                .arg(list_format())
                .example("unkey webhook deliveries whep_1234 --state given-up"),
        )
        .add(
            FolderCommand::WebhookReplay,
            Syntax::new("replay")
                .about("Send a delivery again")
                .arg(endpoint())
                .arg(word("delivery", "Id of the delivery"))
                .example("unkey webhook replay whep_1234 whd_5678"),
        )
        .into()
}
