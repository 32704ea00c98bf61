use super::super::message::Timer;
use super::*;

/// Two lines of iproute2 6.1 each, as it printed them for connections of Linux 6; some of it by the
/// order in its `tcp_stats_print`, where no connection at hand had all.
const KERNELS: [&str; 3] = [
    "ts sack bbr wscale:10,10 rto:204 rtt:0.033/0.02 mss:47616 pmtu:65535 rcvmss:536 advmss:65483 \
     cwnd:16 bytes_sent:195557 bytes_acked:195558 segs_out:8 segs_in:5 data_segs_out:6 \
     bbr:(bw:63487984856bps,mrtt:0.012,pacing_gain:2.88672,cwnd_gain:2.88672) \
     send 184692363636bps lastsnd:12 lastrcv:12 lastack:12 pacing_rate 241468168304bps \
     delivery_rate 63488000000bps delivered:7 busy:12ms rwnd_limited:12ms(100.0%) \
     rcv_space:65495 rcv_ssthresh:65495 notsent:104443 minrtt:0.012",
    "ts sack bbr wscale:10,10 rto:200 rtt:0.022/0.011 ato:40 mss:32768 pmtu:65535 rcvmss:47616 \
     advmss:65483 cwnd:10 bytes_received:195557 segs_out:4 segs_in:8 data_segs_in:6 \
     bbr:(bw:0bps,mrtt:0.022) send 119156363636bps lastsnd:12 lastrcv:12 lastack:12 \
     pacing_rate 340531187816bps delivered:1 app_limited rcv_rtt:0.036 rcv_space:65483 \
     rcv_ssthresh:95232 minrtt:0.022 snd_wnd:65536",
    "ts sack ecn cubic wscale:7,7 rto:204 rtt:80.1/0.5 ato:40 mss:1448 cwnd:10 ssthresh:7 \
     bytes_acked:2 bytes_received:1 send 1bps pacing_rate 1bps busy:12ms rwnd_limited:1ms(8.3%) \
     sndbuf_limited:1ms(8.3%) unacked:3 retrans:0/2 lost:1 sacked:1 rcv_rtt:1 rcv_space:1 \
     notsent:1 minrtt:80",
];

fn row() -> Row {
    Row {
        id: 26,
        local: "10.90.0.2:80".parse().expect("a socket"),
        remote: "10.90.0.1:53262".parse().expect("a socket"),
        state: "established".into(),
        timers: vec![Timer {
            timer: "tlp".into(),
            left_us: 192_400,
        }],
        known: Some(Box::new(Known {
            congestion_control: "cubic".into(),
            timestamps: true,
            sack: true,
            ecn: "classic".into(),
            scales: (10, 7),
            mss: 1448,
            receive_mss: 1448,
            cwnd: 14_480,
            ssthresh: Some(10_136),
            snd_una: 1_001,
            snd_nxt: 9_001,
            snd_wnd: 65_536,
            rcv_wnd: 131_072,
            receive_buffer: 131_072,
            srtt_us: Some(81_250),
            rttvar_us: Some(2_000),
            min_rtt_us: Some(80_000),
            receiver_rtt_us: Some(1_000),
            rto_us: 204_000,
            delayed_ack_us: 40_000,
            reported: 1_448,
            lost: 1_449,
            resent: 2,
            bytes_acked: 1_000,
            bytes_received: 80,
            unsent: 500,
            unread: 7,
            busy_us: 12_000,
            window_limited_us: 3_000,
            room_limited_us: 1_000,
            pacing_bps: Some(9_000_000),
            blocked_by: "app".into(),
            ..Known::default()
        })),
    }
}

const EXTENDED: Form = Form {
    extended: true,
    bare: false,
};

/// Names and values, as parsers of `ss` take them apart: `name:value`, `name value`, `flag`.
fn parsed(line: &str) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    let mut words = line.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let field = match word.split_once(':') {
            Some((name, value)) => (name.to_owned(), value.to_owned()),
            None if ["send", "pacing_rate", "delivery_rate"].contains(&word) => {
                (word.to_owned(), words.next().expect("a rate").to_owned())
            }
            None => (word.to_owned(), String::new()),
        };
        fields.push(field);
    }
    fields
}

/// Each digit as 0, and runs of them as one.
fn shape(value: &str) -> String {
    let mut shape = String::new();
    for c in value.chars() {
        let c = if c.is_ascii_digit() { '0' } else { c };
        if !(c == '0' && shape.ends_with('0')) {
            shape.push(c);
        }
    }
    // `%g` writes whole numbers without a point.
    shape.replace("0.0", "0")
}

#[test]
fn each_field_has_the_form_that_the_kernels_ss_gives_it() {
    let ours = parsed(&EXTENDED.lines(&[], &[row()])[2]);
    let kernels: Vec<_> = KERNELS.iter().flat_map(|line| parsed(line)).collect();
    for (name, value) in &ours {
        let mut same = kernels.iter().filter(|(known, _)| known == name);
        let is_known = same.any(|(_, theirs)| shape(theirs) == shape(value));
        assert!(is_known, "{name}:{value}");
    }
    assert!(ours.len() > 28, "{ours:?}");
}

