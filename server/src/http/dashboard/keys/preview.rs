//! What the form of a new key would make: each step in words, and the call that makes the
//! same by the API.
//!
//! Deliberately absent is what only the database knows, such as whether a role was deleted
//! since: that is told when the key is made.

use web::number::exact;
use web::pages::key_form::{KeyPreview, StepPreview};
use web::texts::key_form as text;
use web::time::duration;

use super::create::read_new;
use super::create_call::CreateCall;
use super::key_form::{FIELDS, Problem};
use crate::http::dashboard::fields::Fields;
use crate::http::dashboard::form_errors::field_of;
use crate::http::dashboard::member_request::MemberRequest;
use crate::http::dashboard::presenters::direction_marks::marks_shown;
use base::error::{Error, Result};
use domain::apis::Api;
use domain::keys::{CreateKey, DEFAULT_BYTES, Interval, NewCredits};
use domain::ratelimit::limits::NewLimit;

/// What stands for the random part of a key.
const DOTS: &str = "••••••••••••";

/// Fields and the step they are in, in the order of the form: the first fits what begins
/// with it. All others are of the first step.
const STEP_OF: [(&str, usize); 7] = [
    ("limits", 1),
    ("credits", 2),
    ("refill", 2),
    ("expires", 3),
    ("roles", 4),
    ("permissions", 4),
    ("meta", 5),
];

pub fn preview(request: &MemberRequest, api: &Api, form: &Fields) -> Result<KeyPreview> {
    let refused = |error: Error| vec![(field_of(&error, FIELDS).to_owned(), error.detail().to_owned())];
    let read = read_new(request, api, form);
    let command = match read.and_then(|command| command.check().map_err(refused).map(|()| command)) {
        Ok(command) => command,
        Err(problems) => return Ok(unreadable(api, form, &problems)),
    };
    let is_length = command.expires_at.is_some() && form.text("expires") != "at";
    let expires_in_ms = command.expires_at.filter(|_| is_length).map(|at_ms| at_ms - request.now_ms());
    let call = CreateCall::new(&request.shell.frame.origin, &command, expires_in_ms);
    let says = [
        general(api, &command),
        if command.limits.is_empty() { none() } else { command.limits.iter().map(limit).collect() },
        credits(command.credits.as_ref()),
        vec![command.expires_at.map_or_else(|| text::NEVER.to_owned(), |at_ms| expiry(request, at_ms))],
        access(&command),
        match command.meta.len() {
            0 => none(),
            members => vec![text::fields(members.try_into().unwrap_or(i64::MAX))],
        },
    ];
    Ok(KeyPreview {
        shape: shape(api, form),
        steps: says.map(|says| StepPreview { says, is_wrong: false }),
        calls: call.in_languages()?,
        is_labelled: command.environment.is_some(),
    })
}

fn unreadable(api: &Api, form: &Fields, problems: &[Problem]) -> KeyPreview {
    let mut steps = [(); 6].map(|()| StepPreview::default());
    for (field, problem) in problems {
        let step = STEP_OF.iter().find(|(start, _)| field.starts_with(start)).map_or(0, |(_, step)| *step);
        if let Some(step) = steps.get_mut(step) {
            step.is_wrong = true;
            step.says.push(problem.clone());
        }
    }
    KeyPreview { shape: shape(api, form), steps, calls: Vec::new(), is_labelled: false }
}

fn none() -> Vec<String> {
    vec![text::NONE.to_owned()]
}

fn shape(api: &Api, form: &Fields) -> String {
    match form.given("prefix").or(api.default_prefix.as_deref()) {
        Some(prefix) => format!("{}_{DOTS}", marks_shown(prefix)),
        None => DOTS.to_owned(),
    }
}

fn general(api: &Api, command: &CreateKey) -> Vec<String> {
    let bytes = command.byte_length.or(api.default_bytes).unwrap_or(DEFAULT_BYTES);
    let whose = command.external_id.as_ref().map(|id| text::of_external_id(&marks_shown(id)));
    let enabled = (!command.enabled).then(|| text::DISABLED_UNTIL_ENABLED.to_owned());
    let recoverable = command.recoverable.then(|| text::ITS_SECRET_CAN_BE_SHOWN_AGAIN.to_owned());
    [Some(text::random_bytes(bytes)), whose, enabled, recoverable].into_iter().flatten().collect()
}

fn limit(limit: &NewLimit) -> String {
    let name = marks_shown(&limit.name);
    let every = duration(limit.duration_ms);
    match limit.auto_apply {
        true => text::limit(&name, limit.limit, &every),
        false => text::limit_of_those_that_name_it(&name, limit.limit, &every),
    }
}

fn credits(credits: Option<&NewCredits>) -> Vec<String> {
    let Some(credits) = credits else { return vec![text::UNLIMITED.to_owned()] };
    let left = credits.remaining.map_or_else(|| text::UNLIMITED.to_owned(), exact);
    let refill = credits.refill.as_ref().map(|refill| match (refill.interval, refill.day) {
        (Interval::Daily, _) => text::refilled_every_day(refill.amount),
        (Interval::Monthly, Some(day)) => text::refilled_on_day(refill.amount, day),
        (Interval::Monthly, None) => text::refilled_every_month(refill.amount),
    });
    std::iter::once(left).chain(refill).collect()
}

fn expiry(request: &MemberRequest, at_ms: i64) -> String {
    let stamp = request.stamp(at_ms);
    text::expires_at(&stamp.relative, &stamp.local)
}

fn access(command: &CreateKey) -> Vec<String> {
    let counted = |names: &[String], say: fn(i64) -> String| {
        let number = i64::try_from(names.len()).unwrap_or(i64::MAX);
        (number > 0).then(|| say(number))
    };
    let both = [counted(&command.roles, text::roles), counted(&command.permissions, text::permissions)];
    let says: Vec<_> = both.into_iter().flatten().collect();
    if says.is_empty() { none() } else { says }
}
