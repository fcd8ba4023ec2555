//! The master key, and the two there are while one replaces the other.
//!
//! Where it is kept is the business of [`super::source`].

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::seal::{self, DataKey, NONCE_BYTES};
use base::error::{Error, Result};

/// 32 bytes that everything recoverable hangs on. Wiped from memory when dropped.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads 32 bytes in standard base64.
    pub fn from_base64(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).ok()?);
        bytes.as_slice().try_into().ok().map(Self::new)
    }

    pub(super) fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(*self.0))
    }

    /// Names the key without telling it.
    pub fn fingerprint(&self) -> String {
        STANDARD.encode(self.derive("unkey master key fingerprint"))
    }

    /// A key for one purpose, which tells nothing of this one.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut derived = [0; 32];
        Hkdf::<Sha256>::new(None, &*self.0)
            .expand(purpose.as_bytes(), &mut derived)
            .expect("32 bytes are a valid length for HKDF-SHA-256");
        derived
    }

    pub(super) fn seal(
        &self,
        nonce: [u8; NONCE_BYTES],
        data_key: &DataKey,
        workspace: &str,
    ) -> Result<Vec<u8>> {
        seal::seal(&self.0, nonce, data_key.bytes(), workspace)
    }

    pub(super) fn open(&self, sealed: &[u8], workspace: &str) -> Result<DataKey> {
        let plain = Zeroizing::new(seal::open(&self.0, sealed, workspace)?);
        let bytes =
            plain.as_slice().try_into().map_err(|_| Error::internal("a data key has the wrong length"))?;
        Ok(DataKey::new(bytes))
    }
}

/// The key in use and, after a rotation has begun, the other one of the two.
///
/// Which of them the database goes by is known from its fingerprint alone: a
/// commit can fail and have happened all the same. Both open; what is sealed in
/// a transaction is sealed with the one this transaction sees.
pub(super) struct MasterKeys {
    current: MasterKey,
    other: Option<MasterKey>,
}

impl MasterKeys {
    pub fn new(current: MasterKey) -> Self {
        Self { current, other: None }
    }

    pub fn current(&self) -> &MasterKey {
        &self.current
    }

    /// A key that the database may go by soon.
    pub fn expect(&mut self, next: MasterKey) {
        self.other = Some(next);
    }

    /// The one with this fingerprint.
    pub fn find(&self, fingerprint: &str) -> Result<&MasterKey> {
        [Some(&self.current), self.other.as_ref()]
            .into_iter()
            .flatten()
            .find(|key| key.fingerprint() == fingerprint)
            .ok_or_else(|| {
                Error::internal("the database goes by a master key that this process does not know")
            })
    }

    /// The database goes by the one with this fingerprint.
    pub fn settle(&mut self, fingerprint: &str) {
        if self.current.fingerprint() != fingerprint
            && let Some(other) = self.other.take_if(|other| other.fingerprint() == fingerprint)
        {
            // Reads that began before may still hold what the old one sealed.
            self.other = Some(std::mem::replace(&mut self.current, other));
        }
    }

    /// Opens a data key that either of them sealed.
    pub fn open(&self, sealed: &[u8], workspace: &str) -> Result<DataKey> {
        let opened = self.current.open(sealed, workspace);
        match (&opened, &self.other) {
            (Err(_), Some(other)) => other.open(sealed, workspace).or(opened),
            _ => opened,
        }
    }
}
