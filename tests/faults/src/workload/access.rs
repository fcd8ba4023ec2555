//! Permissions and roles of a key: given, taken, set and deleted through every
//! door, and asked for by verifications. The key, its roles and what those grant
//! are one object, because a verification shows them as one.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::{Hand, Workload};
use crate::checker::Stored;
use crate::doors::change::{Change, Door};
use crate::model::{Known, Outcome};

/// Permissions and roles that there may be.
const PERMISSIONS: usize = 3;
const ROLES: usize = 2;

/// The one key of a thread and what it may.
pub struct Access {
    key: String,
    secret: String,
    slugs: Vec<String>,
    /// Their ids; a permission is never deleted.
    permission_ids: Vec<String>,
    roles: Vec<Role>,
    known: Known<State>,
}

struct Role {
    name: String,
    id: Option<String>,
    /// Ids that roles of its name have had.
    ids: BTreeSet<String>,
}

/// Permissions and roles by their numbers.
#[derive(Clone, Debug, PartialEq)]
struct State {
    own: BTreeSet<usize>,
    roles: BTreeSet<usize>,
    /// What each role grants; `None` when there is none.
    grants: Vec<Option<BTreeSet<usize>>>,
}

impl State {
    fn may(&self, permission: usize) -> bool {
        let by_role =
            |role: &usize| self.grants[*role].as_ref().is_some_and(|grants| grants.contains(&permission));
        self.own.contains(&permission) || self.roles.iter().any(by_role)
    }

    fn code(&self, permission: usize) -> &'static str {
        if self.may(permission) { "VALID" } else { "INSUFFICIENT_PERMISSIONS" }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<_> = self.roles.iter().map(|role| role.id.as_deref().unwrap_or("none")).collect();
        write!(f, "access of key {} (roles {ids:?}, permissions {:?})", self.key, self.permission_ids)
    }
}

impl Access {
    pub fn new(hand: &mut Hand<'_>) -> Self {
        let slugs: Vec<_> = (0..PERMISSIONS).map(|_| hand.fresh("may").replace('-', ".")).collect();
        let create = |slug: &String| {
            let body = serde_json::json!({ "name": slug, "slug": slug });
            let data = hand.prepare_v2("permissions.createPermission", &body);
            data["permissionId"].as_str().unwrap_or_default().to_owned()
        };
        let permission_ids = slugs.iter().map(create).collect();
        let new = hand.new_key("access");
        let made = hand.prepare(Door::V2, &Change::CreateKey(new));
        let roles = (0..ROLES).map(|_| Role { name: hand.fresh("role"), id: None, ids: BTreeSet::new() });
        let roles = roles.collect();
        let state = State { own: BTreeSet::new(), roles: BTreeSet::new(), grants: vec![None; ROLES] };
        let mut known = Known::new(state.clone());
        // The key itself left one group of entries.
        known.note(&Outcome::Done(()), state);
        Self {
            key: made.id.unwrap_or_default(),
            secret: made.secret.unwrap_or_default(),
            slugs,
            permission_ids,
            roles,
            known,
        }
    }

    fn act(&mut self, hand: &mut Hand<'_>) {
        let Some(state) = self.known.sure().cloned() else { return };
        let role = hand.below(ROLES as u32) as usize;
        let made = match hand.below(3) {
            0 => self.change_own(hand, &state),
            1 => self.change_roles(hand, &state, role),
            _ => self.change_role(hand, &state, role),
        };
        let Some((change, next)) = made else { return };
        let (_, outcome) = hand.doors.make(&change);
        self.known.note(&outcome, next);
        match (change, outcome) {
            (Change::CreateRole { .. }, Outcome::Done(made)) => self.roles[role].now_is(made.id),
            (Change::DeleteRole { .. }, Outcome::Done(_)) => self.roles[role].id = None,
            _ => {}
        }
    }

    fn change_own(&self, hand: &mut Hand<'_>, state: &State) -> Option<(Change, State)> {
        let mut next = state.clone();
        let permission = hand.below(PERMISSIONS as u32) as usize;
        let (key, slug) = (self.key.clone(), self.slugs[permission].clone());
        if hand.chance(0.3) {
            next.own = subset(hand, PERMISSIONS);
            let slugs = next.own.iter().map(|number| self.slugs[*number].clone()).collect();
            return (next.own != state.own).then_some((Change::SetPermissions { key, slugs }, next));
        }
        if next.own.remove(&permission) {
            return Some((Change::TakePermission { key, slug }, next));
        }
        next.own.insert(permission);
        Some((Change::GivePermission { key, slug }, next))
    }

