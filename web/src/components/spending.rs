//! How much of a month's credits an identity has spent.

use leptos::prelude::*;

use super::badge::{Tone, badge};
use super::data::stamp;
use super::notice::warning;
use super::progress::meter;
use crate::View;
use crate::number::exact;
use crate::time::Stamp;

/// The present month of an identity that has a cap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpentMonth {
    pub spent: i64,
    /// The cap.
    pub of: i64,
    /// What may still be spent.
    pub left: i64,
    pub percent: i64,
    /// Whether most of it is spent.
    pub is_near: bool,
    /// When the next month begins.
    pub resets: Stamp,
}

impl SpentMonth {
    fn text(&self) -> String {
        format!("{} of {} credits", exact(self.spent), exact(self.of))
    }

    fn tone(&self) -> Tone {
        match self {
            Self { left: 0, .. } => Tone::Error,
            Self { is_near: true, .. } => Tone::Caution,
            _ => Tone::Quiet,
        }
    }
}

pub(crate) fn spent_month(month: &SpentMonth) -> View {
    view! {
        {month.text()}
        " "
        {badge(month.tone(), &format!("{} %", month.percent))}
        {meter("Credits left this month", month.left, month.of)}
    }
    .into_any()
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
    view! {
        {said.map(warning)}
        <p>"This month: " {month.text()} ", " {stamp(&month.resets)} " a new month begins (UTC)."</p>
        {meter("Credits left this month", month.left, month.of)}
    }
    .into_any()
}
