//! Tests of overrides that end: against a model of two layers, what lasts and what
//! was put over it for a while.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::namespaces::Namespaces;
use super::overrides::{Lookup, Overrides, SetOverride};
use super::quota::Quota;
use base::access::OpCtx;
use base::entropy::Entropy;
use base::error::{Code, Field};
use base::store::Page;
use base::store::testing::{NOW_MS, TestStore, owner};

const IDENTIFIERS: [&str; 4] = ["ann", "a*", "*n", "bob"];

#[derive(Clone, Debug)]
enum Step {
    /// With the milliseconds until its end.
    Set(usize, u64, Option<i64>),
    Delete(usize),
    Wait(i64),
    CleanUp,
}

fn step() -> impl Strategy<Value = Step> {
    let set = (0..4usize, 0..9u64, prop::option::of(1..50i64));
    prop_oneof![
        4 => set.prop_map(|(of, limit, ends)| Step::Set(of, limit, ends)),
        1 => (0..4usize).prop_map(Step::Delete),
        3 => (1..40i64).prop_map(Step::Wait),
        1 => Just(Step::CleanUp),
    ]
}

/// What one identifier should have.
#[derive(Clone, Copy, Debug, Default)]
struct Layers {
    lasting: Option<u64>,
    /// With the first moment without it.
    for_a_while: Option<(u64, i64)>,
}

impl Layers {
    /// Whether an end lies behind that nobody told.
    fn is_over(self, now_ms: i64) -> bool {
        self.for_a_while.is_some_and(|(_, end_ms)| end_ms <= now_ms)
    }

    /// Limit and end at a moment.
    fn at(self, now_ms: i64) -> Option<(u64, Option<i64>)> {
        match self.for_a_while {
            Some((limit, end_ms)) if end_ms > now_ms => Some((limit, Some(end_ms))),
            _ => self.lasting.map(|limit| (limit, None)),
        }
    }
}

struct Room {
    test: TestStore,
    overrides: Overrides,
    namespaces: Namespaces,
    now_ms: i64,
    model: BTreeMap<&'static str, Layers>,
    /// How many ends should have been told.
    ends: usize,
}

impl Room {
    async fn open() -> Self {
        let test = TestStore::open().await;
        let namespaces = Namespaces::new(test.store.clone(), Entropy::seeded(1));
        namespaces.create(&owner(), &["mail"]).await.unwrap();
        let overrides = Overrides::new(test.store.clone(), Entropy::seeded(2), namespaces.clone());
        let model = IDENTIFIERS.map(|identifier| (identifier, Layers::default())).into();
        Self { test, overrides, namespaces, now_ms: NOW_MS, model, ends: 0 }
    }

    fn cx(&self) -> OpCtx {
        OpCtx { now_ms: self.now_ms, ..owner() }
    }

    fn command(&self, identifier: &str, limit: u64, expires_at: Option<i64>) -> SetOverride {
        SetOverride {
            namespace: "mail".to_owned(),
            identifier: identifier.to_owned(),
            limit: i64::try_from(limit).unwrap(),
            duration_ms: 1000 + i64::try_from(limit).unwrap(),
            is_async: false,
            expires_at,
        }
    }

    async fn take(&mut self, step: Step) {
        let now_ms = self.now_ms;
        match step {
            Step::Set(of, limit, ends) => {
                let identifier = IDENTIFIERS[of];
                let end_ms = ends.map(|ends| now_ms + ends);
                self.overrides.set(&self.cx(), self.command(identifier, limit, end_ms)).await.unwrap();
                let layers = self.model.get_mut(identifier).unwrap();
                self.ends += usize::from(layers.is_over(now_ms));
                match end_ms {
                    Some(end_ms) => layers.for_a_while = Some((limit, end_ms)),
                    None => *layers = Layers { lasting: Some(limit), for_a_while: None },
                }
            }
            Step::Delete(of) => {
                let deleted = self.overrides.delete(&self.cx(), "mail", IDENTIFIERS[of]).await;
                let layers = self.model.get_mut(IDENTIFIERS[of]).unwrap();
                assert_eq!(deleted.is_ok(), layers.at(now_ms).is_some());
                // What is over is only cleaned up: its row was not touched.
                if deleted.is_ok() {
                    self.ends += usize::from(layers.is_over(now_ms));
                    *layers = Layers::default();
                }
            }
            Step::Wait(by_ms) => self.now_ms += by_ms,
            Step::CleanUp => {
                let ended = self.overrides.end_due(now_ms).await.unwrap();
                let over: Vec<_> = self.model.values_mut().filter(|layers| layers.is_over(now_ms)).collect();
                assert_eq!(ended, over.len());
                self.ends += ended;
                over.into_iter().for_each(|layers| layers.for_a_while = None);
            }
        }
    }

