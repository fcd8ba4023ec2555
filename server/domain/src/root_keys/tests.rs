use std::sync::Arc;

use ipnet::IpNet;
use proptest::prelude::*;

use super::*;
use base::access::{Grants, OpCtx, Principal};
use base::clock::HOUR_MS;
use base::error::{Code, Result};
use base::patch::Patch;
use base::secret::PlainKey;
use base::store::testing::{NOW_MS, TestStore, owner};

async fn open() -> (TestStore, RootKeys) {
    let test = TestStore::open().await;
    let limiter = RateLimiter::new(10, test.store.database().clone());
    let keys = RootKeys::new(test.store.clone(), Entropy::seeded(3), LastUsed::default(), limiter);
    (test, keys)
}

fn plain() -> CreateRootKey {
    CreateRootKey {
        name: None,
        permissions: Vec::new(),
        full: false,
        expires_at: None,
        ip_allowlist: None,
        limit_per_minute: None,
    }
}

/// A root key that may do everything, within these bounds.
fn bound(expires_at: Option<i64>, networks: &str, limit_per_minute: Option<u64>) -> OpCtx {
    let principal = RootKeyPrincipal {
        id: RootKeyId::from("key_bound"),
        name: None,
        grants: Grants::new(true, []),
        expires_at,
        ip_allowlist: crate::apis::allowlist::parse(networks).unwrap(),
        limit_per_minute,
        budget_key: None,
    };
    OpCtx { principal: Principal::RootKey(Arc::new(principal)), ..owner() }
}

async fn made(keys: &RootKeys, cx: &OpCtx, command: CreateRootKey) -> Result<RootKeyDetails> {
    let (id, _) = keys.create(cx, command).await?;
    keys.get(&owner(), &id).await
}

fn code<T>(outcome: Result<T>) -> Code {
    outcome.err().expect("a refusal").code()
}

#[tokio::test]
async fn a_child_inherits_what_bounds_its_maker() {
    let (_test, keys) = open().await;
    let maker = bound(None, "192.0.2.0/24,2001:db8::1", Some(30));
    let child = made(&keys, &maker, plain()).await.unwrap();
    assert_eq!(child.ip_allowlist.as_deref(), Some("192.0.2.0/24,2001:db8::1"));
    assert_eq!(child.limit_per_minute, Some(30));
    let narrow = CreateRootKey {
        ip_allowlist: Some(" 192.0.2.7 , 192.0.2.128/25".into()),
        limit_per_minute: Some(29),
        ..plain()
    };
    let child = made(&keys, &maker, narrow).await.unwrap();
    assert_eq!(child.ip_allowlist.as_deref(), Some("192.0.2.7,192.0.2.128/25"));
    assert_eq!(child.limit_per_minute, Some(29));
    let free = made(&keys, &owner(), plain()).await.unwrap();
    assert_eq!((free.ip_allowlist, free.limit_per_minute), (None, None));
}

#[tokio::test]
async fn a_child_that_asks_for_more_is_refused() {
    let (_test, keys) = open().await;
    let maker = bound(Some(NOW_MS + HOUR_MS), "192.0.2.0/24", Some(30));
    let within = || CreateRootKey { expires_at: Some(NOW_MS + HOUR_MS), ..plain() };
    made(&keys, &maker, within()).await.unwrap();
    for wider in [
        CreateRootKey { expires_at: None, ..within() },
        CreateRootKey { expires_at: Some(NOW_MS + HOUR_MS + 1), ..within() },
        CreateRootKey { limit_per_minute: Some(31), ..within() },
        CreateRootKey { ip_allowlist: Some(String::new()), ..within() },
        CreateRootKey { ip_allowlist: Some(" , ".into()), ..within() },
        CreateRootKey { ip_allowlist: Some("192.0.2.1,198.51.100.1".into()), ..within() },
        CreateRootKey { ip_allowlist: Some("192.0.2.0/23".into()), ..within() },
        CreateRootKey { ip_allowlist: Some("0.0.0.0/0".into()), ..within() },
        CreateRootKey { ip_allowlist: Some("::/0".into()), ..within() },
    ] {
        let asked = format!("{:?} {:?} {:?}", wider.expires_at, wider.limit_per_minute, wider.ip_allowlist);
        assert_eq!(code(made(&keys, &maker, wider).await), Code::InsufficientPermissions, "{asked}");
    }
}

