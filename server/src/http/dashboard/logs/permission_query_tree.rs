//! A permission query as a tree, from its parts.
//!
//! The parts are those of a query that was read: only `AND`, `OR` and brackets
//! stand between the permissions, and `AND` binds closer. What cannot be put
//! together shows as a plain list.

use web::pages::explain::QueryNode;

use domain::permissions::query::Part;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    And,
    Or,
    Open,
}

/// `missing` is the permission whose absence settled the query.
pub fn tree(parts: &[Part], missing: Option<&str>) -> Option<QueryNode> {
    let leaf = |part: &Part, held: bool| QueryNode::Permission {
        slug: part.text.clone(),
        held,
        decisive: !held && missing == Some(part.text.as_str()),
    };
    let (mut nodes, mut signs): (Vec<QueryNode>, Vec<Sign>) = (Vec::new(), Vec::new());
    for part in parts {
        match part.held {
            Some(held) => nodes.push(leaf(part, held)),
            None => glue(&part.text, &mut nodes, &mut signs)?,
        }
    }
    while let Some(sign) = signs.pop() {
        join(sign, &mut nodes)?;
    }
    let last = nodes.pop();
    last.filter(|_| nodes.is_empty())
}

fn glue(text: &str, nodes: &mut Vec<QueryNode>, signs: &mut Vec<Sign>) -> Option<()> {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    for word in spaced.split_whitespace() {
        match word {
            "(" => signs.push(Sign::Open),
            ")" => loop {
                match signs.pop()? {
                    Sign::Open => break,
                    sign => join(sign, nodes)?,
                }
            },
            "AND" => push(Sign::And, nodes, signs)?,
            "OR" => push(Sign::Or, nodes, signs)?,
            _ => return None,
        }
    }
    Some(())
}

/// Joins what binds as closely or closer before it.
fn push(sign: Sign, nodes: &mut Vec<QueryNode>, signs: &mut Vec<Sign>) -> Option<()> {
    while let Some(before) = signs.last().copied() {
        if before == Sign::Open || (before == Sign::Or && sign == Sign::And) {
            break;
        }
        signs.pop();
        join(before, nodes)?;
    }
    signs.push(sign);
    Some(())
}

/// The last two nodes as one group; a group of the same kind takes the other in.
fn join(sign: Sign, nodes: &mut Vec<QueryNode>) -> Option<()> {
    let (right, left) = (nodes.pop()?, nodes.pop()?);
    let members = |node: QueryNode| match (sign, node) {
        (Sign::And, QueryNode::And(members)) | (Sign::Or, QueryNode::Or(members)) => members,
        (_, node) => vec![node],
    };
    let mut all = members(left);
    all.extend(members(right));
    nodes.push(match sign {
        Sign::And => QueryNode::And(all),
        Sign::Or => QueryNode::Or(all),
        Sign::Open => return None,
    });
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::permissions::query::Query;

    fn shown(node: &QueryNode) -> String {
        let group = |sign: &str, members: &[QueryNode]| {
            format!("{sign}[{}]", members.iter().map(shown).collect::<Vec<_>>().join(" "))
        };
        match node {
            QueryNode::And(members) => group("and", members),
            QueryNode::Or(members) => group("or", members),
            QueryNode::Permission { slug, held: true, .. } => slug.clone(),
            QueryNode::Permission { slug, decisive: true, .. } => format!("{slug}!"),
            QueryNode::Permission { slug, .. } => format!("{slug}?"),
        }
    }

    fn of(text: &str) -> Option<String> {
        let query = Query::parse(text).unwrap();
        let missing = query.eval(|slug| slug == "a").err().map(|denial| denial.missing);
        tree(&query.parts(|slug| slug == "a"), missing).map(|node| shown(&node))
    }

    #[test]
    fn queries_keep_their_shape_and_what_decided() {
        assert_eq!(of("a").as_deref(), Some("a"));
        assert_eq!(of("a AND b").as_deref(), Some("and[a b!]"));
        assert_eq!(of("b OR c AND a OR a").as_deref(), Some("or[b? and[c? a] a]"));
        assert_eq!(of("a AND (b OR c)").as_deref(), Some("and[a or[b? c!]]"));
        assert_eq!(of("(a AND b) OR (c AND (a OR d))").as_deref(), Some("or[and[a b?] and[c! or[a d?]]]"));
    }

    #[test]
    fn what_is_no_query_has_no_tree() {
        let part = |text: &str, held| Part { text: text.to_owned(), held };
        assert_eq!(tree(&[], None), None);
        assert_eq!(tree(&[part("a", Some(true)), part(" XOR ", None), part("b", Some(true))], None), None);
        assert_eq!(tree(&[part("a", Some(true)), part("b", Some(true))], None), None);
        assert_eq!(tree(&[part(")", None)], None), None);
        assert_eq!(tree(&[part("(", None), part("a", Some(true))], None), None);
    }
}
