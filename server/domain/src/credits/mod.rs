//! Credits: how many more times a key may be used, and their refill.
//!
//! The database is the truth; no balance or month is ever decided on from memory. Setting a
//! balance belongs to the keys room, which does it in its own transaction.

mod ledger;
pub mod refill;
mod refill_run;

pub use ledger::{Ledger, MonthOf, Spend};
pub use refill_run::{amend_refills, refill_due};
