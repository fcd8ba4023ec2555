//! Which indexes there are, and from which chunk on they have to look.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Kind;
use crate::error::{Error, Result};

/// Another form of the documents is another number: all indexes are built anew.
const FORMAT: u32 = 1;
const FILE: &str = "manifest.json";

#[derive(Serialize, Deserialize)]
pub(super) struct Manifest {
    format: u32,
    pub cursor: i64,
    verifications: Vec<i64>,
    ratelimits: Vec<i64>,
}

impl Default for Manifest {
    fn default() -> Self {
        Self::new(0, [])
    }
}

impl Manifest {
    pub fn new(cursor: i64, weeks: impl IntoIterator<Item = (Kind, i64)>) -> Self {
        let (mut verifications, mut ratelimits) = (Vec::new(), Vec::new());
        for (kind, week) in weeks {
            match kind {
                Kind::Verifications => verifications.push(week),
                Kind::Ratelimits => ratelimits.push(week),
            }
        }
        Self { format: FORMAT, cursor, verifications, ratelimits }
    }

    pub fn weeks(&self) -> Vec<(Kind, i64)> {
        let of = |kind| move |week: &i64| (kind, *week);
        self.verifications
            .iter()
            .map(of(Kind::Verifications))
            .chain(self.ratelimits.iter().map(of(Kind::Ratelimits)))
            .collect()
    }

    /// `None` when there is none, or one of another form.
    pub fn read(dir: &Path) -> Option<Self> {
        let text = std::fs::read(dir.join(FILE)).ok()?;
        serde_json::from_slice(&text).ok().filter(|manifest: &Self| manifest.format == FORMAT)
    }

    /// In one step: a crash leaves the old one or the new one.
    pub fn write(&self, dir: &Path) -> Result<()> {
        let next = dir.join("manifest.json.new");
        std::fs::write(&next, serde_json::to_vec(self)?).map_err(Error::internal)?;
        std::fs::rename(next, dir.join(FILE)).map_err(Error::internal)
    }
}
