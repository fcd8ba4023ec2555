//! `unkey apply` and `unkey export --as-config`: a workspace as one document.
//!
//! The file is read by the process that was called: the one that serves may not be
//! allowed to.

use std::fs::File;
use std::io::Read;

use clap::ArgMatches;
use serde_json::Value;

use super::listing::{self, Column, plain};
use super::options::list_format;
use super::output::Output;
use crate::app::App;
use base::access::OpCtx;
use base::error::{Error, Result};
use base::file_fault;
use domain::configuration::{ApplyDocument, Difference, Document, MAX_BYTES};

const COLUMNS: &[Column] = &[plain("event"), plain("name"), plain("changes")];

pub(super) async fn apply(app: &App, cx: &OpCtx, given: &ArgMatches, text: Option<&str>) -> Result<Output> {
    let text = text.ok_or_else(|| Error::invalid("Give a file with --file, or `-` for standard input."))?;
    let command =
        ApplyDocument { document: Document::from_yaml(text)?, prune: given.get_flag("prune"), planned: None };
    let is_plan = given.get_flag("plan");
    let changes = match is_plan {
        true => app.configuration.plan(cx, &command).await?,
        false => app.configuration.apply(cx, &command).await?,
    };
    let remark = match (changes.len(), is_plan) {
        (0, _) => "Nothing differs.".to_owned(),
        (1, true) => "1 change would be made.".to_owned(),
        (count, true) => format!("{count} changes would be made."),
        (1, false) => "1 change was made.".to_owned(),
        (count, false) => format!("{count} changes were made."),
    };
    if changes.is_empty() {
        return Ok(listing_of_nothing(given)?.remark(remark));
    }
    Ok(listing::list(list_format(given), COLUMNS, changes.into_iter().map(row))?.remark(remark))
}

/// Programs get an empty list; people are told.
fn listing_of_nothing(given: &ArgMatches) -> Result<Output> {
    match list_format(given) {
        super::command::ListFormat::Table => Ok(Output::default()),
        format => listing::list(format, COLUMNS, []),
    }
}

fn row(difference: Difference) -> Vec<Value> {
    let fields = difference.changes.map_or_else(
        // What has no fields is told by its sentence.
        || difference.description.clone(),
        |changes| changes.to_string(),
    );
    vec![difference.event.into(), difference.name.into(), fields.into()]
}

pub(super) async fn export(app: &App, cx: &OpCtx, given: &ArgMatches) -> Result<Output> {
    let document = app.configuration.export(cx).await?;
    Ok(Output::text(match given.get_flag("json") {
        true => format!("{:#}\n", document.to_json()?),
        false => document.to_yaml()?,
    }))
}

/// The document that `--file` names, no longer than one may be.
pub(super) fn read(given: &ArgMatches) -> Result<Option<String>> {
    let Some(path) = given.try_get_one::<std::path::PathBuf>("configuration").ok().flatten() else {
        return Ok(None);
    };
    let most = MAX_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    let read = match path.as_os_str() == "-" {
        true => std::io::stdin().take(most).read_to_end(&mut bytes),
        false => File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)),
    };
    read.map_err(|error| Error::invalid(format!("cannot read {}", file_fault::describe(path, &error))))?;
    if bytes.len() > MAX_BYTES {
        return Err(Error::invalid(format!("{} is longer than a configuration may be.", path.display())));
    }
    let text = String::from_utf8(bytes);
    text.map(Some).map_err(|_| Error::invalid(format!("{} is no text in UTF-8.", path.display())))
}
