//! The constants that code blocks know.

use super::settings::Dialect;

/// Names and values, of the dialect.
pub fn of(dialect: Dialect) -> Vec<(&'static str, i64)> {
    let states = match dialect {
        Dialect::Google => LINUX_STATES,
        Dialect::Bsd => BSD_STATES,
    };
    [states, OTHERS].concat()
}

/// A state's number in the dialect, by Linux's.
pub fn state(dialect: Dialect, linux: i64) -> i64 {
    if dialect == Dialect::Google {
        return linux;
    }
    let place = LINUX_TO_BSD.iter().position(|number| *number == linux);
    place.map_or(linux, |place| place as i64)
}

/// Whether a name is one of them, in any dialect.
pub fn is_known(name: &str) -> bool {
    let all = [LINUX_STATES, BSD_STATES, OTHERS];
    all.iter()
        .any(|list| list.iter().any(|(known, _)| *known == name))
}

const LINUX_STATES: &[(&str, i64)] = &[
    ("TCP_ESTABLISHED", 1),
    ("TCP_SYN_SENT", 2),
    ("TCP_SYN_RECV", 3),
    ("TCP_FIN_WAIT1", 4),
    ("TCP_FIN_WAIT2", 5),
    ("TCP_TIME_WAIT", 6),
    ("TCP_CLOSE", 7),
    ("TCP_CLOSE_WAIT", 8),
    ("TCP_LAST_ACK", 9),
    ("TCP_LISTEN", 10),
    ("TCP_CLOSING", 11),
];

const BSD_STATES: &[(&str, i64)] = &[
    ("TCPI_CLOSED", 0),
    ("TCPI_LISTEN", 1),
    ("TCPI_SYN_SENT", 2),
    ("TCPI_SYN_RECEIVED", 3),
    ("TCPI_ESTABLISHED", 4),
    ("TCPI_CLOSE_WAIT", 5),
    ("TCPI_FIN_WAIT_1", 6),
    ("TCPI_CLOSING", 7),
    ("TCPI_LAST_ACK", 8),
    ("TCPI_FIN_WAIT_2", 9),
    ("TCPI_TIME_WAIT", 10),
];

/// Linux's numbers in BSD's order.
const LINUX_TO_BSD: [i64; 11] = [7, 10, 2, 3, 1, 8, 4, 11, 9, 5, 6];

const OTHERS: &[(&str, i64)] = &[
    ("TCP_CA_Open", 0),
    ("TCP_CA_Disorder", 1),
    ("TCP_CA_CWR", 2),
    ("TCP_CA_Recovery", 3),
    ("TCP_CA_Loss", 4),
    ("TCPI_OPT_TIMESTAMPS", 1),
    ("TCPI_OPT_SACK", 2),
    ("TCPI_OPT_WSCALE", 4),
    ("TCPI_OPT_ECN", 8),
    ("TCPI_OPT_ECN_SEEN", 16),
    ("TCPI_OPT_SYN_DATA", 32),
    ("TCPI_OPT_USEC_TS", 64),
    ("TCPI_OPT_TFO_CHILD", 128),
    ("TCP_INFINITE_SSTHRESH", 0x7fff_ffff),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_has_the_number_of_its_dialect() {
        let by_name = |list: &[(&str, i64)], name: &str| {
            let found = list.iter().find(|(known, _)| *known == name);
            found.map(|(_, number)| *number).unwrap()
        };
        for (linux, bsd) in [
            ("TCP_CLOSE", "TCPI_CLOSED"),
            ("TCP_LISTEN", "TCPI_LISTEN"),
            ("TCP_SYN_SENT", "TCPI_SYN_SENT"),
            ("TCP_SYN_RECV", "TCPI_SYN_RECEIVED"),
            ("TCP_ESTABLISHED", "TCPI_ESTABLISHED"),
            ("TCP_CLOSE_WAIT", "TCPI_CLOSE_WAIT"),
            ("TCP_FIN_WAIT1", "TCPI_FIN_WAIT_1"),
            ("TCP_CLOSING", "TCPI_CLOSING"),
            ("TCP_LAST_ACK", "TCPI_LAST_ACK"),
            ("TCP_FIN_WAIT2", "TCPI_FIN_WAIT_2"),
            ("TCP_TIME_WAIT", "TCPI_TIME_WAIT"),
        ] {
            let (linux, bsd) = (by_name(LINUX_STATES, linux), by_name(BSD_STATES, bsd));
            assert_eq!(state(Dialect::Bsd, linux), bsd);
            assert_eq!(state(Dialect::Google, linux), linux);
        }
    }

    #[test]
    fn names_are_known_in_both_dialects() {
        assert!(is_known("TCP_CA_Recovery") && is_known("TCPI_LAST_ACK"));
        assert!(!is_known("TCP_FROB"));
    }
}
