//! The Fast Open cookies that scripts hold in full: those of Linux.
//!
//! SipHash-2-4 over source and destination address; the key is four words of 32 bits, the cookie
//! the result of 64, both written with the least byte first.

use std::net::IpAddr;

use crate::base::keyed::Key;

/// The cookie of a client at `src` for a server at `dst`. `key` is as its words stand in memory.
pub fn cookie(key: [u8; 16], src: IpAddr, dst: IpAddr) -> [u8; 8] {
    let octets = |addr: IpAddr| match addr {
        IpAddr::V4(addr) => addr.octets().to_vec(),
        IpAddr::V6(addr) => addr.octets().to_vec(),
    };
    let addresses = [octets(src), octets(dst)].concat();
    Key::new(key).hash(&addresses).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::settings::DEFAULT_KEY;
    use crate::drill::spell::Hex;

    /// Known values: they were seen from Linux.
    #[test]
    fn cookies_are_those_of_linux() {
        let of = |key, src: &str, dst: &str| {
            let cookie = cookie(key, src.parse().unwrap(), dst.parse().unwrap());
            Hex(&cookie).to_string()
        };
        let v4 = ("192.0.2.1", "192.168.0.1");
        assert_eq!(of(DEFAULT_KEY, v4.0, v4.1), "3021b9d889017eeb");
        assert_eq!(of([0; 16], v4.0, v4.1), "b7c12350a90dc8f5");
        let v6 = ("fd3d:fa7b:d17d::1", "fd3d:0a0b:17d6::1");
        assert_eq!(of(DEFAULT_KEY, v6.0, v6.1), "c1d1e9742a47a9bc");
    }
}
