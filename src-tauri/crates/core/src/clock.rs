//! The time, for rows of the database and hours of the day.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::Timelike;

/// The local time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Since midnight, 0 to 1439.
    pub minute: u32,
    /// Of the minute.
    pub second: u32,
}

/// The local time of day, for schedules.
pub fn tell_minute() -> Clock {
    let now = chrono::Local::now();
    Clock {
        minute: now.hour() * 60 + now.minute(),
        second: now.second(),
    }
}

/// Unix time in milliseconds; 0 on a machine that thinks it is before 1970.
pub fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|elapsed| i64::try_from(elapsed.as_millis()).ok())
        .unwrap_or(0)
}
