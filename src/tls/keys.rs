//! Secrets that leave, for whoever is to read what was encrypted.

use std::fmt::{self, Write as _};

use rustls::KeyLog;

/// Hands secrets on, a line each as the key logs of NSS have them: a label, the client's random and
/// the secret, the two in hexadecimal digits.
pub struct Keys(Box<dyn Fn(&str) + Send + Sync>);

impl Keys {
    /// To `told`, which gets each line with its end.
    pub fn new(told: impl Fn(&str) + Send + Sync + 'static) -> Keys {
        Keys(Box::new(told))
    }
}

impl KeyLog for Keys {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let mut line = String::from(label);
        for octets in [client_random, secret] {
            line.push(' ');
            for octet in octets {
                // Writing to a string does not fail.
                let _ = write!(line, "{octet:02x}");
            }
        }
        line.push('\n');
        (self.0)(&line);
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}
