//! The credits of a key and how they come back: types and their rules.
//!
//! Spending is the ledger's part, refilling on time a job's. Here is what may
//! be stored.

use serde_json::{Value, json};

use base::error::{Error, Field, Result};
use base::patch::Patch;

/// Credits as they are stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credits {
    /// `None` is unlimited.
    pub remaining: Option<i64>,
    /// May be stored on an unlimited key, which does not show it
    /// (docs/contract/v2.md#key-object).
    pub refill: Option<Refill>,
}

/// A recurring refill: sets the balance to `amount` when it is below
/// (docs/decisions.md#refills-never-take-credits-away).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refill {
    pub interval: Interval,
    /// 1 or more.
    pub amount: i64,
    /// Day of the month, 1 to 31; of monthly refills only. Shorter months use
    /// their last day.
    pub day: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// Every midnight UTC.
    Daily,
    /// At midnight UTC of one day of the month.
    Monthly,
}

/// Credits of a new key.
#[derive(Clone, Debug, Default)]
pub struct NewCredits {
    /// `None` is unlimited.
    pub remaining: Option<i64>,
    pub refill: Option<Refill>,
}

/// A change of credits. Clearing `remaining` makes the key unlimited and takes
/// the refill with it, unless the same change gives one.
#[derive(Clone, Debug, Default)]
pub struct CreditsPatch {
    pub remaining: Patch<i64>,
    pub refill: Patch<Refill>,
}

impl NewCredits {
    /// No refill of unlimited credits, monthly needs a day, the day of a daily
    /// refill is ignored (docs/contract/v2.md#create-key).
    pub(super) fn into_credits(self) -> Result<Credits> {
        check_remaining(self.remaining)?;
        let Some(mut refill) = self.refill else {
            return Ok(Credits { remaining: self.remaining, refill: None });
        };
        if self.remaining.is_none() {
            return Err(unlimited_refill());
        }
        if refill.interval == Interval::Daily {
            refill.day = None;
        }
        refill.check()?;
        Ok(Credits { remaining: self.remaining, refill: Some(refill) })
    }
}

impl CreditsPatch {
    /// A refill may be set on a key that has no finite credits, also by the change
    /// that removes them: it is stored, and shown once there are credits
    /// (docs/contract/v2.md#update-key).
    pub(super) fn apply(self, credits: &mut Credits) -> Result<()> {
        check_remaining(self.remaining.value().copied())?;
        if let Some(refill) = self.refill.value() {
            refill.check()?;
        }
        match (self.remaining, self.refill) {
            (Patch::Clear, Patch::Set(refill)) => {
                *credits = Credits { remaining: None, refill: Some(refill) };
            }
            (Patch::Clear, _) => *credits = Credits::default(),
            (remaining, refill) => {
                remaining.apply(&mut credits.remaining);
                refill.apply(&mut credits.refill);
            }
        }
        Ok(())
    }
}

impl Refill {
    fn check(&self) -> Result<()> {
        if self.amount < 1 {
            return Err(Error::invalid("A refill adds at least 1 credit.").at(Field::RefillAmount));
        }
        match (self.interval, self.day) {
            (Interval::Monthly, None) => {
                Err(Error::invalid("A monthly refill needs the day of the month.").at(Field::RefillDay))
            }
            (Interval::Monthly, Some(1..=31)) | (Interval::Daily, None) => Ok(()),
            (Interval::Monthly, Some(_)) => {
                Err(Error::invalid("The day of a monthly refill is 1 to 31.").at(Field::RefillDay))
            }
            (Interval::Daily, Some(_)) => {
                Err(Error::invalid("A daily refill takes no day of the month.").at(Field::RefillDay))
            }
        }
    }

    /// Whether both fall due at the same moments.
    pub(super) fn same_schedule(&self, other: &Refill) -> bool {
        self.interval == other.interval && self.day == other.day
    }

    pub(super) fn to_audit(&self) -> Value {
        let interval = match self.interval {
            Interval::Daily => "daily",
            Interval::Monthly => "monthly",
        };
        json!({ "interval": interval, "amount": self.amount, "refillDay": self.day })
    }
}

pub(super) fn check_remaining(remaining: Option<i64>) -> Result<()> {
    match remaining {
        Some(..0) => Err(Error::invalid("Remaining credits cannot be negative.").at(Field::Credits)),
        _ => Ok(()),
    }
}

/// Of a key that has, or is to have, no finite credits.
pub fn unlimited_refill() -> Error {
    Error::invalid(
        "Unlimited credits cannot be refilled: set `remaining` to a number or leave the refill out.",
    )
    .at(Field::RefillAmount)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refill(interval: Interval, day: Option<i64>) -> Refill {
        Refill { interval, amount: 5, day }
    }

    #[test]
    fn new_credits_follow_the_contract() {
        use Interval::{Daily, Monthly};
        let new = |remaining, refill| NewCredits { remaining, refill }.into_credits();
        assert_eq!(new(None, None).unwrap(), Credits::default());
        assert_eq!(new(Some(0), Some(refill(Monthly, Some(31)))).unwrap().refill.unwrap().day, Some(31));
        assert_eq!(new(Some(3), Some(refill(Daily, Some(7)))).unwrap().refill.unwrap().day, None);
        assert!(new(None, Some(refill(Daily, None))).is_err());
        assert!(new(Some(3), Some(refill(Monthly, None))).is_err());
        assert!(new(Some(3), Some(refill(Monthly, Some(32)))).is_err());
        assert!(new(Some(3), Some(Refill { amount: 0, ..refill(Daily, None) })).is_err());
        assert!(new(Some(-1), None).is_err());
    }

    #[test]
    fn patches_follow_the_contract() {
        use Interval::{Daily, Monthly};
        let stored = Credits { remaining: Some(3), refill: Some(refill(Daily, None)) };
        let patched = |remaining, refill| {
            let mut credits = stored.clone();
            CreditsPatch { remaining, refill }.apply(&mut credits).map(|()| credits)
        };
        assert_eq!(patched(Patch::Keep, Patch::Keep).unwrap(), stored);
        assert_eq!(patched(Patch::Clear, Patch::Keep).unwrap(), Credits::default());
        assert_eq!(patched(Patch::Clear, Patch::Clear).unwrap(), Credits::default());
        assert_eq!(patched(Patch::Keep, Patch::Clear).unwrap(), Credits { remaining: Some(3), refill: None });
        assert_eq!(
            patched(Patch::Set(9), Patch::Keep).unwrap(),
            Credits { remaining: Some(9), ..stored.clone() }
        );
        assert_eq!(
            patched(Patch::Clear, Patch::Set(refill(Monthly, Some(2)))).unwrap(),
            Credits { remaining: None, refill: Some(refill(Monthly, Some(2))) }
        );
        assert!(patched(Patch::Keep, Patch::Set(refill(Daily, Some(1)))).is_err());
        assert!(patched(Patch::Keep, Patch::Set(refill(Monthly, None))).is_err());
        assert!(patched(Patch::Set(-1), Patch::Keep).is_err());
        let mut unlimited = Credits::default();
        let patch = CreditsPatch { remaining: Patch::Keep, refill: Patch::Set(refill(Daily, None)) };
        patch.apply(&mut unlimited).unwrap();
        assert!(unlimited.remaining.is_none() && unlimited.refill.is_some());
    }
}
