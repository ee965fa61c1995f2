//! `strftime_now`: the date as templates print it.

use std::fmt::Write;

use time::OffsetDateTime;

/// `now` in the words of C's `strftime`; an unknown directive stays as it is.
pub(super) fn strftime(now: OffsetDateTime, format: &str) -> String {
    let mut text = String::with_capacity(format.len() * 2);
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            text.push(character);
            continue;
        }
        let mut directive = characters.next();
        let padded = directive != Some('-');
        if !padded {
            directive = characters.next();
        }
        if !directive.is_some_and(|directive| write_directive(&mut text, now, directive, padded)) {
            text.push('%');
            text.extend((!padded).then_some('-').into_iter().chain(directive));
        }
    }
    text
}

fn write_directive(text: &mut String, now: OffsetDateTime, directive: char, padded: bool) -> bool {
    let number = |text: &mut String, value: u32, width: usize| {
        let width = if padded { width } else { 1 };
        write!(text, "{value:0width$}").is_ok()
    };
    let weekday = now.weekday();
    let month = now.month();
    let hour12 = u32::from(now.hour() + 11) % 12 + 1;
    let part = |text: &mut String, format: &str| {
        text.push_str(&strftime(now, format));
        true
    };
    match directive {
        'Y' => write!(text, "{}", now.year()).is_ok(),
        'y' => number(text, now.year().rem_euclid(100).unsigned_abs(), 2),
        'm' => number(text, u8::from(month).into(), 2),
        'd' => number(text, now.day().into(), 2),
        'e' => write!(text, "{:2}", now.day()).is_ok(),
        'j' => number(text, now.ordinal().into(), 3),
        'H' => number(text, now.hour().into(), 2),
        'I' => number(text, hour12, 2),
        'M' => number(text, now.minute().into(), 2),
        'S' => number(text, now.second().into(), 2),
        'p' => write!(text, "{}", if now.hour() < 12 { "AM" } else { "PM" }).is_ok(),
        'B' => write!(text, "{month}").is_ok(),
        'b' | 'h' => write!(text, "{:.3}", month.to_string()).is_ok(),
        'A' => write!(text, "{weekday}").is_ok(),
        'a' => write!(text, "{:.3}", weekday.to_string()).is_ok(),
        'w' => number(text, weekday.number_days_from_sunday().into(), 1),
        'u' => number(text, weekday.number_from_monday().into(), 1),
        'Z' => write!(text, "UTC").is_ok(),
        'z' => write!(text, "+0000").is_ok(),
        'F' => part(text, "%Y-%m-%d"),
        'T' => part(text, "%H:%M:%S"),
        'D' => part(text, "%m/%d/%y"),
        'R' => part(text, "%H:%M"),
        'n' => part(text, "\n"),
        't' => part(text, "\t"),
        '%' => {
            text.push('%');
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_read_as_python_writes_them() {
        // 2026-01-05, a Monday, 13:07:09.
        let now = OffsetDateTime::from_unix_timestamp(1_767_618_429).unwrap();
        let cases = [
            ("%d %b %Y", "05 Jan 2026"),
            ("%B %-d, %Y", "January 5, 2026"),
            ("%A %a %H:%M:%S", "Monday Mon 13:07:09"),
            ("%I:%M %p", "01:07 PM"),
            ("%F %T %j %y %e", "2026-01-05 13:07:09 005 26  5"),
            ("100%% %Q %-Q %", "100% %Q %-Q %"),
        ];
        for (format, expected) in cases {
            assert_eq!(strftime(now, format), expected);
        }
    }
}
