//! How much of a month's credits an identity has spent.

use leptos::prelude::*;

use super::badge::{Tone, badge};
use super::data::stamp;
use super::notice::warning;
use super::progress::progress;
use crate::View;
use crate::texts::components as text;
use crate::time::Stamp;

/// The present month of an identity that has a cap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpentMonth {
    pub spent: i64,
    /// The cap.
    pub of: i64,
    /// What may still be spent.
    pub left: i64,
    /// Whether most of it is spent.
    pub is_near: bool,
    /// When the next month begins.
    pub resets: Stamp,
}

pub(crate) fn spent_month(month: &SpentMonth) -> View {
    let state = match month {
        SpentMonth { left: 0, .. } => Some(badge(Tone::Error, text::USED_UP)),
        SpentMonth { is_near: true, .. } => Some(badge(Tone::Caution, text::NEARLY_USED_UP)),
        _ => None,
    };
    view! { <p>{text::A_NEW_MONTH_BEGINS} {stamp(&month.resets)} " " {state}</p> {spent(month)} }.into_any()
}

/// The same for whoever spends it, with what to expect.
pub(crate) fn own_spent_month(month: &SpentMonth) -> View {
    let said = match month {
        SpentMonth { left: 0, .. } => Some(text::CREDITS_OF_MONTH_USED_UP),
        SpentMonth { is_near: true, .. } => Some(text::CREDITS_OF_MONTH_NEARLY_USED),
        _ => None,
    };
    view! { {said.map(warning)} <p>{text::A_NEW_MONTH_BEGINS} {stamp(&month.resets)} {text::IN_UTC_END_OF_SENTENCE}</p> {spent(month)} }
        .into_any()
}

fn spent(month: &SpentMonth) -> View {
    progress(text::CREDITS_SPENT_THIS_MONTH, month.spent, month.of)
}
