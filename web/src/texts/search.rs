//! Texts of the search over everything.

// Search

pub const NO_KEY_HAS_THIS_SECRET: &str = "No key has this secret";
pub const NO_KEY_HAS_THIS_SECRET_HINT: &str =
    "It was hashed on arrival and looked up; neither was kept. The key may belong to another workspace.";
pub const SEARCH_EVERYTHING_HINT: &str = "Names, ids, external ids, starts and last characters of keys, \
    metadata, slugs, request ids. Or paste a whole key, or its SHA-256.";
pub const NOTHING_MATCHES: &str = "Nothing matches";
pub const NOTHING_MATCHES_HINT: &str = "Try fewer words, or part of an id.";

// Kinds of hits

pub const NAMESPACES: &str = "Namespaces";
