//! Store URLs: which store, where, how; a password in one is never printed.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A store URL that means no store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "store url {url:?}: {problem}; write memory:, sqlite://path, postgres://host/database or redis://host"
)]
pub struct UrlError {
    url: String,
    problem: String,
}

/// When SQLite's commits reach the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Synchronous {
    /// Before the call returns: survives a loss of power.
    #[default]
    Full,
    /// At checkpoints: a loss of power may take the last commits, never the file's integrity.
    Normal,
}

/// A URL for a client library, with its password.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientUrl(String);

impl ClientUrl {
    /// The whole URL: for the client library only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// An option of the query, decoded, that the driver looks after itself.
    #[cfg(any(feature = "postgres", feature = "redis"))]
    pub(crate) fn option(&self, name: &str) -> Option<String> {
        let (base, _) = self.0.split_once('#').unwrap_or((&self.0, ""));
        let (_, query) = base.split_once('?')?;
        let (_, value) = pairs(query).find(|(key, _)| *key == name)?;
        Some(percent_decoded(value).unwrap_or_else(|_| value.to_owned()))
    }
}

impl fmt::Display for ClientUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redacted(&self.0))
    }
}

impl fmt::Debug for ClientUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", redacted(&self.0))
    }
}

/// Which store, where, and with which of its options.
///
/// ```
/// use bus::driver::StoreUrl;
/// let url: StoreUrl = "postgres://app:secret@db/shop?schema=jobs".parse()?;
/// assert_eq!(url.to_string(), "postgres://app:***@db/shop (schema jobs)");
/// assert!("mysql://db".parse::<StoreUrl>().is_err());
/// # Ok::<(), bus::driver::UrlError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreUrl {
    /// `memory:` is a store of its own; `memory:name` is shared within the process.
    Memory {
        /// The shared name.
        name: Option<String>,
    },
    /// `sqlite://path` (relative) or `sqlite:///path` (absolute); option `synchronous=full|normal`.
    Sqlite {
        /// The file; percent-encoding is resolved.
        path: PathBuf,
        /// When commits reach the disk.
        synchronous: Synchronous,
    },
    /// `postgres://user@host/database`; option `schema=name`, all others go to the client.
    Postgres {
        /// For the client.
        url: ClientUrl,
        /// The schema that holds all tables. Default: `bus`.
        schema: String,
    },
    /// `redis://host`, or `rediss://host` with TLS; option `prefix=name`, all others go to the client.
    Redis {
        /// For the client.
        url: ClientUrl,
        /// What all keys begin with, as `{prefix}:`. Default: `bus`.
        prefix: String,
    },
}

impl StoreUrl {
    /// The schema and prefix where a URL names none.
    pub const DEFAULT_SPACE: &'static str = "bus";
}

impl FromStr for StoreUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        parse(text).map_err(|problem| UrlError {
            url: redacted(text),
            problem,
        })
    }
}

fn parse(text: &str) -> Result<StoreUrl, String> {
    let (scheme, rest) = text.split_once(':').ok_or("it has no scheme")?;
    match scheme {
        "memory" => {
            let name = rest.strip_prefix("//").unwrap_or(rest);
            if name.contains(['?', '/']) {
                return Err("a memory store has a name at most, no path and no options".to_owned());
            }
            Ok(StoreUrl::Memory {
                name: (!name.is_empty()).then(|| name.to_owned()),
            })
        }
        "sqlite" => sqlite(rest),
        "postgres" | "postgresql" => {
            let (url, schema) = client(text, rest, "schema")?;
            identifier(&schema)?;
            Ok(StoreUrl::Postgres { url, schema })
        }
        "redis" | "rediss" => {
            let (url, prefix) = client(text, rest, "prefix")?;
            if prefix.is_empty() || prefix.len() > 64 || prefix.contains(['{', '}', ' ']) {
                return Err("a prefix has 1 to 64 bytes without braces and spaces".to_owned());
            }
            Ok(StoreUrl::Redis { url, prefix })
        }
        _ => Err(format!("there is no store {scheme:?}")),
    }
}

