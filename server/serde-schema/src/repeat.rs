//! What serde is told, said once more to poem-openapi.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Error, Field, Meta, Result, Token, Type, parse_quote};

/// Derives the schema, with attributes that repeat those of serde.
pub fn to_poem_openapi(item: &mut DeriveInput) -> Result<()> {
    let derived = match &mut item.data {
        Data::Struct(data) => {
            data.fields.iter_mut().try_for_each(repeat_field)?;
            format_ident!("Object")
        }
        Data::Enum(data) => {
            for variant in &mut data.variants {
                repeat(&mut variant.attrs, |meta| Ok(name(meta)?.then(|| quote!(#meta))))?;
            }
            format_ident!("Enum")
        }
        Data::Union(_) => return Err(Error::new_spanned(&item.ident, "a union has no schema")),
    };
    repeat(&mut item.attrs, |meta| Ok(name(meta)?.then(|| quote!(#meta))))?;
    // Before the attributes that belong to it.
    item.attrs.insert(0, parse_quote!(#[derive(::poem_openapi::#derived)]));
    Ok(())
}

/// A member that may be left out, read or written, has a default, unless its type
/// says so already.
fn repeat_field(field: &mut Field) -> Result<()> {
    let is_option = is_option(&field.ty);
    let mut has_default = false;
    repeat(&mut field.attrs, |meta| {
        if meta.path().is_ident("default") {
            let is_first = !std::mem::replace(&mut has_default, true);
            return Ok((!is_option && is_first).then(|| quote!(#meta)));
        }
        if meta.path().is_ident("skip_serializing_if") {
            let is_first = !std::mem::replace(&mut has_default, true);
            return Ok((!is_option && is_first).then(|| quote!(default)));
        }
        Ok(name(meta)?.then(|| quote!(#meta)))
    })
}

/// Whether it is an attribute of names that both have.
fn name(meta: &Meta) -> Result<bool> {
    let path = meta.path();
    if path.is_ident("rename") || path.is_ident("rename_all") {
        // Of the form `rename(serialize = "...")` one schema could not be made.
        meta.require_name_value()?;
        return Ok(true);
    }
    let others =
        ["alias", "flatten", "rename_all_fields", "skip", "tag", "content", "untagged", "transparent"];
    match others.iter().find(|other| path.is_ident(other)) {
        Some(other) => {
            Err(Error::new_spanned(meta, format!("`{other}` has no counterpart in a schema here")))
        }
        None => Ok(false),
    }
}

/// Adds what `repeated` makes of each thing serde is told.
fn repeat(
    attributes: &mut Vec<Attribute>,
    mut repeated: impl FnMut(&Meta) -> Result<Option<TokenStream>>,
) -> Result<()> {
    let mut told = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        for meta in attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)? {
            told.extend(repeated(&meta)?);
        }
    }
    if !told.is_empty() {
        attributes.push(parse_quote!(#[oai(#(#told),*)]));
    }
    Ok(())
}

fn is_option(kind: &Type) -> bool {
    match kind {
        Type::Path(path) => path.path.segments.last().is_some_and(|segment| segment.ident == "Option"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use quote::ToTokens;

    use super::*;

    fn repeated(mut item: DeriveInput) -> std::result::Result<String, String> {
        to_poem_openapi(&mut item).map_err(|error| error.to_string())?;
        Ok(item.into_token_stream().to_string())
    }

    #[test]
    fn names_and_defaults_are_repeated() {
        let struct_of_names = parse_quote! {
            #[serde(rename_all = "camelCase", deny_unknown_fields)]
            struct Body {
                #[serde(rename = "type")]
                kind: String,
                #[serde(default = "one", deserialize_with = "number")]
                cost: i64,
                #[serde(default, deserialize_with = "present")]
                name: Option<String>,
                #[serde(skip_serializing_if = "Vec::is_empty", default)]
                tags: Vec<String>,
            }
        };
        let expected: DeriveInput = parse_quote! {
            #[derive(::poem_openapi::Object)]
            #[serde(rename_all = "camelCase", deny_unknown_fields)]
            #[oai(rename_all = "camelCase")]
            struct Body {
                #[serde(rename = "type")]
                #[oai(rename = "type")]
                kind: String,
                #[serde(default = "one", deserialize_with = "number")]
                #[oai(default = "one")]
                cost: i64,
                #[serde(default, deserialize_with = "present")]
                name: Option<String>,
                #[serde(skip_serializing_if = "Vec::is_empty", default)]
                #[oai(default)]
                tags: Vec<String>,
            }
        };
        assert_eq!(repeated(struct_of_names), Ok(expected.into_token_stream().to_string()));
    }

    #[test]
    fn variants_have_names_too() {
        let names = parse_quote! {
            #[serde(rename_all = "lowercase")]
            enum Unit {
                #[serde(rename = "daily")]
                Day,
            }
        };
        let expected: DeriveInput = parse_quote! {
            #[derive(::poem_openapi::Enum)]
            #[serde(rename_all = "lowercase")]
            #[oai(rename_all = "lowercase")]
            enum Unit {
                #[serde(rename = "daily")]
                #[oai(rename = "daily")]
                Day,
            }
        };
        assert_eq!(repeated(names), Ok(expected.into_token_stream().to_string()));
    }

    #[test]
    fn what_a_schema_would_not_show_does_not_compile() {
        for item in [
            parse_quote!(
                #[serde(rename_all(serialize = "camelCase"))]
                struct Two {
                    a: u8,
                }
            ),
            parse_quote!(
                struct Flat {
                    #[serde(flatten)]
                    rest: Rest,
                }
            ),
            parse_quote!(
                #[serde(untagged)]
                enum Any {
                    A,
                }
            ),
            parse_quote!(union Both { a: u8 }),
        ] {
            assert!(repeated(item).is_err());
        }
    }
}