#[tokio::test]
async fn a_list_without_an_address_is_refused() {
    let (_test, keys) = open().await;
    let id = made(&keys, &owner(), plain()).await.unwrap().key.id;
    for list in ["", " , "] {
        let create = CreateRootKey { ip_allowlist: Some(list.into()), ..plain() };
        assert_eq!(code(made(&keys, &owner(), create).await), Code::InvalidInput, "{list}");
        let set = UpdateRootKey { ip_allowlist: Patch::Set(list.into()), ..UpdateRootKey::new(id.clone()) };
        assert_eq!(code(keys.update(&owner(), set).await), Code::InvalidInput, "{list}");
    }
}

#[tokio::test]
async fn a_bound_root_key_changes_and_rerolls_none_that_is_less_bound() {
    let (_test, keys) = open().await;
    let caller = bound(None, "192.0.2.0/24", Some(30));
    let reroll = async |id: &RootKeyId| {
        keys.reroll(&caller, RerollRootKey { id: id.clone(), overlap_ms: None }).await.map(drop)
    };
    for free in [
        plain(),
        CreateRootKey { ip_allowlist: Some("192.0.2.1".into()), ..plain() },
        CreateRootKey { limit_per_minute: Some(30), ..plain() },
        CreateRootKey { ip_allowlist: Some("192.0.0.0/16".into()), limit_per_minute: Some(1), ..plain() },
    ] {
        let id = made(&keys, &owner(), free).await.unwrap().key.id;
        let grant = UpdateRootKey { full: true, ..UpdateRootKey::new(id.clone()) };
        assert_eq!(code(keys.update(&caller, grant).await), Code::InsufficientPermissions);
        assert_eq!(code(reroll(&id).await), Code::InsufficientPermissions);
    }
    let own = CreateRootKey { ip_allowlist: Some("192.0.2.1".into()), limit_per_minute: Some(30), ..plain() };
    let id = made(&keys, &owner(), own).await.unwrap().key.id;
    let change = || UpdateRootKey::new(id.clone());
    for wider in [
        UpdateRootKey { ip_allowlist: Patch::Clear, ..change() },
        UpdateRootKey { ip_allowlist: Patch::Set(" ".into()), ..change() },
        UpdateRootKey { ip_allowlist: Patch::Set("10.0.0.1".into()), ..change() },
        UpdateRootKey { limit_per_minute: Patch::Clear, ..change() },
        UpdateRootKey { limit_per_minute: Patch::Set(31), ..change() },
    ] {
        assert_eq!(code(keys.update(&caller, wider).await), Code::InsufficientPermissions);
    }
    let narrower = UpdateRootKey { limit_per_minute: Patch::Set(2), full: true, ..change() };
    keys.update(&caller, narrower).await.unwrap();
    let (next, _) = keys.reroll(&caller, RerollRootKey { id, overlap_ms: Some(0) }).await.unwrap();
    let next = keys.get(&owner(), &next).await.unwrap();
    assert_eq!((next.ip_allowlist.as_deref(), next.limit_per_minute), (Some("192.0.2.1"), Some(2)));
}

