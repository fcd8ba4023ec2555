//! The fields of an indexed event.
//!
//! Nothing is stored: an event is read from its chunk, to which `chunk` and
//! `position` point. What is filtered by is indexed; what is counted or grouped
//! by has a column.

use tantivy::schema::{
    DateOptions, DateTimePrecision, FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::{DateTime, TantivyDocument};

use super::words;
use base::events::{Stored, StoredRatelimit, StoredRequest, StoredVerification};

/// Handles of the fields. One form serves all kinds; a field that a kind does
/// not have stays empty and costs nothing.
#[derive(Clone, Copy, Debug)]
pub struct Fields {
    pub time: Field,
    pub workspace: Field,
    pub request_id: Field,
    /// Of verifications.
    pub api: Field,
    pub key: Field,
    pub identity: Field,
    pub external_id: Field,
    pub tag: Field,
    /// The whole list of tags, sorted, as one text.
    pub tags: Field,
    /// Of verifications, `passed` or `denied` of rate limits, and `served`,
    /// `refused` (4xx) or `failed` (5xx) of requests.
    pub outcome: Field,
    /// Of rate limits.
    pub namespace: Field,
    pub identifier: Field,
    /// Of requests.
    pub door: Field,
    pub method: Field,
    pub path: Field,
    pub status: Field,
    /// A verification's outcome, or the code of the error.
    pub code: Field,
    /// The words of path, user agent, code and bodies.
    pub text: Field,
    pub root_key: Field,
    pub ip: Field,
    /// Credits spent, or tokens asked for.
    pub cost: Field,
    pub latency_us: Field,
    pub chunk: Field,
    pub position: Field,
}

impl Fields {
    pub fn schema() -> (Schema, Self) {
        let mut builder = Schema::builder();
        let indexing = || {
            TextFieldIndexing::default()
                .set_tokenizer("raw")
                .set_index_option(IndexRecordOption::Basic)
                .set_fieldnorms(false)
        };
        let filter = TextOptions::default().set_indexing_options(indexing());
        let both = TextOptions::default().set_indexing_options(indexing()).set_fast("raw");
        let column = TextOptions::default().set_fast("raw");
        let time = DateOptions::default().set_fast().set_precision(DateTimePrecision::Milliseconds);
        let fields = Self {
            time: builder.add_date_field("time", time),
            workspace: builder.add_text_field("workspace", both.clone()),
            request_id: builder.add_text_field("request_id", filter.clone()),
            api: builder.add_text_field("api", both.clone()),
            key: builder.add_text_field("key", both.clone()),
            identity: builder.add_text_field("identity", both.clone()),
            external_id: builder.add_text_field("external_id", both.clone()),
            tag: builder.add_text_field("tag", both.clone()),
            tags: builder.add_text_field("tags", column),
            outcome: builder.add_text_field("outcome", both.clone()),
            namespace: builder.add_text_field("namespace", both.clone()),
            identifier: builder.add_text_field("identifier", both.clone()),
            door: builder.add_text_field("door", both.clone()),
            method: builder.add_text_field("method", filter.clone()),
            path: builder.add_text_field("path", both.clone()),
            status: builder.add_text_field("status", both.clone()),
            code: builder.add_text_field("code", both),
            text: builder.add_text_field("text", words::indexed()),
            root_key: builder.add_text_field("root_key", filter.clone()),
            ip: builder.add_text_field("ip", filter),
            cost: builder.add_i64_field("cost", FAST),
            latency_us: builder.add_u64_field("latency_us", FAST),
            chunk: builder.add_u64_field("chunk", FAST),
            position: builder.add_u64_field("position", FAST),
        };
        (builder.build(), fields)
    }

    pub(super) fn document(&self, chunk: i64, position: usize, event: &Stored<&str>) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        document.add_date(self.time, DateTime::from_timestamp_millis(event.time_ms()));
        document.add_u64(self.chunk, chunk.unsigned_abs());
        document.add_u64(self.position, position as u64);
        match event {
            Stored::Verification(event) => self.verification(&mut document, event),
            Stored::Ratelimit(event) => self.ratelimit(&mut document, event),
            Stored::Request(event) => self.request(&mut document, event),
        }
        document
    }

    fn verification(&self, document: &mut TantivyDocument, event: &StoredVerification<&str>) {
        document.add_text(self.workspace, event.workspace);
        document.add_text(self.request_id, event.request_id);
        document.add_text(self.api, event.api);
        document.add_text(self.key, event.key);
        document.add_text(self.outcome, event.outcome);
        let texts = [
            (self.identity, &event.identity),
            (self.external_id, &event.external_id),
            (self.root_key, &event.root_key),
        ];
        for (field, text) in texts {
            if let Some(text) = text {
                document.add_text(field, text);
            }
        }
        if let Some(ip) = event.ip {
            document.add_text(self.ip, ip.to_string());
        }
        for tag in &event.tags {
            document.add_text(self.tag, tag);
        }
        if !event.tags.is_empty() {
            document.add_text(self.tags, tag_list(&event.tags));
        }
        document.add_i64(self.cost, event.spent_credits);
        document.add_u64(self.latency_us, event.latency_us.into());
    }

    fn ratelimit(&self, document: &mut TantivyDocument, event: &StoredRatelimit<&str>) {
        document.add_text(self.workspace, event.workspace);
        document.add_text(self.request_id, event.request_id);
        document.add_text(self.namespace, event.namespace);
        document.add_text(self.identifier, event.identifier);
        document.add_text(self.outcome, if event.passed { "passed" } else { "denied" });
        if let Some(root_key) = &event.root_key {
            document.add_text(self.root_key, root_key);
        }
        document.add_i64(self.cost, i64::try_from(event.cost).unwrap_or(i64::MAX));
        document.add_u64(self.latency_us, event.latency_us.into());
    }

    fn request(&self, document: &mut TantivyDocument, event: &StoredRequest<&str>) {
        document.add_text(self.workspace, event.workspace);
        document.add_text(self.request_id, event.request_id);
        document.add_text(self.door, event.door);
        document.add_text(self.method, event.method);
        document.add_text(self.path, event.path);
        document.add_text(self.status, event.status.to_string());
        document.add_text(self.outcome, class(event.status));
        document.add_text(self.text, words::indexable(event.path));
        for (field, text) in [(self.root_key, &event.root_key), (self.code, &event.outcome)] {
            if let Some(text) = text {
                document.add_text(field, text);
            }
        }
        for text in [&event.outcome, &event.user_agent].into_iter().flatten() {
            document.add_text(self.text, words::indexable(text));
        }
        for body in [&event.request_body, &event.response_body].into_iter().flatten() {
            document.add_text(self.text, words::of_json(body));
        }
        if let Some(ip) = event.ip {
            document.add_text(self.ip, ip.to_string());
        }
        document.add_i64(self.cost, 0);
        document.add_u64(self.latency_us, event.latency_us.into());
    }
}

/// The outcome of a request by which it is counted.
fn class(status: u16) -> &'static str {
    match status {
        ..400 => "served",
        400..500 => "refused",
        _ => "failed",
    }
}

/// The canonical text of a list of tags: sorted, as JSON.
fn tag_list(tags: &[&str]) -> String {
    let mut tags = tags.to_vec();
    tags.sort_unstable();
    serde_json::to_string(&tags).unwrap_or_default()
}
