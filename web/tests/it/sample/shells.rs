//! Who looks.

use web::components::{Flash, FlashKind};
use web::paths::{self, Href};
use web::shell::{Assets, Frame, May, PortalFrame, Shell, Theme, WorkspaceRef};

use super::Words;

/// Static files, as the gallery finds them next to its pages.
pub fn asset(name: &str) -> Href {
    Href::local(&format!("/static/{name}")).expect("the path of a static file is local")
}

pub fn frame(words: &Words) -> Frame {
    Frame {
        assets: Assets { css: asset("app.css"), js: asset("app.js"), favicon: asset("favicon.svg") },
        csrf: "token-of-the-form".to_owned(),
        theme: Theme::System,
        flashes: vec![],
        version: words.t("0.1.0"),
        origin: words.t("https://keys.example.com"),
        back: paths::home(),
    }
}

/// An owner, or a viewer.
pub fn shell(words: &Words, owner: bool) -> Shell {
    let workspace =
        |id: &str, name: &str| WorkspaceRef { id: words.t(id), name: words.t(name), slug: words.t(name) };
    Shell {
        frame: frame(words),
        email: words.t("ada@example.com"),
        role: words.t(if owner { "owner" } else { "viewer" }),
        may: May { write: owner, admin: owner, own: owner, create_workspace: owner },
        workspace: workspace("ws_1", "Acme"),
        workspaces: vec![workspace("ws_1", "Acme"), workspace("ws_2", "Acme staging")],
    }
}

pub fn with_flash(words: &Words, mut shell: Shell) -> Shell {
    shell.frame.flashes = vec![
        Flash {
            kind: FlashKind::Done,
            message: words.t("Key deleted."),
            undo: Some(paths::restore_key("key_1")),
        },
        Flash { kind: FlashKind::Problem, message: words.t("The mail could not be sent."), undo: None },
    ];
    shell
}

pub fn portal_frame(words: &Words) -> PortalFrame {
    PortalFrame {
        frame: frame(words),
        slug: words.t("acme"),
        name: words.t("Acme developers"),
        logo: None,
        style: Some(asset("brand.css")),
        return_to: Href::external("https://acme.example.com/account"),
        usage: true,
        preview: false,
    }
}