#[tokio::test]
async fn generations_stay_within_the_first() {
    let (_test, keys) = open().await;
    let command = CreateRootKey {
        full: true,
        ip_allowlist: Some("192.0.2.0/24".into()),
        limit_per_minute: Some(9),
        ..plain()
    };
    let (_, first) = keys.create(&owner(), command).await.unwrap();
    let mut secret = first.clone();
    for _ in 0..3 {
        secret = child_of(&keys, &secret).await;
    }
    let outside = keys.authenticate(secret.reveal(), Some([198, 51, 100, 1].into()), NOW_MS).await;
    assert_eq!(code(outside), Code::Forbidden);
    let inside = keys.authenticate(secret.reveal(), Some([192, 0, 2, 9].into()), NOW_MS).await.unwrap();
    for _ in 0..9 {
        assert!(keys.charge(&inside, NOW_MS).await.is_ok());
    }
    assert!(keys.charge(&inside, NOW_MS).await.is_err(), "the tenth request of a minute");
    let sibling = child_of(&keys, &first).await;
    for other in [first, sibling] {
        let other = keys.authenticate(other.reveal(), Some([192, 0, 2, 9].into()), NOW_MS).await.unwrap();
        assert!(keys.charge(&other, NOW_MS).await.is_err(), "all generations count together");
    }
}

#[tokio::test]
async fn a_rerolled_root_key_and_its_successor_count_together() {
    let (_test, keys) = open().await;
    let (id, old) =
        keys.create(&owner(), CreateRootKey { limit_per_minute: Some(2), ..plain() }).await.unwrap();
    let reroll = RerollRootKey { id, overlap_ms: Some(60_000) };
    let (_, new) = keys.reroll(&owner(), reroll).await.unwrap();
    for (secret, has_passed) in [(&old, true), (&new, true), (&old, false), (&new, false)] {
        let caller = keys.authenticate(secret.reveal(), None, NOW_MS).await.unwrap();
        assert_eq!(keys.charge(&caller, NOW_MS).await.is_ok(), has_passed);
    }
}

async fn child_of(keys: &RootKeys, secret: &PlainKey) -> PlainKey {
    let parent = keys.authenticate(secret.reveal(), Some([192, 0, 2, 1].into()), NOW_MS).await.unwrap();
    let cx = OpCtx { principal: Principal::RootKey(parent.principal), ..owner() };
    keys.create(&cx, CreateRootKey { full: true, ..plain() }).await.unwrap().1
}

/// A network among the sixteen addresses 192.0.2.0 to 192.0.2.15.
fn small_network() -> impl Strategy<Value = IpNet> {
    (0_u8..16, 28_u8..=32)
        .prop_map(|(host, bits)| IpNet::new([192, 0, 2, host].into(), bits).unwrap().trunc())
}

fn addresses(networks: &[IpNet]) -> Vec<u8> {
    let is_in =
        |host: &u8| networks.iter().any(|net| net.contains(&std::net::IpAddr::from([192, 0, 2, *host])));
    (0..16).filter(is_in).collect()
}

proptest! {
    #[test]
    fn a_list_lies_within_another_if_each_address_does(
        outer in prop::collection::vec(small_network(), 1..6),
        inner in prop::collection::vec(small_network(), 1..6),
        limits: (Option<u16>, Option<u16>),
    ) {
        let caller = RootKeyPrincipal {
            id: RootKeyId::from("key_bound"),
            name: None,
            grants: Grants::new(false, []),
            expires_at: None,
            ip_allowlist: outer.clone(),
            limit_per_minute: limits.0.map(u64::from),
            budget_key: None,
        };
        let cx = OpCtx { principal: Principal::RootKey(Arc::new(caller)), ..owner() };
        let wanted = bounded_by_maker::Use { expires_at: None, networks: inner.clone(), limit_per_minute: limits.1.map(i64::from) };
        let (outer, inner) = (addresses(&outer), addresses(&inner));
        let is_inside = inner.iter().all(|address| outer.contains(address));
        let is_slower = limits.0.is_none_or(|own| limits.1.is_some_and(|wanted| wanted <= own));
        prop_assert_eq!(bounded_by_maker::check_use(&cx, &wanted).is_ok(), is_inside && is_slower);
    }
}
