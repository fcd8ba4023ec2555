//! The reference of both APIs: a page for each operation and one that lists them,
//! written as Markdown from the OpenAPI documents, so that it is read, searched and
//! linked to like every other page of the book.
//!
//! Nothing here sends requests: the documentation asks for no credential. Each
//! operation shows a call to paste into a shell instead.

mod clients;
mod members;

use std::fmt::Write;

use serde_json::Value;

use self::members::{Member, Schemas};
use crate::http::{v1, v2};

/// Below this are the pages of both versions.
const FOLDER: &str = "api/";

/// One version of the API.
pub struct Api {
    pub version: &'static str,
    /// What the book calls its section.
    pub title: &'static str,
    document: &'static Value,
    /// The page of its errors, from a page of an operation.
    errors: &'static str,
}

pub fn apis() -> [Api; 2] {
    [
        Api {
            version: "v2",
            title: "Operations of v2",
            document: &v2::DOCUMENT,
            errors: "../../errors/README.md",
        },
        Api {
            version: "v1",
            title: "Operations of v1",
            document: &v1::DOCUMENT,
            errors: "../../api-reference/errors/README.md",
        },
    ]
}

/// An operation as the document has it.
struct Operation<'a> {
    id: &'a str,
    group: &'a str,
    method: String,
    path: &'a str,
    about: &'a Value,
}

impl Operation<'_> {
    fn summary(&self) -> &str {
        self.about["summary"].as_str().unwrap_or_default()
    }

    /// Where the page that this list replaced had the operation.
    fn old_anchor(&self) -> String {
        format!("tag/{}/{}{}", self.group.to_lowercase(), self.method, self.path)
    }
}

impl Api {
    /// The slug of the list of its operations.
    pub fn slug(&self) -> String {
        format!("{FOLDER}{}", self.version)
    }

    /// The slug and the Markdown of each page, that of the list first.
    pub fn pages(&self) -> Vec<(String, String)> {
        let operations = self.operations();
        let mut pages = vec![(self.slug(), self.list(&operations))];
        let each = operations.iter();
        pages.extend(each.map(|operation| (self.slug_of(operation), self.page(operation))));
        pages
    }

    /// The page of the list with the anchors that the one before it had: links to
    /// an operation lead to its line.
    pub fn with_old_anchors(&self, html: &str) -> String {
        let mut html = html.to_owned();
        let operations = self.operations();
        for operation in &operations {
            let link = format!("<a href=\"{}/{}\"", super::ROOT, self.slug_of(operation));
            let marked = format!("<a id=\"{}\"{}", operation.old_anchor(), &link[2..]);
            html = html.replacen(&link, &marked, 1);
        }
        for group in groups(&operations) {
            let anchor = group.to_lowercase();
            let heading = format!("<h2 id=\"{anchor}\">");
            html = html.replacen(&heading, &format!("{heading}<span id=\"tag/{anchor}\"></span>"), 1);
        }
        html
    }

    fn operations(&self) -> Vec<Operation<'_>> {
        let paths = self.document["paths"].as_object().into_iter().flatten();
        let all = paths.flat_map(|(path, methods)| {
            let methods = methods.as_object().into_iter().flatten();
            methods.map(move |(method, about)| Operation {
                id: about["operationId"].as_str().unwrap_or_default(),
                group: about["tags"][0].as_str().unwrap_or_default(),
                method: method.to_uppercase(),
                path,
                about,
            })
        });
        all.collect()
    }

    fn slug_of(&self, operation: &Operation<'_>) -> String {
        format!("{FOLDER}{}/{}", self.version, operation.id)
    }

    fn list(&self, operations: &[Operation<'_>]) -> String {
        let version = self.version;
        let about = self.document["info"]["description"].as_str().unwrap_or_default();
        let mut text = format!(
            "# Reference of the {version} API\n\n{about}\n\nEvery operation has a page with its members, an example \
             and its names in the official clients. The same as data: [`/openapi/{version}.json`]\
             (/openapi/{version}.json). What all operations have in common is in the \
             [contract](../contract/{version}.md).\n"
        );
        for group in groups(operations) {
            let _ = write!(text, "\n## {group}\n\n| operation | does |\n|---|---|\n");
            for operation in operations.iter().filter(|operation| operation.group == group) {
                let summary = operation.summary();
                let _ = writeln!(text, "| [{id}]({version}/{id}.md) | {summary} |", id = operation.id);
            }
        }
        text
    }

    fn page(&self, operation: &Operation<'_>) -> String {
        let Operation { id, method, path, about, .. } = operation;
        let note = if self.version == "v1" { " (v1)" } else { "" };
        let mut text = format!(
            "# {id}{note}\n\n{}: `{method} {path}`.\n\n{}\n",
            operation.summary(),
            credential(about, self.version)
        );
        if about["deprecated"] == true {
            text.push_str("\nOnly clients of the first generation call this route. New programs use v2.\n");
        }
        if let Some(twin) = clients::twin(self.version, id) {
            let (other, name) = twin;
            let _ = write!(text, "\nIn {other} this is [{name}](../{other}/{name}.md).\n");
        }
        let schemas = Schemas(&self.document["components"]["schemas"]);
        let asked = schemas.asked(about);
        if !asked.is_empty() {
            text.push_str("\n## Request\n\n");
            table(&mut text, &asked);
        }
        let call = schemas.example(method, path, about);
        let _ = write!(text, "\n## Example\n\n```console\n{call}\n```\n\n## Answer\n\n");
        let answered = schemas.answered(about);
        if answered.is_empty() {
            text.push_str("An empty object.\n");
        } else {
            table(&mut text, &answered);
        }
        let _ = write!(text, "\nEvery failure has an [envelope of its own]({}).\n", self.errors);
        text.push_str(&clients::section(self.version, id));
        let _ = write!(text, "\n[All operations of {version}](../{version}.md)\n", version = self.version);
        text
    }
}

/// The groups of operations in the order of the document, each once.
fn groups<'a>(operations: &[Operation<'a>]) -> Vec<&'a str> {
    let mut groups: Vec<&str> = Vec::new();
    for operation in operations {
        if !groups.contains(&operation.group) {
            groups.push(operation.group);
        }
    }
    groups
}

/// What the caller has to show.
fn credential(about: &Value, version: &str) -> String {
    let contract = format!("../../contract/{version}.md");
    match about.get("security").and_then(Value::as_array) {
        None => {
            let rights = if version == "v2" { "credentials" } else { "root-key" };
            format!("It takes a [root key]({contract}#{rights}) as `Authorization: Bearer ROOT_KEY`.")
        }
        Some(asked) if asked.is_empty() => "It takes no credential.".to_owned(),
        Some(_) => format!("It takes the cookie of a [portal session]({contract}#portal-sessions)."),
    }
}

fn table(text: &mut String, members: &[Member]) {
    text.push_str("| member | is | about |\n|---|---|---|\n");
    for Member { name, kind, required, about } in members {
        let must = if *required { "**required**, " } else { "" };
        let (kind, about) = (cell(kind), cell(about));
        let _ = writeln!(text, "| `{name}` | {must}{kind} | {about} |");
    }
}

/// A text that stays within its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
