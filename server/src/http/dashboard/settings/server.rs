//! The server, as it was started: what it keeps, where it is, and what it still
//! answers. Its settings live in flags, environment and file; nothing here
//! changes them. Announced migrations belong to the workspace.

use web::form::FormState;
use web::number::bytes;
use web::pages::settings::addresses::{AddressesView, addresses as addresses_page};
use web::pages::settings::migrations::{MigrationRow, MigrationsView, migrations as migrations_page};
use web::pages::settings::retention::{RetentionView, retention as retention_page};
use web::pages::settings::v1::{V1Mode, V1View, v1 as v1_page};
use web::paths;
use web::texts::{common, settings as text};

use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::reply::Reply;
use crate::jobs::BackupReport;
use crate::tls::Status;
use base::access::{Door, Operation, Target};
use base::config::{BackupKeep, Config, LogRequests, V1};
use base::error::Result;
use base::events::{ChunkKind, KEEP_DAYS, KEEP_REQUESTS_DAYS, oldest_chunk};
use base::store::stored_bytes;
use domain::keys::{ALGORITHMS, PendingMigration};

/// Facts about the server are for those who look after it.
pub(super) fn require_admin(request: &MemberRequest) -> Result<()> {
    request.cx.require(Operation::SettingsUpdate, Target::NONE)
}

/// `GET /settings/retention`.
pub async fn retention(request: MemberRequest) -> Result<Reply> {
    require_admin(&request)?;
    Ok(Reply::page(retention_page(&request.shell, &retention_view(&request).await?)))
}

async fn retention_view(request: &MemberRequest) -> Result<RetentionView> {
    let app = &request.app;
    let (indexes, event_bytes, config_bytes, oldest, backups) = tokio::try_join!(
        app.search.report(app.events(), &app.store),
        stored_bytes(app.events().reader()),
        stored_bytes(app.store.read()),
        oldest_chunk(app.events().reader(), ChunkKind::Events),
        app.backup_job.report(),
    )?;
    let of_events = |index: &&insight::search::IndexStatus| !matches!(index.name, "audit" | "entities");
    let index_bytes: u64 = indexes.iter().map(|index| index.bytes).sum();
    let events: u64 = indexes.iter().filter(of_events).map(|index| index.documents).sum();
    let size = |name: &str, bytes: u64| (name.to_owned(), bytes.cast_signed());
    Ok(RetentionView {
        kept: kept(&app.config)
            .into_iter()
            .chain([(text::BACKUPS.to_owned(), backup_row(request, backups))])
            .collect(),
        sizes: vec![
            size(text::EVENTS, event_bytes),
            size(text::INDEXES, index_bytes),
            size(&text::keys_settings_and_audit_in(app.store.database().engine().name()), config_bytes),
        ],
        cap: Some(app.config.events_max_bytes.cast_signed()).filter(|cap| *cap > 0),
        events: events.cast_signed(),
        oldest: request.maybe_stamp(oldest),
        dropped: app.jobs.dropped_events().cast_signed(),
    })
}

fn backup_row(request: &MemberRequest, report: Option<BackupReport>) -> String {
    let (Some(plan), Some(report)) = (&request.app.config.backup.plan, report) else {
        return text::NONE_ARE_PLANNED_HERE.to_owned();
    };
    let last = match report.last_good {
        Some(good) => text::last_backup(
            &request.stamp(good.made_at_ms).relative,
            good.duration_ms.div_ceil(1000),
            bytes(good.bytes.cast_signed()),
            &good.place,
        ),
        None => text::NONE_WAS_MADE_YET.to_owned(),
    };
    let failed = report.error.map_or(String::new(), |error| text::last_try_failed(&error));
    let BackupKeep { daily, weekly, monthly } = plan.keep;
    text::backups_kept(daily, weekly, monthly, &last, &failed)
}

