//! The month of an identity with a spend cap, as pages show it.

use web::components::SpentMonth;
use web::number::exact;
use web::texts::outcomes as text;
use web::time::Stamp;

use base::month::Month;
use domain::identities::Spending;

/// `stamp` says a moment as its reader does.
pub fn spent_month(spending: Spending, now_ms: i64, stamp: impl FnOnce(i64) -> Stamp) -> SpentMonth {
    SpentMonth {
        spent: spending.spent_credits,
        of: spending.monthly_credits,
        left: spending.left(),
        is_near: spending.is_near(),
        resets: stamp(Month::of(now_ms).next().start_ms()),
    }
}

/// `7,421 of 10,000`.
pub fn spent_of(spending: &Spending) -> String {
    text::spent_of(exact(spending.spent_credits), exact(spending.monthly_credits))
}
