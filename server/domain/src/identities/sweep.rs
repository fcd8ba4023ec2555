//! Removing what identities spent in months that are long over.

use base::error::Result;
use base::events::kept_since_ms;
use base::month::Month;
use base::store::Tx;

use super::store;

/// Months are kept as long as the events that they were counted of.
pub async fn sweep(tx: &Tx, now_ms: i64) -> Result<()> {
    store::remove_months_before(tx, Month::of(kept_since_ms(now_ms))).await
}
