//! Sentences that are made of values: failures, moments and spans.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{api::Failure, browser::format, i18n::t};

/// A failure as a sentence: by its code, else the server's own, else by its status.
pub(crate) fn sentence(failure: &Failure) -> String {
    let problems = &t().problem;
    match failure {
        Failure::Line => problems.line.to_owned(),
        Failure::Garbled(_) => problems.garbled.to_owned(),
        Failure::Refused(problem) => {
            let mut sentence = match (problems.of_code)(&problem.code) {
                Some(sentence) => sentence.to_owned(),
                None if problem.detail.trim().is_empty() => {
                    (problems.of_status)(problem.status).to_owned()
                }
                None => problem.detail.clone(),
            };
            if let (500.., Some(trace)) = (problem.status, &problem.trace) {
                sentence.push(' ');
                sentence.push_str(&(t().common.error_code)(trace));
            }
            sentence
        }
    }
}

/// A kept refusal as a sentence.
pub(crate) fn refusal(code: &str, detail: &str) -> String {
    match (t().problem.of_code)(code) {
        Some(sentence) => sentence.to_owned(),
        None if detail.trim().is_empty() => (t().problem.of_status)(422).to_owned(),
        None => detail.to_owned(),
    }
}

/// `agora`, `4 min`, `2 h`, then the time of yesterday or the date.
pub(crate) fn when(moment: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let words = &t().time;
    let passed = now - moment;
    match (passed.num_minutes(), passed.num_hours()) {
        (..1, _) => words.now.to_owned(),
        (minutes @ 1..60, _) => (words.minutes_short)(minutes),
        (_, hours @ 1..24) => (words.hours_short)(hours),
        _ => format::day_month(moment),
    }
}

/// `há 3 min`.
pub(crate) fn ago(moment: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let passed = (now - moment).max(TimeDelta::zero());
    (t().time.ago)(&(t().time.span)(passed))
}

/// `hoje`, `ontem` or the day, for the line between two days.
pub(crate) fn day(moment: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let words = &t().time;
    let key = format::day_key(moment);
    let name = format::day(moment);
    if key == format::day_key(now) {
        format!("{}, {name}", words.today)
    } else if key == format::day_key(now - TimeDelta::days(1)) {
        format!("{}, {name}", words.yesterday)
    } else if (now - moment).num_days().abs() > 300 {
        format::date(moment)
    } else {
        name
    }
}

/// `09:14` today, else with the date.
pub(crate) fn clock(moment: DateTime<Utc>, now: DateTime<Utc>) -> String {
    if format::day_key(moment) == format::day_key(now) {
        format::time(moment)
    } else {
        format!("{}, {}", format::day_month(moment), format::time(moment))
    }
}

/// A Brazilian number as people write it; every other address as it is.
pub(crate) fn phone(address: &str) -> String {
    let is_national = |digits: &&str| {
        matches!(digits.len(), 10 | 11) && digits.bytes().all(|digit| digit.is_ascii_digit())
    };
    match address.strip_prefix("+55").filter(is_national) {
        Some(national) => {
            let (area, local) = national.split_at(2);
            let (head, tail) = local.split_at(local.len() - 4);
            format!("+55 {area} {head}-{tail}")
        }
        None => address.to_owned(),
    }
}

/// A code after the plain reason, before its full stop.
pub(crate) fn with_code(sentence: &str, code: &str) -> String {
    match sentence.strip_suffix('.') {
        Some(begin) => format!("{begin}{code}."),
        None => format!("{sentence}{code}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{phone, with_code};

    #[test]
    fn a_number_of_brazil_is_written_as_there() {
        assert_eq!(phone("+5511970000001"), "+55 11 97000-0001");
        assert_eq!(phone("+551140000001"), "+55 11 4000-0001");
        assert_eq!(phone("+14155550100"), "+14155550100");
        assert_eq!(phone("BR.55"), "BR.55");
    }

    #[test]
    fn the_code_stands_before_the_full_stop() {
        assert_eq!(with_code("O acesso venceu.", " (código 190)"), "O acesso venceu (código 190).");
        assert_eq!(with_code("O acesso venceu.", ""), "O acesso venceu.");
        assert_eq!(with_code("Recusado", " (1)"), "Recusado (1)");
    }
}
