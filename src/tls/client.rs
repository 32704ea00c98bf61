//! The side that connects.

use std::path::PathBuf;
use std::sync::Arc;

use ::tokio::io::{AsyncRead, AsyncWrite};
use rustls::ClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use tokio_rustls::TlsConnector;

use super::error::Error;
use super::{Agreed, HANDSHAKE_WITHIN, Keys, files, provider};

/// A stream that is secured. An end that the peer did not announce is an error when it is read.
pub type Secured<S> = tokio_rustls::client::TlsStream<S>;

/// Whom a client trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// The authorities of this machine, and those of these files.
    Authorities(Vec<PathBuf>),
    /// Only the authorities of these files.
    Only(Vec<PathBuf>),
    /// Whoever answers: nobody on the path is kept from reading and changing what passes.
    Anyone,
}

/// What a client needs. It remembers sessions, so that later handshakes are shorter.
#[derive(Clone)]
pub struct Client(TlsConnector);

impl Client {
    /// A client that offers these protocols by ALPN, the best first.
    ///
    /// # Errors
    ///
    /// [`Error::File`].
    pub fn new(trust: &Trust, protocols: &[&str]) -> Result<Client, Error> {
        let provider = provider();
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::of(&error))?;
        let (mut roots, more) = match trust {
            Trust::Authorities(more) => (files::authorities(), more.as_slice()),
            Trust::Only(only) => (rustls::RootCertStore::empty(), only.as_slice()),
            Trust::Anyone => (rustls::RootCertStore::empty(), [].as_slice()),
        };
        for path in more {
            for certificate in files::certificates(path)? {
                let added = roots.add(certificate);
                added.map_err(|error| Error::file(path, error))?;
            }
        }
        let mut config = match trust {
            Trust::Anyone => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Anyone(provider)))
                .with_no_client_auth(),
            _ => builder.with_root_certificates(roots).with_no_client_auth(),
        };
        config.alpn_protocols = protocols
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        Ok(Client(TlsConnector::from(Arc::new(config))))
    }

    /// The same client, which hands its secrets to `keys`, if that is somebody.
    pub fn with_keys(self, keys: Option<Keys>) -> Client {
        let Some(keys) = keys else {
            return self;
        };
        let mut config = ClientConfig::clone(self.0.config());
        config.key_log = Arc::new(keys);
        Client(TlsConnector::from(Arc::new(config)))
    }

    /// Makes `stream` secure with the host of this name, or of this address.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn connect<S>(&self, host: &str, stream: S) -> Result<(Secured<S>, Agreed), Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|_| Error::Name(host.to_owned()))?;
        let connecting = self.0.connect(name, stream);
        let connected = ::tokio::time::timeout(HANDSHAKE_WITHIN, connecting).await;
        let stream = connected.map_err(|_| Error::Late)?;
        let stream = stream.map_err(Error::of_stream)?;
        let agreed = Agreed::of(stream.get_ref().1);
        Ok((stream, agreed))
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

/// Takes whatever certificate comes. That its owner is the one who speaks is still checked.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _status: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
