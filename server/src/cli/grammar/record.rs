//! Commands that ask: what happened, what is there, and lists as files.

use clap::builder::{RangedU64ValueParser, StringValueParser, TypedValueParser, ValueParser};
use clap::{Arg, ArgAction, Command as Syntax, value_parser};

use super::super::command::{ExportedList, FolderCommand};
use super::super::entry::{Entry, Example, Group};
use super::{list_format, one_of, option, required, word};
use base::events::KEEP_DAYS;
use domain::transfer::Format;
use insight::analytics::{GroupBy, Unit};
use insight::search::Kind;

const FILE_FORMATS: &[(&str, Format)] = &[("jsonl", Format::JsonLines), ("csv", Format::Csv)];

/// How many lines a list has.
fn lines(help: &'static str, number: &'static str, most: u64) -> Arg {
    let range = RangedU64ValueParser::<usize>::new().range(1..=most);
    option("limit", help).default_value(number).value_parser(range)
}

/// A status of HTTP.
fn status() -> ValueParser {
    let read = |text: String| match text.parse::<u16>() {
        Ok(100..=599) => Ok(text),
        _ => Err("give a status such as 404"),
    };
    StringValueParser::new().try_map(read).into()
}

fn days() -> Arg {
    let range = value_parser!(i64).range(1..=KEEP_DAYS);
    option("days", "How many days to look back, 400 at most").default_value("7").value_parser(range)
}

pub(in crate::cli) fn audit() -> Entry {
    let filters = || {
        [
            option("event", "Only this event; a `*` at its end stands for any rest"),
            option("actor", "Only what this id did"),
            option("target", "Only what is about this id"),
            option("text", "Only entries that hold this text"),
            option("request-id", "Only what this request did"),
            option("since", "Only from this day or RFC 3339 moment on"),
            option("until", "Only before this day or RFC 3339 moment"),
        ]
    };
    let limit = lines("Entries to show, 1000 at most", "50", 1000);
    let format =
        option("format", "How to write them").default_value("jsonl").value_parser(one_of(FILE_FORMATS));
    Group::new("audit", "Who changed what")
        .add(
            FolderCommand::AuditList,
            Syntax::new("list")
                .about("Show the newest entries")
                .args(filters())
                .arg(limit)
                .arg(list_format())
                .example("unkey audit list --event 'key.*' --since 2026-10-01"),
        )
        .add(
            FolderCommand::AuditExport,
            Syntax::new("export")
                .about("Write all entries, the newest first")
                .args(filters())
                .arg(format)
                .arg(option("cursor", "Where to go on").hide(true))
                .example("unkey audit export --format csv > audit.csv"),
        )
        .into()
}

pub(in crate::cli) fn export() -> Entry {
    let list = |name: &'static str, about, filters: Vec<Arg>, example| {
        let format =
            option("format", "How to write them").default_value("jsonl").value_parser(one_of(FILE_FORMATS));
        let cursor = option("cursor", "Where to go on").hide(true);
        Syntax::new(name).about(about).args(filters).arg(format).arg(cursor).example(example)
    };
    let keys = vec![
        option("api", "Only keys of this API"),
        option("filter", "Only keys that fit, such as `status:expired last_used:>90d`"),
    ];
    let identities = vec![option("search", "Only identities whose id or external id holds this")];
    let overrides = vec![required("namespace", "Its name or id")];
    let commands = [
        (
            ExportedList::Keys,
            list(
                "keys",
                "Keys, the newest first",
                keys,
                "unkey export keys --filter status:expired > keys.jsonl",
            ),
        ),
        (
            ExportedList::Identities,
            list(
                "identities",
                "Identities",
                identities,
                "unkey export identities --format csv > identities.csv",
            ),
        ),
        (
            ExportedList::Permissions,
            list("permissions", "Permissions", Vec::new(), "unkey export permissions > permissions.jsonl"),
        ),
        (
            ExportedList::Roles,
            list(
                "roles",
                "Roles and what they grant",
                Vec::new(),
                "unkey export roles --format csv > roles.csv",
            ),
        ),
        (
            ExportedList::Overrides,
            list(
                "overrides",
                "Overrides of a namespace",
                overrides,
                "unkey export overrides --namespace email > overrides.jsonl",
            ),
        ),
    ];
    let group = Group::alone(FolderCommand::ConfigurationExport, configuration());
    let add = |group: Group, (list, syntax)| group.add(FolderCommand::Export(list), syntax);
    commands.into_iter().fold(group, add).into()
}

/// `unkey export --as-config`: the document that `unkey apply` takes.
fn configuration() -> Syntax {
    let flag = |name: &'static str, help| Arg::new(name).long(name).help(help).action(ArgAction::SetTrue);
    Syntax::new("export")
        .about("Lists as files, or what a workspace is set up with, without secrets")
        .arg(flag("as-config", "The configuration that `unkey apply` takes").required(true))
        .arg(flag("json", "As JSON instead of YAML"))
        .example("unkey export --as-config > unkey.yaml")
}

