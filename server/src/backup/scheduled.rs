//! One backup as a schedule asks for it: made, put where it belongs, and older ones
//! removed that need not stay.

use super::keep::removable;
use super::make::{Backups, Part};
use super::name::BackupName;
use super::place::{Place, Sink};
use base::config::BackupPlan;
use base::error::Result;

/// A backup that was made.
pub struct Stored {
    pub place: String,
    pub bytes: u64,
    /// Older ones that were removed.
    pub removed: usize,
}

/// Makes a backup of this name, which has a series, without the master key. Older ones
/// all stay where the clock `may_be_ahead`.
pub async fn make_scheduled(
    backups: &Backups,
    plan: &BackupPlan,
    name: &BackupName,
    may_be_ahead: bool,
) -> Result<Stored> {
    let place = Place::read(&plan.target)?;
    let mut sink = place.create(name, backups.data_dir()).await?;
    let bytes = match fill(&mut sink, backups).await {
        Ok(bytes) => bytes,
        Err(error) => {
            sink.abort().await;
            return Err(error);
        }
    };
    let at = sink.finish().await?.unwrap_or_default();
    let removed = if may_be_ahead { Ok(0) } else { remove_old(&place, plan, name).await };
    // What stays too long is no reason to call this one bad.
    let removed = removed.unwrap_or_else(|error| {
        tracing::warn!(?error, "older backups could not be removed");
        0
    });
    Ok(Stored { place: at, bytes, removed })
}

/// Writes a backup, and says how large it is.
async fn fill(sink: &mut Sink, backups: &Backups) -> Result<u64> {
    let (mut making, mut bytes) = (backups.begin(None)?, 0);
    while let Some(part) = making.next().await {
        if let Part::Bytes(part) = part {
            bytes += part.len() as u64;
            sink.write(part).await?;
        }
    }
    making.outcome().await?;
    Ok(bytes)
}

async fn remove_old(place: &Place, plan: &BackupPlan, newest: &BackupName) -> Result<usize> {
    let go = removable(place.list().await?, newest, plan.keep);
    for old in &go {
        place.remove(old).await?;
    }
    Ok(go.len())
}
