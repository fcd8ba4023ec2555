//! The grammar of the command line: every command, how it is written and what it
//! takes.
//!
//! A word that decides something is read into what it means here, so that no
//! command compares texts.

mod ratelimits;
mod record;
mod webhooks;

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Arg, ArgAction, ArgGroup, Command as Syntax, value_parser};
use clap_complete::Shell;

use super::command::{ApiVersion, Command, FolderCommand, ListFormat};
use super::entry::{Entry, Example, Group};
use super::options::setting_flag;
use base::clock::HOUR_MS;
use base::config::SETTINGS;
use domain::users::{NewInvitation, Role};

/// Everything that may follow `unkey`, in the order of the help.
pub(super) fn entries() -> Vec<Entry> {
    vec![
        serve(),
        Group::new("setup", "First steps")
            .add(
                FolderCommand::SetupLink,
                Syntax::new("link").about("Print a one-time setup link").example("unkey setup link"),
            )
            .into(),
        root_key(),
        user(),
        workspace(),
        api(),
        migration(),
        record::audit(),
        record::events(),
        record::explain(),
        record::export(),
        apply(),
        record::analytics(),
        index(),
        doctor(),
        record::requests(),
        record::search(),
        ratelimits::namespace(),
        ratelimits::overrides(),
        webhooks::webhook(),
        Group::new("master-key", "The key that encrypts recoverable keys")
            .add(
                FolderCommand::MasterKeyRotate,
                Syntax::new("rotate")
                    .about("Replace the master key in the data folder")
                    .example("unkey master-key rotate"),
            )
            .into(),
        backup(),
        restore(),
        migrate_to(),
        Entry::new(
            Command::Healthcheck,
            Syntax::new("healthcheck")
                .about("Ask the running server whether it is ready")
                .example("unkey healthcheck"),
        ),
        openapi(),
        config(),
        completions(),
        man(),
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

fn option(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).help(help)
}

fn required(name: &'static str, help: &'static str) -> Arg {
    option(name, help).required(true)
}

/// An argument by its place.
fn word(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).required(true).help(help)
}

/// Options of which a change needs some.
fn one_at_least(options: &[&'static str]) -> ArgGroup {
    ArgGroup::new("change").args(options.iter().copied()).required(true).multiple(true)
}

/// How a list is written.
fn list_format() -> Arg {
    let words = &[("table", ListFormat::Table), ("json", ListFormat::Json), ("csv", ListFormat::Csv)];
    let format = one_of(words);
    option("format", "How to write the answer").default_value("table").value_parser(format)
}

fn serve() -> Entry {
    let flags =
        SETTINGS.iter().filter(|setting| !setting.secret && !matches!(setting.name, "data_dir" | "config"));
    let flags = flags.filter_map(|setting| setting_flag(setting.name));
    let secrets = SETTINGS.iter().filter(|setting| setting.secret).map(|setting| setting.variable());
    let hidden = format!(
        "Secrets have no flags. They are given by variables, or by files that variables of the same name with _FILE at \
         their end name: {}.",
        secrets.collect::<Vec<_>>().join(", ")
    );
    let syntax = Syntax::new("serve").about("Run the server").args(flags).after_long_help(hidden);
    Entry::new(Command::Serve, syntax.example("unkey serve --listen 0.0.0.0:3000 --data-dir /var/lib/unkey"))
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
                )
                .example("unkey root-key create --name gateway --permission 'api.*.verify_key'"),
        )
        .add(
            FolderCommand::RootKeyList,
            Syntax::new("list").about("List root keys").arg(list_format()).example("unkey root-key list"),
        )
        .add(
            FolderCommand::RootKeyRevoke,
            Syntax::new("revoke")
                .about("Revoke a root key")
                .arg(word("id", "Id of the root key"))
                .example("unkey root-key revoke key_123"),
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
                .arg(stdin())
                .example("unkey user create --email ada@example.com --name Ada --role admin"),
        )
        .add(
            FolderCommand::UserInvite,
            Syntax::new("invite")
                .about("Print a link by which somebody may join, once")
                .arg(role())
                .arg(option("email", "The only address that may accept"))
                .arg(
                    option("hours", "How long the link works, in hours")
                        .default_value((NewInvitation::VALID_MS / HOUR_MS).to_string())
                        .value_parser(value_parser!(i64)),
                )
                .example("unkey user invite --role operator --email bob@example.com"),
        )
        .add(
            FolderCommand::UserResetPassword,
            Syntax::new("reset-password")
                .about("Give a user a new password and end their sessions")
                .arg(required("email", "Address of the user"))
                .arg(stdin())
                .example("unkey user reset-password --email ada@example.com"),
        )
        .add(
            FolderCommand::UserTotpReset,
            Syntax::new("totp-reset")
                .about("Remove the second factor of a user who lost it")
                .arg(required("email", "Address of the user"))
                .example("unkey user totp-reset --email ada@example.com"),
        )
        .add(
            FolderCommand::UserSessions,
            Syntax::new("sessions")
                .about("List where a user is signed in")
                .arg(required("email", "Address of the user"))
                .arg(option("end", "End all of them").action(ArgAction::SetTrue))
                .arg(list_format())
                .example("unkey user sessions --email ada@example.com"),
        )
        .add(
            FolderCommand::UserList,
            Syntax::new("list").about("List users").arg(list_format()).example("unkey user list"),
        )
        .into()
}

