//! The grammar of namespaces and their overrides.

use clap::builder::{TypedValueParser, ValueParser};
use clap::{Command as Syntax, value_parser};

use super::{list_format, option, required, word};
use crate::cli::command::FolderCommand;
use crate::cli::entry::{Entry, Example, Group};
use base::duration::duration_ms;

pub(in crate::cli) fn namespace() -> Entry {
    let namespace = || word("namespace", "Name or id");
    Group::new("namespace", "Namespaces of rate limits")
        .add(
            FolderCommand::NamespaceList,
            Syntax::new("list").about("List namespaces").arg(list_format()).example("unkey namespace list"),
        )
        .add(
            FolderCommand::NamespaceRename,
            Syntax::new("rename")
                .about("Give a namespace another name")
                .arg(namespace())
                .arg(word("name", "New name"))
                .example("unkey namespace rename email e-mail"),
        )
        .add(
            FolderCommand::NamespaceDelete,
            Syntax::new("delete")
                .about("Delete a namespace and its overrides")
                .arg(namespace())
                .example("unkey namespace delete email"),
        )
        .into()
}

pub(in crate::cli) fn overrides() -> Entry {
    let namespace = || word("namespace", "Name or id of the namespace");
    let identifier = || word("identifier", "Whom it is for; `*` stands for any run of characters");
    Group::new("override", "Other limits for some identifiers of a namespace")
        .add(
            FolderCommand::OverrideList,
            Syntax::new("list")
                .about("List the overrides of a namespace")
                .arg(namespace())
                .arg(list_format())
                .example("unkey override list email"),
        )
        .add(
            FolderCommand::OverrideSet,
            Syntax::new("set")
                .about("Set the limit of an identifier, for good or for a while")
                .arg(namespace())
                .arg(identifier())
                .arg(
                    required("limit", "How much is admitted; 0 blocks")
                        .value_parser(value_parser!(i64).range(0..)),
                )
                .arg(required("every", "In how long, such as 10s, 5m or 1h").value_parser(duration()))
                .arg(
                    option("for", "Ends by itself after so long, such as 24h; what it replaced holds again")
                        .value_parser(duration()),
                )
                .example("unkey override set email ann@example.com --limit 500 --every 1m --for 24h"),
        )
        .add(
            FolderCommand::OverrideDelete,
            Syntax::new("delete")
                .about("Delete the override of exactly this identifier")
                .arg(namespace())
                .arg(identifier())
                .example("unkey override delete email ann@example.com"),
        )
        .into()
}

/// Milliseconds of a number and its unit.
fn duration() -> ValueParser {
    let read = |text: String| duration_ms(&text).ok_or("give a number and a unit, such as 10s, 5m, 1h or 1d");
    clap::builder::StringValueParser::new().try_map(read).into()
}
