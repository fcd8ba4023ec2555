//! A short text behind a passphrase, in the format of age v1: `age -d` opens it.
//!
//! Only what one text behind one passphrase needs: one stanza `scrypt`, and a payload
//! of one chunk. The library of that name brings sixty others, most of them for the
//! languages that its messages are in. See <https://age-encryption.org/v1>.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use base::entropy::Entropy;
use base::error::{Error, Result};
use base::secret::PlainKey;

const INTRODUCTION: &str = "age-encryption.org/v1\n";
const SALT_LABEL: &[u8] = b"age-encryption.org/v1/scrypt";

/// Two to the power of it times a KiB is the memory that a guess takes: 64 MiB.
const WORK: u8 = 16;

/// What somebody else chose costs no more than 256 MiB.
const MOST_WORK: u8 = 18;

/// Longer texts would need more than one chunk.
const MAX_TEXT_BYTES: usize = 64 << 10;
const MAX_SEALED_BYTES: usize = MAX_TEXT_BYTES + 1024;

const SALT_BYTES: usize = 16;
const FILE_KEY_BYTES: usize = 16;
const NONCE_BYTES: usize = 16;

/// Encrypts a text under a passphrase. Takes a good part of a second, on purpose.
pub fn seal(passphrase: &PlainKey, text: &[u8], entropy: &Entropy) -> Result<Vec<u8>> {
    if text.len() >= MAX_TEXT_BYTES {
        return Err(Error::internal("a text is too long to be sealed"));
    }
    let salt: [u8; SALT_BYTES] = entropy.bytes();
    let file_key = Zeroizing::new(entropy.bytes::<FILE_KEY_BYTES>());
    let wrapped = cipher(&*wrapping_key(passphrase, &salt, WORK)?)
        .encrypt(&Nonce::default(), file_key.as_slice())
        .map_err(|_| Error::internal("a key cannot be wrapped"))?;
    let header = format!(
        "{INTRODUCTION}-> scrypt {} {WORK}\n{}\n---",
        STANDARD_NO_PAD.encode(salt),
        STANDARD_NO_PAD.encode(wrapped)
    );
    let mut sealed = header.clone().into_bytes();
    let mac = header_mac(&*file_key, header.as_bytes())?.finalize().into_bytes();
    sealed.extend(format!(" {}\n", STANDARD_NO_PAD.encode(mac)).into_bytes());
    let nonce: [u8; NONCE_BYTES] = entropy.bytes();
    sealed.extend(nonce);
    let body = cipher(&*derive(&*file_key, &nonce, "payload")?)
        .encrypt(&last_chunk(), text)
        .map_err(|_| Error::internal("a text cannot be sealed"))?;
    sealed.extend(body);
    Ok(sealed)
}

/// Decrypts what [`seal`] or `age -p` made.
pub fn open(passphrase: &PlainKey, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let Parts { header, salt, work, wrapped, mac, payload } = Parts::read(sealed).ok_or_else(|| {
        Error::invalid("the sealed master key is not what age writes for a passphrase: the backup is damaged")
    })?;
    if work > MOST_WORK {
        return Err(Error::invalid("the sealed master key asks for more memory than may be spent on it"));
    }
    let wrong = || Error::invalid("the passphrase is not the one that the master key was sealed with");
    let file_key = cipher(&*wrapping_key(passphrase, &salt, work)?)
        .decrypt(&Nonce::default(), wrapped.as_slice())
        .map(Zeroizing::new)
        .map_err(|_| wrong())?;
    let damaged = || Error::invalid("the sealed master key is damaged");
    header_mac(&file_key, header)?.verify_slice(&mac).map_err(|_| damaged())?;
    let (nonce, body) = payload.split_at_checked(NONCE_BYTES).ok_or_else(damaged)?;
    let text =
        cipher(&*derive(&file_key, nonce, "payload")?).decrypt(&last_chunk(), body).map_err(|_| damaged())?;
    Ok(Zeroizing::new(text))
}

