//! What a root key is asked for (RFC 8707): the addresses of MCP on this server.

/// Paths of the protected resources, without a slash at the end.
pub const PROTECTED: [&str; 4] = ["/mcp", "/mcp/v1", "/mcp/v2", "/mcp/ratelimits"];

/// Whether `resource` is one of them on the server at `origin`.
pub fn is_protected(origin: &str, resource: &str) -> bool {
    let path = resource.strip_prefix(origin);
    path.is_some_and(|path| PROTECTED.contains(&path.strip_suffix('/').unwrap_or(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_those_of_this_server() {
        let origin = "https://keys.example.com";
        for path in ["/mcp", "/mcp/", "/mcp/v1", "/mcp/v2", "/mcp/ratelimits/"] {
            assert!(is_protected(origin, &format!("{origin}{path}")), "{path}");
        }
        for other in [
            "",
            "/mcp",
            origin,
            "https://keys.example.com.evil.example/mcp",
            "https://evil.example/mcp",
            "http://keys.example.com/mcp",
            "https://keys.example.com/mcp//",
            "https://keys.example.com/mcp/v3",
            "https://keys.example.com/mcp?a=b",
            "https://keys.example.com/mcp#a",
            "https://keys.example.com/v2/keys.verifyKey",
        ] {
            assert!(!is_protected(origin, other), "{other}");
        }
    }
}