fn slug() -> Arg {
    word("slug", "Slug of the workspace")
}

fn workspace() -> Entry {
    let deleted = option("deleted", "Those that were deleted, whose audit logs can still be read");
    let commands = [
        (
            FolderCommand::WorkspaceCreate,
            Syntax::new("create")
                .about("Create a workspace")
                .arg(slug())
                .arg(option("name", "Name to show; the slug when left out"))
                .example("unkey workspace create acme --name Acme"),
        ),
        (
            FolderCommand::WorkspaceList,
            Syntax::new("list")
                .about("List workspaces")
                .arg(deleted.action(ArgAction::SetTrue))
                .arg(list_format())
                .example("unkey workspace list"),
        ),
        (
            FolderCommand::WorkspaceRename,
            Syntax::new("rename")
                .about("Give a workspace another name, another slug, or both")
                .arg(slug())
                .arg(option("name", "New name"))
                .arg(option("new-slug", "New slug"))
                .group(one_at_least(&["name", "new-slug"]))
                .example("unkey workspace rename acme --new-slug acme-eu"),
        ),
        (
            FolderCommand::WorkspaceDelete,
            Syntax::new("delete")
                .about("Delete a workspace and all that is in it")
                .arg(slug())
                .arg(required("confirm", "The name of the workspace, once more"))
                .example("unkey workspace delete acme --confirm Acme"),
        ),
    ];
    let commands = commands.into_iter().chain(workspace_settings());
    let group = Group::new("workspace", "Tenants of this server");
    commands.fold(group, |group, (command, syntax)| group.add(command, syntax)).into()
}

/// Commands that change what a workspace may do.
fn workspace_settings() -> [(FolderCommand, Syntax); 3] {
    let limit =
        "Requests all its root keys together may make in a minute; 0 refuses all, none lifts the limit";
    [
        (
            FolderCommand::WorkspaceEnable,
            Syntax::new("enable")
                .about("Serve a workspace again")
                .arg(slug())
                .example("unkey workspace enable acme"),
        ),
        (
            FolderCommand::WorkspaceDisable,
            Syntax::new("disable")
                .about("Refuse every call of a workspace")
                .arg(slug())
                .example("unkey workspace disable acme"),
        ),
        (
            FolderCommand::WorkspaceSet,
            Syntax::new("set")
                .about("Change settings of a workspace")
                .arg(slug())
                .arg(required("api-limit", limit))
                .example("unkey workspace set acme --api-limit 6000"),
        ),
    ]
}

fn api() -> Entry {
    let switch = |name, help| option(name, help).value_parser(one_of(&[("on", true), ("off", false)]));
    Group::new("api", "APIs and their settings")
        .add(
            FolderCommand::ApiList,
            Syntax::new("list").about("List APIs").arg(list_format()).example("unkey api list"),
        )
        .add(
            FolderCommand::ApiSet,
            Syntax::new("set")
                .about("Change settings of an API; an empty value clears one")
                .arg(word("id", "Id of the API"))
                .arg(option("name", "New name"))
                .arg(switch("recoverable", "Allow keys whose plaintext can be read again"))
                .arg(switch("delete-protection", "Refuse to delete the API"))
                .arg(option("ip-allow", "Comma-separated addresses and networks that may verify its keys"))
                .arg(option("default-prefix", "Prefix of keys made without one"))
                .arg(option("default-bytes", "Random bytes of keys made without a length, 16 to 255"))
                .example("unkey api set api_123 --ip-allow 10.0.0.0/8"),
        )
        .into()
}

fn migration() -> Entry {
    Group::new("migration", "Imports of foreign keys")
        .add(
            FolderCommand::MigrationCreate,
            Syntax::new("create")
                .about("Announce an import and print its id")
                .arg(required(
                    "algorithm",
                    "How the foreign hashes were made: sha256 or github.com/seamapi/prefixed-api-key",
                ))
                .example("unkey migration create --algorithm sha256"),
        )
        .into()
}

