//! Views of every page as a small company would see them, for tests and the
//! gallery. Every text goes through [`Words`], so that all of them can be made
//! hostile at once.

mod admin;
mod entities;
mod logs;
mod pages;
mod shells;

pub use pages::every_page;
use shells::{frame, portal_frame, shell};

use web::charts::{Bars, Before, Bucket, Heat, Line, Lines, Spark, Unit};
use web::components::{
    Chip, FilterField, FilterKind, Filters, LimitRule, Outcome, Pager, SavedView, Sorting, TimeRange,
    TimeStep, Tone,
};
use web::form::FormState;
use web::pages::parts::{ApiRef, KeyLine, Live, Named, NamespaceRef};
use web::paths::{self, Here, Href};
use web::time::{Stamp, Zone};

pub const NOW: i64 = 1_763_640_000_000;
pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// Turns the texts of the samples into others.
#[derive(Clone, Default)]
pub struct Words {
    /// Stands in for every text.
    pub instead: Option<String>,
}

impl Words {
    pub fn t(&self, text: &str) -> String {
        self.instead.clone().unwrap_or_else(|| text.to_owned())
    }

    pub fn all(&self, texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| self.t(text)).collect()
    }

    pub fn pairs(&self, pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(a, b)| (self.t(a), self.t(b))).collect()
    }

    pub fn named(&self, id: &str, name: &str) -> Named {
        Named::new(&self.t(id), &self.t(name))
    }

    pub fn chip(&self, tone: Tone, label: &str, reason: &str) -> Chip {
        Chip::new(tone, &self.t(label), &self.t(reason))
    }

    /// Values with their names as they are, or a form that was refused at `wrong`.
    pub fn form(&self, values: &[(&str, &str)], wrong: &[&str]) -> FormState {
        FormState {
            values: values.iter().map(|(name, value)| ((*name).to_owned(), self.t(value))).collect(),
            errors: wrong
                .iter()
                .map(|name| ((*name).to_owned(), self.t("This is not as it should be.")))
                .collect(),
            conflict: None,
        }
    }

    /// Values that are choices keep their text.
    pub fn chosen(&self, mut form: FormState, values: &[(&str, &str)]) -> FormState {
        form.values.extend(values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        form
    }

    pub fn api(&self) -> ApiRef {
        let siblings = vec![
            self.named("api_2x9", "payments"),
            self.named("api_7Qa", "maps"),
            self.named("api_9Zb", "search"),
        ];
        ApiRef { id: self.t("api_2x9"), name: self.t("payments"), siblings }
    }

    pub fn namespace(&self) -> NamespaceRef {
        let siblings = vec![self.named("rlns_4k", "login"), self.named("rlns_8p", "signup")];
        NamespaceRef { id: self.t("rlns_4k"), name: self.t("login"), siblings }
    }

    pub fn limits(&self) -> Vec<LimitRule> {
        let rule = |name: &str, limit, duration_ms, used, inherited: bool| LimitRule {
            name: self.t(name),
            limit,
            duration_ms,
            auto_apply: !inherited,
            used,
            inherited,
        };
        vec![
            rule("requests", 100, MINUTE, Some(37), false),
            rule("tokens", 250_000, DAY, Some(198_400), true),
        ]
    }

    pub fn states(&self) -> Vec<Chip> {
        vec![
            self.chip(
                Tone::Error,
                "Rate limited",
                "More than a tenth of its requests in 36 hours exceeded a limit.",
            ),
            self.chip(Tone::Attention, "Expires soon", "It stops working within a day."),
        ]
    }

    pub fn key_line(&self, id: &str, label: &str) -> KeyLine {
        KeyLine {
            id: self.t(id),
            label: self.t(label),
            api: self.named("api_2x9", "payments"),
            last_used: Some(ago(3 * MINUTE)),
            states: vec![self.chip(Tone::Good, "Active", "")],
        }
    }

    pub fn key_lines(&self) -> Vec<KeyLine> {
        vec![
            self.key_line("key_1", "web app"),
            self.key_line("key_2", "nightly import"),
            self.key_line("key_3", "staging"),
        ]
    }

    pub fn filters(&self, path: Href, pairs: &[(&str, &str)], searches: &str) -> Filters {
        let status = [
            ("active", "Active"),
            ("disabled", "Disabled"),
            ("expired", "Expired"),
            ("expiring", "Expires soon"),
        ];
        let field =
            |name: &str, label: &str, kind| FilterField { name: name.to_owned(), label: self.t(label), kind };
        let text = || FilterKind::Text { placeholder: self.t("contains") };
        Filters {
            here: here(path, pairs),
            searches: self.t(searches),
            fields: vec![
                field(
                    "status",
                    "Status",
                    FilterKind::AnyOf(status.map(|(value, text)| (value.to_owned(), self.t(text))).to_vec()),
                ),
                field("identity", "Identity", text()),
                field("tag", "Tag", text()),
            ],
            problems: vec![],
            saved: vec![SavedView {
                id: self.t("view_1"),
                name: self.t("Expiring this month"),
                href: paths::apis().with("status", "expiring"),
                shared: true,
                deletable: true,
            }],
            can_save: true,
        }
    }

    pub fn heat(&self) -> Heat {
        let cells = (0..24)
            .map(|hour| (self.t(&format!("{hour:02}:00")), if hour == 4 { 0 } else { wave(hour, 900) }));
        Heat { title: self.t("Requests by hour of the day"), cells: cells.collect() }
    }
}

