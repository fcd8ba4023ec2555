//! What the contract of one door offers to others: its operations, and one endpoint
//! that carries them out as it would for a caller of its own.
//!
//! Doors do not import each other. The composition of the routes hands such an
//! offer from the door that has the operations to the one that shows them in
//! another protocol, so nothing about an operation is written twice.

use base::access::Operation as Right;
use base::error::Error;
use base::ids::RequestId;
use bytes::Bytes;
use poem::Response;
use poem::endpoint::BoxEndpoint;
use serde_json::Value;

/// What carrying out an operation does to what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Reads,
    /// Adds to it, changes it, or counts against a limit or a balance.
    Writes,
    /// Takes something away: a resource, what it may do, or a secret that worked.
    Destroys,
}

/// An operation that a root key may ask for, as another door shows it.
pub struct OfferedOperation {
    /// `/v2/keys.createKey`.
    pub path: &'static str,
    pub summary: &'static str,
    pub effect: Effect,
    /// Without it, on whatever target, the operation does nothing.
    pub needs: Right,
    /// An `Idempotency-Key` makes it happen once.
    pub idempotent: bool,
    /// `data.key` of its answer is a secret that was just made, `data.keyId` its id.
    pub makes_key: bool,
    /// JSON Schemas without references, with what the types say of themselves.
    pub request: Value,
    /// Of the envelope of a success.
    pub response: Value,
}

/// All of a contract that may be offered.
pub struct Offer {
    /// In the order of the contract.
    pub operations: fn() -> Vec<OfferedOperation>,
    /// Answers their requests. What it writes down names the door that was offered them.
    pub endpoint: BoxEndpoint<'static, Response>,
    /// Status and body of a failure; the text is the address of this server.
    pub failure: fn(&Error, &RequestId, &str) -> (u16, Bytes),
}

impl OfferedOperation {
    /// `keys.createKey`.
    pub fn name(&self) -> &'static str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }
}
