//! Prometheus metrics, on an address of their own: they say how much is used,
//! which is nobody's business but the operator's.
//!
//! Everything is read from where it is kept when a scrape asks, so counting
//! costs the hot path an addition. Labels are few and fixed: no key, namespace
//! or path of a customer is ever one.

use std::fmt;
use std::sync::Arc;

use poem::endpoint::{BoxEndpoint, make};
use poem::http::StatusCode;
use poem::{EndpointExt, Response, Route};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::methods::get;
use crate::app::App;
use crate::telemetry::memory;
use base::error::Result;
use base::store::Engine;
use domain::verification::Outcome;
use insight::search::IndexStatus;

/// `GET /metrics`.
pub fn routes(app: &Arc<App>) -> BoxEndpoint<'static, Response> {
    let app = app.clone();
    let scrape = make(move |_| {
        let app = app.clone();
        async move {
            match text(&app).await {
                Ok(text) => Response::builder()
                    .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
                    .body(text),
                Err(error) => super::plain(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
            }
        }
    });
    Route::new().at("/metrics", get(scrape)).map_to_response().boxed()
}

async fn text(app: &Arc<App>) -> Result<String> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Snapshot { stored: Stored::read(app).await?, app: app.clone() }));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).map_err(base::error::Error::internal)?;
    Ok(text)
}

/// What needed the database is read before; the rest is read while encoding.
struct Snapshot {
    app: Arc<App>,
    /// `None` while a database server is away: that it is must be told all the same.
    stored: Option<Stored>,
}

struct Stored {
    jobs: Vec<crate::jobs::LastRun>,
    clock: crate::jobs::ClockReport,
    indexes: Vec<IndexStatus>,
    /// `None` where no backups are planned.
    backups: Option<crate::jobs::BackupReport>,
}

impl Stored {
    async fn read(app: &App) -> Result<Option<Self>> {
        let read = async {
            Ok(Self {
                jobs: app.jobs.last_runs().await?,
                clock: app.jobs.clock_report(app.clock.moment()).await?,
                indexes: app.search.report(app.events(), &app.store).await?,
                backups: app.backup_job.report().await?,
            })
        };
        match read.await {
            Err(_) if app.store.read().is_away() => Ok(None),
            read => read.map(Some),
        }
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Snapshot(..)")
    }
}

type Encoded = std::result::Result<(), fmt::Error>;

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Encoded {
        self.requests(&mut encoder)?;
        self.connections(&mut encoder)?;
        self.verifications(&mut encoder)?;
        self.events(&mut encoder)?;
        self.writes(&mut encoder)?;
        self.database(&mut encoder)?;
        self.memory(&mut encoder)?;
        let Some(stored) = &self.stored else { return Ok(()) };
        stored.indexes(&mut encoder)?;
        stored.jobs(&mut encoder)?;
        stored.backups(&mut encoder)?;
        stored.clock(&mut encoder)
    }
}

impl Snapshot {
    fn requests(&self, encoder: &mut DescriptorEncoder) -> Encoded {
        let requests = &self.app.requests;
        let counts = requests
            .all()
            .map(|(door, class, count)| ([("door", door.as_str()), ("result", class.as_str())], count));
        counters(encoder, "unkey_requests", "API requests by result.", counts)?;
        let metric = encoder.encode_descriptor(
            "unkey_request_seconds",
            "Time spent answering API requests.",
            None,
            MetricType::Counter,
        )?;
        ConstCounter::new(requests.elapsed_s()).encode(metric)
    }

    fn connections(&self, encoder: &mut DescriptorEncoder) -> Encoded {
        let connections = &self.app.connections;
        gauge(encoder, "unkey_connections", "Connections that are open.", connections.open() as u64)?;
        let refused = [([] as [(&str, &str); 0], connections.refused())];
        counters(encoder, "unkey_connections_refused", "Connections beyond a bound.", refused)?;
        let overdue = [([] as [(&str, &str); 0], connections.overdue())];
        counters(encoder, "unkey_connections_overdue", "Connections whose client took too long.", overdue)?;
        self.certificate(encoder)
    }

