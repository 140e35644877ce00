//! What time it is in the sandbox: the machine's, or a fixed one for tests that compare times.

use std::time::{SystemTime, UNIX_EPOCH};

/// The source of time.
#[derive(Clone, Copy, Debug, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    Real,
    /// Always this, ms since the epoch.
    Fixed(i64),
}

impl Clock {
    /// ms since the epoch.
    pub fn now_ms(self) -> i64 {
        match self {
            Self::Fixed(ms) => ms,
            Self::Real => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX)),
        }
    }
}
