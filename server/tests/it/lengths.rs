//! How long functions may be, measured in the sources: a handler has 25 lines at
//! most, any other function 60, from its signature to its last brace.
//!
//! Tests are not measured: a test may tell a long story.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

const MAX_FUNCTION_LINES: usize = 60;
const MAX_HANDLER_LINES: usize = 25;

/// Crates of the product, below the root of the repository.
const CRATES: [&str; 4] = ["server", "web", "entity", "migration"];

/// Functions that may be longer, with the reason. Whoever shortens one takes it
/// out: the list only shrinks.
const LONGER: &[(&str, &str)] = &[
    ("server/base/src/access/grants/roles.rs::weakest", "a table: one line for each operation"),
    ("server/base/src/access/grants/rules.rs::of_v2", "a table: one line for each operation"),
    ("server/domain/src/verification/verify.rs::verify", "the one verifier, in the order of its contract"),
    ("server/src/http/v1/errors.rs::status", "a table: one line for each code"),
];

/// What handlers of a door take by value, and no other function.
const REQUESTS: [(&str, &[&str]); 3] = [
    ("server/src/http/dashboard/", &["MemberRequest", "VisitorRequest"]),
    ("server/src/http/v1/", &["Arc"]),
    ("server/src/http/v2/", &["Arc"]),
];

/// Where a function is, as `path::name`, and its lines.
struct Function {
    name: String,
    lines: usize,
    is_handler: bool,
}

impl Function {
    fn is_too_long(&self) -> bool {
        self.lines > if self.is_handler { MAX_HANDLER_LINES } else { MAX_FUNCTION_LINES }
    }
}

/// Collects the functions of one file.
struct Collector<'a> {
    path: &'a str,
    found: Vec<Function>,
}

impl Collector<'_> {
    fn add(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let lines = block.span().end().line - signature.span().start().line + 1;
        let name = format!("{}::{}", self.path, signature.ident);
        self.found.push(Function { name, lines, is_handler: is_handler(self.path, signature) });
    }
}

impl<'ast> Visit<'ast> for Collector<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_for_tests(&item.attrs) {
            self.add(&item.sig, &item.block);
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_for_tests(&item.attrs) {
            self.add(&item.sig, &item.block);
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.add(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }
}

/// `#[cfg(test)]`, `#[test]` and the like.
fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_test = attribute.path().segments.last().is_some_and(|segment| segment.ident == "test");
        let is_cfg_test = attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|argument| argument == "test");
        is_test || is_cfg_test
    })
}

/// An async function of a door that takes a request by value and answers it.
fn is_handler(path: &str, signature: &syn::Signature) -> bool {
    let Some((_, requests)) = REQUESTS.iter().find(|(folder, _)| path.starts_with(folder)) else {
        return false;
    };
    let takes_request = signature.inputs.iter().any(|input| match input {
        syn::FnArg::Typed(argument) => {
            last_name(&argument.ty).is_some_and(|name| requests.contains(&name.as_str()))
        }
        syn::FnArg::Receiver(_) => false,
    });
    signature.asyncness.is_some() && takes_request && gives_reply(&signature.output)
}

/// `Result<Reply>` or `Result<Reply<T>>`.
fn gives_reply(output: &syn::ReturnType) -> bool {
    let syn::ReturnType::Type(_, output) = output else { return false };
    let syn::Type::Path(output) = &**output else { return false };
    let Some(result) = output.path.segments.last() else { return false };
    let syn::PathArguments::AngleBracketed(arguments) = &result.arguments else { return false };
    arguments.args.iter().any(|argument| match argument {
        syn::GenericArgument::Type(inner) => last_name(inner).is_some_and(|name| name == "Reply"),
        _ => false,
    })
}

/// The name of a type that is no reference, without its path and arguments.
fn last_name(given: &syn::Type) -> Option<String> {
    match given {
        syn::Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

fn functions_of(path: &str, text: &str) -> Vec<Function> {
    let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut collector = Collector { path, found: Vec::new() };
    collector.visit_file(&file);
    collector.found
}

/// Sources of the product, without folders and files that only tests are made of.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    const OF_TESTS: [&str; 4] = ["tests", "benches", "target", "testing"];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if OF_TESTS.contains(&stem.as_str()) || stem == "properties" {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn all_functions() -> Vec<Function> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut paths = Vec::new();
    CRATES.iter().for_each(|name| sources(&root.join(name), &mut paths));
    let of_file = |path: &PathBuf| {
        let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
        functions_of(&name, &fs::read_to_string(path).unwrap())
    };
    paths.iter().flat_map(of_file).collect()
}

#[test]
fn functions_stay_short() {
    let functions = all_functions();
    let handlers = functions.iter().filter(|function| function.is_handler).count();
    assert!(functions.len() > 3000 && handlers > 200, "{} functions, {handlers} handlers", functions.len());
    let allowed: BTreeSet<&str> = LONGER.iter().map(|(name, _)| *name).collect();
    let long: Vec<&Function> = functions.iter().filter(|function| function.is_too_long()).collect();
    let unexpected: Vec<String> = long
        .iter()
        .filter(|function| !allowed.contains(function.name.as_str()))
        .map(|function| format!("{} has {} lines", function.name, function.lines))
        .collect();
    assert!(unexpected.is_empty(), "shorten these:\n{}", unexpected.join("\n"));
    let short: Vec<&&str> =
        allowed.iter().filter(|name| long.iter().all(|function| function.name != **name)).collect();
    assert!(short.is_empty(), "these are short by now, take them out of the list: {short:?}");
}

#[test]
fn lines_are_counted_from_the_signature_to_the_last_brace() {
    let text = "/// Words.\n#[must_use]\npub async fn page(\n    request: MemberRequest,\n) -> Result<Reply> {\n    \
                let brace = \"}\";\n    todo(brace)\n}\n\nfn helper(request: &MemberRequest) {}\n\n\
                #[cfg(test)]\nmod tests {\n    fn long() {}\n}\n\nimpl A {\n    fn own(&self) {\n    }\n}\n";
    let found = functions_of("server/src/http/dashboard/a.rs", text);
    let found: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.lines, one.is_handler)).collect();
    let expected = [
        ("server/src/http/dashboard/a.rs::page", 6, true),
        ("server/src/http/dashboard/a.rs::helper", 1, false),
        ("server/src/http/dashboard/a.rs::own", 2, false),
    ];
    assert_eq!(found, expected);
    assert!(!functions_of("server/src/apis/mod.rs", text)[0].is_handler);
}
