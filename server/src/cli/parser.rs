//! The grammar of the command line. Flags of settings come from their table.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command};

use crate::config::SETTINGS;

/// The whole command line.
pub(super) fn command() -> Command {
    Command::new("unkey")
        .about("API keys, rate limits, RBAC, analytics and audit in one binary")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .args(folder_flags())
        .subcommand(serve())
        .subcommand(
            group("setup", "First steps")
                .subcommand(Command::new("link").about("Print a one-time setup link")),
        )
        .subcommand(root_key())
        .subcommand(user())
        .subcommand(workspace())
        .subcommand(api())
        .subcommand(migration())
        .subcommand(audit())
        .subcommand(events())
        .subcommand(analytics())
        .subcommand(
            group("index", "The index of events, a view that can be built again")
                .subcommand(Command::new("status").about("How far the index is"))
                .subcommand(Command::new("rebuild").about("Throw the index away and build it again")),
        )
        .subcommand(
            group("master-key", "The key that encrypts recoverable keys")
                .subcommand(Command::new("rotate").about("Replace the master key in the data folder")),
        )
        .subcommand(Command::new("healthcheck").about("Ask the running server whether it is ready"))
        .subcommand(
            Command::new("openapi")
                .about("Print the OpenAPI document")
                .arg(required("version", "Version of the API").value_parser(["v2"])),
        )
        .subcommand(
            group("config", "Settings")
                .subcommand(Command::new("check").about("Report every problem of the settings"))
                .subcommand(
                    Command::new("print").about("Print the settings in force and where they come from"),
                ),
        )
}

fn group(name: &'static str, about: &'static str) -> Command {
    Command::new(name).about(about).subcommand_required(true).arg_required_else_help(true)
}

fn option(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).help(help)
}

fn required(name: &'static str, help: &'static str) -> Arg {
    option(name, help).required(true)
}

fn setting_flag(name: &'static str) -> Option<Arg> {
    let setting = SETTINGS.iter().find(|setting| setting.name == name)?;
    Some(Arg::new(setting.name).long(setting.flag()).help(setting.help))
}

/// Flags that every command takes, before or after its name.
fn folder_flags() -> Vec<Arg> {
    let workspace = option("workspace", "Slug of the workspace to act in; not needed when there is one");
    ["data_dir", "config"]
        .into_iter()
        .filter_map(setting_flag)
        .chain([workspace])
        .map(|flag| flag.global(true))
        .collect()
}

fn serve() -> Command {
    let flags =
        SETTINGS.iter().filter(|setting| !setting.secret && !matches!(setting.name, "data_dir" | "config"));
    let flags = flags.filter_map(|setting| setting_flag(setting.name));
    Command::new("serve").about("Run the server").args(flags)
}

fn root_key() -> Command {
    group("root-key", "Credentials of the HTTP API")
        .subcommand(
            Command::new("create")
                .about("Create a root key and print it, once")
                .arg(required("name", "What it is for"))
                .arg(option("full", "Grant every permission").action(ArgAction::SetTrue))
                .arg(option("permission", "Grant this permission; may be repeated").action(ArgAction::Append))
                .arg(option("ip-allow", "Comma-separated addresses and networks it may be used from"))
                .arg(
                    option("limit-per-minute", "Requests it may make in a minute")
                        .value_parser(clap::value_parser!(i64)),
                ),
        )
        .subcommand(Command::new("list").about("List root keys"))
        .subcommand(Command::new("revoke").about("Revoke a root key").arg(Arg::new("id").required(true)))
}

fn user() -> Command {
    let stdin = || {
        option("password-stdin", "Read the password from standard input instead of making one")
            .action(ArgAction::SetTrue)
    };
    group("user", "People who sign in")
        .subcommand(
            Command::new("create")
                .about("Create a user")
                .arg(required("email", "Address to sign in with"))
                .arg(required("name", "Name to show"))
                .arg(
                    option("role", "What the user may do")
                        .default_value("viewer")
                        .value_parser(PossibleValuesParser::new(["owner", "admin", "operator", "viewer"])),
                )
                .arg(stdin()),
        )
        .subcommand(
            Command::new("reset-password")
                .about("Give a user a new password and end their sessions")
                .arg(required("email", "Address of the user"))
                .arg(stdin()),
        )
        .subcommand(Command::new("list").about("List users"))
}

