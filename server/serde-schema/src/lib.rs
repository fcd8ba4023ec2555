//! `#[serde_schema]`: the schema of a type as serde reads and writes it.
//!
//! poem-openapi derives schemas, serde reads and writes, and each has attributes of
//! its own for names and defaults. This one derives `Object` or `Enum` and repeats to
//! it what the type tells serde, so that the document cannot say another name than
//! the one on the wire. What serde has no word for (bounds, the name of the schema,
//! `deprecated`) stays an attribute of poem-openapi's, `oai`.
//!
//! Deliberately absent: attributes that no contract of ours needs. One that changes
//! names and is not known here does not compile.

mod repeat;

use proc_macro::TokenStream;
use quote::ToTokens;
use syn::{DeriveInput, parse_macro_input};

/// Derives `poem_openapi::Object` of a struct and `poem_openapi::Enum` of an enum,
/// with the names and the defaults that serde has.
///
/// ```ignore
/// #[serde_schema]
/// #[derive(Deserialize)]
/// #[serde(rename_all = "camelCase")]
/// struct CreateApiBody {
///     #[oai(validator(min_length = 3))]
///     api_name: String,
///     #[serde(default)]
///     tags: Vec<String>,
/// }
/// ```
#[proc_macro_attribute]
pub fn serde_schema(_arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut item = parse_macro_input!(item as DeriveInput);
    match repeat::to_poem_openapi(&mut item) {
        Ok(()) => item.into_token_stream().into(),
        Err(error) => error.into_compile_error().into(),
    }
}
