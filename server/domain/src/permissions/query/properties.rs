//! Both languages against a naive model, printing, precedence, and arbitrary strings.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::Query;

fn query(input: &str) -> Query {
    Query::parse(input).unwrap()
}

/// The obvious tree, evaluated the obvious way.
#[derive(Debug, Clone)]
enum Model {
    Slug(String),
    And(Vec<Model>),
    Or(Vec<Model>),
}

impl Model {
    fn eval(&self, held: &BTreeSet<String>) -> bool {
        match self {
            Model::Slug(slug) => held.contains(slug),
            Model::And(members) => members.iter().all(|member| member.eval(held)),
            Model::Or(members) => members.iter().any(|member| member.eval(held)),
        }
    }

    /// Brackets around every group.
    fn text(&self) -> String {
        let join = |members: &[Model], glue: &str| {
            let members: Vec<String> = members.iter().map(Model::text).collect();
            format!("({})", members.join(glue))
        };
        match self {
            Model::Slug(slug) => slug.clone(),
            Model::And(members) => join(members, " and "),
            Model::Or(members) => join(members, "\tOR\n"),
        }
    }

    fn json(&self) -> Value {
        match self {
            Model::Slug(slug) => json!(slug),
            Model::And(members) => {
                json!({"and": members.iter().map(Model::json).collect::<Vec<_>>()})
            }
            Model::Or(members) => {
                json!({"or": members.iter().map(Model::json).collect::<Vec<_>>()})
            }
        }
    }
}

fn slug() -> impl Strategy<Value = String> {
    "[a-f]"
}

fn model() -> impl Strategy<Value = Model> {
    slug().prop_map(Model::Slug).prop_recursive(5, 40, 4, |inner| {
        let members = prop::collection::vec(inner, 1..4);
        prop_oneof![members.clone().prop_map(Model::And), members.prop_map(Model::Or)]
    })
}

proptest! {
    #[test]
    fn both_languages_agree_with_the_model(
        model in model(),
        held in prop::collection::btree_set(slug(), 0..6),
    ) {
        let query = query(&model.text());
        prop_assert_eq!(&query, &Query::from_json(&model.json()).unwrap());
        let answer = query.eval(|slug| held.contains(slug));
        prop_assert_eq!(answer.is_ok(), model.eval(&held));
        if let Err(denial) = answer {
            prop_assert!(!held.contains(denial.missing));
            prop_assert!(model.text().contains(denial.missing));
        }
    }

    #[test]
    fn printing_and_parsing_round_trip(model in model()) {
        let query = query(&model.text());
        let printed = query.to_string();
        prop_assert_eq!(Query::parse(&printed).unwrap(), query);
    }

    #[test]
    fn and_binds_tighter_in_any_chain(
        first in slug(),
        rest in prop::collection::vec((any::<bool>(), slug()), 0..12),
    ) {
        let mut alternatives = vec![vec![first.clone()]];
        let mut plain = first;
        for (and, slug) in rest {
            plain.push_str(if and { " AND " } else { " OR " });
            plain.push_str(&slug);
            if and {
                alternatives.last_mut().unwrap().push(slug);
            } else {
                alternatives.push(vec![slug]);
            }
        }
        let bracketed: Vec<String> =
            alternatives.iter().map(|all| format!("({})", all.join(" AND "))).collect();
        prop_assert_eq!(query(&plain).to_string(), plain.clone());
        prop_assert_eq!(query(&plain), query(&bracketed.join(" OR ")));
    }

    #[test]
    fn any_string_is_a_query_or_a_fault_inside_it(
        input in prop_oneof![
            any::<String>(),
            "[ab() \t*ANDORandor]{0,40}",
            "(a|b|\\(|\\)| AND | OR | ){0,20}",
        ],
    ) {
        match Query::parse(&input) {
            Ok(query) => prop_assert_eq!(Query::parse(&query.to_string()), Ok(query)),
            Err(error) => {
                let position = error.position.unwrap();
                prop_assert!(input.is_char_boundary(position));
                let named = format!("at position {position}");
                prop_assert!(error.message.contains(&named));
            }
        }
    }
}
