//! Settings of a workspace, of the server, and of oneself.

pub mod addresses;
pub mod ai;
pub mod danger;
pub mod doctor;
pub mod general;
pub mod migrations;
pub mod retention;
pub mod security;
pub mod sessions;
pub mod team;
pub mod v1;
pub mod workspace;

use crate::components::tabs;
use crate::paths;
use crate::shell::{Page, Section, Shell};

/// A page under one of the tabs of the settings.
fn page<'a>(shell: &'a Shell, current: &str) -> Page<'a> {
    let mut entries = vec![("General", paths::settings()), ("Team", paths::team())];
    if shell.may.admin {
        entries.extend([
            ("Retention", paths::retention()),
            ("Addresses", paths::addresses()),
            ("v1 API", paths::v1_switch()),
            ("Migrations", paths::migrations()),
            ("Doctor", paths::doctor()),
        ]);
    }
    entries.extend([
        ("AI tools", paths::ai_tools()),
        ("Security", paths::security()),
        ("Sessions", paths::sessions()),
    ]);
    if shell.may.own {
        entries.push(("Danger zone", paths::danger()));
    }
    Page::new(shell, Section::Settings, "Settings").tabs(tabs("Settings", current, entries)).narrow()
}
