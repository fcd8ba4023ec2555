//! The grammar of the command line: every command, how it is written and what it
//! takes.
//!
//! A word that decides something is read into what it means here, so that no
//! command compares texts.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Arg, ArgAction, Command as Syntax, value_parser};

use super::command::{ApiVersion, Command, ExportedList, FolderCommand, Table};
use super::entry::{Entry, Group};
use super::options::setting_flag;
use base::config::SETTINGS;
use domain::transfer::Format;
use domain::users::Role;
use insight::analytics::{GroupBy, Unit};
use insight::search::Kind;

/// Everything that may follow `unkey`, in the order of the help.
pub(super) fn entries() -> Vec<Entry> {
    vec![
        serve(),
        Group::new("setup", "First steps")
            .add(FolderCommand::SetupLink, Syntax::new("link").about("Print a one-time setup link"))
            .into(),
        root_key(),
        user(),
        workspace(),
        api(),
        migration(),
        audit(),
        events(),
        explain(),
        export(),
        analytics(),
        index(),
        requests(),
        search(),
        namespace(),
        Group::new("master-key", "The key that encrypts recoverable keys")
            .add(
                FolderCommand::MasterKeyRotate,
                Syntax::new("rotate").about("Replace the master key in the data folder"),
            )
            .into(),
        backup(),
        restore(),
        migrate_to(),
        Entry::new(
            Command::Healthcheck,
            Syntax::new("healthcheck").about("Ask the running server whether it is ready"),
        ),
        openapi(),
        config(),
    ]
}

/// One of a few words, read as what it means.
fn one_of<T>(words: &'static [(&'static str, T)]) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    PossibleValuesParser::new(words.iter().map(|(word, _)| *word)).map(move |given: String| {
        let known = words.iter().find(|(word, _)| *word == given);
        known.map(|(_, meaning)| *meaning).expect("the parser lets only these words through")
    })
}

const ROLES: [(&str, Role); 4] =
    [("owner", Role::Owner), ("admin", Role::Admin), ("operator", Role::Operator), ("viewer", Role::Viewer)];

const FILE_FORMATS: &[(&str, Format)] = &[("jsonl", Format::JsonLines), ("csv", Format::Csv)];

fn option(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).help(help)
}

fn required(name: &'static str, help: &'static str) -> Arg {
    option(name, help).required(true)
}

fn serve() -> Entry {
    let flags =
        SETTINGS.iter().filter(|setting| !setting.secret && !matches!(setting.name, "data_dir" | "config"));
    let flags = flags.filter_map(|setting| setting_flag(setting.name));
    Entry::new(Command::Serve, Syntax::new("serve").about("Run the server").args(flags))
}

fn root_key() -> Entry {
    Group::new("root-key", "Credentials of the HTTP API")
        .add(
            FolderCommand::RootKeyCreate,
            Syntax::new("create")
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
                        .value_parser(value_parser!(i64)),
                ),
        )
        .add(FolderCommand::RootKeyList, Syntax::new("list").about("List root keys"))
        .add(
            FolderCommand::RootKeyRevoke,
            Syntax::new("revoke").about("Revoke a root key").arg(Arg::new("id").required(true)),
        )
        .into()
}

fn user() -> Entry {
    let stdin = || {
        option("password-stdin", "Read the password from standard input instead of making one")
            .action(ArgAction::SetTrue)
    };
    let role = || option("role", "What the user may do").default_value("viewer").value_parser(one_of(&ROLES));
    Group::new("user", "People who sign in")
        .add(
            FolderCommand::UserCreate,
            Syntax::new("create")
                .about("Create a user")
                .arg(required("email", "Address to sign in with"))
                .arg(required("name", "Name to show"))
                .arg(role())
                .arg(stdin()),
        )
        .add(
            FolderCommand::UserInvite,
            Syntax::new("invite")
                .about("Print a link by which somebody may join, once")
                .arg(role())
                .arg(option("email", "The only address that may accept"))
                .arg(
                    option("hours", "How long the link works, 72 unless told")
                        .value_parser(value_parser!(i64)),
                ),
        )
        .add(
            FolderCommand::UserResetPassword,
            Syntax::new("reset-password")
                .about("Give a user a new password and end their sessions")
                .arg(required("email", "Address of the user"))
                .arg(stdin()),
        )
        .add(
            FolderCommand::UserTotpReset,
            Syntax::new("totp-reset")
                .about("Remove the second factor of a user who lost it")
                .arg(required("email", "Address of the user")),
        )
        .add(
            FolderCommand::UserSessions,
            Syntax::new("sessions")
                .about("List where a user is signed in")
                .arg(required("email", "Address of the user"))
                .arg(option("end", "End all of them").action(ArgAction::SetTrue)),
        )
        .add(FolderCommand::UserList, Syntax::new("list").about("List users"))
        .into()
}

