//! What a handshake came to.

use std::fmt;

use rustls::{CommonState, HandshakeKind};

/// What both sides agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// The version, as `TLS 1.3`.
    pub version: String,
    /// The cipher suite by the name that the registry has, as `TLS_AES_128_GCM_SHA256`.
    pub suite: String,
    /// The group of the key exchange, as `X25519`; a resumed handshake of TLS 1.2 has none.
    pub group: Option<String>,
    /// The protocol above, by ALPN.
    pub protocol: Option<String>,
    /// Whether an earlier session goes on.
    pub resumed: bool,
    /// How many certificates the peer has shown.
    pub certificates: usize,
}

impl Agreed {
    /// After a handshake.
    pub(super) fn of(state: &CommonState) -> Agreed {
        let version = match state.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_2) => String::from("TLS 1.2"),
            Some(rustls::ProtocolVersion::TLSv1_3) => String::from("TLS 1.3"),
            other => format!("{other:?}"),
        };
        let suite = state.negotiated_cipher_suite();
        let suite = suite.map_or_else(String::new, |suite| format!("{:?}", suite.suite()));
        let group = state.negotiated_key_exchange_group();
        let protocol = state.alpn_protocol();
        Agreed {
            version,
            // The library writes TLS13_AES… for what the registry calls TLS_AES….
            suite: suite.replace("TLS13_", "TLS_"),
            group: group.map(|group| format!("{:?}", group.name())),
            protocol: protocol.map(|name| String::from_utf8_lossy(name).into_owned()),
            resumed: state.handshake_kind() == Some(HandshakeKind::Resumed),
            certificates: state.peer_certificates().map_or(0, <[_]>::len),
        }
    }
}

impl fmt::Display for Agreed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} · {}", self.version, self.suite)?;
        if let Some(group) = &self.group {
            write!(f, " · {group}")?;
        }
        if let Some(protocol) = &self.protocol {
            write!(f, " · {protocol}")?;
        }
        f.write_str(if self.resumed { " · resumed" } else { "" })
    }
}
