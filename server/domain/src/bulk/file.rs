//! A file to be imported: read once to find its faults, and a second time to make
//! its rows those of a job. It stays on disk: what is in memory of it is a batch of
//! rows.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use base::ids::BulkJobId;
use tokio::sync::mpsc;

use super::import::{ImportFormat, ImportOf};
use super::lines::Lines;
use super::{Bulk, Row, State, store};
use base::access::OpCtx;
use base::audit::Event;
use base::error::{Error, Fault, Result};

/// Rows of one file.
const MAX_ROWS: u64 = 100_000;
/// Faults that are reported before reading ends.
const MAX_FAULTS: usize = 50;
/// Characters of a fault: what is wrong may be in the row, and the row may be long.
const FAULT_CHARACTERS: usize = 500;
/// A batch is full with so many rows, or so many bytes.
const BATCH_ROWS: usize = 500;
const BATCH_BYTES: usize = 1 << 20;

/// A file of rows.
#[derive(Debug)]
pub struct ImportFile {
    of: ImportOf,
    format: ImportFormat,
    pub(super) file: File,
}

impl ImportFile {
    /// `file` may stand anywhere, and is read from its beginning.
    pub fn new(of: ImportOf, format: ImportFormat, file: File) -> Self {
        Self { of, format, file }
    }

    /// Reads the whole file and counts its rows.
    ///
    /// Fails with `invalid_input` and a fault per line that cannot be read.
    pub fn check(&self) -> Result<u64> {
        let (mut count, mut faults) = (0, Vec::new());
        for (line, row) in self.rows()? {
            match row {
                Ok(_) => count += 1,
                Err(error) => faults.push(Fault {
                    location: format!("line {line}"),
                    message: error.detail().chars().take(FAULT_CHARACTERS).collect(),
                    fix: None,
                }),
            }
            if count > MAX_ROWS {
                return Err(Error::invalid(format!("A file has at most {MAX_ROWS} rows.")));
            }
            if faults.len() == MAX_FAULTS {
                break;
            }
        }
        match faults.first() {
            Some(first) => {
                let detail = format!("The file cannot be imported. {}: {}", first.location, first.message);
                Err(Error::invalid(detail).with_faults(faults))
            }
            None if count == 0 => Err(Error::invalid("The file has no rows.")),
            None => Ok(count),
        }
    }

    pub(super) fn rows(&self) -> Result<impl Iterator<Item = (u64, Result<Row>)> + '_> {
        let source = self.rewound().map_err(Error::internal)?;
        let lines = match self.format {
            ImportFormat::Csv => Lines::csv(source)?,
            ImportFormat::JsonLines => Lines::json(source),
        };
        Ok(lines.map(|(line, object)| (line, object.and_then(|object| self.of.row(object)))))
    }

    /// From the first byte of the text: what spreadsheets put before it to say that
    /// it is one is passed over.
    fn rewound(&self) -> std::io::Result<&File> {
        let mut file = &self.file;
        file.rewind()?;
        let mut mark = Vec::new();
        file.take(3).read_to_end(&mut mark)?;
        if mark != "\u{feff}".as_bytes() {
            file.seek(SeekFrom::Start(0))?;
        }
        Ok(file)
    }

    /// Reads the file once more, batch by batch, on a thread for such work.
    fn batches(self: Arc<Self>) -> mpsc::Receiver<Result<Vec<Row>>> {
        let (batches, taken) = mpsc::channel(1);
        tokio::task::spawn_blocking(move || {
            let failed = self.send_batches(&batches).err();
            if let Some(error) = failed {
                // Whoever takes them may have gone.
                let _ = batches.blocking_send(Err(error));
            }
        });
        taken
    }

    fn send_batches(&self, batches: &mpsc::Sender<Result<Vec<Row>>>) -> Result<()> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        for (_, row) in self.rows()? {
            let row = row?;
            bytes += row.payload.len();
            batch.push(row);
            if batch.len() == BATCH_ROWS || bytes >= BATCH_BYTES {
                let full = std::mem::take(&mut batch);
                bytes = 0;
                if batches.blocking_send(Ok(full)).is_err() {
                    return Ok(());
                }
            }
        }
        let _ = batches.blocking_send(Ok(batch));
        Ok(())
    }
}

impl Bulk {
    /// Fails unless the caller may import what such a file holds: to be asked before
    /// the file is taken.
    pub fn may_import(&self, cx: &OpCtx, of: &ImportOf) -> Result<()> {
        super::jobs::require(cx, &of.work())
    }

    /// Starts a job that makes the rows of a file, and answers its id.
    ///
    /// Fails with `invalid_input` and the faults of the file: then nothing is made.
    pub async fn import(&self, cx: &OpCtx, file: ImportFile) -> Result<BulkJobId> {
        self.may_import(cx, &file.of)?;
        let (work, file) = (&file.of.work(), Arc::new(file));
        let checked = file.clone();
        let total = tokio::task::spawn_blocking(move || checked.check()).await.map_err(Error::internal)??;
        let id: BulkJobId = self.entropy.id(BulkJobId::PREFIX, cx.now_ms);
        let job = &id;
        self.store
            .write(|tx| async move {
                store::insert(&tx, cx, job, work, State::Running, None).await?;
                let mut batches = file.batches();
                let mut made = 0;
                while let Some(batch) = batches.recv().await {
                    let rows = batch?.into_iter().map(|row| (row.subject, Some(row.payload))).collect();
                    made = store::add_rows(&tx, job, made, rows).await?;
                }
                if made != total as i64 {
                    return Err(Error::internal("a file changed while it was imported"));
                }
                store::set_total(&tx, job, made).await?;
                let text = format!("Started a job to {}", work.as_str());
                self.record(cx, &tx, Event::BulkStart, text, job, work).await
            })
            .await?;
        self.wake.notify_one();
        Ok(id)
    }
}
