//! Where this stack and Linux differ, and why this stack does what it does.

/// Questions that have the same answers, and the argument.
pub struct Difference {
    pub questions: &'static [&'static str],
    pub ours: &'static str,
    pub linux: &'static str,
    /// Why.
    pub because: &'static str,
}

const SILENCE: &str = "";
const ECHO: &str = "echo reply of 16 bytes";
const CLOSED_V4: &str = "icmp 3/3 0x0 quoting all";
const CLOSED_V6: &str = "icmp 1/4 0x0 quoting all";
const NO_ROUTE: &str = "icmp 1/0 0x0 quoting all";
const REFUSED: &str = "tcp 010100 seq 0 ack 1001";

pub const DIFFERENCES: &[Difference] = &[
    // IPv4.
    Difference {
        questions: &["v4 a length of 33 with more to come"],
        ours: SILENCE,
        linux: "echo reply of 57 bytes",
        because: "RFC 791 section 3.1 has fragments end at multiples of eight bytes. Linux takes \
                  the 32 bytes in front of the 33rd and goes on; we take what is impossible for a \
                  fault.",
    },
    Difference {
        questions: &["v4 a part within a part"],
        ours: SILENCE,
        linux: "echo reply of 56 bytes",
        because: "Any overlap but an identical duplicate gives its datagram up (RFC 5722, which we \
                  keep on IPv4 too). Linux drops the inner part unread and keeps the datagram.",
    },
    Difference {
        questions: &["v4 echo from 10.90.0.0", "v4 echo from 10.90.0.255"],
        ours: SILENCE,
        linux: ECHO,
        because: "RFC 1122 section 3.2.1.3: nobody sends from the broadcast address of a network \
                  of ours. Linux knows none on an interface to which no broadcast address was \
                  given.",
    },
    Difference {
        questions: &["v4 udp from 10.90.0.0", "v4 udp from 10.90.0.255"],
        ours: SILENCE,
        linux: CLOSED_V4,
        because: "As above.",
    },
    Difference {
        questions: &["v4 tcp from 10.90.0.0", "v4 tcp from 10.90.0.255"],
        ours: SILENCE,
        linux: REFUSED,
        because: "As above.",
    },
    Difference {
        questions: &["v4 icmp type 13"],
        ours: SILENCE,
        linux: "icmp 14/0",
        because: "RFC 1122 section 3.2.2.8: a host MAY tell the time, and ours does not.",
    },
    Difference {
        questions: &["v4 option: end, and more, to a closed port"],
        ours: CLOSED_V4,
        linux: "icmp 3/3 0x0 quoting something else",
        because: "RFC 1122 section 3.2.2: what is quoted is as it came. Linux has cleared what \
                  stood behind the end of the options.",
    },
    Difference {
        questions: &["v4 option: loose route", "v4 option: strict route"],
        ours: "icmp 3/5 0x0 quoting all",
        linux: SILENCE,
        because: "RFC 1122 section 3.3.5: a host that does not forward tells that the source route \
                  failed. Linux drops source routes unread.",
    },
    Difference {
        questions: &[
            "v4 option: loose route, to a closed port",
            "v4 option: strict route, to a closed port",
        ],
        ours: "icmp 3/5 0x0 quoting all",
        linux: SILENCE,
        because: "As above.",
    },
    Difference {
        questions: &[
            "v4 option: loose route, ended",
            "v4 option: strict route, ended",
        ],
        ours: ECHO,
        linux: SILENCE,
        because: "RFC 1122 section 3.2.1.8 (c): a route that has ended is no reason to refuse a \
                  datagram; it is passed over, and never turned round. Linux drops it unread.",
    },
    Difference {
        questions: &[
            "v4 option: loose route, ended, to a closed port",
            "v4 option: strict route, ended, to a closed port",
        ],
        ours: CLOSED_V4,
        linux: SILENCE,
        because: "As above.",
    },
    Difference {
        questions: &[
            "v4 option: record route",
            "v4 option: record route, full",
            "v4 option: timestamp",
        ],
        ours: ECHO,
        linux: "echo reply of 16 bytes with 8 bytes of options",
        because: "RFC 1122 section 3.2.2.6: these SHOULD come back with an echo. No packet of ours \
                  has options: docs/not-implemented.md.",
    },
    Difference {
        questions: &["v4 option: record route, full, to a closed port"],
        ours: CLOSED_V4,
        linux: "icmp 3/3 0x0 quoting all with 8 bytes of options",
        because: "No packet of ours has options, and no RFC asks for them here.",
    },
    Difference {
        questions: &[
            "v4 option: record route, to a closed port",
            "v4 option: timestamp, to a closed port",
        ],
        ours: CLOSED_V4,
        linux: "icmp 3/3 0x0 quoting something else with 8 bytes of options",
        because: "As above; and Linux quotes its own address in the place where it would be \
                  recorded, where RFC 1122 section 3.2.2 wants what came.",
    },
    Difference {
        questions: &["v4 tcp SYN,FIN to an open port"],
        ours: "tcp 010010 ack 1001",
        linux: SILENCE,
        because: "RFC 9293 section 3.10.7.2: the SYN opens, and what came with it is dealt with \
                  later. Linux listens to no SYN that has a FIN.",
    },
    // IPv6.
    Difference {
        questions: &[
            "v6 PadN with bytes that are not zero in header 0",
            "v6 PadN with bytes that are not zero in header 60",
        ],
        ours: ECHO,
        linux: SILENCE,
        because: "RFC 8200 section 4.2 has senders fill PadN with zeros, and asks no receiver to \
                  look. Linux looks.",
    },
    Difference {
        questions: &[
            "v6 an option cut off in header 0",
            "v6 an option cut off in header 60",
        ],
        ours: "icmp 4/0 0x2a quoting all",
        linux: SILENCE,
        because: "RFC 4443 section 3.4: a field that makes no sense SHOULD be told, with its \
                  place. Linux drops it.",
    },
    Difference {
        questions: &["v6 a fragment header behind a fragment header"],
        ours: SILENCE,
        linux: "icmp 4/0 0x30 quoting all",
        because: "Nothing is cut twice, by anybody who means well; what is owed to nobody is not \
                  told.",
    },
    Difference {
        questions: &["v6 beyond 65,535 bytes"],
        ours: SILENCE,
        linux: "icmp 4/0 0x2a quoting all",
        because: "RFC 8200 section 4.5 wants it told, RFC 4443 section 2.4 (e.1) no error about an \
                  ICMPv6 error. In a later fragment of an ICMPv6 message nothing shows which it \
                  is; over UDP we tell.",
    },
    Difference {
        questions: &["v6 udp that says 0 bytes of 12"],
        ours: SILENCE,
        linux: CLOSED_V6,
        because: "A length of zero belongs to jumbograms (RFC 2675), which no link of ours \
                  carries. Linux reads it as whatever came.",
    },
    Difference {
        questions: &["v6 echo from fe80::9"],
        ours: ECHO,
        linux: SILENCE,
        because: "A link with two ends needs no link-local address to answer one. Linux has none \
                  on this interface, and so no way back.",
    },
    Difference {
        questions: &["v6 udp from fe80::9"],
        ours: CLOSED_V6,
        linux: SILENCE,
        because: "As above.",
    },
    Difference {
        questions: &["v6 tcp from fe80::9"],
        ours: REFUSED,
        linux: SILENCE,
        because: "As above.",
    },
    Difference {
        questions: &[
            "v6 echo to ::",
            "v6 echo to fd91::1",
            "v6 echo to fe80::9",
            "v6 udp to ::",
            "v6 udp to fd91::1",
            "v6 udp to fe80::9",
            "v6 tcp to ::",
            "v6 tcp to fd91::1",
            "v6 tcp to fe80::9",
        ],
        ours: SILENCE,
        linux: NO_ROUTE,
        because: "What is not for a host is dropped in silence (RFC 1122 section 3.2.1.3; RFC 8200 \
                  section 4 has nothing else). Linux says as a router would that it has no way.",
    },
    Difference {
        questions: &[
            "v6 echo to ff02::1",
            "v6 option 0x1e in header 0, to many",
            "v6 option 0x1e in header 60, to many",
            "v6 option 0x3e in header 0, to many",
            "v6 option 0x3e in header 60, to many",
        ],
        ours: SILENCE,
        linux: ECHO,
        because: "We are in no group: docs/not-implemented.md. On a link with two ends there are \
                  not many to ask.",
    },
    Difference {
        questions: &[
            "v6 option 0x9e in header 0, to many",
            "v6 option 0x9e in header 60, to many",
            "v6 option 0xbe in header 0, to many",
            "v6 option 0xbe in header 60, to many",
        ],
        ours: SILENCE,
        linux: "icmp 4/2 0x2a quoting all",
        because: "As above.",
    },
];
