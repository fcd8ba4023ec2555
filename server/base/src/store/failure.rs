//! What a failed statement says: about the transaction it ran in, and about the database.

use sea_orm::sqlx::Error as DriverError;
use sea_orm::sqlx::error::DatabaseError;
use sea_orm::sqlx::sqlite::SqliteError;
use sea_orm::{DbErr, RuntimeErr};

use crate::error::{Code, Error};

/// Primary result codes of SQLite after which a transaction goes on: the
/// statement alone was refused (<https://sqlite.org/rescode.html>).
const REFUSED: [i32; 5] = [
    1,  // ERROR: the statement is wrong
    18, // TOOBIG
    19, // CONSTRAINT
    20, // MISMATCH
    25, // RANGE
];

const DAMAGED: [i32; 2] = [
    11, // CORRUPT
    26, // NOTADB
];

/// Classes of Postgres' codes by which a statement is refused for what it says
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
const REFUSED_CLASSES: [&str; 5] = [
    "0A", // feature not supported
    "21", // cardinality violation
    "22", // data exception
    "23", // integrity constraint violation
    "42", // syntax error or access rule violation
];

/// Classes and codes by which Postgres says that it ends, or lets nobody in.
const ENDS: [&str; 3] = [
    "08",    // connection exception
    "57P",   // shutdown
    "53300", // too many connections
];

/// Of the classes above the one code that says nothing of the statement: somebody took
/// rights away.
const NO_PRIVILEGE: &str = "42501";

/// Whether the statement alone was refused, by a rule of the schema say.
///
/// After any other error the database may have ended the transaction by itself:
/// it is full, cannot be read or written, memory ran out, or nobody knows.
pub(super) fn is_refusal(error: &DbErr) -> bool {
    match driver_error(error) {
        Ok(DriverError::Database(error)) => match sqlite_code(&**error) {
            Some(code) => REFUSED.contains(&code),
            None => error.code().is_some_and(|code| {
                code != NO_PRIVILEGE && REFUSED_CLASSES.iter().any(|class| code.starts_with(class))
            }),
        },
        Ok(
            DriverError::RowNotFound
            | DriverError::ColumnNotFound(_)
            | DriverError::ColumnIndexOutOfBounds { .. }
            | DriverError::ColumnDecode { .. }
            | DriverError::Decode(_)
            | DriverError::Encode(_),
        ) => true,
        Ok(_) | Err(DbErr::Exec(_) | DbErr::Query(_) | DbErr::Conn(_) | DbErr::ConnectionAcquire(_)) => false,
        // Sea-orm's own: a row that is missing or has another type than expected.
        Err(_) => true,
    }
}

/// Whether a server spoke and goes on: it refused, gave up a statement that took too
/// long or waited for a lock, has no room left. One that ends, or lets nobody in, does
/// not, and neither does one that says nothing.
pub(super) fn is_answer(error: &DbErr) -> bool {
    let goes_on = |code: &str| !ENDS.iter().any(|class| code.starts_with(class));
    match driver_error(error) {
        Ok(DriverError::Database(error)) => error.code().is_some_and(|code| goes_on(&code)),
        _ => is_refusal(error),
    }
}

/// A database that is locked, full or away serves the next request, perhaps. A
/// statement that it refuses, and a file that is damaged, are as they are.
impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if is_refusal(&error) || is_damage(&error) {
            return Self::internal(error);
        }
        Self::new(Code::ServiceUnavailable, "The database could not serve this request. Try again.")
            .because(error)
    }
}

/// Whether the file itself is damaged, or no database at all.
pub(super) fn is_damage(error: &DbErr) -> bool {
    match driver_error(error) {
        Ok(DriverError::Database(error)) => sqlite_code(&**error).is_some_and(|code| DAMAGED.contains(&code)),
        _ => false,
    }
}

fn driver_error(error: &DbErr) -> Result<&DriverError, &DbErr> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error))
        | DbErr::Conn(RuntimeErr::SqlxError(error)) => Ok(error),
        other => Err(other),
    }
}

/// The primary result code of SQLite: extended ones have it in their lowest byte.
fn sqlite_code(error: &dyn DatabaseError) -> Option<i32> {
    error.try_downcast_ref::<SqliteError>()?.code()?.parse().ok().map(|code: i32| code & 0xff)
}

pub(super) fn failed(error: DriverError) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(error.into()))
}

/// An error of ours in the place where sea-orm expects one of its own.
pub(super) fn refused(text: impl Into<String>) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(text.into()))
}

/// Why a database could not be opened.
pub(super) struct OpenError {
    pub error: Error,
    pub is_damage: bool,
}

impl OpenError {
    pub fn is_empty() -> Self {
        Error::invalid(
            "it is missing or empty, and the data folder was in use before. Restore it from a backup; to begin anew, name \
             an empty folder",
        )
        .into()
    }
}

impl From<Error> for OpenError {
    fn from(error: Error) -> Self {
        Self { error, is_damage: false }
    }
}

impl From<DbErr> for OpenError {
    fn from(error: DbErr) -> Self {
        Self { is_damage: is_damage(&error), error: error.into() }
    }
}
