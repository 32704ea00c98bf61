//! Certificates and keys on disk, as PEM has them.

use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::pem::{Error as Pem, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::error::Error;

/// The certificates of a file, in their order; at least one.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let wrong = |error: Pem| unread(path, &error);
    let all = CertificateDer::pem_file_iter(path).map_err(wrong)?;
    let all: Vec<_> = all.collect::<Result<_, _>>().map_err(wrong)?;
    match all.is_empty() {
        true => Err(Error::file(path, "it holds no certificate in PEM")),
        false => Ok(all),
    }
}

/// The private key of a file.
pub(super) fn key(path: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| match error {
        Pem::NoItemsFound => Error::file(path, "it holds no private key in PEM"),
        error => unread(path, &error),
    })
}

fn unread(path: &Path, error: &Pem) -> Error {
    match error {
        Pem::Io(error) => Error::file(path, error),
        error => Error::file(path, error),
    }
}

/// The authorities that this machine trusts; where it has no list, those that Mozilla does.
pub(super) fn authorities() -> RootCertStore {
    let mut store = RootCertStore::empty();
    let lists = BUNDLES
        .iter()
        .filter_map(|path| certificates(Path::new(path)).ok());
    if let Some(list) = lists.into_iter().next() {
        // One that cannot be read is one less to trust.
        store.add_parsable_certificates(list);
    }
    if store.is_empty() {
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    store
}

/// Where systems keep the list: Debian and Arch, Fedora, openSUSE, Alpine.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];
