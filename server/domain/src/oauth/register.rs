//! Registering a client (RFC 7591), which anybody may: it gives nothing but a name
//! under which to ask.

use base::ids::OauthClientId;

use super::budget::REGISTRATIONS;
use super::{Client, Failure, Oauth, Reason, Refused, redirect_uri, store};
use base::access::OpCtx;
use base::error::Error;

/// Addresses of one client.
pub const MAX_REDIRECT_URIS: usize = 10;

const MAX_NAME_CHARACTERS: usize = 80;

/// What a client says of itself, as far as it matters here.
#[derive(Clone, Debug, Default)]
pub struct Registration {
    pub redirect_uris: Vec<String>,
    pub name: Option<String>,
    /// `None` is the code grant, which is the default of the standard.
    pub grant_types: Option<Vec<String>>,
    pub response_types: Option<Vec<String>>,
}

impl Oauth {
    /// Remembers a client. Is in no audit log: nobody gained anything, and strangers
    /// could fill a log that is kept for good.
    ///
    /// Fails with `too_many_attempts` beyond the budget of the address.
    pub async fn register(&self, cx: &OpCtx, command: Registration) -> Result<Client, Failure> {
        self.charge(cx, REGISTRATIONS).await?;
        check(&command)?;
        let client = Client {
            id: self.entropy.id(OauthClientId::PREFIX, cx.now_ms),
            name: command.name.map(|name| name.trim().to_owned()).unwrap_or_default(),
            redirect_uris: command.redirect_uris,
            created_at: cx.now_ms,
        };
        let new = &client;
        self.store.write(|tx| async move { store::insert_client(&tx, new).await }).await?;
        Ok(client)
    }

    /// Whether a client may ask.
    pub async fn is_registered(&self, client_id: &str) -> Result<bool, Error> {
        let id = OauthClientId::from(client_id);
        Ok(store::find_client(self.store.read(), &id).await?.is_some())
    }
}

fn check(command: &Registration) -> Result<(), Refused> {
    let uris = &command.redirect_uris;
    if !(1..=MAX_REDIRECT_URIS).contains(&uris.len()) {
        let detail = format!("redirect_uris has 1 to {MAX_REDIRECT_URIS} addresses.");
        return Err(Refused::new(Reason::InvalidRedirectUri, detail));
    }
    for (index, uri) in uris.iter().enumerate() {
        if let Some(problem) = redirect_uri::problem(uri) {
            let detail = format!("redirect_uris[{index}]: an address {problem}.");
            return Err(Refused::new(Reason::InvalidRedirectUri, detail));
        }
    }
    let lacks = |list: &Option<Vec<String>>, needed: &str| {
        list.as_ref().is_some_and(|list| !list.iter().any(|own| own == needed))
    };
    let metadata = |detail: &str| Err(Refused::new(Reason::InvalidClientMetadata, detail));
    if lacks(&command.grant_types, "authorization_code") {
        return metadata("The only grant_type is authorization_code.");
    }
    if lacks(&command.response_types, "code") {
        return metadata("The only response_type is code.");
    }
    match &command.name {
        Some(name) if name.chars().count() > MAX_NAME_CHARACTERS => {
            metadata(&format!("client_name has at most {MAX_NAME_CHARACTERS} characters."))
        }
        Some(name) if name.chars().any(is_deceptive) => {
            metadata("client_name has no control characters and none that change the direction of text.")
        }
        _ => Ok(()),
    }
}

/// Characters by which a name could look like the text around it.
fn is_deceptive(c: char) -> bool {
    let is_invisible = matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    );
    c.is_control() || is_invisible
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Registration {
        Registration { redirect_uris: vec!["http://127.0.0.1/cb".to_owned()], ..Registration::default() }
    }

    fn reason(command: &Registration) -> Option<Reason> {
        check(command).err().map(|refused| refused.reason)
    }

    #[test]
    fn a_client_says_what_it_wants_of_what_there_is() {
        let list = |items: &[&str]| Some(items.iter().map(|item| (*item).to_owned()).collect());
        assert_eq!(reason(&plain()), None);
        let grants = list(&["refresh_token", "authorization_code"]);
        assert_eq!(reason(&Registration { grant_types: grants, ..plain() }), None);
        for wrong in [
            Registration { grant_types: list(&["client_credentials"]), ..plain() },
            Registration { grant_types: list(&[]), ..plain() },
            Registration { response_types: list(&["token"]), ..plain() },
            Registration { name: Some("n".repeat(MAX_NAME_CHARACTERS + 1)), ..plain() },
            Registration { name: Some("Cursor\n".into()), ..plain() },
            Registration { name: Some("Cursor\u{202e}rosruC".into()), ..plain() },
            Registration { name: Some("Cur\u{200b}sor".into()), ..plain() },
        ] {
            assert_eq!(reason(&wrong), Some(Reason::InvalidClientMetadata), "{wrong:?}");
        }
        for uris in [vec![], vec!["javascript:x".to_owned()], vec!["http://localhost/".to_owned(); 11]] {
            let wrong = Registration { redirect_uris: uris, ..plain() };
            assert_eq!(reason(&wrong), Some(Reason::InvalidRedirectUri), "{wrong:?}");
        }
    }
}
