//! AES-256-GCM with the nonce in front.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use zeroize::Zeroizing;

use base::error::{Error, Result};

pub(super) const NONCE_BYTES: usize = 12;

/// The key of a workspace's ciphertexts. Wiped from memory when dropped.
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub fn seal(&self, nonce: [u8; NONCE_BYTES], plain: &[u8], binding: &str) -> Result<Vec<u8>> {
        seal(&self.0, nonce, plain, binding)
    }

    pub fn open(&self, sealed: &[u8], binding: &str) -> Result<Vec<u8>> {
        open(&self.0, sealed, binding)
    }
}

/// Encrypts `plain`, bound to `binding`. A nonce must never repeat for one key.
pub(super) fn seal(key: &[u8; 32], nonce: [u8; NONCE_BYTES], plain: &[u8], binding: &str) -> Result<Vec<u8>> {
    let payload = Payload { msg: plain, aad: binding.as_bytes() };
    let sealed = Aes256Gcm::new(key.into())
        .encrypt(Nonce::from_slice(&nonce), payload)
        .map_err(|_| Error::internal("encryption failed"))?;
    Ok([&nonce[..], &sealed].concat())
}

/// Decrypts what [`seal`] made with the same key and binding.
pub(super) fn open(key: &[u8; 32], sealed: &[u8], binding: &str) -> Result<Vec<u8>> {
    let failed = || Error::internal("decryption failed: wrong key, wrong binding or damaged ciphertext");
    let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES).ok_or_else(failed)?;
    let payload = Payload { msg: sealed, aad: binding.as_bytes() };
    Aes256Gcm::new(key.into()).decrypt(Nonce::from_slice(nonce), payload).map_err(|_| failed())
}
