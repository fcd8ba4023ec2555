//! A command and how it is written, in one place: what is read as a command is what
//! the help shows.

use clap::{ArgMatches, Command as Syntax};

use super::command::Command;

/// What may follow `unkey`.
pub(super) struct Entry {
    syntax: Syntax,
    kind: Kind,
}

enum Kind {
    Single(Command),
    /// With what the first word alone means, if anything.
    Group(Vec<(Command, Syntax)>, Option<Command>),
}

/// Commands that begin with the same word.
pub(super) struct Group {
    syntax: Syntax,
    commands: Vec<(Command, Syntax)>,
    alone: Option<Command>,
}

/// How a line is written that shows what a command is for, at the end of its help.
const EXAMPLE: &str = "Example:";

/// A command that shows how it is used.
pub(super) trait Example {
    fn example(self, line: &str) -> Self;
}

impl Example for Syntax {
    fn example(self, line: &str) -> Self {
        let text = format!("{EXAMPLE}\n  {line}");
        let long = self.get_after_long_help().map(|more| format!("{text}\n\n{more}"));
        let syntax = self.after_help(text);
        match long {
            Some(long) => syntax.after_long_help(long),
            None => syntax,
        }
    }
}

impl Entry {
    pub fn new(command: impl Into<Command>, syntax: Syntax) -> Self {
        Self { syntax, kind: Kind::Single(command.into()) }
    }

    /// The command that was given, if it is this one or in this group, and its
    /// arguments. `name` is the first word, `given` what follows it.
    pub fn read<'a>(self, name: &str, given: &'a ArgMatches) -> Option<(Command, &'a ArgMatches)> {
        if self.syntax.get_name() != name {
            return None;
        }
        match self.kind {
            Kind::Single(command) => Some((command, given)),
            Kind::Group(commands, alone) => {
                let Some((name, given)) = given.subcommand() else { return Some((alone?, given)) };
                let (command, _) = commands.into_iter().find(|(_, syntax)| syntax.get_name() == name)?;
                Some((command, given))
            }
        }
    }

    pub fn into_syntax(self) -> Syntax {
        match self.kind {
            Kind::Single(_) => self.syntax,
            Kind::Group(commands, _) => {
                self.syntax.subcommands(commands.into_iter().map(|(_, syntax)| syntax))
            }
        }
    }
}

impl Group {
    pub fn new(name: &'static str, about: &'static str) -> Self {
        let syntax = Syntax::new(name).about(about).subcommand_required(true).arg_required_else_help(true);
        Self { syntax, commands: Vec::new(), alone: None }
    }

    /// Where the first word is a command by itself, which is written so.
    pub fn alone(command: impl Into<Command>, syntax: Syntax) -> Self {
        let syntax = syntax.args_conflicts_with_subcommands(true).subcommand_negates_reqs(true);
        Self { syntax, commands: Vec::new(), alone: Some(command.into()) }
    }

    pub fn add(mut self, command: impl Into<Command>, syntax: Syntax) -> Self {
        self.commands.push((command.into(), syntax));
        self
    }
}

impl From<Group> for Entry {
    fn from(Group { syntax, commands, alone }: Group) -> Self {
        Self { syntax, kind: Kind::Group(commands, alone) }
    }
}
