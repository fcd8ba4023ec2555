//! Secrets and signatures as Standard Webhooks has them: `whsec_` and base64 of 24 to
//! 64 bytes; HMAC-SHA256 over id, time and body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use base::entropy::Entropy;
use base::error::{Error, Result};
use base::ids::{WebhookId, WorkspaceId};
use base::secret::PlainKey;

const PREFIX: &str = "whsec_";

pub(super) fn mint(entropy: &Entropy) -> PlainKey {
    PlainKey::new(format!("{PREFIX}{}", STANDARD.encode(entropy.bytes::<32>())))
}

/// What a stored secret is bound to.
pub(super) fn binding(workspace: &WorkspaceId, endpoint: &WebhookId) -> String {
    format!("{workspace}/webhooks/{endpoint}")
}

/// One signature for the header. Several are parted by spaces.
pub(super) fn sign(secret: &PlainKey, id: &str, timestamp_s: i64, body: &str) -> Result<String> {
    let key = secret.reveal().strip_prefix(PREFIX).and_then(|text| STANDARD.decode(text).ok());
    let key = key.ok_or_else(|| Error::internal("a stored secret of a webhook has another form"))?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(Error::internal)?;
    mac.update(format!("{id}.{timestamp_s}.{body}").as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the libraries of Standard Webhooks.
    #[test]
    fn the_published_example_has_its_signature() {
        let secret = PlainKey::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let signed =
            sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}").unwrap();
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_has_the_published_form() {
        let secret = mint(&Entropy::seeded(1));
        let bytes = STANDARD.decode(secret.reveal().strip_prefix("whsec_").unwrap()).unwrap();
        assert!((24..=64).contains(&bytes.len()));
        assert!(!format!("{secret:?}").contains("whsec_"));
    }
}