    /// Nothing where plain HTTP is spoken.
    fn certificate(&self, encoder: &mut DescriptorEncoder) -> Encoded {
        let Some(tls) = self.app.tls.get() else { return Ok(()) };
        let status = tls.status();
        let one = |count| [([] as [(&str, &str); 0], count)];
        let failed = one(self.app.connections.failed_handshakes());
        counters(encoder, "unkey_tls_handshakes_failed", "Handshakes that came to nothing.", failed)?;
        let end_s = status.validity.map_or(0, |validity| validity.not_after_ms.max(0).unsigned_abs() / 1000);
        let help = "When the certificate ends; 0 while there is none.";
        gauge(encoder, "unkey_certificate_end_timestamp_seconds", help, end_s)?;
        let help = "Whether there should be a newer certificate and is none.";
        gauge(encoder, "unkey_certificate_failing", help, status.failure.is_some().into())?;
        let help = "Attempts to get or read a certificate that failed.";
        counters(encoder, "unkey_certificate_failures", help, one(status.failures))?;
        let help = "Certificates that took the place of another.";
        counters(encoder, "unkey_certificates_replaced", help, one(status.replaced))
    }

    fn verifications(&self, encoder: &mut DescriptorEncoder) -> Encoded {
        let verifier = &self.app.verifier;
        let counts = Outcome::ALL
            .into_iter()
            .map(|outcome| ([("outcome", outcome.as_str())], verifier.count_of(outcome)));
        counters(encoder, "unkey_verifications", "Verifications by outcome.", counts)?;
        let loads = [([] as [(&str, &str); 0], verifier.loads())];
        counters(encoder, "unkey_key_cache_misses", "Keys that had to be read from the database.", loads)?;
        gauge(encoder, "unkey_cached_keys", "Keys held in memory.", verifier.cached_keys() as u64)?;
        let limiter = self.app.rate_limiter().counters() as u64;
        gauge(encoder, "unkey_limiter_counters", "Rate-limit counters held in memory.", limiter)?;
        let (batches, spends) = self.app.ledger().counts();
        counters(
            encoder,
            "unkey_credit_commits",
            "Commits of credit spends.",
            [([] as [(&str, &str); 0], batches)],
        )?;
        counters(encoder, "unkey_credit_spends", "Spends of credits.", [([] as [(&str, &str); 0], spends)])
    }

    fn events(&self, encoder: &mut DescriptorEncoder) -> Encoded {
        let health = self.app.recorder.health();
        let counts = [([("state", "stored")], health.stored), ([("state", "lost")], health.lost)];
        counters(encoder, "unkey_events", "Events recorded since the start.", counts)?;
        let counts =
            [([("state", "stored")], health.stored_requests), ([("state", "lost")], health.lost_requests)];
        counters(encoder, "unkey_logged_requests", "Requests for the request log since the start.", counts)?;
        gauge(encoder, "unkey_events_waiting", "Events that wait to be stored.", health.waiting)?;
        let dropped = [([] as [(&str, &str); 0], self.app.jobs.dropped_events())];
        counters(
            encoder,
            "unkey_events_dropped",
            "Events removed before their time, for their size.",
            dropped,
        )
    }

    fn writes(&self, encoder: &mut DescriptorEncoder) -> Encoded {
        let databases = [("app", self.app.store.database()), ("events", self.app.events())];
        let failures = databases.map(|(name, database)| ([("database", name)], database.health().failures()));
        counters(encoder, "unkey_write_failures", "Changes that could not be stored.", failures)?;
        let failing =
            databases.map(|(name, database)| ([("database", name)], database.health().is_failing().into()));
        gauges(encoder, "unkey_writes_failing", "Whether the last change could not be stored.", failing)
    }

    fn database(&self, encoder: &mut DescriptorEncoder) -> Encoded {
        let engine = self.app.store.database().engine();
        let is_used = [Engine::Sqlite, Engine::Postgres]
            .map(|known| ([("engine", known.name())], u64::from(known == engine)));
        gauges(encoder, "unkey_database", "What stores keys and settings.", is_used)?;
        let is_away = u64::from(self.app.store.read().is_away());
        gauge(encoder, "unkey_database_away", "Whether its server did not answer when last asked.", is_away)
    }

    fn memory(&self, encoder: &mut DescriptorEncoder) -> Encoded {
        if let Some(resident) = memory::resident() {
            let of = [([("of", "heap")], resident.heap), ([("of", "files")], resident.files)];
            gauges(encoder, "unkey_resident_bytes", "Memory of the process.", of)?;
        }
        if let Some(allocator) = memory::allocator() {
            let is = [([("is", "allocated")], allocator.allocated), ([("is", "held")], allocator.held)];
            gauges(encoder, "unkey_allocator_bytes", "Heap that is used, and that is held for it.", is)?;
        }
        let by = [
            ([("by", "key_cache")], self.app.verifier.cached_bytes()),
            ([("by", "answers")], self.app.analytics.kept_bytes()),
            ([("by", "waiting_events")], self.app.recorder.health().waiting_bytes),
        ];
        gauges(encoder, "unkey_held_bytes", "What those hold that hold the most.", by)
    }
}

