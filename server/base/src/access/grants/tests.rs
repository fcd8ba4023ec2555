use std::sync::Arc;

use crate::ids::{RequestId, RootKeyId, SessionId, UserId};

use crate::ids::{ApiId, KeyId, KeyspaceId};

use super::*;
use crate::access::{Door, RootKeyPrincipal, UserPrincipal};

fn holder(permissions: &[&str]) -> OpCtx {
    let grants = Grants::new(false, permissions.iter().map(|text| (*text).to_owned()));
    let principal = RootKeyPrincipal {
        id: RootKeyId::from("key_1"),
        name: None,
        grants,
        expires_at: None,
        ip_allowlist: Vec::new(),
        limit_per_minute: None,
        budget_key: None,
    };
    let (workspace, request) = (WorkspaceId::from("ws_1"), RequestId::from("req_1"));
    OpCtx::new(Principal::RootKey(Arc::new(principal)), workspace, 0, request, Door::V2)
}

fn key() -> (ApiId, KeyspaceId, KeyId) {
    (ApiId::from("api_1"), KeyspaceId::from("ks_1"), KeyId::from("key_9"))
}

#[test]
fn either_spelling_grants() {
    let (api, keyspace, id) = key();
    let target = Target::key(&api, &keyspace, &id);
    for permission in [
        "api.*.read_key",
        "api.api_1.read_key",
        "unkey:v1:ws_1:keyspaces/ks_1/keys/key_9#read_key",
        "unkey:v1:ws_1:keyspaces/*/keys/*#read_key",
        "unkey:v1:ws_1:keyspaces/**#read_key",
        "unkey:v1:ws_1:**#*",
    ] {
        assert!(holder(&[permission]).may(Operation::KeyRead, target), "{permission}");
    }
    for permission in [
        "*",
        "api.*.*",
        "api.api_2.read_key",
        "api.*.update_key",
        "unkey:v1:ws_2:**#*",
        "unkey:v1:ws_1:keyspaces/*#read_key",
        "unkey:v1:ws_1:keyspaces/ks_1/keys/key_9#update_key",
    ] {
        assert!(!holder(&[permission]).may(Operation::KeyRead, target), "{permission}");
    }
}

#[test]
fn tuple_only_operations_ignore_the_admin_urn() {
    let (api, keyspace, _) = key();
    assert!(!holder(&["unkey:v1:ws_1:**#*"]).may(Operation::ApiRead, Target::api(&api, &keyspace)));
}

#[test]
fn refusals_name_what_is_missing() {
    let (api, keyspace, _) = key();
    let refused = holder(&[]).require(Operation::ApiRead, Target::api(&api, &keyspace)).unwrap_err();
    assert_eq!(refused.code(), Code::InsufficientPermissions);
    assert_eq!(refused.detail(), "Missing one of these permissions: api.*.read_api or api.api_1.read_api");
    let refused = holder(&[]).require(Operation::ApiCreate, Target::NONE).unwrap_err();
    assert_eq!(refused.detail(), "Missing permission: 'api.*.create_api'");
}

#[test]
fn masked_operations_answer_as_absent() {
    let (api, keyspace, _) = key();
    let target = Target::api(&api, &keyspace);
    let refused = holder(&["api.*.read_key"]).require(Operation::ApiListKeys, target).unwrap_err();
    assert_eq!(refused.code(), Code::ApiNotFound);
    assert!(holder(&["api.*.read_key", "api.api_1.read_api"]).may(Operation::ApiListKeys, target));
}

#[test]
fn v1_knows_a_star_and_hides_nothing() {
    let (api, keyspace, id) = key();
    let at_v1 = |permissions: &[&str]| OpCtx { door: Door::V1, ..holder(permissions) };
    let target = Target::key(&api, &keyspace, &id);
    for permission in ["*", "api.*.read_key", "api.api_1.read_key", "unkey:v1:ws_1:keyspaces/**#read_key"] {
        assert!(at_v1(&[permission]).may(Operation::KeyWhoami, target), "{permission}");
    }
    assert!(!holder(&["*"]).may(Operation::KeyWhoami, target));
    let refused = at_v1(&["rbac.*.read_role", "api.x.read_key"]).require(Operation::KeyWhoami, target);
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), Code::InsufficientPermissions);
    assert_eq!(
        refused.detail(),
        r#"Missing one of these permissions: ['"*"', '"api.*.read_key"', '"api.api_1.read_key"'], have: ['api.x.read_key', 'rbac.*.read_role']"#
    );
    let refused = at_v1(&["api.*.read_key"]).require(Operation::ApiListKeys, Target::api(&api, &keyspace));
    let both = r#"'{"and":[{"or":["api.*.read_key","api.api_1.read_key"]},{"or":["api.*.read_api","api.api_1.read_api"]}]}'"#;
    assert!(refused.unwrap_err().detail().contains(both));
    let refused = at_v1(&[]).require(Operation::NamespaceCreate, Target::NONE).unwrap_err();
    assert_eq!(refused.code(), Code::NamespaceNotFound);
}

