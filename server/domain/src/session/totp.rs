//! Time-based one-time codes (RFC 6238): six digits, thirty seconds, SHA-1,
//! which is what every authenticator understands. The time is ours.

use qrcode::QrCode;
use qrcode::render::svg;
use totp_rs::{Builder, Secret, Totp};

use base::error::{Error, Result};

/// The recommended length of a secret.
pub(super) const SECRET_BYTES: usize = 20;

const ISSUER: &str = "unkey";

/// How long a code is shown.
const STEP_MS: i64 = 30_000;

/// A last code so many steps ahead, five minutes, was used by a clock that was
/// ahead: it does not keep those from being used that come before it. One nearer
/// does, so that no code works twice where a clock is set back by a little.
const STEPS_AHEAD: i64 = 10;

/// The code generator of a user.
pub(super) struct Generator(Totp);

impl Generator {
    /// Of a secret, and the account that authenticators show beside it.
    pub fn new(secret: &[u8], account: &str) -> Result<Self> {
        // A colon separates issuer and account.
        Builder::new()
            .with_secret(secret)
            .with_issuer(Some(ISSUER))
            .with_account_name(account.replace(':', " "))
            .build()
            .map(Self)
            .map_err(Error::internal)
    }

    pub fn from_base32(secret: &str, account: &str) -> Result<Self> {
        let secret = Secret::try_from_base32(secret).map_err(Error::internal)?;
        Self::new(&secret, account)
    }

    /// The step whose code this is, if it is the current one or one beside it,
    /// and newer than the last one used.
    pub fn step(&self, typed: &str, now_ms: i64, last_step: Option<i64>) -> Option<i64> {
        let code: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
        let now_s = u64::try_from(now_ms / 1000).ok()?;
        let step = i64::try_from(self.0.check(&code, now_s)?).ok()?;
        let last_step = last_step.filter(|last| last - now_ms / STEP_MS <= STEPS_AHEAD);
        last_step.is_none_or(|last| step > last).then_some(step)
    }

    pub fn secret(&self) -> &[u8] {
        self.0.secret()
    }

    /// For typing in by hand.
    pub fn base32(&self) -> String {
        self.0.secret().to_base32()
    }

    pub fn url(&self) -> Result<String> {
        self.0.to_url().map_err(Error::internal)
    }

    /// The URL as an `<svg>` element, dark on light in every theme.
    pub fn qr_svg(&self) -> Result<String> {
        let code = QrCode::new(self.url()?).map_err(Error::internal)?;
        let document = code.render::<svg::Color>().min_dimensions(200, 200).build();
        let element = document.find("<svg").map_or(document.as_str(), |start| &document[start..]);
        Ok(element.to_owned())
    }

    #[cfg(test)]
    pub fn code(&self, now_ms: i64) -> String {
        self.0.generate(u64::try_from(now_ms / 1000).unwrap()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Secret and codes of RFC 6238, appendix B, cut to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let generator = Generator::new(b"12345678901234567890", "a@example.com").unwrap();
        for (second, code) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
            let now_ms = second * 1000;
            assert_eq!(generator.step(code, now_ms, None), Some(second / 30), "{second}");
            assert_eq!(generator.step(code, now_ms + STEP_MS, None), Some(second / 30), "one step late");
            assert_eq!(generator.step(code, now_ms - STEP_MS, None), Some(second / 30), "one step early");
            assert_eq!(generator.step(code, now_ms - 2 * STEP_MS, None), None, "too early");
            assert_eq!(generator.step(code, now_ms + 90_000, None), None, "too late");
            assert_eq!(generator.step(code, now_ms, Some(second / 30)), None, "used before");
            assert_eq!(
                generator.step(code, now_ms, Some(second / 30 + STEPS_AHEAD)),
                None,
                "a clock set back"
            );
            let ahead = Some(second / 30 + STEPS_AHEAD + 1);
            assert_eq!(generator.step(code, now_ms, ahead), Some(second / 30), "a clock that was ahead");
        }
        assert_eq!(generator.step("28708", 59_000, None), None);
        assert_eq!(generator.step("287 082", 59_000, None), Some(1));
    }

    #[test]
    fn authenticators_learn_issuer_account_and_secret() {
        let generator = Generator::new(&[7; SECRET_BYTES], "a:b@example.com").unwrap();
        let url = generator.url().unwrap();
        let expected =
            format!("otpauth://totp/unkey:a%20b%40example.com?secret={}&issuer=unkey", generator.base32());
        assert_eq!(url, expected);
        let svg = generator.qr_svg().unwrap();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>") && !svg.contains("style="), "{svg}");
        let again = Generator::from_base32(&generator.base32(), "a@example.com").unwrap();
        assert_eq!(again.secret(), [7; SECRET_BYTES]);
    }
}
