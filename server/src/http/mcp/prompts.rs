//! Prompts: what people ask of a server of API keys, with the tools that answer it.

use rmcp::ErrorData;
use rmcp::model::{GetPromptResult, JsonObject, Prompt, PromptArgument, PromptMessage, Role};
use serde_json::Value;

use super::quoted;

struct Template {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    arguments: &'static [Argument],
    /// `{name}` stands for an argument.
    text: &'static str,
}

struct Argument {
    name: &'static str,
    description: &'static str,
    /// What stands in its place if it is left out; `None` asks for it.
    otherwise: Option<&'static str>,
}

const TEMPLATES: [Template; 4] = [
    Template {
        name: "why_is_this_key_refused",
        title: "Why is this key refused?",
        description: "Finds out which check refuses a key, and what would help",
        arguments: &[
            Argument { name: "keyId", description: "The id of the key, key_...", otherwise: None },
            Argument {
                name: "permissions",
                description: "The permission query that the verification asks for",
                otherwise: Some("(none)"),
            },
        ],
        text: "The key `{keyId}` is refused. Permission query of the verification: {permissions}.\n\n\
            1. Call keys_explainKey with this id, and with the permission query if there is one. It carries nothing \
            out and spends nothing.\n\
            2. Name the first check that fails, with the values it looked at, in one sentence.\n\
            3. Say which change would make the key work, and which tool makes it. Change nothing before I agree.\n\
            4. If every check passes, look for the refusals themselves: requests_search for the path \
            /v2/keys.verifyKey, or analytics_getVerifications, and compare time, address and outcome.",
    },
    Template {
        name: "issue_a_key_for_a_customer",
        title: "Issue a key for a customer",
        description: "Makes a key for a customer and hands it over by a one-time link",
        arguments: &[
            Argument {
                name: "customer",
                description: "Your own id of the customer, the external id of the identity",
                otherwise: None,
            },
            Argument { name: "api", description: "Id of the API, api_...", otherwise: Some("(ask me)") },
            Argument {
                name: "plan",
                description: "What the customer bought: limits, credits, roles, expiry",
                otherwise: Some("(ask me)"),
            },
        ],
        text: "Issue an API key for the customer `{customer}`. API: {api}. Plan: {plan}.\n\n\
            1. Look the identity up with identities_getIdentity; make it with identities_createIdentity if there is \
            none.\n\
            2. Ask me for what is missing: the API, a name for the key, limits, credits, roles and when it expires.\n\
            3. Show me the arguments, then call keys_createKey with `externalId`, an `idempotencyKey`, and \
            `secretLink` set to true if the tool has it.\n\
            4. Give me the id of the key and the link. Never repeat a secret.",
    },
    Template {
        name: "move_a_customer_to_another_plan",
        title: "Move a customer to another plan",
        description: "Changes limits, credits and roles of all keys of a customer",
        arguments: &[
            Argument {
                name: "customer",
                description: "Your own id of the customer, the external id of the identity",
                otherwise: None,
            },
            Argument { name: "plan", description: "The new plan: limits, credits, roles", otherwise: None },
        ],
        text: "Move the customer `{customer}` to this plan: {plan}.\n\n\
            1. Read the identity with identities_getIdentity, and its keys with apis_listKeys and `externalId`, page \
            by page.\n\
            2. Limits that all keys of the customer share belong to the identity: identities_updateIdentity. Credits \
            and limits of a single key: keys_updateCredits and keys_updateKey. Roles: keys_setRoles.\n\
            3. Show me what is there, what it becomes and which calls that takes, and wait for my word.\n\
            4. Carry it out, then read everything again and report what is in force now.",
    },
    Template {
        name: "usage_of_this_month",
        title: "This month's usage",
        description: "What the workspace, or one customer, used since the month began",
        arguments: &[Argument {
            name: "customer",
            description: "The external id of a customer; the whole workspace if left out",
            otherwise: Some("(the whole workspace)"),
        }],
        text: "Report the usage of this month. Customer: {customer}.\n\n\
            1. Call workspace_getUsage for the total of this month.\n\
            2. Ask analytics_getVerifications in SQL for verifications by day and outcome since the first of the \
            month in UTC, for the customer by `external_id` if one is named; the page docs://unkey/analytics.md has \
            tables, columns and functions.\n\
            3. Give me a table by outcome, the busiest days, and the share of refusals. Say what stands out, and \
            nothing that the numbers do not show.",
    },
];

pub fn list() -> Vec<Prompt> {
    let argument = |argument: &Argument| {
        PromptArgument::new(argument.name)
            .with_description(argument.description)
            .with_required(argument.otherwise.is_none())
    };
    let prompt = |template: &Template| {
        let arguments = template.arguments.iter().map(argument).collect();
        Prompt::new(template.name, Some(template.description), Some(arguments)).with_title(template.title)
    };
    TEMPLATES.iter().map(prompt).collect()
}

/// The prompt of this name with its arguments in their places.
pub fn get(name: &str, given: &JsonObject) -> Result<GetPromptResult, ErrorData> {
    let invalid = |text: String| ErrorData::invalid_params(text, None);
    let template = TEMPLATES.iter().find(|template| template.name == name);
    let template = template.ok_or_else(|| invalid(format!("Unknown prompt: {}", quoted(name))))?;
    let is_known = |name: &String| template.arguments.iter().any(|argument| argument.name == name);
    if let Some(name) = given.keys().find(|name| !is_known(name)) {
        return Err(invalid(format!("The prompt has no argument '{}'.", quoted(name))));
    }
    let mut text = template.text.to_owned();
    for argument in template.arguments {
        let value = match (given.get(argument.name), argument.otherwise) {
            (Some(Value::String(value)), _) => value,
            (Some(_), _) => return Err(invalid(format!("The argument '{}' is a text.", argument.name))),
            (None, Some(otherwise)) => otherwise,
            (None, None) => return Err(invalid(format!("The argument '{}' is missing.", argument.name))),
        };
        text = text.replace(&format!("{{{}}}", argument.name), value);
    }
    let message = PromptMessage::new_text(Role::User, text);
    Ok(GetPromptResult::new(vec![message]).with_description(template.description))
}