/// A sealed text, taken apart.
struct Parts<'a> {
    /// As far as its checksum covers it.
    header: &'a [u8],
    salt: Vec<u8>,
    work: u8,
    wrapped: Vec<u8>,
    mac: Vec<u8>,
    payload: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(sealed: &'a [u8]) -> Option<Self> {
        if sealed.len() > MAX_SEALED_BYTES {
            return None;
        }
        let end = sealed.windows(4).position(|four| four == b"\n---")? + 4;
        let (header, rest) = sealed.split_at(end);
        let stanza = std::str::from_utf8(header).ok()?.strip_prefix(INTRODUCTION)?.strip_suffix("\n---")?;
        let mut lines = stanza.split('\n');
        let words: Vec<&str> = lines.next()?.split(' ').collect();
        let ["->", "scrypt", salt, work] = words[..] else { return None };
        let wrapped = lines.next()?;
        if lines.next().is_some() {
            return None;
        }
        let line_end = rest.iter().position(|byte| *byte == b'\n')?;
        let mac = std::str::from_utf8(&rest[..line_end]).ok()?.strip_prefix(' ')?;
        Some(Self {
            header,
            salt: STANDARD_NO_PAD.decode(salt).ok().filter(|salt| salt.len() == SALT_BYTES)?,
            work: work.parse().ok().filter(|work| *work > 0)?,
            wrapped: STANDARD_NO_PAD.decode(wrapped).ok()?,
            mac: STANDARD_NO_PAD.decode(mac).ok()?,
            payload: &rest[line_end + 1..],
        })
    }
}

fn cipher(key: &[u8; 32]) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(key.into())
}

/// Counts chunks, and says that this is the last.
fn last_chunk() -> Nonce {
    let mut nonce = Nonce::default();
    nonce[11] = 1;
    nonce
}

fn wrapping_key(passphrase: &PlainKey, salt: &[u8], work: u8) -> Result<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new([0; 32]);
    let params = scrypt::Params::new(work, 8, 1, 32).map_err(|error| Error::internal(error.to_string()))?;
    let salt = [SALT_LABEL, salt].concat();
    scrypt::scrypt(passphrase.reveal().as_bytes(), &salt, &params, &mut *key)
        .map_err(|error| Error::internal(error.to_string()))?;
    Ok(key)
}

fn derive(file_key: &[u8], salt: &[u8], purpose: &str) -> Result<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(salt), file_key)
        .expand(purpose.as_bytes(), &mut *key)
        .map_err(|_| Error::internal("a key cannot be derived"))?;
    Ok(key)
}

fn header_mac(file_key: &[u8], header: &[u8]) -> Result<Hmac<Sha256>> {
    let key = derive(file_key, &[], "header")?;
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&*key).map_err(Error::internal)?;
    mac.update(header);
    Ok(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by `age -p` 1.1.1 with the passphrase below.
    const BY_AGE: &[u8] = include_bytes!("age_fixture.age");

    fn phrase(text: &str) -> PlainKey {
        PlainKey::new(text.to_owned())
    }

    #[test]
    fn what_the_program_age_sealed_is_opened() {
        let text = open(&phrase("correct horse battery staple"), BY_AGE).unwrap();
        assert_eq!(&**text, b"the key\n");
    }

    #[test]
    fn another_passphrase_and_any_damage_are_told() {
        let sealed = seal(&phrase("right"), b"the key", &Entropy::seeded(1)).unwrap();
        assert_eq!(&**open(&phrase("right"), &sealed).unwrap(), b"the key");
        assert!(open(&phrase("wrong"), &sealed).unwrap_err().detail().contains("passphrase"));
        for cut in [0, 1, 20, 60, 90, sealed.len() - 1] {
            assert!(open(&phrase("right"), &sealed[..cut]).is_err(), "{cut}");
        }
        for place in [30, 50, sealed.len() - 40, sealed.len() - 1] {
            let mut damaged = sealed.clone();
            damaged[place] ^= 1;
            assert!(open(&phrase("right"), &damaged).is_err(), "{place}");
        }
        assert!(open(&phrase("right"), &vec![b'-'; MAX_SEALED_BYTES + 1]).is_err());
    }

    #[test]
    fn nobody_can_ask_for_any_amount_of_memory() {
        let sealed = seal(&phrase("right"), b"the key", &Entropy::seeded(1)).unwrap();
        let text = String::from_utf8_lossy(&sealed);
        let place = text.find(" 16\n").unwrap() + 1;
        let mut greedy = sealed;
        greedy[place..place + 2].copy_from_slice(b"30");
        assert!(open(&phrase("right"), &greedy).unwrap_err().detail().contains("memory"));
    }
}
