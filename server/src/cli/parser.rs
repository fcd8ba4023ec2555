//! The grammar of the command line. Flags of settings come from their table.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command};

use base::config::SETTINGS;

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
        .subcommand(explain())
        .subcommand(export())
        .subcommand(analytics())
        .subcommand(
            group("index", "The search indexes, views that can be built again")
                .subcommand(Command::new("status").about("How far the indexes are"))
                .subcommand(Command::new("rebuild").about("Throw the indexes away and build them again")),
        )
        .subcommand(requests())
        .subcommand(search())
        .subcommand(namespace())
        .subcommand(
            group("master-key", "The key that encrypts recoverable keys")
                .subcommand(Command::new("rotate").about("Replace the master key in the data folder")),
        )
        .subcommand(Command::new("healthcheck").about("Ask the running server whether it is ready"))
        .subcommand(
            Command::new("openapi")
                .about("Print the OpenAPI document")
                .arg(required("version", "Version of the API").value_parser(["v1", "v2"])),
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
                .arg(
                    option("full", "Grant every permission")
                        .action(ArgAction::SetTrue)
                        .conflicts_with("permission"),
                )
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
    let role = || {
        option("role", "What the user may do")
            .default_value("viewer")
            .value_parser(PossibleValuesParser::new(["owner", "admin", "operator", "viewer"]))
    };
    group("user", "People who sign in")
        .subcommand(
            Command::new("create")
                .about("Create a user")
                .arg(required("email", "Address to sign in with"))
                .arg(required("name", "Name to show"))
                .arg(role())
                .arg(stdin()),
        )
        .subcommand(
            Command::new("invite")
                .about("Print a link by which somebody may join, once")
                .arg(role())
                .arg(option("email", "The only address that may accept"))
                .arg(
                    option("hours", "How long the link works, 72 unless told")
                        .value_parser(clap::value_parser!(i64)),
                ),
        )
        .subcommand(
            Command::new("reset-password")
                .about("Give a user a new password and end their sessions")
                .arg(required("email", "Address of the user"))
                .arg(stdin()),
        )
        .subcommand(
            Command::new("totp-reset")
                .about("Remove the second factor of a user who lost it")
                .arg(required("email", "Address of the user")),
        )
        .subcommand(
            Command::new("sessions")
                .about("List where a user is signed in")
                .arg(required("email", "Address of the user"))
                .arg(option("end", "End all of them").action(ArgAction::SetTrue)),
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
        .subcommand(
            Command::new("rename")
                .about("Give a workspace another name, another slug, or both")
                .arg(slug())
                .arg(option("name", "New name"))
                .arg(option("new-slug", "New slug")),
        )
        .subcommand(
            Command::new("delete")
                .about("Delete a workspace and all that is in it")
                .arg(slug())
                .arg(required("confirm", "The name of the workspace, once more")),
        )
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

fn export() -> Command {
    let list = |name, about, filters: Vec<Arg>| {
        let format =
            option("format", "How to write them").default_value("jsonl").value_parser(["jsonl", "csv"]);
        let cursor = option("cursor", "Where to go on").hide(true);
        Command::new(name).about(about).args(filters).arg(format).arg(cursor)
    };
    let keys = vec![
        option("api", "Only keys of this API"),
        option("filter", "Only keys that fit, such as `status:expired last_used:>90d`"),
    ];
    let identities = vec![option("search", "Only identities whose id or external id holds this")];
    group("export", "Lists as files, without secrets")
        .subcommand(list("keys", "Keys, the newest first", keys))
        .subcommand(list("identities", "Identities", identities))
        .subcommand(list("permissions", "Permissions", Vec::new()))
        .subcommand(list("roles", "Roles and what they grant", Vec::new()))
        .subcommand(list(
            "overrides",
            "Overrides of a namespace",
            vec![required("namespace", "Its name or id")],
        ))
}

fn explain() -> Command {
    let options = [
        option("key", "Id of the key"),
        option("secret-stdin", "Read the key itself from standard input").action(ArgAction::SetTrue),
        option("request", "Explain the verification that this request made"),
        option("api", "API the key is expected to belong to"),
        option("permissions", "Permission query that would be asked"),
        option("cost", "Credits that would be spent, 1 unless told").value_parser(clap::value_parser!(i64)),
        option("ip", "Address the verification would come from"),
    ];
    group("explain", "Why a key is refused").subcommand(
        Command::new("key").about("Go through a verification without carrying it out").args(options),
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
            option("text", "Only with ids, tags, identifiers or addresses that begin with these words"),
        ]
    };
    let kind = |kinds: &'static [&'static str]| {
        let kinds = PossibleValuesParser::new(kinds);
        option("kind", "What to show").default_value("verifications").value_parser(kinds)
    };
    let slot = option("by", "Length of a line").default_value("day").value_parser(["day", "hour"]);
    let by = required("by", "What to count by").value_parser([
        "api",
        "key",
        "identity",
        "tag",
        "namespace",
        "identifier",
    ]);
    group("events", "What was verified and limited")
        .subcommand(
            Command::new("list")
                .about("Show the newest events")
                .args(filters())
                .arg(kind(&["verifications", "ratelimits"])),
        )
        .subcommand(Command::new("top").about("Show what occurs most").args(filters()).arg(by))
        .subcommand(
            Command::new("latency")
                .about("Show how long things took")
                .args(filters())
                .arg(kind(&["verifications", "ratelimits", "requests"]))
                .arg(slot),
        )
}

fn requests() -> Command {
    let flag = |name, help| option(name, help).action(ArgAction::SetTrue);
    group("requests", "What was asked of the HTTP APIs").subcommand(
        Command::new("list")
            .about("Show the newest requests")
            .arg(
                option("days", "How many days to look back, 7 unless told")
                    .value_parser(clap::value_parser!(i64)),
            )
            .arg(option("limit", "Lines to show").value_parser(clap::value_parser!(usize)))
            .arg(option("status", "Only with this status, such as 404"))
            .arg(option("path", "Only of this path, such as /v2/keys.verifyKey"))
            .arg(option("request-id", "Only this request"))
            .arg(option("root-key", "Only with the root key of this id"))
            .arg(option("outcome", "Only with this outcome of a verification, or code of an error"))
            .arg(option("text", "Only with words that begin so"))
            .arg(flag("unauthenticated", "Those nobody was authenticated for, which are of no workspace"))
            .arg(flag("bodies", "Everything that was logged, a JSON line each")),
    )
}

fn search() -> Command {
    Command::new("search")
        .about("Find keys, identities, roles and the rest by id, name, or the start or end of a key")
        .arg(Arg::new("text").required(true))
        .arg(option("kind", "Only of this kind, such as key; may be repeated").action(ArgAction::Append))
        .arg(option("limit", "Lines to show, 100 at most").value_parser(clap::value_parser!(usize)))
}

fn namespace() -> Command {
    let namespace = || Arg::new("namespace").required(true).help("Name or id");
    group("namespace", "Namespaces of rate limits")
        .subcommand(Command::new("list").about("List namespaces"))
        .subcommand(
            Command::new("rename")
                .about("Give a namespace another name")
                .arg(namespace())
                .arg(Arg::new("name").required(true)),
        )
        .subcommand(Command::new("delete").about("Delete a namespace and its overrides").arg(namespace()))
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
