//! Keeping others from the balances that a transaction reads in order to write them.
//!
//! In a file one writer changes everything, the ledger included. On a server the
//! ledger spends beside the transactions, so a balance that was read is worth
//! nothing unless its row is locked.

use base::ids::KeyId;
use sea_orm::{ConnectionTrait, Value};

use base::error::Result;
use base::store::{Engine, Tx, statement};

/// Locks the rows of these keys until the transaction ends, with those whose
/// credits they spend and those that spend theirs: whoever deletes or rerolls a key
/// moves credits among them. In the order of ids, as the ledger does, so that no
/// two wait for each other: a transaction locks all of its keys at once.
pub(in crate::keys) async fn lock(tx: &Tx, ids: &[KeyId]) -> Result<()> {
    if ids.is_empty() || Engine::of(tx.db()) == Engine::Sqlite {
        return Ok(());
    }
    let named: Vec<String> = (1..=ids.len()).map(|place| format!("(${place})")).collect();
    let sql = format!(
        "WITH named (id) AS (VALUES {}), together AS (\
         SELECT id FROM named \
         UNION SELECT k.balance_key_id FROM named n JOIN keys k ON k.id = n.id \
         UNION SELECT k.id FROM named n JOIN keys k ON k.balance_key_id = n.id) \
         SELECT k.id FROM keys k JOIN together t ON t.id = k.id ORDER BY k.id FOR NO KEY UPDATE OF k",
        named.join(", ")
    );
    let values = ids.iter().map(|id| Value::from(id.as_str()));
    tx.db().query_all_raw(statement(tx.db(), sql, values)).await?;
    Ok(())
}