fn sqlite(rest: &str) -> Result<StoreUrl, String> {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = percent_decoded(path.strip_prefix("//").unwrap_or(path))?;
    if path.is_empty() {
        return Err("it names no file".to_owned());
    }
    if path == ":memory:" {
        return Err("for a store in memory write memory:".to_owned());
    }
    let mut synchronous = Synchronous::default();
    for (key, value) in pairs(query) {
        synchronous = match (key, value) {
            ("synchronous", "full") => Synchronous::Full,
            ("synchronous", "normal") => Synchronous::Normal,
            ("synchronous", _) => return Err("synchronous is full or normal".to_owned()),
            _ => return Err(format!("sqlite has no option {key:?}, only synchronous")),
        };
    }
    Ok(StoreUrl::Sqlite {
        path: path.into(),
        synchronous,
    })
}

/// Takes our own option out of the query; the rest of the URL is the client's.
fn client(text: &str, rest: &str, option: &str) -> Result<(ClientUrl, String), String> {
    let Some(authority) = rest.strip_prefix("//") else {
        return Err("after the scheme comes //".to_owned());
    };
    if authority.is_empty() {
        return Err("it names no host".to_owned());
    }
    // `#insecure` is Redis' word for TLS without a check of the server.
    let (text, fragment) = text.split_at(text.find('#').unwrap_or(text.len()));
    let (base, query) = text.split_once('?').unwrap_or((text, ""));
    let mut value = StoreUrl::DEFAULT_SPACE.to_owned();
    let mut others = Vec::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        match part.split_once('=') {
            Some((key, given)) if key == option => value = percent_decoded(given)?,
            _ => others.push(part),
        }
    }
    let mark = if others.is_empty() { "" } else { "?" };
    Ok((
        ClientUrl(format!("{base}{mark}{}{fragment}", others.join("&"))),
        value,
    ))
}

/// A schema's name goes into SQL text, so only what needs no quoting is taken.
fn identifier(name: &str) -> Result<(), String> {
    let start = name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_');
    let rest = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if start && name.len() <= 63 && name.bytes().all(rest) {
        return Ok(());
    }
    Err(format!(
        "schema {name:?} is not of the form [a-z_][a-z0-9_]*, 63 bytes at most"
    ))
}

fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts.map(|part| part.split_once('=').unwrap_or((part, "")))
}

fn percent_decoded(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let hex = after.split_first_chunk::<2>().and_then(|(hex, left)| {
            let digits = std::str::from_utf8(hex).ok().filter(|_| hex[0] != b'+')?;
            Some((u8::from_str_radix(digits, 16).ok()?, left))
        });
        let (byte, left) = hex.ok_or("a % is followed by two hexadecimal digits")?;
        bytes.push(byte);
        rest = left;
    }
    String::from_utf8(bytes).map_err(|_| "it is not utf-8 once decoded".to_owned())
}

/// The URL without its password, wherever one may stand. Rather hides too much than too little: an
/// unescaped `@`, `/` or `?` in a password must not show the rest of it.
fn redacted(url: &str) -> String {
    let mut text = url.to_owned();
    if let Some(start) = url.find("://").map(|at| at + 3)
        && let Some(end) = url.rfind('@').filter(|&end| end > start)
        && let Some(colon) = url[start..end].find(':')
    {
        text.replace_range(start + colon + 1..end, "***");
    }
    let Some((base, query)) = text.split_once('?') else {
        return text;
    };
    let shown = query.split('&').map(|part| match part.split_once('=') {
        Some((key, _)) if key.to_ascii_lowercase().contains("pass") => format!("{key}=***"),
        _ => part.to_owned(),
    });
    format!("{base}?{}", shown.collect::<Vec<_>>().join("&"))
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory { name } => write!(f, "memory:{}", name.as_deref().unwrap_or_default()),
            Self::Sqlite {
                path,
                synchronous: Synchronous::Full,
            } => {
                write!(f, "sqlite://{}", path.display())
            }
            Self::Sqlite {
                path,
                synchronous: Synchronous::Normal,
            } => {
                write!(f, "sqlite://{} (synchronous normal)", path.display())
            }
            Self::Postgres { url, schema } => write!(f, "{url} (schema {schema})"),
            Self::Redis { url, prefix } => write!(f, "{url} (prefix {prefix})"),
        }
    }
}

#[cfg(test)]
mod tests;