pub(in crate::cli) fn explain() -> Entry {
    let options = [
        option("key", "Id of the key"),
        option("secret-stdin", "Read the key itself from standard input").action(ArgAction::SetTrue),
        option("request", "Explain the verification that this request made"),
        option("api", "API the key is expected to belong to"),
        option("permissions", "Permission query that would be asked"),
        option("cost", "Credits that would be spent").default_value("1").value_parser(value_parser!(i64)),
        option("ip", "Address the verification would come from"),
    ];
    Group::new("explain", "Why a key is refused")
        .add(
            FolderCommand::ExplainKey,
            Syntax::new("key")
                .about("Go through a verification without carrying it out")
                .args(options)
                .example(
                    "unkey explain key --key key_123 --permissions 'documents.read AND documents.write'",
                ),
        )
        .into()
}

/// The first two are events; requests only take their time.
static KINDS: [(&str, Kind); 3] =
    [("verifications", Kind::Verifications), ("ratelimits", Kind::Ratelimits), ("requests", Kind::Requests)];

/// What the busiest can be told apart by, and among which events.
const COUNTED_BY: &[(&str, (Kind, GroupBy))] = &[
    ("api", (Kind::Verifications, GroupBy::Api)),
    ("key", (Kind::Verifications, GroupBy::Key)),
    ("identity", (Kind::Verifications, GroupBy::ExternalId)),
    ("tag", (Kind::Verifications, GroupBy::Tag)),
    ("namespace", (Kind::Ratelimits, GroupBy::Namespace)),
    ("identifier", (Kind::Ratelimits, GroupBy::Identifier)),
];

pub(in crate::cli) fn events() -> Entry {
    let filters = || {
        [
            days(),
            option("key", "Only of this key id"),
            option("external-id", "Only of keys of this external id"),
            option("outcome", "Only with this outcome, such as RATE_LIMITED, or denied"),
            option("tag", "Only with this tag"),
            option("identifier", "Only of this rate-limit identifier"),
            option("request-id", "Only of this request"),
            option("text", "Only with ids, tags, identifiers or addresses that begin with these words"),
        ]
    };
    let kind = |kinds: &'static [(&'static str, Kind)]| {
        option("kind", "What to show").default_value("verifications").value_parser(one_of(kinds))
    };
    let slot = one_of(&[("day", Unit::Day), ("hour", Unit::Hour)]);
    let slot = option("by", "Length of a line").default_value("day").value_parser(slot);
    let by = required("by", "What to count by").value_parser(one_of(COUNTED_BY));
    let lines = |number| lines("Lines to show", number, 100_000);
    Group::new("events", "What was verified and limited")
        .add(
            FolderCommand::EventsList,
            Syntax::new("list")
                .about("Show the newest events")
                .args(filters())
                .arg(lines("50"))
                .arg(kind(&KINDS[..2]))
                .arg(list_format())
                .example("unkey events list --outcome RATE_LIMITED --days 1"),
        )
        .add(
            FolderCommand::EventsTop,
            Syntax::new("top")
                .about("Show what occurs most")
                .args(filters())
                .arg(lines("10"))
                .arg(by)
                .arg(list_format())
                .example("unkey events top --by key --days 30"),
        )
        .add(
            FolderCommand::EventsLatency,
            Syntax::new("latency")
                .about("Show how long things took")
                .args(filters())
                .arg(kind(&KINDS))
                .arg(slot)
                .arg(list_format())
                .example("unkey events latency --by hour --days 1"),
        )
        .into()
}

pub(in crate::cli) fn requests() -> Entry {
    let flag = |name, help| option(name, help).action(ArgAction::SetTrue);
    Group::new("requests", "What was asked of the HTTP APIs")
        .add(
            FolderCommand::RequestsList,
            Syntax::new("list")
                .about("Show the newest requests")
                .arg(days())
                .arg(lines("Lines to show", "50", 100_000))
                .arg(option("status", "Only with this status, such as 404").value_parser(status()))
                .arg(option("path", "Only of this path, such as /v2/keys.verifyKey"))
                .arg(option("request-id", "Only this request"))
                .arg(option("root-key", "Only with the root key of this id"))
                .arg(option("outcome", "Only with this outcome of a verification, or code of an error"))
                .arg(option("text", "Only with words that begin so"))
                .arg(flag("unauthenticated", "Those nobody was authenticated for, which are of no workspace"))
                .arg(flag("bodies", "Everything that was logged, a JSON line each").conflicts_with("format"))
                .arg(list_format())
                .example("unkey requests list --status 404 --days 1"),
        )
        .into()
}

pub(in crate::cli) fn search() -> Entry {
    let kind = option("kind", "Only of this kind, such as key; may be repeated");
    let limit = lines("Lines to show, 100 at most", "20", 100);
    let syntax = Syntax::new("search")
        .about("Find keys, identities, roles and the rest by id, name, or the start or end of a key")
        .arg(word("text", "What one remembers of it"))
        .arg(kind.action(ArgAction::Append))
        .arg(limit)
        .arg(list_format())
        .example("unkey search acme --kind identity");
    Entry::new(FolderCommand::Search, syntax)
}

pub(in crate::cli) fn analytics() -> Entry {
    Group::new("analytics", "Questions about what was verified and limited")
        .add(
            FolderCommand::AnalyticsQuery,
            Syntax::new("query")
                .about("Answer a query in SQL; docs/analytics.md lists tables, columns and functions")
                .arg(word("sql", "The query"))
                .arg(list_format())
                .example("unkey analytics query 'SELECT outcome, count() FROM key_verifications_v1 GROUP BY outcome'"),
        )
        .into()
}