fn workspace() -> Entry {
    let slug = || Arg::new("slug").required(true);
    Group::new("workspace", "Tenants of this server")
        .add(FolderCommand::WorkspaceCreate, Syntax::new("create")
                .about("Create a workspace")
                .arg(slug())
                .arg(option("name", "Name to show; the slug when left out")),
        )
        .add(FolderCommand::WorkspaceList, Syntax::new("list").about("List workspaces")
                .arg(option("deleted", "Those that were deleted, whose audit logs can still be read").action(ArgAction::SetTrue)))
        .add(FolderCommand::WorkspaceRename, Syntax::new("rename")
                .about("Give a workspace another name, another slug, or both")
                .arg(slug())
                .arg(option("name", "New name"))
                .arg(option("new-slug", "New slug")),
        )
        .add(FolderCommand::WorkspaceDelete, Syntax::new("delete")
                .about("Delete a workspace and all that is in it")
                .arg(slug())
                .arg(required("confirm", "The name of the workspace, once more")),
        )
        .add(FolderCommand::WorkspaceEnable, Syntax::new("enable").about("Serve a workspace again").arg(slug()))
        .add(FolderCommand::WorkspaceDisable, Syntax::new("disable").about("Refuse every call of a workspace").arg(slug()))
        .add(FolderCommand::WorkspaceSet, Syntax::new("set").about("Change settings of a workspace").arg(slug()).arg(required(
            "api-limit",
            "Requests all its root keys together may make in a minute; 0 refuses all, none lifts the limit",
        )))
.into()
}

fn api() -> Entry {
    let switch = |name, help| option(name, help).value_parser(one_of(&[("on", true), ("off", false)]));
    Group::new("api", "APIs and their settings")
        .add(FolderCommand::ApiList, Syntax::new("list").about("List APIs"))
        .add(
            FolderCommand::ApiSet,
            Syntax::new("set")
                .about("Change settings of an API; an empty value clears one")
                .arg(Arg::new("id").required(true))
                .arg(option("name", "New name"))
                .arg(switch("recoverable", "Allow keys whose plaintext can be read again"))
                .arg(switch("delete-protection", "Refuse to delete the API"))
                .arg(option("ip-allow", "Comma-separated addresses and networks that may verify its keys"))
                .arg(option("default-prefix", "Prefix of keys made without one"))
                .arg(option("default-bytes", "Random bytes of keys made without a length, 16 to 255")),
        )
        .into()
}

fn migration() -> Entry {
    Group::new("migration", "Imports of foreign keys")
        .add(
            FolderCommand::MigrationCreate,
            Syntax::new("create").about("Announce an import and print its id").arg(required(
                "algorithm",
                "How the foreign hashes were made: sha256 or github.com/seamapi/prefixed-api-key",
            )),
        )
        .into()
}

fn audit() -> Entry {
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
    let limit = option("limit", "Entries to show, 1000 at most").value_parser(value_parser!(u64));
    let format =
        option("format", "How to write them").default_value("jsonl").value_parser(one_of(FILE_FORMATS));
    Group::new("audit", "Who changed what")
        .add(
            FolderCommand::AuditList,
            Syntax::new("list").about("Show the newest entries").args(filters()).arg(limit),
        )
        .add(
            FolderCommand::AuditExport,
            Syntax::new("export")
                .about("Write all entries, the newest first")
                .args(filters())
                .arg(format)
                .arg(option("cursor", "Where to go on").hide(true)),
        )
        .into()
}

