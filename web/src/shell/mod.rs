//! The frame around every page: who looks at which workspace, the way around,
//! and what the last act came to.
//!
//! Three frames share one document: [`Shell`] for people who signed in, [`Frame`]
//! alone for those who did not yet, and the portal's own for end users.

mod bare;
mod document;
mod nav;
mod page;
mod portal;

pub use nav::Section;
pub use portal::{PortalFrame, portal_style};

pub(crate) use bare::bare;
pub(crate) use nav::places;
pub(crate) use page::{Crumb, Page};
pub(crate) use portal::portal_page;

use crate::components::Flash;
use crate::paths::Href;
use crate::texts::shell as text;

/// Where the static files are, under names that change with their content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assets {
    pub css: Href,
    pub js: Href,
    pub favicon: Href,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// What the system of the reader prefers.
    System,
    Light,
    Dark,
    Contrast,
}

impl Theme {
    pub const ALL: [Theme; 4] = [Theme::System, Theme::Light, Theme::Dark, Theme::Contrast];

    pub const fn as_str(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
            Theme::Contrast => "contrast",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Theme::System => text::SYSTEM,
            Theme::Light => text::LIGHT,
            Theme::Dark => text::DARK,
            Theme::Contrast => text::HIGH_CONTRAST,
        }
    }
}

/// What every document has, signed in or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub assets: Assets,
    /// Token of the session's forms.
    pub csrf: String,
    pub theme: Theme,
    pub flashes: Vec<Flash>,
    /// Of this server.
    pub version: String,
    /// Under which clients reach this server, for examples: `https://keys.example.com`.
    pub origin: String,
    /// This page, to come back to after an act that is not about it.
    pub back: Href,
}

/// A workspace one may go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceRef {
    pub id: String,
    pub name: String,
    pub slug: String,
}

/// What is offered. The domain decides; this hides what it would refuse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct May {
    /// Operators and above: keys, limits, identities, permissions.
    pub write: bool,
    /// Admins and above: root keys, people, settings.
    pub admin: bool,
    /// Owners: what ends a workspace.
    pub own: bool,
    /// Make another workspace.
    pub create_workspace: bool,
}

/// A page as one person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shell {
    pub frame: Frame,
    pub email: String,
    /// `owner`, `admin`, `operator`, `viewer`.
    pub role: String,
    pub may: May,
    pub workspace: WorkspaceRef,
    /// Those one belongs to, this one included.
    pub workspaces: Vec<WorkspaceRef>,
}

impl Shell {
    pub(crate) fn csrf(&self) -> &str {
        &self.frame.csrf
    }

    pub(crate) fn origin(&self) -> &str {
        &self.frame.origin
    }
}
