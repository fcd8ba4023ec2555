//! Which events an endpoint is told of: all, those whose names begin with something,
//! or single ones.

use serde_json::{Value, json};

use base::audit::Event;
use base::error::{Error, Result};

/// Names that a choice may hold.
const MAX_NAMES: usize = 100;

/// A choice of events: `*`, `key.*` or `key.create`, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventChoice(Vec<String>);

impl EventChoice {
    /// Fails with `invalid_input` on what chooses no event that there is.
    pub fn new(names: Vec<String>) -> Result<Self> {
        if names.is_empty() || names.len() > MAX_NAMES {
            return Err(Error::invalid(format!("Choose 1 to {MAX_NAMES} events; `*` is all of them.")));
        }
        if let Some(unknown) = names.iter().find(|name| !Event::ALL.iter().any(|event| chooses(name, *event)))
        {
            return Err(Error::invalid(format!(
                "`{unknown}` chooses no event: name one of the audit log, such as `key.create`, or several, \
                 such as `key.*`."
            )));
        }
        Ok(Self(names))
    }

    /// Whether an endpoint with this choice is told. One that is tried is the only one
    /// that hears of it, whatever it has chosen.
    pub fn includes(&self, event: &str) -> bool {
        event != Event::WebhookTest.as_str() && self.0.iter().any(|name| is_named(name, event))
    }

    pub fn names(&self) -> &[String] {
        &self.0
    }

    pub(super) fn to_json(&self) -> Value {
        json!(self.0)
    }

    /// As it was stored, by a version that may have known other events.
    pub(super) fn stored(text: &str) -> Result<Self> {
        Ok(Self(serde_json::from_str(text)?))
    }
}

fn chooses(name: &str, event: Event) -> bool {
    event != Event::WebhookTest && is_named(name, event.as_str())
}

/// A star stands for whole words after a dot only: `key.*` has nothing of `keyring.make`.
fn is_named(name: &str, event: &str) -> bool {
    match name.strip_suffix('*') {
        Some("") => true,
        Some(start) => start.ends_with('.') && event.len() > start.len() && event.starts_with(start),
        None => name == event,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event() -> impl Strategy<Value = Event> {
        (0..Event::ALL.len()).prop_map(|place| Event::ALL[place])
    }

    proptest! {
        /// Told by the words between dots, which is another way to say it.
        #[test]
        fn a_choice_includes_what_its_words_begin(
            names in prop::collection::vec((event(), 0usize..4), 1..5),
            asked in event(),
        ) {
            let name = |(event, words): &(Event, usize)| {
                let all: Vec<&str> = event.as_str().split('.').collect();
                match words {
                    0 => "*".to_owned(),
                    words if *words < all.len() => format!("{}.*", all[..*words].join(".")),
                    _ => event.as_str().to_owned(),
                }
            };
            let texts: Vec<String> = names.iter().map(name).collect();
            let chosen = texts.iter().any(|text| {
                let words: Vec<&str> = text.split('.').collect();
                let asked: Vec<&str> = asked.as_str().split('.').collect();
                match words.split_last() {
                    Some((&"*", start)) => asked.len() > start.len() && asked.starts_with(start),
                    _ => words == asked,
                }
            });
            match EventChoice::new(texts.clone()) {
                Ok(choice) => {
                    let expected = chosen && asked != Event::WebhookTest;
                    prop_assert_eq!(choice.includes(asked.as_str()), expected, "{:?}", texts);
                }
                Err(_) => prop_assert!(texts.iter().any(|text| text == "webhook.test"), "{:?}", texts),
            }
        }

        #[test]
        fn any_text_is_a_choice_or_refused(text in ".{0,20}", asked in event()) {
            if let Ok(choice) = EventChoice::new(vec![text.clone()]) {
                prop_assert!(text == "*" || text.contains('.'), "{}", text);
                choice.includes(asked.as_str());
            }
        }
    }

    #[test]
    fn stars_stand_after_dots_only() {
        for wrong in ["key*", "k*", "*.create", "key.", "", "key", "nothing.*", "**", "key.**"] {
            assert!(EventChoice::new(vec![wrong.to_owned()]).is_err(), "{wrong}");
        }
        let choice = EventChoice::new(vec!["key.*".to_owned()]).unwrap();
        assert!(
            choice.includes("key.create") && !choice.includes("key.") && !choice.includes("rootkey.create")
        );
    }
}
