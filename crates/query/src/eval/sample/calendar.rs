//! Parts of a date in UTC, of seconds since 1970.

const DAY_SECONDS: i64 = 86_400;

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// Year.
    pub year: i64,
    /// Month, from 1.
    pub month: i64,
    /// Day of the month, from 1.
    pub day: i64,
}

impl Date {
    /// The date of `seconds`.
    pub fn of(seconds: f64) -> Self {
        // Years begin in March here, so that the day of a leap year is its last.
        let days = (seconds as i64).div_euclid(DAY_SECONDS) + 719_468;
        let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self { year, month, day: of_year - (153 * shifted + 2) / 5 + 1 }
    }

    fn is_leap(self) -> bool {
        self.year % 4 == 0 && self.year % 100 != 0 || self.year % 400 == 0
    }

    /// Days of its month.
    pub fn days_in_month(self) -> i64 {
        match self.month {
            2 => 28 + i64::from(self.is_leap()),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    /// Day of the year, from 1.
    pub fn day_of_year(self) -> i64 {
        let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
        let before = usize::try_from(self.month - 1).ok().and_then(|at| before.get(at)).copied().unwrap_or(0);
        before + self.day + i64::from(self.month > 2 && self.is_leap())
    }
}

/// Day of the week of `seconds`, Sunday is 0.
pub fn day_of_week(seconds: f64) -> i64 {
    ((seconds as i64).div_euclid(DAY_SECONDS) + 4).rem_euclid(7)
}

/// Hour of the day.
pub fn hour(seconds: f64) -> i64 {
    (seconds as i64).rem_euclid(DAY_SECONDS) / 3600
}

/// Minute of the hour.
pub fn minute(seconds: f64) -> i64 {
    (seconds as i64).rem_euclid(3600) / 60
}

#[cfg(test)]
mod tests;
