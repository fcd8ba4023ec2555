//! What is known of an object from the answers that its owner was given.
//!
//! A success is a promise: the change is there from then on. A clear refusal, or
//! a request that was never sent whole, changed nothing. Of everything else
//! nobody can tell: either state is fine until one of them was seen, and from
//! then on it is the state. An owner leaves an object alone while it is unsure
//! of it, so at most one change of an object is open.

use std::fmt::Debug;

/// How a request went.
#[derive(Clone, Debug)]
pub enum Outcome<T> {
    /// Answered with success: acknowledged.
    Done(T),
    /// Clearly not done.
    Refused(String),
    /// Done or not.
    Unsure {
        /// Whether it may still be carried out later: nobody has answered it.
        in_flight: bool,
        why: String,
    },
}

impl<T> Outcome<T> {
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Done(value) => Outcome::Done(f(value)),
            Self::Refused(why) => Outcome::Refused(why),
            Self::Unsure { in_flight, why } => Outcome::Unsure { in_flight, why },
        }
    }

    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(value) => Some(value),
            _ => None,
        }
    }
}

/// The state of an object, as far as it is known.
#[derive(Clone, Debug)]
pub struct Known<S> {
    state: S,
    perhaps: Option<Perhaps<S>>,
    /// Groups of audit entries that its changes have left.
    groups: u32,
}

#[derive(Clone, Debug)]
struct Perhaps<S> {
    state: S,
    in_flight: bool,
}

impl<S: Clone + PartialEq + Debug> Known<S> {
    /// Of an object that nobody has changed yet.
    pub fn new(state: S) -> Self {
        Self { state, perhaps: None, groups: 0 }
    }

    /// The state, unless it may be another.
    pub fn sure(&self) -> Option<&S> {
        self.perhaps.is_none().then_some(&self.state)
    }

    /// Notes how a change to `next` went, which leaves one group of audit entries.
    pub fn note<T>(&mut self, outcome: &Outcome<T>, next: S) {
        match outcome {
            Outcome::Done(_) => {
                self.state = next;
                self.perhaps = None;
                self.groups += 1;
            }
            Outcome::Refused(_) => {}
            Outcome::Unsure { in_flight, .. } => {
                self.perhaps = Some(Perhaps { state: next, in_flight: *in_flight });
            }
        }
    }

    /// Notes that nothing is under way any more: what did not come by now never will.
    pub fn quiet(&mut self) {
        if let Some(perhaps) = &mut self.perhaps {
            perhaps.in_flight = false;
        }
    }

    /// Notes what was seen while others may be at work; `fits` says of a state
    /// whether it explains that. Fails when none does.
    pub fn observe(&mut self, seen: &str, fits: impl Fn(&S) -> bool) -> Result<(), Mismatch> {
        let before = fits(&self.state);
        match &self.perhaps {
            Some(perhaps) => match (before, fits(&perhaps.state)) {
                (true, true) => {}
                (false, true) => self.adopt(),
                // What is under way may still come.
                (true, false) if perhaps.in_flight => {}
                (true, false) => self.perhaps = None,
                (false, false) => return Err(self.mismatch(seen)),
            },
            None if before => {}
            None => return Err(self.mismatch(seen)),
        }
        Ok(())
    }

    /// Notes what is stored when nothing is under way any more: one state, and
    /// so many groups of audit entries about the object.
    pub fn settle(&mut self, stored: &S, groups: u32) -> Result<(), Mismatch> {
        if self.perhaps.as_ref().is_some_and(|perhaps| perhaps.state == *stored) {
            self.adopt();
        } else if self.state == *stored {
            self.perhaps = None;
        } else {
            return Err(self.mismatch(&format!("stored: {stored:?}")));
        }
        if self.groups != groups {
            let model = format!("{} groups of audit entries", self.groups);
            // One complaint is enough.
            self.groups = groups;
            return Err(Mismatch { model, found: format!("{groups} groups") });
        }
        Ok(())
    }

    fn adopt(&mut self) {
        if let Some(perhaps) = self.perhaps.take() {
            self.state = perhaps.state;
            self.groups += 1;
        }
    }

    fn mismatch(&self, found: &str) -> Mismatch {
        let perhaps = self.perhaps.as_ref().map(|perhaps| format!(" or {:?}", perhaps.state));
        let model = format!("{:?}{}", self.state, perhaps.unwrap_or_default());
        Mismatch { model, found: found.to_owned() }
    }
}

/// What the model says and what is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    pub model: String,
    pub found: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const DONE: Outcome<()> = Outcome::Done(());

    fn unsure(in_flight: bool) -> Outcome<()> {
        Outcome::Unsure { in_flight, why: String::new() }
    }

    #[test]
    fn what_was_acknowledged_must_be_there_once() {
        let mut known = Known::new(0);
        known.note(&DONE, 1);
        assert!(known.settle(&1, 1).is_ok());
        assert!(known.settle(&0, 1).is_err(), "lost");
        assert!(known.settle(&1, 2).is_err(), "doubled");
        known.note(&Outcome::<()>::Refused(String::new()), 2);
        assert!(known.settle(&2, 2).is_err(), "refused and done all the same");
    }

    #[test]
    fn what_nobody_can_tell_is_settled_by_what_was_seen() {
        let mut known = Known::new(0);
        known.note(&unsure(false), 1);
        assert_eq!(known.sure(), None);
        assert!(known.clone().observe("2", |state| *state == 2).is_err());
        known.observe("0", |state| *state == 0).unwrap();
        assert_eq!(known.sure(), Some(&0));
        assert!(known.observe("1", |state| *state == 1).is_err(), "revived");
    }

    #[test]
    fn what_is_under_way_may_come_late_and_then_stays() {
        let mut known = Known::new(0);
        known.note(&unsure(true), 1);
        known.observe("0", |state| *state == 0).unwrap();
        known.observe("1", |state| *state == 1).unwrap();
        assert!(known.observe("0", |state| *state == 0).is_err());
        assert!(known.settle(&1, 1).is_ok());
    }

    #[test]
    fn what_did_not_come_by_the_time_all_is_quiet_never_may() {
        let mut known = Known::new(0);
        known.note(&unsure(true), 1);
        known.quiet();
        known.observe("0", |state| *state == 0).unwrap();
        assert!(known.observe("1", |state| *state == 1).is_err(), "revived");
    }
}