    fn change_roles(&self, hand: &mut Hand<'_>, state: &State, role: usize) -> Option<(Change, State)> {
        let mut next = state.clone();
        let (key, name) = (self.key.clone(), self.roles[role].name.clone());
        if next.roles.remove(&role) {
            return Some((Change::TakeRole { key, role: name }, next));
        }
        next.grants[role].as_ref()?;
        next.roles.insert(role);
        if hand.chance(0.3) {
            let roles = next.roles.iter().map(|number| self.roles[*number].name.clone()).collect();
            return Some((Change::SetRoles { key, roles }, next));
        }
        Some((Change::GiveRole { key, role: name }, next))
    }

    /// What a role grants, or whether it exists.
    fn change_role(&self, hand: &mut Hand<'_>, state: &State, role: usize) -> Option<(Change, State)> {
        let mut next = state.clone();
        let name = self.roles[role].name.clone();
        let grants = subset(hand, PERMISSIONS);
        let slugs = grants.iter().map(|number| self.slugs[*number].clone()).collect();
        let Some(before) = &state.grants[role] else {
            next.grants[role] = Some(grants);
            return Some((Change::CreateRole { name, slugs }, next));
        };
        let id = self.roles[role].id.clone()?;
        if hand.chance(0.25) {
            next.grants[role] = None;
            next.roles.remove(&role);
            return Some((Change::DeleteRole { id, name }, next));
        }
        if grants == *before {
            return None;
        }
        next.grants[role] = Some(grants);
        Some((Change::SetRolePermissions { id, slugs }, next))
    }

    fn look(&mut self, hand: &mut Hand<'_>) {
        let permission = hand.below(PERMISSIONS as u32) as usize;
        let door = hand.doors.any_api();
        let query = Some(self.slugs[permission].as_str());
        if let Outcome::Done(verdict) = hand.doors.connection.verify(door, &self.secret, 0, query) {
            let seen = format!("{door:?} verifies permission {permission}: {}", verdict.code);
            let seen = self.known.observe(&seen, |state| state.code(permission) == verdict.code);
            hand.site.journal.compare(&self.to_string(), seen);
        }
    }

    /// What is stored, by numbers.
    fn stored(&mut self, stored: &Stored) -> State {
        for role in &mut self.roles {
            let row = stored.rows("roles", "name", &role.name).next();
            role.now_is(row.and_then(|row| row["id"].as_str()).map(ToOwned::to_owned));
        }
        let permission =
            |row: &Value| self.permission_ids.iter().position(|id| row["permission_id"] == id.as_str());
        let role =
            |row: &Value| self.roles.iter().position(|role| role.id.as_deref() == row["role_id"].as_str());
        let grants = self.roles.iter().map(|role| {
            let id = role.id.as_deref()?;
            Some(stored.rows("roles_permissions", "role_id", id).filter_map(permission).collect())
        });
        State {
            own: stored.rows("keys_permissions", "key_id", &self.key).filter_map(permission).collect(),
            roles: stored.rows("keys_roles", "key_id", &self.key).filter_map(role).collect(),
            grants: grants.collect(),
        }
    }
}

impl Role {
    fn now_is(&mut self, id: Option<String>) {
        self.ids.extend(id.clone());
        self.id = id;
    }
}

fn subset(hand: &mut Hand<'_>, of: usize) -> BTreeSet<usize> {
    (0..of).filter(|_| hand.chance(0.4)).collect()
}

impl Workload for Access {
    fn step(&mut self, hand: &mut Hand<'_>) {
        self.look(hand);
        self.act(hand);
        self.look(hand);
    }

    fn check(&mut self, hand: &mut Hand<'_>, stored: &Stored) {
        let state = self.stored(stored);
        let ids = self.roles.iter().flat_map(|role| &role.ids).map(String::as_str);
        let groups = stored.groups(ids.chain([self.key.as_str()]));
        hand.site.journal.compare(&self.to_string(), self.known.settle(&state, groups));
        for permission in 0..PERMISSIONS {
            for door in [Door::V1, Door::V2] {
                let query = Some(self.slugs[permission].as_str());
                let verdict = hand.doors.connection.verify(door, &self.secret, 0, query);
                let found = hand.answered(self, verdict).map(|verdict| verdict.code);
                if found.as_deref() != Some(state.code(permission)) {
                    let model =
                        format!("{} for permission {permission}, stored: {state:?}", state.code(permission));
                    hand.violation(self, model, format!("{door:?} verifies: {found:?}"));
                }
            }
        }
    }
}