fn index() -> Entry {
    Group::new("index", "The search indexes, views that can be built again")
        .add(
            FolderCommand::IndexStatus,
            Syntax::new("status")
                .about("How far the indexes are")
                .arg(list_format())
                .example("unkey index status"),
        )
        .add(
            FolderCommand::IndexRebuild,
            Syntax::new("rebuild")
                .about("Throw the indexes away and build them again")
                .arg(option("wait", "End once they are complete").action(ArgAction::SetTrue))
                .example("unkey index rebuild --wait"),
        )
        .into()
}

fn doctor() -> Entry {
    let flag = |name, help| option(name, help).action(ArgAction::SetTrue);
    let syntax = Syntax::new("doctor")
        .about("Look for what is wrong, each with the command that mends it")
        .arg(flag("fix", "Mend what can be mended without losing anything"))
        .arg(flag("strict", "End with status 1 on warnings, too, and on checks that could not be done"))
        .arg(list_format())
        .example("unkey doctor --strict --format json");
    Entry::new(FolderCommand::Doctor, syntax)
}

fn apply() -> Entry {
    let file = Arg::new("configuration")
        .short('f')
        .long("file")
        .value_name("FILE")
        .required(true)
        .value_parser(value_parser!(PathBuf))
        .help("The configuration, in YAML or JSON; `-` reads standard input");
    let flag = |name: &'static str, help| Arg::new(name).long(name).help(help).action(ArgAction::SetTrue);
    Entry::new(
        FolderCommand::ConfigurationApply,
        Syntax::new("apply")
            .about("Make a workspace what a file says")
            .arg(file)
            .arg(flag("plan", "Only say what would change"))
            .arg(flag("prune", "Delete what a section of the file does not list"))
            .arg(list_format())
            .example("unkey apply -f unkey.yaml --plan"),
    )
}

fn backup() -> Entry {
    let target = Arg::new("target")
        .help("A file, a folder or s3://bucket/prefix that gets a file named by the time, or - for standard output [default: backup_target]");
    let master_key = option("with-master-key", "Put the master key in, behind a passphrase");
    let backup = Syntax::new("backup")
        .about("Back up the data folder, whether a server runs or not")
        .arg(target)
        .arg(master_key.action(ArgAction::SetTrue))
        .example("unkey backup /mnt/backups/ --with-master-key");
    let verify = Syntax::new("verify")
        .about("Read a backup as a restore does, and compare what it holds with what was backed up")
        .arg(source())
        .arg(option("temp-dir", "Folder with room for it [default: that of the system]"))
        .example("unkey backup verify /mnt/backups/");
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
        .arg(without.action(ArgAction::SetTrue).conflicts_with("only"))
        .arg(option(
            "only",
            "Bring one deleted API (api_...) or workspace (ws_...) back into a folder that is in use instead",
        ))
        .example("unkey restore /mnt/backups/ --data-dir /var/lib/unkey-new");
    Entry::new(Command::Restore, restore)
}

fn migrate_to() -> Entry {
    let target = Arg::new("target")
        .required(true)
        .help("postgres for the database of database_url, an address postgres://..., or sqlite for app.db");
    let about = "Move everything but events to Postgres, or back to the data folder";
    Entry::new(
        Command::MigrateTo,
        Syntax::new("migrate-to").about(about).arg(target).example("unkey migrate-to postgres"),
    )
}

fn openapi() -> Entry {
    let version = one_of(&[("v1", ApiVersion::V1), ("v2", ApiVersion::V2)]);
    let version = required("version", "Version of the API").value_parser(version);
    Entry::new(
        Command::OpenApi,
        Syntax::new("openapi")
            .about("Print the OpenAPI document")
            .arg(version)
            .example("unkey openapi --version v2"),
    )
}

fn config() -> Entry {
    Group::new("config", "Settings")
        .add(
            Command::ConfigCheck,
            Syntax::new("check")
                .about("Report every problem of the settings")
                .example("unkey config check --config unkey.toml"),
        )
        .add(
            Command::ConfigPrint,
            Syntax::new("print")
                .about("Print the settings in force and where they come from")
                .arg(list_format())
                .example("unkey config print"),
        )
        .into()
}

fn completions() -> Entry {
    let shells = &[("bash", Shell::Bash), ("zsh", Shell::Zsh), ("fish", Shell::Fish)];
    let syntax = Syntax::new("completions")
        .about("Print what a shell completes these commands with")
        .arg(word("shell", "Which shell").value_parser(one_of(shells)))
        .example("unkey completions bash > /etc/bash_completion.d/unkey");
    Entry::new(Command::Completions, syntax)
}

fn man() -> Entry {
    let syntax = Syntax::new("man")
        .about("Write a manual page of each command into a folder")
        .arg(word("folder", "Where to; it is made if there is none").value_parser(value_parser!(PathBuf)))
        .example("unkey man /usr/local/share/man/man1");
    Entry::new(Command::Man, syntax)
}