impl Stored {
    fn indexes(&self, encoder: &mut DescriptorEncoder) -> Encoded {
        let each = |value: fn(&IndexStatus) -> u64| {
            self.indexes.iter().map(move |index| ([("index", index.name)], value(index)))
        };
        let behind = "Chunks of events, or audit entries, that cannot be searched yet.";
        gauges(encoder, "unkey_index_behind", behind, each(|index| index.behind))?;
        gauges(encoder, "unkey_index_documents", "What can be searched.", each(|index| index.documents))?;
        gauges(encoder, "unkey_index_bytes", "Size on disk.", each(|index| index.bytes))?;
        let rebuilding = "Whether the index is being built again.";
        gauges(encoder, "unkey_index_rebuilding", rebuilding, each(|index| index.rebuilding.into()))
    }

    fn jobs(&self, encoder: &mut DescriptorEncoder) -> Encoded {
        let metric = |run: &crate::jobs::LastRun| {
            let time_s = run.last_run_at.unwrap_or_default().max(0).unsigned_abs() / 1000;
            (run.name, time_s, u64::from(run.error.is_some()))
        };
        let runs: Vec<(&str, u64, u64)> = self.jobs.iter().map(metric).collect();
        let mut last = encoder.encode_descriptor(
            "unkey_job_last_run_timestamp_seconds",
            "When a job ran last.",
            None,
            MetricType::Gauge,
        )?;
        for (name, time_s, _) in &runs {
            ConstGauge::new(*time_s).encode(last.encode_family(&[("job", *name)])?)?;
        }
        let mut failed = encoder.encode_descriptor(
            "unkey_job_failed",
            "Whether its last run failed.",
            None,
            MetricType::Gauge,
        )?;
        for (name, _, is_failed) in &runs {
            ConstGauge::new(*is_failed).encode(failed.encode_family(&[("job", *name)])?)?;
        }
        Ok(())
    }

    fn backups(&self, encoder: &mut DescriptorEncoder) -> Encoded {
        let Some(report) = &self.backups else { return Ok(()) };
        let help = "Whether the last scheduled backup failed.";
        gauge(encoder, "unkey_backup_failed", help, report.error.is_some().into())?;
        let help = "Whether the last good backup is older than the schedule allows.";
        gauge(encoder, "unkey_backup_overdue", help, report.is_overdue.into())?;
        let Some(good) = &report.last_good else { return Ok(()) };
        let made_at_s = good.made_at_ms.max(0).unsigned_abs() / 1000;
        let help = "When the last good backup was made.";
        gauge(encoder, "unkey_backup_last_success_timestamp_seconds", help, made_at_s)?;
        gauge(encoder, "unkey_backup_bytes", "Size of the last good backup.", good.bytes)?;
        let help = "How long the last good backup took.";
        gauge(encoder, "unkey_backup_duration_milliseconds", help, good.duration_ms)
    }

    fn clock(&self, encoder: &mut DescriptorEncoder) -> Encoded {
        let steps = [([] as [(&str, &str); 0], self.clock.steps_back)];
        counters(encoder, "unkey_clock_steps_back", "Times the clock of the machine was set back.", steps)?;
        let ahead_s = self.clock.stored_ahead_ms.unsigned_abs() / 1000;
        let help = "How far what was stored last lies ahead of the clock.";
        gauge(encoder, "unkey_stored_ahead_seconds", help, ahead_s)?;
        let help = "Whether nothing is deleted for its age because the clock may be far ahead.";
        gauge(encoder, "unkey_deletion_waits", help, self.clock.deletion_waits.into())
    }
}

fn counters<const N: usize>(
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    counts: impl IntoIterator<Item = ([(&'static str, &'static str); N], u64)>,
) -> Encoded {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (labels, count) in counts {
        ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

fn gauges(
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    values: impl IntoIterator<Item = ([(&'static str, &'static str); 1], u64)>,
) -> Encoded {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (labels, value) in values {
        ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

fn gauge(encoder: &mut DescriptorEncoder, name: &str, help: &str, value: u64) -> Encoded {
    ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)
}
