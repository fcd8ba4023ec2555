//! Whether a server still has the history that this process has seen.
//!
//! A replica that takes over may lack the last commits of the one that failed, and
//! a backup that was put back lacks more. What is cached from before is then of a
//! history that never was. A server counts its histories, and two replicas of one
//! may come to the same number: so each connection asks, besides, when its server was
//! started. One that was only started anew costs a few reads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use sea_orm::sqlx::{self, PgConnection};

/// The server that was made once, its timeline, and since when it runs.
pub(super) const HISTORY: &str = "SELECT system_identifier::text || ':' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) \
     || ':' || EXTRACT(EPOCH FROM pg_postmaster_start_time()) AS history FROM pg_control_system()";

/// Whether there is the table of moves yet: a new connection may be the very first.
const HAS_MOVES: &str = "SELECT to_regclass('moves') IS NOT NULL";

/// Whether all there is was moved elsewhere.
const IS_MOVED: &str =
    "SELECT EXISTS (SELECT 1 FROM moves WHERE side = 'source' AND finished_at IS NOT NULL)";

/// Whatever becomes of the settings of the server, this connection answers commits
/// when they are stored, and not before.
const DURABLE: &str = "SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit') \
     WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)";

/// Cheap to clone.
#[derive(Clone, Default)]
pub(in crate::store) struct History(Arc<Shared>);

#[derive(Default)]
struct Shared {
    known: Mutex<Option<String>>,
    is_moved: AtomicBool,
    when_another: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl History {
    /// What to do when the server turns out to have another history; the first one
    /// who says so counts.
    pub fn when_another(&self, forget: impl Fn() + Send + Sync + 'static) {
        let _ = self.0.when_another.set(Box::new(forget));
    }

    /// The one that the server had when it was last asked.
    pub(super) fn known(&self) -> Option<String> {
        self.0.known.lock().clone()
    }

    /// Whether all there was has been moved elsewhere, as the latest connection found.
    pub fn is_moved(&self) -> bool {
        self.0.is_moved.load(Ordering::Relaxed)
    }

    /// Asks a new connection. Fails on a server that changes nothing, and in a database
    /// that was moved elsewhere: who was cut off from it meanwhile must not go on with
    /// what is left, nor with what it remembers.
    pub(super) async fn ask(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let found: String = sqlx::query_scalar(HISTORY).fetch_one(&mut *connection).await?;
        sqlx::query(DURABLE).execute(&mut *connection).await?;
        self.refuse_moved(connection).await?;
        let before = self.0.known.lock().replace(found.clone());
        if before.is_some_and(|before| before != found) {
            tracing::warn!(history = found, "the database has another history: nothing cached is used");
            self.forget();
        }
        Ok(())
    }

    async fn refuse_moved(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let is_moved = sqlx::query_scalar::<_, bool>(HAS_MOVES).fetch_one(&mut *connection).await?
            && sqlx::query_scalar::<_, bool>(IS_MOVED).fetch_one(connection).await?;
        self.0.is_moved.store(is_moved, Ordering::Relaxed);
        if is_moved {
            self.forget();
            return Err(sqlx::Error::Configuration("what this database held was moved elsewhere".into()));
        }
        Ok(())
    }

    fn forget(&self) {
        if let Some(forget) = self.0.when_another.get() {
            forget();
        }
    }
}
