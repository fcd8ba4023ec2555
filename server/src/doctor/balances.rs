//! Credits and refills against their rules.
//!
//! There is no balance in memory that could differ: the row is the truth, and the
//! ledger spends there.

use super::{Finding, Subject, count, some};
use base::error::Result;
use domain::keys::{BalanceFault, UnsoundBalances, unsound_balances};

pub(super) async fn sound(subject: &Subject) -> Result<Vec<Finding>> {
    let found = unsound_balances(subject.app()?.reader()).await?;
    Ok(match found.is_empty() {
        true => vec![Finding::ok("Credits and refills of all keys hold to their rules.")],
        false => found.iter().map(finding).collect(),
    })
}

fn finding(unsound: &UnsoundBalances) -> Finding {
    let (what, remedy) = match unsound.fault {
        BalanceFault::Negative => {
            ("with fewer than no credits", "set them anew: /v2/keys.updateCredits with operation `set`")
        }
        BalanceFault::HalfRefill => {
            ("with half a refill", "set it anew: /v2/keys.updateKey with credits.refill")
        }
        BalanceFault::HolderMissing => (
            "that spend the credits of a key which is gone",
            "make a new one of each in the dashboard, or restore a backup: docs/backup.md",
        ),
        BalanceFault::HolderSpendsElsewhere => (
            "that spend the credits of a key which has none of its own",
            "make a new one of each in the dashboard, or restore a backup: docs/backup.md",
        ),
    };
    let keys = count(unsound.keys.len(), "key");
    Finding::error(format!("There are {keys} {what}: {}.", some(&unsound.keys))).remedy(remedy)
}