fn kept(config: &Config) -> Vec<(String, String)> {
    let percent = config.request_log_sample_percent;
    let requests = match config.request_log {
        LogRequests::On => text::requests_kept(KEEP_REQUESTS_DAYS, percent),
        LogRequests::Errors => text::failed_requests_kept(KEEP_REQUESTS_DAYS),
        LogRequests::Off => text::NOT_REMEMBERED.to_owned(),
    };
    [
        (text::VERIFICATIONS_AND_DECISIONS, text::days(KEEP_DAYS)),
        (text::API_REQUESTS, requests),
        (common::AUDIT_LOG, text::FOR_EVER.to_owned()),
    ]
    .map(|(name, time)| (name.to_owned(), time))
    .to_vec()
}

/// `GET /settings/addresses`.
pub async fn addresses(request: MemberRequest) -> Result<Reply> {
    require_admin(&request)?;
    let config = &request.app.config;
    let listen = request.app.address.get().unwrap_or(&config.listen);
    let certificate = request.app.tls.get().map(|tls| tls.status());
    let good = |status: &Status| status.validity.map_or(text::NONE_YET.to_owned(), text::good_certificate);
    let view = AddressesView {
        certificate: certificate.as_ref().map(good),
        certificate_failure: certificate.and_then(|status| status.failure),
        public_url: config.public_url.clone(),
        origin: request.app.origin(),
        listen: listen.to_string(),
        metrics: config.metrics_listen.map(|address| address.to_string()),
        trusted_proxies: config.trusted_proxies.iter().map(ToString::to_string).collect(),
        your_ip: request.cx.address.known().map(|ip| ip.to_string()),
    };
    Ok(Reply::page(addresses_page(&request.shell, &view)))
}

/// `GET /settings/v1`.
pub async fn v1(request: MemberRequest) -> Result<Reply> {
    require_admin(&request)?;
    let config = &request.app.config;
    let [served, refused, failed] = request.app.requests.of(Door::V1);
    let view = V1View {
        mode: match config.v1 {
            V1::On => V1Mode::On,
            V1::VerifyNeedsRootKey => V1Mode::VerifyNeedsRootKey,
            V1::Off => V1Mode::Off,
        },
        unknown_per_minute: config.v1_unknown_keys_per_minute.map(u64::cast_signed),
        served: served.cast_signed(),
        refused: (refused + failed).cast_signed(),
        since: request.stamp(request.app.started_ms()),
    };
    Ok(Reply::page(v1_page(&request.shell, &view)))
}

/// `GET /settings/migrations`.
pub async fn migrations(request: MemberRequest) -> Result<Reply> {
    Ok(Reply::page(migrations_html(&request, FormState::default()).await?))
}

async fn migrations_html(request: &MemberRequest, form: FormState) -> Result<String> {
    let found = request.app.keys.migrations(&request.cx).await?;
    let row = |migration: PendingMigration| MigrationRow {
        id: migration.id.to_string(),
        algorithm: migration.algorithm,
        waiting: migration.waiting,
        created: request.stamp(migration.created_at),
    };
    let named = |algorithm: &str| match algorithm {
        "sha256" => text::ALGORITHM_SHA256.to_owned(),
        other => other.to_owned(),
    };
    let view = MigrationsView {
        rows: found.into_iter().map(row).collect(),
        algorithms: ALGORITHMS.iter().map(|name| ((*name).to_owned(), named(name))).collect(),
        form,
        nonce: request.nonce(),
    };
    Ok(migrations_page(&request.shell, &view))
}

/// `POST /settings/migrations`.
pub async fn announce(request: MemberRequest) -> Result<Reply> {
    match request.app.keys.create_migration(&request.cx, request.form().text("algorithm")).await {
        Ok(id) => Ok(Reply::redirect(paths::migrations()).notice(text::created_the_migration(&id))),
        Err(error) => {
            let form = request.refused_at("algorithm", error)?;
            Ok(Reply::form_again(migrations_html(&request, form).await?))
        }
    }
}
