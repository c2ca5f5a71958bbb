//! Policies as written in a literal; printed, they read back as the same.
use std::fmt;
use syn::Path;

/// A span of time that is neither zero nor too long for 64 bits of nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Period {
    pub(crate) nanos: u64,
}

/// The units of time, longest first; of two names for one the first is printed.
pub(crate) const UNITS: [(&str, u64); 12] = [
    ("w", 604_800_000_000_000),
    ("d", 86_400_000_000_000),
    ("day", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("hour", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("min", 60_000_000_000),
    ("s", 1_000_000_000),
    ("sec", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.nanos;
        let mut gap = "";
        for (unit, nanos) in UNITS {
            let count = rest / nanos;
            if count > 0 {
                write!(f, "{gap}{count}{unit}")?;
                gap = " ";
                rest %= nanos;
            }
        }
        Ok(())
    }
}

/// So many in a period, for each value of some fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) count: u32,
    pub(crate) period: Period,
    /// How many may come at once; as many as `count` if it is not said.
    pub(crate) burst: Option<u32>,
    /// The fields whose values have limits of their own.
    pub(crate) per: Vec<String>,
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let period = self.period.to_string();
        // `1s` of a period is written `s`; `1h 30m` stays.
        let short = match period.strip_prefix('1') {
            Some(unit) if unit.bytes().all(|b| b.is_ascii_alphabetic()) => unit,
            _ => &period,
        };
        write!(f, "{}/{short}", self.count)?;
        if let Some(burst) = self.burst {
            write!(f, " burst {burst}")?;
        }
        if !self.per.is_empty() {
            write!(f, " per {}", self.per.join(", "))?;
        }
        Ok(())
    }
}

/// How long to wait before the next attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Backoff {
    /// Twice as long each time, up to `max`.
    Exponential {
        base: Period,
        max: Option<Period>,
        jitter: bool,
    },
    /// Always as long.
    Fixed(Period),
    /// One after the other; the last one repeats.
    List(Vec<Period>),
    /// What this function says.
    Function(Path),
}

impl fmt::Display for Backoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exponential { base, max, jitter } => {
                write!(f, "exponential({base}")?;
                if let Some(max) = max {
                    write!(f, ", max = {max}")?;
                }
                f.write_str(if *jitter { ", jitter)" } else { ")" })
            }
            Self::Fixed(period) => write!(f, "fixed({period})"),
            Self::List(periods) => {
                let periods: Vec<String> = periods.iter().map(Period::to_string).collect();
                write!(f, "list({})", periods.join(", "))
            }
            Self::Function(path) => f.write_str(&path_text(path)),
        }
    }
}

/// So many failures within a period open the circuit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Throttle {
    pub(crate) failures: u32,
    pub(crate) period: Period,
    /// The errors that count; all if none is named.
    pub(crate) only: Vec<Path>,
}

impl fmt::Display for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            failures,
            period,
            only,
        } = self;
        let s = if *failures == 1 { "" } else { "s" };
        write!(f, "{failures} failure{s}/{period}")?;
        if !only.is_empty() {
            let only: Vec<String> = only.iter().map(path_text).collect();
            write!(f, " only {}", only.join(", "))?;
        }
        Ok(())
    }
}

/// A path as one writes it.
pub(crate) fn path_text(path: &Path) -> String {
    crate::names::written(quote::ToTokens::to_token_stream(path))
}