pub fn here(path: Href, pairs: &[(&str, &str)]) -> Here {
    Here::new(path, pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

pub fn ago(ms: i64) -> Stamp {
    Stamp::new(NOW - ms, NOW, &Zone { offset_minutes: 60, label: "CET".to_owned() })
}

pub fn range() -> TimeRange {
    TimeRange {
        since: Some("24h".to_owned()),
        from: "2025-11-19T13:00".to_owned(),
        to: "2025-11-20T13:00".to_owned(),
        zone: "CET".to_owned(),
        earlier: Some(TimeStep { from_ms: NOW - 48 * 60 * MINUTE, to_ms: NOW - 24 * 60 * MINUTE }),
        later: None,
        problem: None,
    }
}

pub fn sorting() -> Sorting {
    Sorting { column: "last_used".to_owned(), descending: true }
}

pub fn pager(shown: i64) -> Pager {
    Pager { shown, total: Some(1_204), next: Some("b3BhcXVl".to_owned()), rows: Some(50) }
}

pub fn live(on: bool) -> Live {
    Live { on, source: paths::requests().with("live", "events") }
}

/// A day that rises and falls, the same each time.
pub fn wave(step: i64, height: i64) -> i64 {
    let shape = [22, 14, 9, 7, 6, 9, 18, 37, 62, 84, 95, 91, 83, 88, 97, 100, 92, 81, 74, 70, 61, 52, 44, 31];
    let hour = usize::try_from(step.rem_euclid(24)).expect("a remainder is not negative");
    height * shape[hour] / 100
}

fn label(step: i64) -> String {
    web::time::local(NOW - (47 - step) * 30 * MINUTE, &Zone::utc(), "%b %d %H:%M")
}

/// 24 hours in half hours. Each outcome after the first is rarer than the one before.
pub fn bars(id: &'static str, title: String, outcomes: &[Outcome]) -> Bars {
    let buckets = (0..48).map(|step| {
        let start_ms = NOW - (48 - step) * 30 * MINUTE;
        let counts = (0i64..).zip(outcomes).map(|(rank, _)| match rank {
            0 => wave(step / 2, 4_200),
            1 => wave(step / 2 + 3, 260),
            rank if (step + rank * 5) % 9 == 0 => 40 / rank,
            _ => 0,
        });
        Bucket {
            label: label(step),
            counts: counts.collect(),
            zoom: Some(paths::requests().with("from", &start_ms.to_string())),
            start_ms,
            end_ms: start_ms + 30 * MINUTE,
        }
    });
    Bars {
        id,
        title,
        outcomes: outcomes.to_vec(),
        buckets: buckets.collect(),
        of_outcome: None,
        before: None,
    }
}

/// A chart beside the span before.
pub fn compared(chart: Bars) -> Bars {
    let totals = chart.buckets.iter().map(|bucket| bucket.counts.iter().sum::<i64>() / 2 + 7).collect();
    let (name, switch) = ("the 24 hours before".to_owned(), paths::home());
    Bars { before: Some(Before { name, switch, totals: Some(totals) }), ..chart }
}

pub fn no_bars(id: &'static str, title: String, outcomes: &[Outcome]) -> Bars {
    let mut chart = bars(id, title, outcomes);
    for bucket in &mut chart.buckets {
        bucket.counts.fill(0);
    }
    chart
}

pub fn line_chart(id: &'static str, title: String, unit: Unit, names: Vec<String>) -> Lines {
    let values =
        |rank: i64| (0..48).map(|step| (step != 7).then(|| wave(step / 2, 340 * (rank + 1)) + 20)).collect();
    let lines = (0i64..).zip(names).map(|(rank, label)| Line { label, values: values(rank) }).collect();
    Lines { id, title, unit, labels: (0..48).map(label).collect(), lines }
}

pub fn spark(height: i64, bad: i64) -> Spark {
    Spark((0..30).map(|step| (wave(step, height), if step % 7 == 3 { bad } else { 0 })).collect())
}
