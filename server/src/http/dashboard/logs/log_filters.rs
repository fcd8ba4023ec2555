//! From the query of a log's address to what is asked of the domain. Exports
//! keep the same query and read it here, too.

use std::net::IpAddr;

use web::components::Outcome;
use web::paths::QUERY;
use web::texts::requests as text;

use crate::http::dashboard::fields::Fields;
use crate::http::dashboard::time_span::TimeSpan;
use base::audit::AuditFilter;
use insight::analytics::Filter;

/// Which requests an address asks for, and what of it cannot be understood.
pub fn request_filter(query: &Fields) -> (Filter, Vec<String>) {
    let (mut filter, mut problems) = (Filter::default(), Vec::new());
    let all = |name: &str| query.all(name).map(str::to_owned).collect();
    for status in query.all("status") {
        match class(status) {
            Some(class) => filter.outcomes.push(class.to_owned()),
            None => filter.statuses.push(status.to_owned()),
        }
    }
    for ip in query.all("ip") {
        // Stored in their shortest form.
        match ip.parse::<IpAddr>() {
            Ok(ip) => filter.ips.push(ip.to_string()),
            Err(_) => {
                problems.push(text::is_no_address(ip));
                filter.ips.push(ip.to_owned());
            }
        }
    }
    filter.methods = query.all("method").map(str::to_uppercase).collect();
    filter.paths = all("path");
    filter.codes = all("outcome");
    filter.root_keys = all("caller");
    filter.request_ids = all("request");
    filter.text = query.given(QUERY).map(str::to_owned);
    (filter, problems)
}

/// Requests are counted by class.
fn class(status: &str) -> Option<&'static str> {
    let is = |outcome: Outcome| outcome.code().eq_ignore_ascii_case(status);
    match () {
        () if is(Outcome::Success) => Some("served"),
        () if is(Outcome::ClientError) => Some("refused"),
        () if is(Outcome::ServerError) => Some("failed"),
        () => None,
    }
}

/// Which changes an address asks for, within a span or ever.
pub fn audit_filter(query: &Fields, span: Option<&TimeSpan>) -> AuditFilter {
    let given = |name: &str| query.given(name).map(str::to_owned);
    AuditFilter {
        event: given("event"),
        actor: given("actor"),
        target: given("target"),
        text: given(QUERY),
        request_id: given("request"),
        since_ms: span.map(|span| span.start_ms),
        until_ms: span.map(|span| span.end_ms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_statuses_and_addresses_are_told_apart() {
        let query = "status=2XX&status=404&method=post&ip=::0:1&ip=here&caller=key_1&q=a+b&path=";
        let (filter, problems) = request_filter(&Fields::parse(query.as_bytes()));
        assert_eq!((filter.outcomes, filter.statuses), (vec!["served".to_owned()], vec!["404".to_owned()]));
        assert_eq!(
            (filter.methods, filter.ips),
            (vec!["POST".to_owned()], vec!["::1".into(), "here".into()])
        );
        assert_eq!((filter.root_keys, filter.text), (vec!["key_1".to_owned()], Some("a b".to_owned())));
        assert!(filter.paths.is_empty());
        assert_eq!(problems, ["here is not an address."]);
    }
}
