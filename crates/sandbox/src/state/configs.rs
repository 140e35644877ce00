//! The panel's settings, its announcement, and the captcha proofs it keeps in memory.

use std::collections::BTreeMap;

use serde::Serialize;

use super::table::{Table, rows};

/// A setting; names are unique.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Config {
    /// Primary key.
    pub id: i64,
    /// Key.
    pub name: String,
    /// Value, always text.
    pub value: String,
    /// Last change, ms since the epoch.
    pub time: i64,
}

/// The announcement.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Announcement {
    /// Primary key.
    pub id: i64,
    /// Markdown.
    pub content: String,
    /// 1 shown.
    pub enabled: i64,
    /// ms since the epoch.
    pub created_time: i64,
    /// ms since the epoch.
    pub updated_time: Option<i64>,
}

rows!(Config, Announcement);

/// The tables about settings.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Configs {
    /// `vite_config`.
    pub configs: Table<Config>,
    /// `announcement`.
    pub announcements: Table<Announcement>,
    /// Accepted captcha ids and when they expire, ms since the epoch. Lost when the panel restarts.
    pub captcha_tokens: BTreeMap<String, i64>,
}

impl Configs {
    /// The value of a setting.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.configs.find(|c| c.name == name).map(|c| c.value.as_str())
    }

    /// Sets a setting, making it when it is new.
    pub fn set(&mut self, name: &str, value: &str, now: i64) {
        match self.configs.find_mut(|c| c.name == name) {
            Some(config) => {
                config.value = value.to_owned();
                config.time = now;
                self.configs.burn_id();
            }
            None => {
                let config = Config { id: 0, name: name.to_owned(), value: value.to_owned(), time: now };
                self.configs.insert(config);
            }
        }
    }
}
