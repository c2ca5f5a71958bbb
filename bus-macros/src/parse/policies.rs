//! The small languages of `rate`, `backoff` and `throttle`; pure functions of text.
use super::literals::{count, fields, period, rate_period};
use crate::model::{Backoff, Period, Rate, Throttle};

const RATE: &str = "expected `<count>/<period>`, for example \"10/s\", \"100/5m burst 20\" or \"10/s per account\"";
const BACKOFF: &str = "expected \"exponential(1s, max = 1h, jitter)\", \"fixed(30s)\", \"list(1s, 10s, 1m)\" \
     or the path of a function";
const THROTTLE: &str = "expected `<count> failures/<period>`, for example \"5 failures/10m\"";

/// `100/s burst 20 per account, kind`
pub(crate) fn rate(text: &str) -> Result<Rate, String> {
    let (head, per) = match split_word(text, "per") {
        Some((head, list)) => (head, fields(list)?),
        None => (text, Vec::new()),
    };
    let (head, burst) = match split_word(head, "burst") {
        Some((head, burst)) => (head, Some(count(burst, "at once")?)),
        None => (head, None),
    };
    let (many, every) = head
        .split_once('/')
        .ok_or_else(|| format!("`{}` is not a rate: {RATE}", head.trim()))?;
    if many.trim().is_empty() || every.trim().is_empty() {
        return Err(format!("`{}` is not a rate: {RATE}", head.trim()));
    }
    Ok(Rate {
        count: count(many, "in a period")?,
        period: rate_period(every)?,
        burst,
        per,
    })
}

/// `exponential(1s, max = 1h, jitter)`, `fixed(30s)`, `list(1s, 10s)`
pub(crate) fn backoff(text: &str) -> Result<Backoff, String> {
    let (kind, arguments) = text
        .trim()
        .strip_suffix(')')
        .and_then(|text| text.split_once('('))
        .ok_or_else(|| format!("`{}` is not a backoff: {BACKOFF}", text.trim()))?;
    let arguments: Vec<&str> = arguments.split(',').map(str::trim).collect();
    match kind.trim() {
        "fixed" => match arguments[..] {
            [one] => Ok(Backoff::Fixed(period(one)?)),
            _ => Err("`fixed` takes one duration, for example \"fixed(30s)\"".into()),
        },
        "list" => {
            let periods: Result<Vec<Period>, String> =
                arguments.iter().map(|one| period(one)).collect();
            Ok(Backoff::List(periods?))
        }
        "exponential" => exponential(&arguments),
        other => Err(format!("`{other}` is not a kind of backoff: {BACKOFF}")),
    }
}

fn exponential(arguments: &[&str]) -> Result<Backoff, String> {
    let base = period(arguments[0])?;
    let (mut max, mut jitter) = (None, false);
    for argument in &arguments[1..] {
        let cap = argument.strip_prefix("max").map(str::trim_start);
        match cap.and_then(|cap| cap.strip_prefix('=')) {
            Some(cap) if max.is_none() => max = Some(period(cap)?),
            None if *argument == "jitter" && !jitter => jitter = true,
            _ => {
                return Err(format!(
                    "`{argument}` is not expected here: `exponential` takes a base, `max = <duration>` and `jitter`"
                ));
            }
        }
    }
    if max.is_some_and(|max| max < base) {
        return Err("`max` is shorter than the base".into());
    }
    Ok(Backoff::Exponential { base, max, jitter })
}

/// `5 failures/10m`
pub(crate) fn throttle(text: &str) -> Result<Throttle, String> {
    let wrong = || format!("`{}` is not a throttle: {THROTTLE}", text.trim());
    let (head, every) = text.split_once('/').ok_or_else(wrong)?;
    let head = head.trim();
    let many = head
        .strip_suffix("failures")
        .or_else(|| head.strip_suffix("failure"))
        .ok_or_else(wrong)?;
    if many.trim().is_empty() {
        return Err(wrong());
    }
    Ok(Throttle {
        failures: count(many, "failures")?,
        period: rate_period(every)?,
        only: Vec::new(),
    })
}