fn workspace() -> Command {
    let slug = || Arg::new("slug").required(true);
    group("workspace", "Tenants of this server")
        .subcommand(
            Command::new("create")
                .about("Create a workspace")
                .arg(slug())
                .arg(option("name", "Name to show; the slug when left out")),
        )
        .subcommand(Command::new("list").about("List workspaces"))
        .subcommand(Command::new("enable").about("Serve a workspace again").arg(slug()))
        .subcommand(Command::new("disable").about("Refuse every call of a workspace").arg(slug()))
        .subcommand(Command::new("set").about("Change settings of a workspace").arg(slug()).arg(required(
            "api-limit",
            "Requests all its root keys together may make in a minute; 0 refuses all, none lifts the limit",
        )))
}

fn api() -> Command {
    let switch = |name, help| option(name, help).value_parser(["on", "off"]);
    group("api", "APIs and their settings").subcommand(Command::new("list").about("List APIs")).subcommand(
        Command::new("set")
            .about("Change settings of an API; an empty value clears one")
            .arg(Arg::new("id").required(true))
            .arg(option("name", "New name"))
            .arg(switch("recoverable", "Allow keys whose plaintext can be read again"))
            .arg(switch("delete-protection", "Refuse to delete the API"))
            .arg(option("ip-allow", "Comma-separated addresses and networks that may verify its keys"))
            .arg(option("default-prefix", "Prefix of keys made without one"))
            .arg(option("default-bytes", "Random bytes of keys made without a length, 16 to 255")),
    )
}

fn migration() -> Command {
    group("migration", "Imports of foreign keys").subcommand(
        Command::new("create").about("Announce an import and print its id").arg(required(
            "algorithm",
            "How the foreign hashes were made: sha256 or github.com/seamapi/prefixed-api-key",
        )),
    )
}

fn audit() -> Command {
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
    let limit = option("limit", "Entries to show, 1000 at most").value_parser(clap::value_parser!(u64));
    let format = option("format", "How to write them").default_value("jsonl").value_parser(["jsonl", "csv"]);
    group("audit", "Who changed what")
        .subcommand(Command::new("list").about("Show the newest entries").args(filters()).arg(limit))
        .subcommand(
            Command::new("export")
                .about("Write all entries, the newest first")
                .args(filters())
                .arg(format)
                .arg(option("cursor", "Where to go on").hide(true)),
        )
}

fn events() -> Command {
    let filters = || {
        [
            option("days", "How many days to look back, 7 unless told")
                .value_parser(clap::value_parser!(i64)),
            option("limit", "Lines to show").value_parser(clap::value_parser!(usize)),
            option("key", "Only of this key id"),
            option("external-id", "Only of keys of this external id"),
            option("outcome", "Only with this outcome, such as RATE_LIMITED, or denied"),
            option("tag", "Only with this tag"),
            option("identifier", "Only of this rate-limit identifier"),
            option("request-id", "Only of this request"),
        ]
    };
    let kind = option("kind", "What to show")
        .default_value("verifications")
        .value_parser(["verifications", "ratelimits"]);
    let by = required("by", "What to count by").value_parser([
        "api",
        "key",
        "identity",
        "tag",
        "namespace",
        "identifier",
    ]);
    group("events", "What was verified and limited")
        .subcommand(Command::new("list").about("Show the newest events").args(filters()).arg(kind))
        .subcommand(Command::new("top").about("Show what occurs most").args(filters()).arg(by))
}

fn analytics() -> Command {
    let format = option("format", "How to write the answer").default_value("table");
    group("analytics", "Questions about what was verified and limited").subcommand(
        Command::new("query")
            .about("Answer a query in SQL; docs/analytics.md lists tables, columns and functions")
            .arg(Arg::new("sql").required(true))
            .arg(format.value_parser(["table", "csv", "json"])),
    )
}
