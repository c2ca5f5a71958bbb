//! Numbers, durations and field lists inside text literals; pure functions of text.
use crate::model::Period;

/// The units in the order of a message.
const UNITS: &str = "`ms`, `s`, `m`, `h`, `d` or `w`";

/// `5s`, `250ms`, `1h 30m`
pub(crate) fn period(text: &str) -> Result<Period, String> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err("a duration is missing, for example `5s`".into());
    }
    let mut nanos = 0_u64;
    while !rest.is_empty() {
        let (digits, tail) = split_while(rest, |b| b.is_ascii_digit() || b == b'_');
        if digits.is_empty() {
            return Err(format!(
                "`{text}` is not a duration: expected a number and a unit, for example `5s`, `250ms` or `1h 30m`"
            ));
        }
        let (unit, tail) = split_while(tail.trim_start(), |b| b.is_ascii_alphabetic());
        let count: u64 = number(digits)?;
        if unit.is_empty() {
            return Err(match tail.is_empty() {
                true => format!(
                    "`{digits}` has no unit: write {UNITS} after it, for example `{digits}s`"
                ),
                false => format!("`{tail}` is not a unit: use {UNITS}"),
            });
        }
        let each = unit_nanos(unit)?;
        nanos = count
            .checked_mul(each)
            .and_then(|more| nanos.checked_add(more))
            .filter(|nanos| *nanos <= i64::MAX as u64)
            .ok_or_else(|| format!("`{text}` is too long"))?;
        rest = tail.trim_start();
    }
    match nanos {
        0 => Err(format!("`{text}` is no time at all")),
        nanos => Ok(Period { nanos }),
    }
}

/// The period of a rate: `s` is `1s`.
pub(crate) fn rate_period(text: &str) -> Result<Period, String> {
    let text = text.trim();
    match text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        true => Ok(Period {
            nanos: unit_nanos(text)?,
        }),
        false => period(text),
    }
}

fn unit_nanos(unit: &str) -> Result<u64, String> {
    crate::model::UNITS
        .iter()
        .find(|(name, _)| *name == unit || (name.len() > 2 && unit.strip_suffix('s') == Some(name)))
        .map(|(_, nanos)| *nanos)
        .ok_or_else(|| format!("unknown unit `{unit}`: use {UNITS}"))
}

/// Digits, with `_` between them.
pub(crate) fn number<N: std::str::FromStr>(digits: &str) -> Result<N, String> {
    let plain: String = digits.chars().filter(|c| *c != '_').collect();
    if plain.is_empty() || !plain.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("`{digits}` is not a number"));
    }
    plain
        .parse()
        .map_err(|_| format!("`{digits}` is too large"))
}

/// A count that can't be zero: of what `many` says.
pub(crate) fn count(digits: &str, many: &str) -> Result<u32, String> {
    match number(digits.trim())? {
        0 => Err(format!("zero {many} would let nothing through")),
        count => Ok(count),
    }
}

/// The fields after `per`: `account, kind`; each once.
pub(crate) fn fields(text: &str) -> Result<Vec<String>, String> {
    let mut fields: Vec<String> = Vec::new();
    for field in text.split(',').map(str::trim) {
        let word = !field.is_empty() && field.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !word {
            return Err(match field.is_empty() {
                true => "a field is missing after `per`, for example `per account`".into(),
                false => format!("`{field}` is not the name of a field"),
            });
        }
        if fields.iter().any(|known| known == field) {
            return Err(format!("`{field}` is named twice"));
        }
        fields.push(field.to_owned());
    }
    Ok(fields)
}

/// The longest start whose bytes are all such, and the rest.
fn split_while(text: &str, such: impl Fn(u8) -> bool) -> (&str, &str) {
    let end = text.bytes().position(|b| !such(b)).unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_in_every_unit() {
        let cases = [
            ("1ns", 1),
            ("2us", 2_000),
            ("250ms", 250_000_000),
            ("5s", 5_000_000_000),
            ("5 s", 5_000_000_000),
            ("2sec", 2_000_000_000),
            ("1m", 60_000_000_000),
            ("2min", 120_000_000_000),
            ("2mins", 120_000_000_000),
            ("1h 30m", 5_400_000_000_000),
            ("1h30m", 5_400_000_000_000),
            ("2days", 172_800_000_000_000),
            ("1_000ms", 1_000_000_000),
            ("1w", 604_800_000_000_000),
        ];
        for (text, nanos) in cases {
            assert_eq!(period(text), Ok(Period { nanos }), "{text}");
        }
    }

    #[test]
    fn wrong_durations_say_why() {
        let cases = [
            ("", "missing"),
            ("s", "not a duration"),
            ("5", "no unit"),
            ("5 fortnights", "unknown unit `fortnights`"),
            ("0s", "no time at all"),
            ("99999999999999999999s", "too large"),
            ("9999999w", "too long"),
            ("5s,", "not a duration"),
            ("-5s", "not a duration"),
            ("1.5h", "`.5h` is not a unit"),
            ("_s", "not a number"),
        ];
        for (text, why) in cases {
            let error = period(text).expect_err(text);
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn field_lists() {
        assert_eq!(
            fields("account, kind"),
            Ok(vec!["account".into(), "kind".into()])
        );
        assert_eq!(fields("0"), Ok(vec!["0".into()]));
        for wrong in ["", "a,", "a b", "a, a", "a.b"] {
            assert!(fields(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_duration_reads_back_as_printed(nanos in 1..=i64::MAX as u64) {
            let printed = Period { nanos }.to_string();
            prop_assert_eq!(period(&printed), Ok(Period { nanos }), "{}", printed);
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = period(&text);
            let _ = rate_period(&text);
            let _ = fields(&text);
            let _ = count(&text, "of them");
        }
    }
}
