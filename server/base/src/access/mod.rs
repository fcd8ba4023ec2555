//! Who asks for an operation, and whether they may: the context of a call, and the
//! permissions its principal carries.
//!
//! The two belong together: a principal holds its grants, and the check of the
//! grants reads the principal. Deliberately absent: finding out who asks (doors
//! and `session` do) and looking resources up.

mod grants;
mod op;

pub use self::grants::{Denial, Grants, Operation, Role, Target, Urn, VisibleIds, by_path};
pub use self::op::{
    Claimant, Door, IdempotencyKey, OpCtx, PortalUser, Principal, RootKeyPrincipal, Scope, Task,
    UserPrincipal,
};
