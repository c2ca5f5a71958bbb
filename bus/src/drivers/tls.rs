//! Encrypted connections: what a URL asks for, and whether this build can give it.

use std::io;

use crate::driver::ClientUrl;

/// A URL that cannot be followed as to encryption.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    /// The store's client was built without.
    #[error("{0} needs TLS: enable the feature \"tls\" of bus")]
    Missing(&'static str),
    /// Who names a root wants the server checked, and nothing would check it.
    #[error("sslrootcert is for encrypted connections: write rediss:// or sslmode=verify-full")]
    Clear,
    /// The file is not there, or not for us.
    #[error("sslrootcert={path} cannot be read")]
    Unreadable {
        path: String,
        #[source]
        cause: io::Error,
    },
    /// The file is another one.
    #[error("sslrootcert={0} has no certificate in PEM form")]
    Empty(String),
}

/// The root certificates that the URL names. `demand` is the part of the URL that asks for TLS, if
/// one does.
pub(super) fn root(
    url: &ClientUrl,
    demand: Option<&'static str>,
) -> Result<Option<Vec<u8>>, TlsError> {
    check(url, demand, cfg!(feature = "tls"))?;
    if demand.is_some() {
        provide();
    }
    let Some(path) = url.option(ROOT) else {
        return Ok(None);
    };
    match std::fs::read(&path) {
        Ok(pem) if String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----") => {
            Ok(Some(pem))
        }
        Ok(_) => Err(TlsError::Empty(path)),
        Err(cause) => Err(TlsError::Unreadable { path, cause }),
    }
}

/// Makes ring the cryptography of the process, unless the program has chosen. Both clients rely on
/// a choice in places: without one rustls takes what it was built with, and panics if that is
/// several.
#[cfg(feature = "tls")]
fn provide() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Nothing to choose: [`check`] has refused what needs it.
#[cfg(not(feature = "tls"))]
const fn provide() {}

/// The option that names a file of root certificates, as PostgreSQL's own clients call it.
const ROOT: &str = "sslrootcert";

fn check(url: &ClientUrl, demand: Option<&'static str>, available: bool) -> Result<(), TlsError> {
    match demand {
        Some(part) if !available => Err(TlsError::Missing(part)),
        None if url.option(ROOT).is_some() => Err(TlsError::Clear),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::StoreUrl;

    fn told(url: &str, demand: Option<&'static str>, available: bool) -> String {
        let Ok(StoreUrl::Postgres { url, .. } | StoreUrl::Redis { url, .. }) = url.parse() else {
            panic!("{url} is for a client")
        };
        let checked = check(&url, demand, available);
        checked.map_or_else(|error| error.to_string(), |()| "fine".to_owned())
    }

    #[test]
    fn a_build_without_tls_names_the_part_that_needs_it_and_the_feature() {
        let (full, rediss) = (Some("sslmode=verify-full"), Some("rediss://"));
        let postgres = "postgres://app:secret@h/d?sslmode=verify-full&sslrootcert=/ca.pem";
        assert_eq!(
            told(postgres, full, false),
            "sslmode=verify-full needs TLS: enable the feature \"tls\" of bus"
        );
        let redis = "rediss://app:secret@h";
        assert_eq!(
            told(redis, rediss, false),
            "rediss:// needs TLS: enable the feature \"tls\" of bus"
        );
        assert_eq!(told(postgres, full, true), "fine");
        assert_eq!(told(redis, rediss, true), "fine");
        assert_eq!(told("redis://app:secret@h", None, false), "fine");
    }

    #[test]
    fn the_path_of_a_root_is_decoded_and_ends_where_the_fragment_begins() {
        let url = "rediss://h/?sslrootcert=/my%20root.pem#insecure";
        let Ok(StoreUrl::Redis { url, .. }) = url.parse() else {
            panic!("{url} is for a client")
        };
        assert_eq!(url.option(ROOT).as_deref(), Some("/my root.pem"));
    }

    #[test]
    fn a_root_without_encryption_is_a_mistake_in_every_build() {
        for available in [false, true] {
            let text = told("redis://h/?sslrootcert=/ca.pem", None, available);
            assert!(text.contains("write rediss://"), "{text}");
        }
    }
}
