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

/// The words of the command that was given.
pub(super) fn words(matches: &ArgMatches) -> String {
    let below = std::iter::successors(matches.subcommand(), |(_, matches)| matches.subcommand());
    below.fold("unkey".to_owned(), |words, (name, _)| format!("{words} {name}"))
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
    use base::config::SETTINGS;

    fn meant(line: &str) -> Option<Command> {
        let matches = syntax().try_get_matches_from(line.split(' ')).ok()?;
        read(&matches).map(|(command, _)| command)
    }

    #[test]
    fn the_grammar_is_sound() {
        syntax().debug_assert();
    }

    /// Every command that does something: its words, and how it is written.
    fn leaves() -> Vec<(String, Syntax)> {
        fn walk(words: &str, syntax: &Syntax, found: &mut Vec<(String, Syntax)>) {
            if !syntax.has_subcommands() {
                found.push((words.to_owned(), syntax.clone()));
            }
            for below in syntax.get_subcommands() {
                walk(&format!("{words} {}", below.get_name()), below, found);
            }
        }
        let mut found = Vec::new();
        walk("unkey", &syntax(), &mut found);
        found
    }

    /// A line as a shell splits it, up to where it goes on with something else.
    fn split(line: &str) -> Vec<String> {
        let (mut words, mut word, mut is_quoted) = (Vec::new(), String::new(), false);
        for found in line.split(['>', '|']).next().unwrap().trim().chars() {
            match found {
                '\'' => is_quoted = !is_quoted,
                ' ' if !is_quoted => words.push(std::mem::take(&mut word)),
                other => word.push(other),
            }
        }
        words.push(word);
        words
    }

    #[test]
    fn every_command_shows_an_example_that_is_one() {
        let leaves = leaves();
        assert!(leaves.len() > 45, "{}", leaves.len());
        for (words, leaf) in leaves {
            let help =
                leaf.get_after_help().unwrap_or_else(|| panic!("{words} shows no example")).to_string();
            let line = help.lines().nth(1).unwrap().trim();
            assert!(line.starts_with(&words), "{words}: {line}");
            let read = syntax().try_get_matches_from(split(line));
            let read = read.unwrap_or_else(|error| panic!("{line}: {error}"));
            assert_eq!(super::words(&read), words);
        }
    }

    #[test]
    fn every_list_is_written_for_people_and_for_programs() {
        let lists = ["list", "top", "latency", "status", "sessions", "search", "query", "print", "doctor"];
        let mut found = 0;
        for (words, leaf) in leaves() {
            let format = leaf.get_arguments().find(|argument| argument.get_id() == "format");
            let is_list = lists.iter().any(|name| words.ends_with(&format!(" {name}")));
            if !is_list {
                continue;
            }
            found += 1;
            let format = format.unwrap_or_else(|| panic!("{words} has no --format"));
            let values: Vec<_> =
                format.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
            assert_eq!(values, ["table", "json", "csv"], "{words}");
            assert_eq!(format.get_default_values(), ["table"], "{words}");
        }
        assert!(found >= 15, "{found}");
    }

    #[test]
    fn every_argument_is_explained_and_says_what_holds_without_it() {
        for (words, leaf) in leaves() {
            for argument in leaf.get_arguments() {
                let id = argument.get_id();
                let help = argument.get_help().unwrap_or_else(|| panic!("{words}: {id} is not explained"));
                let help = help.to_string();
                assert!(!help.contains("unless told"), "{words}: {id} hides its default");
                if let Some(setting) = SETTINGS.iter().find(|setting| argument.get_id() == setting.name) {
                    assert!(help.contains(&format!("[env: {}]", setting.variable())), "{words}: {id}");
                    let default = format!("[default: {}]", setting.default);
                    assert_eq!(help.contains(&default), !setting.default.is_empty(), "{words}: {id}");
                }
            }
        }
        let serve = syntax().find_subcommand("serve").unwrap().clone();
        let help = serve.get_after_long_help().unwrap().to_string();
        for setting in SETTINGS.iter().filter(|setting| setting.secret) {
            assert!(help.contains(&setting.variable()), "{}", setting.name);
        }
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
