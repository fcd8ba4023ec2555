//! Which indexes there are, from which chunk on they have to look, and how far
//! back they still count.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Kind;
use base::error::{Error, Result};

/// Another form of the documents is another number: all indexes are built anew.
const FORMAT: u32 = 2;
const FILE: &str = "manifest.json";

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: u32,
    pub cursor: i64,
    /// By the name of the kind.
    weeks: BTreeMap<String, Vec<i64>>,
    /// By the name of the kind: the time before which its events are gone.
    floors: BTreeMap<String, i64>,
}

impl Manifest {
    pub fn new(
        cursor: i64,
        weeks: impl IntoIterator<Item = (Kind, i64)>,
        floors: impl IntoIterator<Item = (Kind, i64)>,
    ) -> Self {
        let mut of_kind: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for (kind, week) in weeks {
            of_kind.entry(kind.as_str().to_owned()).or_default().push(week);
        }
        let floors = floors.into_iter().map(|(kind, floor)| (kind.as_str().to_owned(), floor)).collect();
        Self { format: FORMAT, cursor, weeks: of_kind, floors }
    }

    pub fn weeks(&self) -> Vec<(Kind, i64)> {
        let of =
            |kind: Kind| self.weeks.get(kind.as_str()).into_iter().flatten().map(move |week| (kind, *week));
        Kind::ALL.into_iter().flat_map(of).collect()
    }

    pub fn floors(&self) -> BTreeMap<Kind, i64> {
        let of = |kind: Kind| Some((kind, *self.floors.get(kind.as_str())?));
        Kind::ALL.into_iter().filter_map(of).collect()
    }

    /// `None` when there is none, or one of another form.
    pub fn read(dir: &Path) -> Option<Self> {
        let text = std::fs::read(dir.join(FILE)).ok()?;
        serde_json::from_slice(&text).ok().filter(|manifest: &Self| manifest.format == FORMAT)
    }

    /// In one step: a crash or a power cut leaves the old one or the new one.
    pub fn write(&self, dir: &Path) -> Result<()> {
        let next = dir.join("manifest.json.new");
        let mut file = std::fs::File::create(&next).map_err(Error::internal)?;
        file.write_all(&serde_json::to_vec(self)?).map_err(Error::internal)?;
        file.sync_all().map_err(Error::internal)?;
        std::fs::rename(next, dir.join(FILE)).map_err(Error::internal)
    }
}