#[test]
fn nobody_may_even_what_any_root_key_may() {
    let (api, keyspace, id) = key();
    let target = Target::key(&api, &keyspace, &id);
    let at_v1 = OpCtx { door: Door::V1, ..holder(&[]) };
    at_v1.require(Operation::KeySetRoles, target).unwrap();
    assert!(holder(&[]).require(Operation::KeySetRoles, target).is_err());
    let nobody = OpCtx { principal: Principal::Anonymous, ..at_v1 };
    assert!(!nobody.may(Operation::KeySetRoles, target));
    assert!(nobody.require(Operation::KeySetRoles, target).is_err());
}

#[test]
fn malformed_urns_grant_nothing() {
    for text in [
        "unkey:v1:ws_1:a//b#read",
        "unkey:v1:ws_1:**/a#read",
        "unkey:v1:ws_1:a*#read",
        "unkey:v1:ws_1:a#",
        "unkey:v1:ws_1:a#*",
        "unkey:v1:ws_1:a#_x",
        "unkey:v1::a#read",
        "unkey:v1:ws_1:a#b#c",
    ] {
        assert_eq!(Urn::parse(text), None, "{text}");
    }
}

fn person(role: Option<Role>) -> OpCtx {
    let user = UserPrincipal {
        id: UserId::from("user_1"),
        name: "Ada".to_owned(),
        email: "ada@example.com".to_owned(),
        role,
        session: SessionId::from("ses_1"),
    };
    OpCtx { principal: Principal::User(Arc::new(user)), door: Door::Dashboard, ..holder(&[]) }
}

#[test]
fn each_role_adds_to_the_weaker_ones() {
    let steps = [
        (Role::Viewer, Operation::KeyRead),
        (Role::Viewer, Operation::AuditRead),
        (Role::Viewer, Operation::MemberRead),
        (Role::Viewer, Operation::ViewSave),
        (Role::Operator, Operation::KeyDecrypt),
        (Role::Operator, Operation::KeyCreate),
        (Role::Operator, Operation::OverrideSet),
        (Role::Operator, Operation::NamespaceDelete),
        (Role::Admin, Operation::ApiUpdate),
        (Role::Admin, Operation::RootKeyCreate),
        (Role::Admin, Operation::MemberInvite),
        (Role::Admin, Operation::Export),
        (Role::Owner, Operation::OwnerManage),
        (Role::Owner, Operation::WorkspaceDelete),
    ];
    for (needed, operation) in steps {
        for role in Role::ALL {
            let may = person(Some(role)).may(operation, Target::NONE);
            assert_eq!(may, role >= needed, "{operation:?} as {role:?}");
        }
    }
}

#[test]
fn a_refused_person_learns_which_role_it_takes() {
    let refused = person(Some(Role::Viewer)).require(Operation::KeyCreate, Target::NONE).unwrap_err();
    assert_eq!(refused.code(), Code::InsufficientPermissions);
    assert_eq!(refused.detail(), "Your role here is viewer; this takes operator.");
    let refused = person(None).require(Operation::KeyRead, Target::NONE).unwrap_err();
    assert_eq!(refused.code(), Code::WorkspaceNotFound);
    let refused = person(Some(Role::Owner)).require(Operation::AccountRecover, Target::NONE).unwrap_err();
    assert_eq!(refused.code(), Code::InsufficientPermissions);
}

#[test]
fn what_concerns_people_is_closed_to_root_keys() {
    let mut full = holder(&[]);
    full.principal = Principal::RootKey(Arc::new(RootKeyPrincipal {
        id: RootKeyId::from("key_1"),
        name: None,
        grants: Grants::new(true, []),
        expires_at: None,
        ip_allowlist: Vec::new(),
        limit_per_minute: None,
        budget_key: None,
    }));
    for cx in [full.clone(), holder(&["unkey:v1:ws_1:**#*"])] {
        for operation in [Operation::OwnerManage, Operation::MemberInvite, Operation::WorkspaceDelete] {
            assert!(!cx.may(operation, Target::NONE), "{operation:?}");
            let refused = cx.require(operation, Target::NONE).unwrap_err();
            assert_eq!(refused.code(), Code::InsufficientPermissions, "{operation:?}");
        }
        assert!(cx.may(Operation::AuditRead, Target::NONE));
    }
    assert!(!holder(&["unkey:v1:ws_1:audit#write"]).may(Operation::AuditRead, Target::NONE));
}
