//! Moments as people write them (`2026-01-31`, `2026-01-31T08:00Z`, `3d`), and as they are shown: always UTC.

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Which side of a span a moment bounds: a bare date begins one and ends one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// From then on.
    Since,
    /// Until then.
    Until,
}

/// A text that names no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no moment; write 2026-01-31, 2026-01-31T08:00:00Z (or +08:00), ms since the epoch, or how long ago: 45s, 30m, 2h, 3d, 1w"
)]
pub struct WhenError(String);

/// Reads a moment, in ms since the epoch.
///
/// # Errors
/// [`WhenError`].
pub fn parse(text: &str, edge: Edge, now_ms: i64) -> Result<i64, WhenError> {
    let text = text.trim();
    ago(text, now_ms)
        .or_else(|| epoch(text))
        .or_else(|| iso_date(text, edge))
        .ok_or_else(|| WhenError(text.chars().take(60).collect()))
}

/// `2h`.
fn ago(text: &str, now_ms: i64) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        "w" => 7 * DAY,
        _ => return None,
    };
    let number: u32 = digits(number)?;
    now_ms.checked_sub(i64::from(number).checked_mul(unit)?)
}

/// Milliseconds; as many digits as today's have, so that a year is not taken for one.
fn epoch(text: &str) -> Option<i64> {
    (text.len() >= 12).then(|| digits(text)).flatten()
}

fn iso_date(text: &str, edge: Edge) -> Option<i64> {
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let (year, month, day) = (fixed(parts.next()?, 4)?, fixed(parts.next()?, 2)?, fixed(parts.next()?, 2)?);
    let days = days(year, month, day)?;
    if parts.next().is_some() {
        return None;
    }
    let Some(time) = time else {
        return Some(days * DAY + if edge == Edge::Until { DAY - 1 } else { 0 });
    };
    let (time, offset) = zone(time)?;
    let (whole, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut parts = whole.split(':');
    let (hour, minute) = (fixed(parts.next()?, 2)?, fixed(parts.next()?, 2)?);
    let second = parts.next().map_or(Some(0), |second| fixed(second, 2))?;
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let millis: i64 = digits(&format!("{fraction:0<3}").chars().take(3).collect::<String>())?;
    Some(days * DAY + hour * HOUR + minute * MINUTE + second * SECOND + millis - offset)
}

/// The time without its zone, and the zone's offset. Without one it is UTC.
fn zone(time: &str) -> Option<(&str, i64)> {
    if let Some(time) = time.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    let Some(at) = time.find(['+', '-']) else { return Some((time, 0)) };
    let (time, zone) = time.split_at_checked(at)?;
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let (hours, minutes) = (fixed(hours, 2)?, fixed(minutes, 2)?);
    (hours < 24 && minutes < 60).then_some((time, sign * (hours * HOUR + minutes * MINUTE)))
}

fn fixed(text: &str, length: usize) -> Option<i64> {
    (text.len() == length).then(|| digits(text)).flatten()
}

fn digits<N: std::str::FromStr>(text: &str) -> Option<N> {
    text.bytes().all(|letter| letter.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Days since the epoch of a date of the Gregorian calendar (era arithmetic: years begin in March, so that the leap day is
/// the last).
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=longest).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// A moment for people: `2026-01-31T08:00:00.123Z`.
pub fn iso(ms: i64) -> String {
    let (day, rest) = (ms.div_euclid(DAY) + 719_468, ms.rem_euclid(DAY));
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        of_year - (153 * shifted + 2) / 5 + 1,
        rest / HOUR,
        rest / MINUTE % 60,
        rest / SECOND % 60,
        rest % 1_000
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const NOW: i64 = 1_764_000_000_000;

    #[test]
    fn moments_are_read_in_every_way_that_people_write_them() {
        for (text, expected) in [
            ("1970-01-01", 0),
            ("2024-02-29T12:30:00Z", 1_709_209_800_000),
            ("2024-02-29 12:30", 1_709_209_800_000),
            ("2024-02-29T20:30:00.250+08:00", 1_709_209_800_250),
            ("2024-02-29T07:30:00-05:00", 1_709_209_800_000),
            ("1709209800000", 1_709_209_800_000),
            ("2h", NOW - 7_200_000),
            ("3d", NOW - 3 * DAY),
            (" 45s ", NOW - 45_000),
        ] {
            assert_eq!(parse(text, Edge::Since, NOW).unwrap(), expected, "{text}");
        }
        assert_eq!(parse("1970-01-01", Edge::Until, NOW).unwrap(), DAY - 1);
        for text in
            ["", "d", "-3d", "yesterday", "2023-02-29", "2024-13-01", "2024-01-01T25:00", "2024", "2024-1-1", "日"]
        {
            assert!(parse(text, Edge::Since, NOW).is_err(), "{text}");
        }
    }

    #[test]
    fn every_day_is_read_as_it_is_written() {
        for day in (-1_000_000..1_000_000).step_by(97) {
            let ms = day * 43_211_000 + 123;
            if (0..=9_999).contains(&(1970 + ms / DAY / 366)) && ms > -62_000_000_000_000 {
                assert_eq!(parse(&iso(ms), Edge::Since, NOW).unwrap(), ms, "{}", iso(ms));
            }
        }
        assert_eq!(iso(1_709_209_800_250), "2024-02-29T12:30:00.250Z");
    }
}
