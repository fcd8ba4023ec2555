//! How much of a month's credits an identity has spent.

use leptos::prelude::*;

use super::badge::{Tone, badge};
use super::data::stamp;
use super::notice::warning;
use super::progress::progress;
use crate::View;
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
        SpentMonth { left: 0, .. } => Some(badge(Tone::Error, "Used up")),
        SpentMonth { is_near: true, .. } => Some(badge(Tone::Caution, "Nearly used up")),
        _ => None,
    };
    view! { <p>"A new month begins " {stamp(&month.resets)} " " {state}</p> {spent(month)} }.into_any()
}

/// The same for whoever spends it, with what to expect.
pub(crate) fn own_spent_month(month: &SpentMonth) -> View {
    let said = match month {
        SpentMonth { left: 0, .. } => {
            Some("The credits of this month are used up. Requests are refused until the next month begins.")
        }
        SpentMonth { is_near: true, .. } => {
            Some("Most credits of this month are used. When none are left, requests are refused.")
        }
        _ => None,
    };
    view! { {said.map(warning)} <p>"A new month begins " {stamp(&month.resets)} " (UTC)."</p> {spent(month)} }
        .into_any()
}

fn spent(month: &SpentMonth) -> View {
    progress("Credits spent this month", month.spent, month.of)
}