fn export() -> Entry {
    let list = |name, about, filters: Vec<Arg>| {
        let format =
            option("format", "How to write them").default_value("jsonl").value_parser(one_of(FILE_FORMATS));
        let cursor = option("cursor", "Where to go on").hide(true);
        Syntax::new(name).about(about).args(filters).arg(format).arg(cursor)
    };
    let keys = vec![
        option("api", "Only keys of this API"),
        option("filter", "Only keys that fit, such as `status:expired last_used:>90d`"),
    ];
    let identities = vec![option("search", "Only identities whose id or external id holds this")];
    let overrides = vec![required("namespace", "Its name or id")];
    Group::new("export", "Lists as files, without secrets")
        .add(FolderCommand::Export(ExportedList::Keys), list("keys", "Keys, the newest first", keys))
        .add(FolderCommand::Export(ExportedList::Identities), list("identities", "Identities", identities))
        .add(FolderCommand::Export(ExportedList::Permissions), list("permissions", "Permissions", Vec::new()))
        .add(
            FolderCommand::Export(ExportedList::Roles),
            list("roles", "Roles and what they grant", Vec::new()),
        )
        .add(
            FolderCommand::Export(ExportedList::Overrides),
            list("overrides", "Overrides of a namespace", overrides),
        )
        .into()
}

