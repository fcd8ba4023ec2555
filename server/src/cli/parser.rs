//! From words to commands: the grammar as the library reads it, and which command
//! was meant.

use clap::{Arg, ArgMatches, Command as Syntax};

use super::command::Command;
use super::entry::Entry;
use super::grammar;
use super::options::setting_flag;

/// The whole command line.
pub(super) fn syntax() -> Syntax {
    Syntax::new("unkey")
        .about("API keys, rate limits, RBAC, analytics and audit in one binary")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .args(folder_flags())
        .subcommands(grammar::entries().into_iter().map(Entry::into_syntax))
}

/// The command that was given, and its arguments.
pub(super) fn read(matches: &ArgMatches) -> Option<(Command, &ArgMatches)> {
    let (name, given) = matches.subcommand()?;
    grammar::entries().into_iter().find_map(|entry| entry.read(name, given))
}

/// Flags that every command takes, before or after its name.
fn folder_flags() -> Vec<Arg> {
    let workspace = Arg::new("workspace")
        .long("workspace")
        .help("Slug of the workspace to act in; not needed when there is one");
    ["data_dir", "config"]
        .into_iter()
        .filter_map(setting_flag)
        .chain([workspace])
        .map(|flag| flag.global(true))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::command::{ExportedList, FolderCommand};
    use super::*;

    fn meant(line: &str) -> Option<Command> {
        let matches = syntax().try_get_matches_from(line.split(' ')).ok()?;
        read(&matches).map(|(command, _)| command)
    }

    #[test]
    fn the_grammar_is_sound() {
        syntax().debug_assert();
    }

    #[test]
    fn a_line_is_read_as_the_command_it_names() {
        assert_eq!(meant("unkey serve"), Some(Command::Serve));
        assert_eq!(meant("unkey config print"), Some(Command::ConfigPrint));
        assert_eq!(meant("unkey search key_1"), Some(FolderCommand::Search.into()));
        assert_eq!(meant("unkey user list"), Some(FolderCommand::UserList.into()));
        assert_eq!(meant("unkey api list"), Some(FolderCommand::ApiList.into()));
        let roles = FolderCommand::Export(ExportedList::Roles);
        assert_eq!(meant("unkey export roles --format csv"), Some(roles.into()));
        for line in ["unkey", "unkey user", "unkey user fly", "unkey list", "unkey export roles --format xml"]
        {
            assert_eq!(meant(line), None, "{line}");
        }
    }
}