    async fn is_as_modelled(&self) {
        let cx = self.cx();
        let snapshot = self.namespaces.find(&cx.workspace, "mail").await.unwrap().unwrap();
        let mut there = Vec::new();
        for (identifier, layers) in &self.model {
            let expected = layers.at(self.now_ms);
            let found = self.overrides.get(&cx, "mail", identifier, Lookup::Exact).await;
            let read = found.as_ref().ok().map(|one| (one.applies.quota.limit, one.expires_at()));
            assert_eq!(read, expected, "{identifier}");
            let applied = snapshot.override_for(identifier, self.now_ms).map(|found| found.quota);
            let quota = expected.map(|(limit, _)| Quota { limit, duration_ms: 1000 + limit });
            assert_eq!(applied, quota, "{identifier}");
            there.extend(expected.map(|_| (*identifier).to_owned()));
        }
        // The longest literal part wins, then the oldest: `a*` and `*n` differ in age.
        let mut exact_first =
            ["ann", "a*", "*n"].into_iter().filter_map(|one| self.model[one].at(self.now_ms));
        let applied = snapshot.override_of("ann", self.now_ms).map(|found| found.quota.limit);
        assert_eq!(applied.is_some(), exact_first.next().is_some());
        if let Some((limit, _)) = self.model["ann"].at(self.now_ms) {
            assert_eq!(applied, Some(limit));
        }
        let page = Page { limit: 2, cursor: None };
        let mut listed = self.overrides.list(&cx, "mail", &page).await.unwrap();
        let mut names: Vec<_> = listed.items.iter().map(|one| one.identifier.clone()).collect();
        while let Some(cursor) = listed.next.take() {
            let page = Page { cursor: Some(cursor), ..page.clone() };
            listed = self.overrides.list(&cx, "mail", &page).await.unwrap();
            names.extend(listed.items.iter().map(|one| one.identifier.clone()));
        }
        names.sort();
        assert_eq!(names, there);
        assert_eq!(self.overrides.count(&cx, "mail").await.unwrap(), there.len() as u64);
        let told = self.test.count("audit_log", "actor_id = 'override end'").await;
        assert_eq!(told, i64::try_from(self.ends).unwrap(), "each end is told once");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn an_override_with_an_end_is_a_layer_over_the_one_without(
        steps in prop::collection::vec(step(), 1..30),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut room = Room::open().await;
            for step in steps {
                room.take(step).await;
                room.is_as_modelled().await;
            }
        });
    }
}

#[tokio::test]
async fn an_end_lies_in_the_future() {
    let room = Room::open().await;
    for end_ms in [NOW_MS, NOW_MS - 1, 0, i64::MIN, 4_102_444_800_001, i64::MAX] {
        let refused = room.overrides.set(&room.cx(), room.command("ann", 1, Some(end_ms))).await.unwrap_err();
        assert_eq!((refused.code(), refused.field()), (Code::InvalidInput, Some(Field::Expires)));
    }
    room.overrides.set(&room.cx(), room.command("ann", 1, Some(NOW_MS + 1))).await.unwrap();
}

#[tokio::test]
async fn what_has_ended_is_told_once_in_the_audit_log() {
    let mut room = Room::open().await;
    room.take(Step::Set(0, 5, None)).await;
    room.take(Step::Set(0, 8, Some(10))).await;
    room.take(Step::Set(3, 8, Some(10))).await;
    room.take(Step::Wait(9)).await;
    assert_eq!(room.overrides.end_due(room.now_ms).await.unwrap(), 0, "it lasts to its last millisecond");
    room.take(Step::Wait(1)).await;
    let before = room.test.count("audit_log", "TRUE").await;
    room.take(Step::CleanUp).await;
    assert_eq!(room.overrides.end_due(room.now_ms).await.unwrap(), 0, "once");
    let mut events = room.test.events(usize::try_from(before).unwrap()).await;
    events.sort();
    assert_eq!(events, ["ratelimit.delete_override", "ratelimit.set_override"]);
    let told = room.test.count(
        "audit_log",
        "description = 'The override of ann in mail ended: 5 per 1005 ms holds again' \
         AND actor_id = 'override end' AND correlation_id IS NOT NULL",
    );
    assert_eq!(told.await, 1);
    assert_eq!(room.test.count("overrides", "deleted_at IS NULL AND expires_at IS NULL").await, 1);
}

#[tokio::test]
async fn a_pattern_that_is_set_anew_is_the_youngest() {
    for by_deletion in [true, false] {
        let mut room = Room::open().await;
        let set = async |room: &Room, of: &str, end_ms| {
            let command = room.command(of, if of == "a*" { 1 } else { 2 }, end_ms);
            room.overrides.set(&room.cx(), command).await.unwrap()
        };
        let first = set(&room, "a*", (!by_deletion).then_some(NOW_MS + 5)).await;
        room.now_ms += 1;
        set(&room, "*n", None).await;
        let applied = async |room: &Room| {
            let namespace = room.namespaces.find(&room.cx().workspace, "mail").await.unwrap().unwrap();
            namespace.override_of("ann", room.now_ms).map(|found| found.quota.limit)
        };
        assert_eq!(applied(&room).await, Some(1), "the oldest");
        room.now_ms += 10;
        if by_deletion {
            room.overrides.delete(&room.cx(), "mail", "a*").await.unwrap();
        }
        assert_eq!(applied(&room).await, Some(2));
        assert_eq!(set(&room, "a*", None).await, first, "it keeps its id");
        assert_eq!(applied(&room).await, Some(2), "and not its age");
    }
}

#[tokio::test]
async fn the_audit_log_says_what_was_below_a_raise() {
    let mut room = Room::open().await;
    room.take(Step::Set(0, 5, None)).await;
    room.take(Step::Set(0, 8, Some(10))).await;
    room.take(Step::Delete(0)).await;
    let below = "changes LIKE '%\"afterwards\":{\"after\":null,\"before\":{\"duration\":1005,\"limit\":5}}%'";
    assert_eq!(
        room.test.count("audit_log", &format!("event = 'ratelimit.delete_override' AND {below}")).await,
        1
    );
}

#[tokio::test]
async fn a_namespace_that_is_deleted_has_the_ends_of_its_overrides_told() {
    let mut room = Room::open().await;
    room.take(Step::Set(0, 8, Some(10))).await;
    room.take(Step::Wait(10)).await;
    room.namespaces.delete(&room.cx(), "mail").await.unwrap();
    assert_eq!(room.test.count("audit_log", "actor_id = 'override end'").await, 1);
    assert_eq!(room.overrides.end_due(room.now_ms).await.unwrap(), 0);
}
