//! Backups by the clock.

use std::path::Path;

use super::super::backup::{BackupJob, BackupReport};
use crate::backup::{Backups, Place, verify};
use base::clock::{Clock, DAY_MS, HOUR_MS};
use base::config::{BackupKeep, BackupPlan};
use base::entropy::Entropy;
use base::store::testing::{NOW_MS, TestStore};
use base::store::{AppSchema, DataDir, Database, Durability, Engine, EventsSchema};
use domain::vault::{MasterKey, MasterKeySource};
use tempfile::TempDir;

struct Site {
    test: TestStore,
    /// Held, as by a server.
    data: DataDir,
    target: TempDir,
    clock: Clock,
    _folder: TempDir,
}

impl Site {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::acquire(folder.path()).unwrap().unwrap();
        let full = Durability::Full;
        Database::open::<AppSchema>(&data.app_db(), full).await.unwrap().close().await.unwrap();
        Database::open::<EventsSchema>(&data.events_db(), full).await.unwrap().close().await.unwrap();
        let (test, target) = (TestStore::open().await, tempfile::tempdir().unwrap());
        Self { test, data, target, clock: Clock::manual(NOW_MS), _folder: folder }
    }

    fn job(&self, pattern: &str, target: &Path, keep: BackupKeep) -> BackupJob {
        let key = MasterKeySource::Given(MasterKey::new([1; 32]));
        let backups =
            Backups::at_rest(&self.data, Engine::Sqlite, self.clock.clone(), Entropy::seeded(1), key);
        let plan = BackupPlan { pattern: pattern.to_owned(), target: target.display().to_string(), keep };
        let entropy = Entropy::seeded(2);
        BackupJob::new(self.test.store.clone(), backups, entropy, self.clock.clone(), Some(plan))
    }

    fn names(&self) -> Vec<String> {
        let entries = self.target.path().read_dir().unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

const KEEP: BackupKeep = BackupKeep { daily: 2, weekly: 0, monthly: 0 };
const NIGHTLY: &str = "0 30 2 * * *";

async fn report(job: &BackupJob) -> BackupReport {
    job.report().await.unwrap().unwrap()
}

#[tokio::test]
async fn a_backup_is_made_when_it_is_due_and_days_are_kept() {
    let site = Site::open().await;
    let job = site.job(NIGHTLY, site.target.path(), KEEP);
    let new = report(&job).await;
    assert_eq!((new.last_good, new.is_overdue), (None, false), "nothing was tried yet");
    let by_hand = "unkey-20200101T000000.000Z.tar.zst";
    for foreign in [by_hand, "unkey-abcdefgh-20200101T000000.000Z.tar.zst", "notes.txt"] {
        std::fs::write(site.target.path().join(foreign), "of others").unwrap();
    }
    for day in 0..5 {
        job.run_due(false).await.unwrap();
        // Not twice.
        job.run_due(false).await.unwrap();
        let good = report(&job).await.last_good.expect("one was made");
        assert_eq!(good.made_at_ms, NOW_MS + day * DAY_MS);
        let made = Place::read(&good.place).unwrap().open(0).unwrap().1;
        verify(made, None, &mut |_: &crate::backup::Progress| Ok(())).unwrap();
        assert_eq!(made_by_us(&site.names()), usize::try_from(day + 1).unwrap().min(2));
        site.clock.advance_ms(DAY_MS);
    }
    assert_eq!(site.names().len(), 5, "what is of others stays");
}

fn made_by_us(names: &[String]) -> usize {
    names.iter().filter(|name| name.len() == 43 && !name.contains("abcdefgh")).count()
}

#[tokio::test]
async fn one_that_fails_is_tried_again_soon_and_told_when_it_is_late() {
    let site = Site::open().await;
    let job = site.job(NIGHTLY, site.target.path(), KEEP);
    job.run_due(false).await.unwrap();
    let good = report(&job).await;
    assert_eq!((good.error, good.is_overdue), (None, false));
    let lost = site.target.path().join("unmounted/");
    let failing = site.job(NIGHTLY, &lost, KEEP);
    site.clock.advance_ms(DAY_MS);
    failing.run_due(false).await.unwrap();
    let bad = report(&failing).await;
    assert!(bad.error.expect("it failed").contains("unmounted"));
    assert_eq!(bad.last_good, good.last_good, "the last good one is still that");
    assert_eq!(site.names().len(), 1);
    // As long as there may be a good one.
    site.clock.advance_ms(2 * HOUR_MS);
    assert!(report(&failing).await.is_overdue);
    std::fs::create_dir(&lost).unwrap();
    failing.run_due(false).await.unwrap();
    let again = report(&failing).await;
    assert_eq!((again.error, again.is_overdue), (None, false));
    assert_eq!(lost.read_dir().unwrap().count(), 1);
}

#[tokio::test]
async fn while_the_clock_may_be_ahead_no_backup_goes() {
    let site = Site::open().await;
    let job = site.job(NIGHTLY, site.target.path(), BackupKeep { daily: 1, weekly: 0, monthly: 0 });
    job.run_due(false).await.unwrap();
    site.clock.step_ms(10 * 365 * DAY_MS);
    job.run_due(true).await.unwrap();
    assert_eq!(site.names().len(), 2);
    site.clock.step_ms(-10 * 365 * DAY_MS);
    site.clock.advance_ms(DAY_MS);
    job.run_due(false).await.unwrap();
    // The one of the future stays, as nobody can tell whether it is the only good one.
    assert_eq!(site.names().len(), 2);
    let newest = Place::read(&site.target.path().display().to_string()).unwrap();
    let (name, _) = newest.open(site.clock.now_ms()).unwrap();
    let made = report(&job).await.last_good.expect("one was made").place;
    assert_eq!(name, made, "a restore takes the last one of the past");
}

#[tokio::test]
async fn a_clock_that_was_years_ahead_costs_no_backup_of_before() {
    let site = Site::open().await;
    let job = site.job(NIGHTLY, site.target.path(), KEEP);
    job.run_due(false).await.unwrap();
    let first = site.names();
    site.clock.step_ms(70 * 365 * DAY_MS);
    job.run_due(false).await.unwrap();
    assert_eq!(site.names().len(), 2);
    site.clock.step_ms(-70 * 365 * DAY_MS);
    assert!(report(&job).await.is_overdue, "one from the future is none to rely on");
    site.clock.advance_ms(DAY_MS);
    job.run_due(false).await.unwrap();
    assert!(!report(&job).await.is_overdue);
    assert_eq!(site.names().len(), 3);
    assert!(site.names().contains(&first[0]));
}
