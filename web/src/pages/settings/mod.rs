//! Settings of a workspace, of the server, and of oneself.

pub mod addresses;
pub mod ai;
pub mod configuration;
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
use crate::texts::{common, settings as text};

/// A page under one of the tabs of the settings.
fn page<'a>(shell: &'a Shell, current: &str) -> Page<'a> {
    let mut entries = vec![(common::GENERAL, paths::settings()), (text::TEAM, paths::team())];
    if shell.may.admin {
        entries.extend([
            (text::RETENTION, paths::retention()),
            (text::ADDRESSES, paths::addresses()),
            (text::V1_API, paths::v1_switch()),
            (text::MIGRATIONS, paths::migrations()),
            (text::CONFIGURATION, paths::configuration()),
            (text::DOCTOR, paths::doctor()),
        ]);
    }
    entries.extend([
        (common::AI_TOOLS, paths::ai_tools()),
        (common::SECURITY, paths::security()),
        (common::SESSIONS, paths::sessions()),
    ]);
    if shell.may.own {
        entries.push((common::DANGER_ZONE, paths::danger()));
    }
    Page::new(shell, Section::Settings, common::SETTINGS)
        .tabs(tabs(common::SETTINGS, current, entries))
        .narrow()
}
