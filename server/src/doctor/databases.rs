//! The two databases: whether they can be used, are whole, and are what this program
//! makes.

use super::{Finding, Fix, Subject, size, some};
use base::audit::last_entry;
use base::error::Result;
use base::store::{AppSchema, Database, Engine, EventsSchema, SchemaState, moves};

/// A log that long was not folded for some time: it is cut at a quarter of this.
const LONG_LOG_BYTES: u64 = 256 << 20;

const RESTORE: &str =
    "stop the server, and put a backup into a new folder: unkey restore SOURCE --data-dir NEW";
const SET_ASIDE: &str =
    "start the server anew: it keeps the damaged file under another name and begins an empty one";

/// Whether each can be opened and asked.
pub(super) async fn answers(subject: &Subject) -> Result<Vec<Finding>> {
    let mut found = vec![app_answers(subject).await];
    found.push(match &subject.events {
        Err(why) => Finding::error(why.clone()).remedy(SET_ASIDE),
        Ok(_) => Finding::ok("events.db can be read."),
    });
    Ok(found)
}

async fn app_answers(subject: &Subject) -> Finding {
    let remedy = match subject.config.database {
        Some(_) => "check database_url, and that the server of the database runs",
        None => RESTORE,
    };
    let database = match &subject.app {
        Err(why) => return Finding::error(why.clone()).remedy(remedy),
        Ok(database) => database,
    };
    let name = database.engine().choose("app.db", "Postgres");
    if database.is_moved() {
        let text = "What the database held was moved elsewhere while this server ran.";
        return Finding::error(text).remedy("start the server anew, on the database it was moved to");
    }
    if let Err(error) = last_entry(database.reader()).await {
        return Finding::error(format!("{name} cannot be read: {}", error.cause_chain())).remedy(remedy);
    }
    match moves::is_begun(database).await {
        Err(error) => Finding::error(error.detail().to_owned()),
        Ok(true) => Finding::warning("A move of it to another database was begun and not finished.")
            .remedy("unkey migrate-to postgres"),
        Ok(false) => Finding::ok(format!("{name} can be read.")),
    }
}

/// Reads both files whole.
pub(super) async fn integrity(subject: &Subject) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for (name, database, remedy) in
        [("app.db", subject.app.as_ref(), RESTORE), ("events.db", subject.events.as_ref(), SET_ASIDE)]
    {
        // Why it cannot be opened is said by another check.
        let Ok(database) = database else { continue };
        found.push(match database.check().await {
            Err(error) => Finding::error(error.cause_chain()).remedy(remedy),
            Ok(()) if database.engine() == Engine::Postgres => {
                Finding::ok("Its own server looks after the files of Postgres.")
            }
            Ok(()) => Finding::ok(format!("{name} is whole.")),
        });
    }
    Ok(found)
}

/// Compares both schemas with those of this program.
pub(super) async fn schema(subject: &Subject) -> Result<Vec<Finding>> {
    let app = subject.app()?.schema_state::<AppSchema>().await?;
    let events = subject.events()?.schema_state::<EventsSchema>().await?;
    Ok(vec![compared("app.db", &app), compared("events.db", &events)])
}

fn compared(name: &str, state: &SchemaState) -> Finding {
    if !state.newer.is_empty() {
        let text = format!("{name} was written by a newer version: it has {}.", some(&state.newer));
        return Finding::error(text).remedy("use the version that wrote it, or a newer one");
    }
    if !state.differing.is_empty() {
        let text =
            format!("{name} lacks what this program makes, or has it otherwise: {}.", some(&state.differing));
        return Finding::error(text).remedy(RESTORE);
    }
    match state.lacking.len() {
        0 => Finding::ok(format!("{name} has the schema of this version.")),
        steps => Finding::ok(format!("{name} is of an older version: the next start takes {steps} steps.")),
    }
}

/// Whether the write-ahead logs are folded in time.
pub(super) async fn logs(subject: &Subject) -> Result<Vec<Finding>> {
    let is_running = subject.running.is_some();
    let log = |name: &str, database: &Database| match database.log_bytes() {
        None => Finding::ok("Postgres looks after its own log."),
        Some(bytes) if bytes < LONG_LOG_BYTES => {
            Finding::ok(format!("The log beside {name} takes {}.", size(bytes)))
        }
        Some(bytes) => {
            let finding = Finding::warning(format!(
                "The log beside {name} takes {}: somebody reads for long, and it cannot be folded.",
                size(bytes)
            ));
            match is_running {
                true => finding.fix(Fix::FoldLogs),
                false => finding.remedy("start the server, which folds it"),
            }
        }
    };
    Ok(vec![log("app.db", subject.app()?), log("events.db", subject.events()?)])
}

/// Whether changes and events are stored, and somebody who changes something gets a turn.
pub(super) async fn changes(subject: &Subject) -> Result<Vec<Finding>> {
    let Some(running) = &subject.running else { return Ok(vec![Finding::ok("No server runs.")]) };
    let mut found = Vec::new();
    let health = running.recorder.health();
    if !health.storing {
        found.push(
            Finding::error("Events cannot be stored: what happens now may be lost.")
                .remedy("the log of the server says why; make room on the disk if it is full"),
        );
    }
    let lost = health.lost + health.lost_requests;
    if lost > 0 {
        found.push(Finding::warning(format!(
            "{lost} events were lost since the start: they came faster than they could be stored."
        )));
    }
    match subject.app()?.begin().await {
        Ok(transaction) => {
            transaction.rollback().await;
            found.push(Finding::ok("Changes get their turn."));
        }
        Err(error) => found.push(
            Finding::error(format!("Changes cannot be stored: {error}"))
                .remedy("the log of the server says why; make room on the disk if it is full"),
        ),
    }
    Ok(found)
}