fn explain() -> Entry {
    let options = [
        option("key", "Id of the key"),
        option("secret-stdin", "Read the key itself from standard input").action(ArgAction::SetTrue),
        option("request", "Explain the verification that this request made"),
        option("api", "API the key is expected to belong to"),
        option("permissions", "Permission query that would be asked"),
        option("cost", "Credits that would be spent, 1 unless told").value_parser(value_parser!(i64)),
        option("ip", "Address the verification would come from"),
    ];
    Group::new("explain", "Why a key is refused")
        .add(
            FolderCommand::ExplainKey,
            Syntax::new("key").about("Go through a verification without carrying it out").args(options),
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

fn events() -> Entry {
    let filters = || {
        [
            option("days", "How many days to look back, 7 unless told").value_parser(value_parser!(i64)),
            option("limit", "Lines to show").value_parser(value_parser!(usize)),
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
    Group::new("events", "What was verified and limited")
        .add(
            FolderCommand::EventsList,
            Syntax::new("list").about("Show the newest events").args(filters()).arg(kind(&KINDS[..2])),
        )
        .add(
            FolderCommand::EventsTop,
            Syntax::new("top").about("Show what occurs most").args(filters()).arg(by),
        )
        .add(
            FolderCommand::EventsLatency,
            Syntax::new("latency")
                .about("Show how long things took")
                .args(filters())
                .arg(kind(&KINDS))
                .arg(slot),
        )
        .into()
}

fn requests() -> Entry {
    let flag = |name, help| option(name, help).action(ArgAction::SetTrue);
    Group::new("requests", "What was asked of the HTTP APIs")
        .add(
            FolderCommand::RequestsList,
            Syntax::new("list")
                .about("Show the newest requests")
                .arg(
                    option("days", "How many days to look back, 7 unless told")
                        .value_parser(value_parser!(i64)),
                )
                .arg(option("limit", "Lines to show").value_parser(value_parser!(usize)))
                .arg(option("status", "Only with this status, such as 404"))
                .arg(option("path", "Only of this path, such as /v2/keys.verifyKey"))
                .arg(option("request-id", "Only this request"))
                .arg(option("root-key", "Only with the root key of this id"))
                .arg(option("outcome", "Only with this outcome of a verification, or code of an error"))
                .arg(option("text", "Only with words that begin so"))
                .arg(flag("unauthenticated", "Those nobody was authenticated for, which are of no workspace"))
                .arg(flag("bodies", "Everything that was logged, a JSON line each")),
        )
        .into()
}

fn search() -> Entry {
    let kind = option("kind", "Only of this kind, such as key; may be repeated");
    let limit = option("limit", "Lines to show, 100 at most").value_parser(value_parser!(usize));
    let syntax = Syntax::new("search")
        .about("Find keys, identities, roles and the rest by id, name, or the start or end of a key")
        .arg(Arg::new("text").required(true))
        .arg(kind.action(ArgAction::Append))
        .arg(limit);
    Entry::new(FolderCommand::Search, syntax)
}

fn namespace() -> Entry {
    let namespace = || Arg::new("namespace").required(true).help("Name or id");
    Group::new("namespace", "Namespaces of rate limits")
        .add(FolderCommand::NamespaceList, Syntax::new("list").about("List namespaces"))
        .add(
            FolderCommand::NamespaceRename,
            Syntax::new("rename")
                .about("Give a namespace another name")
                .arg(namespace())
                .arg(Arg::new("name").required(true)),
        )
        .add(
            FolderCommand::NamespaceDelete,
            Syntax::new("delete").about("Delete a namespace and its overrides").arg(namespace()),
        )
        .into()
}

fn analytics() -> Entry {
    let format = one_of(&[("table", Table::Aligned), ("csv", Table::Csv), ("json", Table::Json)]);
    let format = option("format", "How to write the answer").default_value("table").value_parser(format);
    Group::new("analytics", "Questions about what was verified and limited")
        .add(
            FolderCommand::AnalyticsQuery,
            Syntax::new("query")
                .about("Answer a query in SQL; docs/analytics.md lists tables, columns and functions")
                .arg(Arg::new("sql").required(true))
                .arg(format),
        )
        .into()
}

fn index() -> Entry {
    Group::new("index", "The search indexes, views that can be built again")
        .add(FolderCommand::IndexStatus, Syntax::new("status").about("How far the indexes are"))
        .add(
            FolderCommand::IndexRebuild,
            Syntax::new("rebuild").about("Throw the indexes away and build them again"),
        )
        .into()
}

fn backup() -> Entry {
    let target = Arg::new("target")
        .help("A file, a folder or s3://bucket/prefix that gets a file named by the time, or - for standard output; backup_target unless told");
    let master_key = option("with-master-key", "Put the master key in, behind a passphrase");
    let backup = Syntax::new("backup")
        .about("Back up the data folder, whether a server runs or not")
        .arg(target)
        .arg(master_key.action(ArgAction::SetTrue));
    let verify = Syntax::new("verify")
        .about("Read a backup as a restore does, and compare what it holds with what was backed up")
        .arg(source())
        .arg(option("temp-dir", "Folder with room for it, the one of the system unless told"));
    Group::alone(Command::Backup, backup).add(Command::BackupVerify, verify).into()
}

fn source() -> Arg {
    Arg::new("source")
        .required(true)
        .help("A file, a folder or s3://bucket/prefix whose newest backup is meant, or - for standard input")
}

fn restore() -> Entry {
    let without = option("without-master-key", "Leave out the master key, if there is one");
    let restore = Syntax::new("restore")
        .about("Restore a backup to the data folder, which is empty or not there yet")
        .arg(source())
        .arg(without.action(ArgAction::SetTrue));
    Entry::new(Command::Restore, restore)
}

fn migrate_to() -> Entry {
    let target = Arg::new("target")
        .required(true)
        .help("postgres for the database of database_url, an address postgres://..., or sqlite for app.db");
    let about = "Move everything but events to Postgres, or back to the data folder";
    Entry::new(Command::MigrateTo, Syntax::new("migrate-to").about(about).arg(target))
}

fn openapi() -> Entry {
    let version = one_of(&[("v1", ApiVersion::V1), ("v2", ApiVersion::V2)]);
    let version = required("version", "Version of the API").value_parser(version);
    Entry::new(Command::OpenApi, Syntax::new("openapi").about("Print the OpenAPI document").arg(version))
}

fn config() -> Entry {
    Group::new("config", "Settings")
        .add(Command::ConfigCheck, Syntax::new("check").about("Report every problem of the settings"))
        .add(
            Command::ConfigPrint,
            Syntax::new("print").about("Print the settings in force and where they come from"),
        )
        .into()
}
