//! Which tools a client wants: by the address it calls and the query behind it.
//!
//! A selection protects, so nothing about it is guessed: what cannot be read is an
//! error, and a tool that is not shown cannot be called.

use poem::http::Uri;

use crate::http::offered::Effect;
use base::error::{Error, Result};

/// The address that has rate limits only.
pub const RATELIMITS: &str = "/mcp/ratelimits";
const RATELIMIT: &str = "ratelimit";

/// Those that hand out power, shown to whoever names them.
const OPT_IN: [&str; 3] = ["rootKeys", "portal", "webhooks"];
/// All the others.
const DEFAULT: &str = "default";

/// The tools that a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    toolsets: Vec<&'static str>,
    readonly: bool,
}

impl Selection {
    /// `?readonly=true` and `?toolsets=keys,ratelimit` of an address; `known` are the
    /// toolsets there are.
    pub fn parse(uri: &Uri, known: &[&'static str]) -> Result<Self> {
        let offered: Vec<&'static str> = match uri.path().trim_end_matches('/') {
            RATELIMITS => vec![RATELIMIT],
            _ => known.to_vec(),
        };
        let (mut readonly, mut named) = (None, None);
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            match &*name {
                "readonly" if readonly.is_none() => readonly = Some(read_switch(&value)?),
                "toolsets" if named.is_none() => named = Some(read_toolsets(&value, &offered)?),
                "readonly" | "toolsets" => {
                    return Err(Error::invalid(format!("'{name}' is given more than once.")));
                }
                other => {
                    let detail = format!("There is no '{other}' here: 'readonly' and 'toolsets' are known.");
                    return Err(Error::invalid(detail));
                }
            }
        }
        let toolsets = named.unwrap_or_else(|| default_toolsets(&offered));
        Ok(Self { toolsets, readonly: readonly.unwrap_or(false) })
    }

    /// Whether a tool of this kind is among them.
    pub fn contains(&self, toolset: &str, effect: Effect) -> bool {
        self.toolsets.contains(&toolset) && (effect == Effect::Reads || !self.readonly)
    }
}

fn default_toolsets(offered: &[&'static str]) -> Vec<&'static str> {
    offered.iter().copied().filter(|name| !OPT_IN.contains(name)).collect()
}

fn read_switch(value: &str) -> Result<bool> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Error::invalid("'readonly' is true or false.")),
    }
}

fn read_toolsets(value: &str, offered: &[&'static str]) -> Result<Vec<&'static str>> {
    let mut toolsets = Vec::new();
    for name in value.split(',').map(str::trim) {
        match offered.iter().find(|known| **known == name) {
            Some(known) => toolsets.push(*known),
            None if name == DEFAULT => toolsets.extend(default_toolsets(offered)),
            None => {
                let known = offered.join(", ");
                let detail = format!("There is no toolset '{name}' here: choose among {DEFAULT}, {known}.");
                return Err(Error::invalid(detail));
            }
        }
    }
    Ok(toolsets)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 4] = ["keys", "ratelimit", "rootKeys", "portal"];

    fn parse(address: &str) -> std::result::Result<Selection, String> {
        Selection::parse(&address.parse().unwrap(), &KNOWN).map_err(|error| error.detail().to_owned())
    }

    fn toolsets(address: &str) -> Vec<&'static str> {
        parse(address).unwrap().toolsets
    }

    #[test]
    fn power_is_handed_out_to_whoever_asks_for_it() {
        assert_eq!(toolsets("/mcp"), ["keys", "ratelimit"]);
        assert_eq!(toolsets("/mcp/v2?toolsets=default,rootKeys"), ["keys", "ratelimit", "rootKeys"]);
        assert_eq!(toolsets("/mcp?toolsets=portal"), ["portal"]);
        assert_eq!(toolsets("/mcp?toolsets=keys%2C%20ratelimit"), ["keys", "ratelimit"]);
    }

    #[test]
    fn the_address_of_rate_limits_has_no_others() {
        for address in ["/mcp/ratelimits", "/mcp/ratelimits/", "/mcp/ratelimits/?toolsets=ratelimit"] {
            assert_eq!(toolsets(address), ["ratelimit"], "{address}");
        }
        assert!(parse("/mcp/ratelimits/?toolsets=keys").is_err());
    }

    #[test]
    fn a_selection_is_never_guessed() {
        for query in [
            "readonly",
            "readonly=1",
            "readonly=TRUE",
            "readOnly=true",
            "readonly=true&readonly=false",
            "toolsets=",
            "toolsets=key",
            "toolsets=keys,",
            "toolsets=keys&toolsets=ratelimit",
            "tools=keys",
        ] {
            assert!(parse(&format!("/mcp?{query}")).is_err(), "{query}");
        }
    }

    #[test]
    fn reading_leaves_out_whatever_changes() {
        let all = parse("/mcp?readonly=false").unwrap();
        let reading = parse("/mcp?readonly=true").unwrap();
        for effect in [Effect::Writes, Effect::Destroys] {
            assert!(all.contains("keys", effect) && !reading.contains("keys", effect));
        }
        assert!(reading.contains("keys", Effect::Reads) && !reading.contains("portal", Effect::Reads));
    }
}
