//! Statements that more than one room makes of a column of its own table.

use sea_orm::sea_query::{CaseStatement, Expr};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use super::Tx;
use crate::error::Result;

/// Brings every value of a column above `latest` down to it; answers how many
/// there were.
pub async fn at_most<C: ColumnTrait>(tx: &Tx, column: C, latest: i64) -> Result<u64>
where
    C::EntityName: EntityTrait<Column = C>,
{
    let update = <C::EntityName as EntityTrait>::update_many()
        .col_expr(column, Expr::value(latest))
        .filter(column.gt(latest));
    Ok(update.exec(tx.db()).await?.rows_affected)
}

/// Gives each of these rows a number of its own in one column, in one statement, which
/// locks them in the order of their ids. The caller bounds how many there are.
pub async fn set_each<C: ColumnTrait>(
    db: &impl ConnectionTrait,
    id: C,
    column: C,
    numbers: &[(&str, i64)],
) -> Result<()>
where
    C::EntityName: EntityTrait<Column = C>,
{
    if numbers.is_empty() {
        return Ok(());
    }
    let mut own = CaseStatement::new();
    for (row, number) in numbers {
        own = own.case(id.eq(*row), Expr::value(*number));
    }
    let rows = <C::EntityName as EntityTrait>::find()
        .select_only()
        .column(id)
        .filter(id.is_in(numbers.iter().map(|(row, _)| *row)))
        .order_by_asc(id)
        .lock_exclusive();
    <C::EntityName as EntityTrait>::update_many()
        .col_expr(column, own.finally(Expr::col(column)).into())
        .filter(id.in_subquery(rows.into_query()))
        .exec(db)
        .await?;
    Ok(())
}
