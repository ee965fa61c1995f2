//! The hours in which downloads may run. The time of day is passed in.

use sirocco_protocol::DownloadHours;

const DAY_MINUTES: u32 = 24 * 60;

/// Whether downloads may run at this minute of the day. Hours that begin when they end are the whole day.
pub(super) fn is_open(hours: Option<DownloadHours>, minute: u32) -> bool {
    let Some(DownloadHours {
        from_minute: from,
        to_minute: to,
    }) = hours
    else {
        return true;
    };
    match from.cmp(&to) {
        std::cmp::Ordering::Less => (from..to).contains(&minute),
        std::cmp::Ordering::Equal => true,
        std::cmp::Ordering::Greater => minute >= from || minute < to,
    }
}

/// Minutes until that changes, at least one; none if it never does.
pub(super) fn until_change(hours: Option<DownloadHours>, minute: u32) -> Option<u32> {
    let hours = hours.filter(|hours| hours.from_minute != hours.to_minute)?;
    let next = match is_open(Some(hours), minute) {
        true => hours.to_minute,
        false => hours.from_minute,
    };
    let left = (next + DAY_MINUTES - minute % DAY_MINUTES) % DAY_MINUTES;
    Some(if left == 0 { DAY_MINUTES } else { left })
}

/// Hours that can be kept in the settings.
pub(super) fn are_sound(hours: DownloadHours) -> bool {
    hours.from_minute < DAY_MINUTES && hours.to_minute < DAY_MINUTES
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn hours(from_minute: u32, to_minute: u32) -> Option<DownloadHours> {
        Some(DownloadHours {
            from_minute,
            to_minute,
        })
    }

    #[test]
    fn hours_may_go_over_midnight() {
        let (day, night) = (hours(9 * 60, 17 * 60), hours(22 * 60, 6 * 60));
        for (hour, by_day, by_night) in [
            (0, false, true),
            (6, false, false),
            (9, true, false),
            (17, false, false),
            (22, false, true),
        ] {
            assert_eq!(is_open(day, hour * 60), by_day, "{hour}");
            assert_eq!(is_open(night, hour * 60), by_night, "{hour}");
        }
        assert!(is_open(None, 0));
        assert!(is_open(hours(60, 60), 0));
    }

    #[test]
    fn the_next_change_is_known_to_the_minute() {
        let night = hours(22 * 60, 6 * 60);
        assert_eq!(until_change(night, 21 * 60 + 59), Some(1));
        assert_eq!(until_change(night, 22 * 60), Some(8 * 60));
        assert_eq!(until_change(night, 6 * 60), Some(16 * 60));
        assert_eq!(until_change(None, 0), None);
        assert_eq!(until_change(hours(5, 5), 0), None);
    }
}
