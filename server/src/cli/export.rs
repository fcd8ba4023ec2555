//! `unkey export`: lists as CSV or JSON lines, part by part.

use base::ids::{ApiId, NamespaceId};
use clap::ArgMatches;

use super::command::ExportedList;
use super::output::Output;
use crate::app::App;
use base::access::OpCtx;
use base::error::Result;
use domain::transfer::{Export, Format, List};

/// One part; the answer says where the next begins.
pub(super) async fn export(
    app: &App,
    cx: &OpCtx,
    list: ExportedList,
    matches: &ArgMatches,
) -> Result<Output> {
    let text = |name: &str| matches.try_get_one::<String>(name).ok().flatten().cloned();
    let list = match list {
        ExportedList::Keys => {
            List::Keys { api: text("api").map(ApiId::from), filter: text("filter").unwrap_or_default() }
        }
        ExportedList::Identities => List::Identities { search: text("search") },
        ExportedList::Permissions => List::Permissions,
        ExportedList::Roles => List::Roles,
        ExportedList::Overrides => {
            List::Overrides { namespace: NamespaceId::from(text("namespace").unwrap_or_default()) }
        }
    };
    let format = matches.get_one::<Format>("format").copied().unwrap_or(Format::JsonLines);
    let part = app.transfer.export(cx, &Export { list, format }, text("cursor")).await?;
    Ok(Output { next: part.next, ..Output::text(part.text) })
}
