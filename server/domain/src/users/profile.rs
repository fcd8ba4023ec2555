//! What people set for themselves: name, time zone, theme.

use std::str::FromStr;

use base::ids::UserId;
use chrono_tz::{TZ_VARIANTS, Tz};
use serde_json::{Value, json};

use super::{Users, check_name, store};
use base::access::OpCtx;
use base::audit::{Event, Group, Target, changes};
use base::edit_version::Version;
use base::error::{Code, Error, Field, Result};
use base::store::{Change, Tx};

/// How pages look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the browser asks.
    #[default]
    System,
    Light,
    Dark,
    HighContrast,
}

impl Theme {
    pub const ALL: [Theme; 4] = [Theme::System, Theme::Light, Theme::Dark, Theme::HighContrast];

    pub const fn as_str(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
            Theme::HighContrast => "high-contrast",
        }
    }

    pub fn parse(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|theme| theme.as_str() == text)
            .ok_or_else(|| Error::invalid("A theme is one of system, light, dark, high-contrast."))
    }
}

/// Names of the time zones people may choose, sorted.
pub fn time_zones() -> impl Iterator<Item = &'static str> {
    TZ_VARIANTS.iter().map(|zone| zone.name())
}

/// A change of one's own account; what is left out stays.
#[derive(Default)]
pub struct UpdateProfile {
    pub name: Option<String>,
    /// A name of the IANA database.
    pub time_zone: Option<String>,
    pub theme: Option<Theme>,
    /// The state that was seen, if there is to be no other; else fails with
    /// `edit_conflict`.
    pub made_from: Option<Version>,
}

/// What a change of one's name and time zone is made from.
pub fn profile_version(name: &str, time_zone: &str) -> Version {
    Version::of(&json!([name, time_zone]))
}

/// What [`UpdateProfile`] changes, as it is stored.
#[derive(Clone)]
pub(super) struct Profile {
    pub name: String,
    pub time_zone: String,
    pub theme: String,
}

impl Users {
    pub async fn update_profile(&self, cx: &OpCtx, command: UpdateProfile) -> Result<()> {
        let user = cx.require_user()?;
        if let Some(name) = &command.name {
            check_name(name)?;
        }
        if let Some(zone) = &command.time_zone
            && Tz::from_str(zone).is_err()
        {
            return Err(Error::invalid(format!("There is no time zone '{zone}'.")).at(Field::TimeZone));
        }
        self.store.write(|tx| self.update_profile_in(cx, tx, &user.id, command)).await
    }

    async fn update_profile_in(&self, cx: &OpCtx, tx: Tx, id: &UserId, command: UpdateProfile) -> Result<()> {
        let before = store::profile(tx.db(), id).await?.ok_or_else(|| Error::absent(Code::SessionOver))?;
        if let Some(made_from) = &command.made_from {
            made_from.require(&profile_version(&before.name, &before.time_zone))?;
        }
        let after = Profile {
            name: command.name.unwrap_or_else(|| before.name.clone()),
            time_zone: command.time_zone.unwrap_or_else(|| before.time_zone.clone()),
            theme: command.theme.map_or_else(|| before.theme.clone(), |theme| theme.as_str().to_owned()),
        };
        let fields = |profile: &Profile| {
            [
                ("name", json!(profile.name)),
                ("timeZone", json!(profile.time_zone)),
                ("theme", json!(profile.theme)),
            ]
        };
        let changed = changes(fields(&before), fields(&after));
        if changed.is_empty() {
            return Ok(());
        }
        store::set_profile(&tx, id, &after, cx.now_ms).await?;
        tx.changed(Change::User(id.clone()));
        let mut group = Group::new();
        let who = Target::new("user", id.as_str(), Some(&after.name));
        group.push_change(Event::UserUpdate, "Changed their account", vec![who], Value::Object(changed));
        group.record(cx, &tx, &self.entropy).await
    }
}
