//! From the address of a list of keys to the filter that the domain understands.

use super::fields::Fields;

/// The filter of a list of keys, from the fields of its address: what is typed in
/// the box, and a term for each field that is filled in. Also what is done to all
/// keys of a list goes by this.
pub fn key_filter(fields: &Fields) -> String {
    let mut terms: Vec<String> = fields.given(web::paths::QUERY).map(ToOwned::to_owned).into_iter().collect();
    let states: Vec<&str> = fields.all("status").collect();
    if !states.is_empty() {
        terms.push(format!("status:{}", quoted(&states.join(","))));
    }
    for name in ["name", "identity", "env", "role", "permission"] {
        terms.extend(fields.given(name).map(|value| format!("{name}:{}", quoted(value))));
    }
    for name in ["last_used", "expires", "created", "credits"] {
        terms.extend(fields.given(name).map(|value| {
            let rest = value.trim_start_matches(['<', '>']);
            format!("{name}:{}{}", &value[..value.len() - rest.len()], quoted(rest.trim()))
        }));
    }
    terms.join(" ")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_a_list_become_its_filter() {
        let fields = Fields::parse(
            b"q=web+-env:x&status=disabled&status=expired&identity=a%22+b&expires=%3C7d&cursor=x",
        );
        assert_eq!(
            key_filter(&fields),
            r#"web -env:x status:"disabled,expired" identity:"a"" b" expires:<"7d""#
        );
        assert_eq!(key_filter(&Fields::default()), "");
    }
}