#[test]
fn fields_stand_in_the_kernels_order() {
    let ours: Vec<String> = parsed(&EXTENDED.lines(&[], &[row()])[2])
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    for line in KERNELS {
        let theirs = parsed(line);
        let common = theirs.iter().filter_map(|(name, _)| {
            let name = if name == "bbr" { "cubic" } else { name };
            ours.iter().position(|known| known == name)
        });
        let places: Vec<usize> = common.collect();
        // The congestion control's own numbers are called by its name once more.
        let places: Vec<usize> = places.into_iter().fold(Vec::new(), |mut all, place| {
            if !all.contains(&place) {
                all.push(place);
            }
            all
        });
        assert!(places.is_sorted(), "{places:?} of {ours:?}");
    }
}

#[test]
fn windows_are_segments_and_times_milliseconds() {
    let fields = parsed(&EXTENDED.lines(&[], &[row()])[2]);
    let value = |name: &str| {
        let field = fields.iter().find(|(known, _)| known == name);
        field.map(|(_, value)| value.as_str()).unwrap_or("?")
    };
    assert_eq!((value("cwnd"), value("ssthresh")), ("10", "7"));
    assert_eq!((value("rtt"), value("minrtt")), ("81.25/2", "80"));
    assert_eq!(
        (value("unacked"), value("lost"), value("sacked")),
        ("6", "2", "1")
    );
    assert_eq!(value("retrans"), "0/2");
    // 14,480 bytes in 81.25 ms.
    assert_eq!(value("send"), "1425723bps");
    assert_eq!(value("rwnd_limited"), "3ms(25.0%)");
}

#[test]
fn the_first_line_is_that_of_ss() {
    let lines = EXTENDED.lines(&[], &[row()]);
    let words: Vec<&str> = lines[1].split_whitespace().collect();
    // As in `ESTAB 0 44 127.0.0.1:33146 127.0.0.1:38719 timer:(persist,192ms,0) ino:1 sk:1 <->`.
    let expected = [
        "ESTAB",
        "7",
        "8500",
        "10.90.0.2:80",
        "10.90.0.1:53262",
        "timer:(on,192ms,0)",
        "ino:0",
        "sk:1a",
        "<->",
    ];
    assert_eq!(words, expected);
    assert!(lines[0].starts_with("State Recv-Q Send-Q Local Address:Port"));
    assert!(lines[2].starts_with("\t "));
    assert_eq!(Form::default().lines(&[], &[row()]).len(), 3);
    let bare = Form {
        bare: true,
        ..EXTENDED
    };
    assert_eq!(bare.lines(&[], &[row()]).len(), 3);
}

#[test]
fn listeners_are_told_in_the_columns_of_ss() {
    let one = |local: &str| Listening {
        local: local.parse().expect("a socket"),
        waiting: 3,
        half_open: 1,
        backlog: 128,
    };
    let words = |local: &str| {
        let lines = Form::default().lines(&[one(local)], &[row()]);
        // Two lines for each.
        assert_eq!(lines.len(), 5);
        let words = lines[1].split_whitespace().map(str::to_owned);
        words.collect::<Vec<_>>().join(" ")
    };
    // As `ss -ltn` of iproute2 6.1: `LISTEN 0 128 0.0.0.0:2024 0.0.0.0:*`, and `*:*` where a
    // socket takes what comes to any.
    assert_eq!(words("0.0.0.0:2024"), "LISTEN 3 128 0.0.0.0:2024 0.0.0.0:*");
    assert_eq!(words("[fd90::2]:80"), "LISTEN 3 128 [fd90::2]:80 [::]:*");
    assert_eq!(words("[::]:0"), "LISTEN 3 128 *:* *:*");
    let lines = EXTENDED.lines(&[one("10.0.0.1:80")], &[]);
    assert_eq!(lines[3], "\t why: 1 of 128 half-open");
}

#[test]
fn a_filter_finds_listeners_by_state_and_port() {
    let one = Listening {
        local: "10.0.0.1:80".parse().expect("a socket"),
        waiting: 0,
        half_open: 0,
        backlog: 1,
    };
    let has = |states: &[&str], ports: &[u16]| {
        let states = states.iter().map(|state| (*state).to_owned()).collect();
        let ports = ports.to_vec();
        Filter { states, ports }.has_listener(&one)
    };
    assert!(has(&[], &[]) && has(&["established", "listen"], &[80]));
    assert!(!has(&["established"], &[]) && !has(&[], &[81]));
}

#[test]
fn timers_are_spelled_as_ss_spells_them() {
    // `print_ms_timer` of iproute2.
    for (ms, text) in [
        (0, "000ms"),
        (7, "007ms"),
        (192, "192ms"),
        (1_020, "1.020ms"),
        (2_000, "2sec"),
        (59_400, "59sec"),
        (119_000, "1min59sec"),
        (120_000, "2min"),
        (659_000, "10min"),
    ] {
        assert_eq!(spelled(ms), text);
    }
}

#[test]
fn a_filter_takes_states_and_ports_of_either_end() {
    let filter = |states: &[&str], ports: &[u16]| Filter {
        states: states.iter().map(|state| (*state).to_owned()).collect(),
        ports: ports.to_vec(),
    };
    assert!(filter(&[], &[]).has(&row()));
    assert!(filter(&["time_wait", "established"], &[]).has(&row()));
    assert!(!filter(&["time_wait"], &[]).has(&row()));
    assert!(filter(&[], &[80]).has(&row()) && filter(&[], &[1, 53262]).has(&row()));
    assert!(!filter(&["established"], &[443]).has(&row()));
}
