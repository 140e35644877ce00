//! Accounts and their hourly statistics.

use md5::{Digest, Md5};
use serde::Serialize;

use super::table::{Table, rows};

/// An account. `role_id` 0 is the administrator, 1 an ordinary user.
#[derive(Clone, Debug, Default, Serialize)]
pub struct User {
    /// Primary key.
    pub id: i64,
    /// Account name; there is no separate display name.
    pub user: String,
    /// Unsalted MD5 of the password, lower-case hex.
    pub pwd: String,
    /// 0 administrator, 1 user.
    pub role_id: i64,
    /// Expiry, ms since the epoch.
    pub exp_time: i64,
    /// Quota in GB.
    pub flow: i64,
    /// Bytes counted inbound.
    pub in_flow: i64,
    /// Bytes counted outbound.
    pub out_flow: i64,
    /// Day of the month on which the counters are zeroed; 0 never.
    pub flow_reset_time: i64,
    /// Allowed number of forwards, shown but never enforced.
    pub num: i64,
    /// ms since the epoch.
    pub created_time: i64,
    /// ms since the epoch.
    pub updated_time: Option<i64>,
    /// 1 normal, 0 disabled.
    pub status: i64,
}

/// One hour of a user's traffic.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Statistic {
    /// Primary key.
    pub id: i64,
    /// Whose.
    pub user_id: i64,
    /// Bytes within the hour.
    pub flow: i64,
    /// Bytes up to that hour.
    pub total_flow: i64,
    /// The hour as text.
    pub time: String,
    /// ms since the epoch.
    pub created_time: i64,
}

rows!(User, Statistic);

impl User {
    /// Whether this is the account's password.
    pub fn has_password(&self, password: &str) -> bool {
        self.pwd == md5_hex(password)
    }
}

/// How the panel stores a password: unsalted MD5, lower-case hex.
pub fn md5_hex(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The tables about accounts.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Users {
    /// `user`.
    pub users: Table<User>,
    /// `statistics_flow`.
    pub statistics: Table<Statistic>,
}

impl Users {
    /// The account with exactly this name.
    pub fn named(&self, name: &str) -> Option<&User> {
        self.users.find(|u| u.user == name)
    }

    /// Whether another account than `except` has exactly this name.
    pub fn name_is_taken(&self, name: &str, except: i64) -> bool {
        self.users.any(|u| u.user == name && u.id != except)
    }
}