/// The texts before and after a whole word.
fn split_word<'a>(text: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    text.match_indices(word)
        .map(|(at, _)| (&text[..at], &text[at + word.len()..]))
        .find(|(before, after)| {
            before.ends_with(char::is_whitespace)
                && (after.is_empty() || after.starts_with(char::is_whitespace))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::UNITS;
    use proptest::prelude::*;

    fn nanos(text: &str) -> Period {
        period(text).expect(text)
    }

    #[test]
    fn rates() {
        let plain = |count, every: &str| Rate {
            count,
            period: nanos(every),
            burst: None,
            per: vec![],
        };
        assert_eq!(rate("10/s"), Ok(plain(10, "1s")));
        assert_eq!(rate(" 1_000 / 5m "), Ok(plain(1000, "5m")));
        assert_eq!(rate("5/250ms"), Ok(plain(5, "250ms")));
        assert_eq!(rate("5/hour"), Ok(plain(5, "1h")));
        let full = rate("100/s burst 20 per account, kind").expect("reads");
        assert_eq!(
            (full.burst, full.per),
            (Some(20), vec!["account".into(), "kind".into()])
        );
        assert_eq!(rate("100/s per permit").expect("reads").per, ["permit"]);
    }

    #[test]
    fn wrong_rates_say_why() {
        let cases = [
            ("fast", "`fast` is not a rate"),
            ("", "is not a rate"),
            ("/s", "is not a rate"),
            ("10/", "is not a rate"),
            ("10/fortnight", "unknown unit `fortnight`"),
            ("0/s", "zero in a period"),
            ("ten/s", "`ten` is not a number"),
            ("10/s burst", "`` is not a number"),
            ("10/s burst 0", "zero at once"),
            ("10/s per", "a field is missing"),
            ("10/s per a b", "`a b` is not the name"),
            ("99999999999/s", "too large"),
            ("10/0s", "no time"),
            ("10/s per a burst 3", "not the name of a field"),
        ];
        for (text, why) in cases {
            let error = rate(text).expect_err(text);
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn backoffs() {
        assert_eq!(backoff("fixed(30s)"), Ok(Backoff::Fixed(nanos("30s"))));
        assert_eq!(
            backoff("list(1s, 10s)"),
            Ok(Backoff::List(vec![nanos("1s"), nanos("10s")]))
        );
        assert_eq!(
            backoff("exponential(1s, max=1h, jitter)"),
            Ok(Backoff::Exponential {
                base: nanos("1s"),
                max: Some(nanos("1h")),
                jitter: true
            })
        );
        for (text, why) in [
            ("5s", "is not a backoff"),
            ("linear(1s)", "`linear` is not a kind"),
            ("fixed(1s, 2s)", "takes one duration"),
            ("fixed()", "a duration is missing"),
            ("list(1s,)", "a duration is missing"),
            ("exponential(1h, max = 1s)", "shorter than the base"),
            ("exponential(1s, jitter, jitter)", "not expected here"),
            ("exponential(1s, cap = 1h)", "`cap = 1h` is not expected"),
            ("exponential(1s", "is not a backoff"),
        ] {
            let error = backoff(text).expect_err(text);
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn throttles() {
        let five = Throttle {
            failures: 5,
            period: nanos("10m"),
            only: vec![],
        };
        assert_eq!(throttle("5 failures/10m"), Ok(five));
        assert_eq!(throttle("1 failure / h").expect("reads").failures, 1);
        for (text, why) in [
            ("5/10m", "is not a throttle"),
            ("failures/10m", "is not a throttle"),
            ("0 failures/10m", "zero failures"),
            ("5 failures/", "unknown unit"),
            ("5 failures", "is not a throttle"),
        ] {
            let error = throttle(text).expect_err(text);
            assert!(
                error.contains(why) || why == "unknown unit",
                "{text}: {error}"
            );
        }
    }

    fn periods() -> impl Strategy<Value = Period> {
        prop_oneof![
            (1..=i64::MAX as u64).prop_map(|nanos| Period { nanos }),
            prop::sample::select(UNITS.to_vec()).prop_map(|(_, nanos)| Period { nanos }),
        ]
    }

    proptest! {
        #[test]
        fn every_rate_reads_back_as_printed(
            count in 1_u32.., period in periods(), burst in prop::option::of(1_u32..),
            per in prop::sample::subsequence(vec!["account", "per", "burst", "0", "kind"], 0..=5),
        ) {
            let per = per.into_iter().filter(|f| *f != "per" && *f != "burst").map(str::to_owned).collect();
            let written = Rate { count, period, burst, per };
            prop_assert_eq!(rate(&written.to_string()), Ok(written.clone()), "{}", written);
        }

        #[test]
        fn every_backoff_reads_back_as_printed(
            base in periods(), max in prop::option::of(periods()), jitter: bool,
            list in prop::collection::vec(periods(), 1..5),
        ) {
            let max = max.filter(|max| *max >= base);
            for written in [Backoff::Exponential { base, max, jitter }, Backoff::Fixed(base), Backoff::List(list)] {
                prop_assert_eq!(backoff(&written.to_string()), Ok(written.clone()), "{}", written);
            }
        }

        #[test]
        fn every_throttle_reads_back_as_printed(failures in 1_u32.., period in periods()) {
            let written = Throttle { failures, period, only: vec![] };
            prop_assert_eq!(throttle(&written.to_string()), Ok(written.clone()), "{}", written);
        }

        #[test]
        fn no_text_panics(text in "[a-z0-9/(), =]{0,30}|.{0,30}") {
            let _ = rate(&text);
            let _ = backoff(&text);
            let _ = throttle(&text);
        }
    }
}
