use proptest::prelude::*;

use super::*;

const TS: TimestampOption = TimestampOption {
    value: 0x0102_0304,
    echo: 0xa1a2_a3a4,
};

fn block(left: u32, right: u32) -> SackBlock {
    SackBlock {
        left: SeqNum(left),
        right: SeqNum(right),
    }
}

fn sack(blocks: &[(u32, u32)]) -> SackBlocks {
    let mut sack = SackBlocks::NONE;
    for &(left, right) in blocks {
        assert!(sack.push(block(left, right)));
    }
    sack
}

fn emitted(options: &Options) -> Vec<u8> {
    emitted_as(Order::Linux, options)
}

fn emitted_as(order: Order, options: &Options) -> Vec<u8> {
    let mut out = [0xee; OPTIONS_MAX];
    let length = options.emit(order, &mut out);
    assert_eq!(length, options.len());
    assert!(out[length..].iter().all(|&byte| byte == 0xee));
    out[..length].to_vec()
}

// req: MUST-4, MUST-14
#[test]
fn the_three_oldest_options_are_read() {
    let options = Options::parse(&[1, 1, 2, 4, 0x05, 0xb4, 0, 2, 4, 1, 1]);
    assert_eq!(
        options,
        Options {
            mss: Some(1460),
            ..Options::default()
        },
        "nothing counts after the end of the list"
    );
}

// req: RFC2018-3-1
#[test]
fn every_known_option_is_read() {
    let bytes = [
        [2, 4, 0xff, 0xff].as_slice(),
        &[4, 2],
        &[8, 10, 1, 2, 3, 4, 0xa1, 0xa2, 0xa3, 0xa4],
        &[3, 3, 7],
        &[
            5, 18, 0, 0, 0, 1, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 3,
        ],
    ]
    .concat();
    assert_eq!(
        Options::parse(&bytes),
        Options {
            mss: Some(65_535),
            window_scale: Some(7),
            sack_permitted: true,
            timestamps: Some(TS),
            bulk: Bulk::Sack(sack(&[(1, 5), (0xffff_fffe, 3)])),
            byte_counts: None,
        }
    );
}

// req: MUST-6, MUST-68, RFC5482-3-3
#[test]
fn unknown_kinds_are_skipped_by_their_length() {
    // User timeout, an experiment, TCP-AO, and kinds nobody has assigned.
    for kind in [28, 253, 254, 29, 6, 77, 255] {
        for length in 2..20_u8 {
            let mut bytes = vec![kind, length];
            bytes.resize(usize::from(length), 2);
            bytes.extend([2, 4, 0x05, 0xb4]);
            let mss = Options::parse(&bytes).mss;
            assert_eq!(mss, Some(1460), "kind {kind}, length {length}");
        }
    }
}

// req: MUST-7
#[test]
fn a_length_that_cannot_be_ends_the_reading_and_keeps_what_was_read() {
    let before = [3, 3, 9];
    let after = [2, 4, 0x05, 0xb4];
    for bad in [
        [8, 0],
        [8, 1],
        [77, 0],
        [77, 1],
        [8, 200],
        [77, 7],
        [5, 255],
    ] {
        let options = Options::parse(&[before.as_slice(), &bad, &after].concat());
        assert_eq!(options.window_scale, Some(9), "{bad:?}");
        assert_eq!(options.mss, None, "{bad:?}");
    }
    // A kind whose length byte would lie past the end.
    assert_eq!(Options::parse(&[3, 3, 9, 2]).window_scale, Some(9));
}

// req: MUST-7
#[test]
fn a_known_kind_of_another_length_is_passed_over() {
    let wrong = [
        [2, 3, 5].as_slice(),
        &[2, 5, 5, 5, 5],
        &[3, 2],
        &[3, 4, 5, 5],
        &[4, 3, 5],
        &[8, 9, 5, 5, 5, 5, 5, 5, 5],
        &[8, 11, 5, 5, 5, 5, 5, 5, 5, 5, 5],
        &[5, 2],
        &[5, 9, 5, 5, 5, 5, 5, 5, 5],
        &[5, 11, 5, 5, 5, 5, 5, 5, 5, 5, 5],
    ];
    for option in wrong {
        let options = Options::parse(&[option, [3, 3, 4].as_slice()].concat());
        let expected = Options {
            window_scale: Some(4),
            ..Options::default()
        };
        assert_eq!(options, expected, "{option:?}");
    }
}

// req: MUST-64
#[test]
fn options_are_read_at_any_alignment() {
    for pad in 0..20 {
        let mut bytes = vec![1; pad];
        bytes.extend([8, 10, 1, 2, 3, 4, 0xa1, 0xa2, 0xa3, 0xa4, 3, 3, 2]);
        let options = Options::parse(&bytes);
        assert_eq!(options.timestamps, Some(TS), "after {pad} NOPs");
        assert_eq!(options.window_scale, Some(2), "after {pad} NOPs");
    }
}

#[test]
fn of_an_option_twice_the_last_counts() {
    let options = Options::parse(&[3, 3, 1, 3, 3, 2]);
    assert_eq!(options.window_scale, Some(2));
}

#[test]
fn shifts_and_sizes_that_make_no_sense_are_passed_on_as_they_are() {
    let options = Options::parse(&[3, 3, 255, 2, 4, 0, 0]);
    assert_eq!(options.window_scale, Some(255));
    assert_eq!(options.mss, Some(0));
}

// Against every input that could trip a walker: no panic, no loop, nothing read past the end.
#[test]
fn all_inputs_of_three_bytes_are_survived() {
    for bits in 0..1_u32 << 24 {
        let [_, bytes @ ..] = bits.to_be_bytes();
        let options = Options::parse(&bytes);
        let scale = match bytes {
            [3, 3, shift] => Some(shift),
            _ => None,
        };
        assert_eq!(options.window_scale, scale, "{bytes:?}");
        assert_eq!(options.mss, None, "{bytes:?}");
    }
}

/// As FreeBSD has them on a SYN with everything, and on one with SACK alone.
#[test]
fn a_syn_may_have_them_in_another_order() {
    let written = |options: &Options| emitted_as(Order::FreeBsd, options);
    let mut options = Options {
        mss: Some(1460),
        window_scale: Some(6),
        sack_permitted: true,
        timestamps: Some(TS),
        ..Options::default()
    };
    let stamps = [8, 10, 1, 2, 3, 4, 0xa1, 0xa2, 0xa3, 0xa4];
    let all = [[2, 4, 5, 0xb4, 1, 3, 3, 6, 4, 2], stamps].concat();
    assert_eq!(written(&options), all);
    options.window_scale = None;
    let unscaled = [&[2, 4, 5, 0xb4, 4, 2][..], &stamps].concat();
    assert_eq!(written(&options), unscaled);
    options.sack_permitted = false;
    let stamped = [&[2, 4, 5, 0xb4, 1, 1][..], &stamps].concat();
    assert_eq!(written(&options), stamped);
    (options.sack_permitted, options.timestamps) = (true, None);
    assert_eq!(written(&options), [2, 4, 5, 0xb4, 4, 2, 0, 0]);
}

// req: MUST-14
#[test]
fn a_syn_has_them_in_linux_order() {
    let options = Options {
        mss: Some(1460),
        window_scale: Some(7),
        sack_permitted: true,
        timestamps: Some(TS),
        ..Options::default()
    };
    assert_eq!(
        emitted(&options),
        [
            2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0xa1, 0xa2, 0xa3, 0xa4, 1, 3, 3, 7
        ]
    );
}

#[test]
fn each_alone_is_padded_to_four_bytes_by_no_operations() {
    let none = Options::default();
    let alone = [
        (none, vec![]),
        (
            Options {
                mss: Some(536),
                ..none
            },
            vec![2, 4, 2, 24],
        ),
        (
            Options {
                window_scale: Some(14),
                ..none
            },
            vec![1, 3, 3, 14],
        ),
        (
            Options {
                sack_permitted: true,
                ..none
            },
            vec![1, 1, 4, 2],
        ),
        (
            Options {
                timestamps: Some(TS),
                ..none
            },
            vec![1, 1, 8, 10, 1, 2, 3, 4, 0xa1, 0xa2, 0xa3, 0xa4],
        ),
        (
            Options {
                bulk: Bulk::Sack(sack(&[(1, 2)])),
                ..none
            },
            vec![1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2],
        ),
    ];
    for (options, bytes) in alone {
        assert_eq!(emitted(&options), bytes, "{options:?}");
        assert_eq!(options.is_empty(), bytes.is_empty());
    }
}

#[test]
fn cookies_are_padded_behind_whichever_option_holds_them() {
    let assigned = |bytes: &[u8]| Cookie::new(bytes).into();
    let alone: [(Bulk, &[u8]); 5] = [
        (assigned(&[]), &[34, 2, 1, 1]),
        (assigned(&[7; 6]), &[34, 8, 7, 7, 7, 7, 7, 7]),
        (assigned(&[7; 8]), &[34, 10, 7, 7, 7, 7, 7, 7, 7, 7, 1, 1]),
        (experimental(&[]), &[254, 4, 0xf9, 0x89]),
        (
            experimental(&[7; 6]),
            &[254, 10, 0xf9, 0x89, 7, 7, 7, 7, 7, 7, 1, 1],
        ),
    ];
    for (bulk, bytes) in alone {
        let options = Options {
            bulk,
            ..Options::default()
        };
        assert_eq!(emitted(&options), bytes, "{options:?}");
    }
}

// req: RFC2018-3-1, RFC2018-3-2
#[test]
fn four_blocks_fit_and_three_beside_timestamps() {
    let four = sack(&[(1, 2), (3, 4), (5, 6), (7, 8)]);
    let mut full = four;
    assert!(!full.push(block(9, 10)));
    let alone = Options {
        bulk: Bulk::Sack(four),
        ..Options::default()
    };
    assert_eq!(emitted(&alone).len(), 36);
    assert_eq!(Options::parse(&emitted(&alone)).bulk, Bulk::Sack(four));

    let beside = Options {
        timestamps: Some(TS),
        ..alone
    };
    assert_eq!(emitted(&beside).len(), 40);
    let read = Options::parse(&emitted(&beside)).bulk;
    assert_eq!(read, Bulk::Sack(sack(&[(1, 2), (3, 4), (5, 6)])));
}

// req: RFC9768-3.2.3.3-1
#[test]
fn two_blocks_go_before_byte_counters_and_further_ones_after_them() {
    let blocks = [(1, 2), (3, 4), (5, 6), (7, 8)];
    let (none, stamps) = (None, Some(TS));
    // Blocks given; with them those written, and the length of the counters' option.
    for (timestamps, given, written, counters) in [
        (none, 0, 0, 11),
        (none, 2, 2, 11),
        (none, 4, 3, 11),
        (stamps, 0, 0, 11),
        (stamps, 1, 1, 11),
        (stamps, 2, 2, 8),
        (stamps, 4, 2, 8),
    ] {
        let options = Options {
            timestamps,
            byte_counts: Some(ByteCounts::new(0x10_0000, 0x20_0000, 1)),
            bulk: Bulk::Sack(sack(&blocks[..given])),
            ..Options::default()
        };
        let bytes = emitted(&options);
        let read = Options::parse(&bytes);
        assert_eq!(read.sack().len(), written);
        let counts = read.byte_counts.expect("some fit");
        assert_eq!(
            (counts.ect0(), counts.ce()),
            (Some(0x10_0000), Some(0x20_0000))
        );
        assert_eq!(counts.ect1(), (counters == 11).then_some(1));
        let at = if timestamps.is_some() { 12 } else { 0 };
        assert_eq!(bytes[at + 1], counters);
    }
}

// req: RFC9768-3.2.3-1
#[test]
fn byte_counters_stand_behind_the_segment_size_or_timestamps() {
    let mut options = Options {
        mss: Some(1460),
        sack_permitted: true,
        window_scale: Some(7),
        byte_counts: Some(ByteCounts::new(1, 0, 1)),
        ..Options::default()
    };
    let counts = [174, 11, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1];
    let alone = [&[2, 4, 5, 0xb4][..], &counts, &[1, 1, 4, 2, 1, 3, 3, 7]].concat();
    assert_eq!(emitted(&options), alone);
    options.timestamps = Some(TS);
    let stamps = [8, 10, 1, 2, 3, 4, 0xa1, 0xa2, 0xa3, 0xa4];
    let beside = [&[2, 4, 5, 0xb4, 4, 2][..], &stamps, &counts, &[1, 3, 3, 7]].concat();
    assert_eq!(emitted(&options), beside);
    // Beside a cookie of eight bytes there is room for two.
    options.bulk = Cookie::new(&[9; 8]).into();
    let bytes = emitted(&options);
    assert_eq!(bytes.len(), 40);
    assert_eq!(bytes[16..24], [172, 8, 0, 0, 1, 0, 0, 0]);
}

// req: RFC7413-4.1.1-1
#[test]
fn a_cookie_has_four_to_sixteen_bytes_of_an_even_number_or_none() {
    for len in 0..=38_u8 {
        let mut bytes = vec![34, len + 2];
        bytes.resize(usize::from(len) + 2, 9);
        let read = Options::parse(&bytes).fast_open();
        let is_valid = [0, 4, 6, 8, 10, 12, 14, 16].contains(&len);
        assert_eq!(read.is_some(), is_valid, "{len}");
        if let Some(cookie) = read {
            assert_eq!(cookie.as_slice(), &bytes[2..]);
            assert_eq!(cookie.is_request(), len == 0);
        }
    }
}

#[test]
fn the_longest_cookie_has_room_in_a_syn_with_everything() {
    let options = Options {
        mss: Some(1460),
        window_scale: Some(7),
        sack_permitted: true,
        timestamps: Some(TS),
        bulk: Cookie::new(&[9; 16]).into(),
        ..Options::default()
    };
    let bytes = emitted(&options);
    assert_eq!(bytes.len(), 40);
    assert_eq!(bytes[20..22], [34, 18]);
    assert_eq!(Options::parse(&bytes), options);
}

#[test]
fn nothing_is_written_where_there_is_no_room() {
    let options = Options {
        mss: Some(1460),
        window_scale: Some(7),
        ..Options::default()
    };
    let mut out = [0xee; 7];
    assert_eq!(options.emit(Order::Linux, &mut out), 0);
    assert_eq!(out, [0xee; 7]);
}

#[test]
fn an_experiment_of_others_or_a_cookie_that_cannot_be_is_passed_over() {
    for bytes in [
        &[254, 6, 0xf9, 0x88, 1, 2, 3, 4][..],
        &[254, 3, 0xf9],
        &[254, 2],
        &[254, 7, 0xf9, 0x89, 1, 2, 3],
        &[254, 6, 0xf9, 0x89, 1, 2],
    ] {
        assert_eq!(Options::parse(bytes), Options::default(), "{bytes:?}");
    }
}

fn experimental(bytes: &[u8]) -> Bulk {
    let cookie = Cookie::new(bytes);
    cookie
        .map(|cookie| cookie.in_form(Form::Experimental))
        .into()
}

/// As they would be written: what finds no room is not there.
pub(in crate::wire) fn any_options() -> impl Strategy<Value = Options> {
    let timestamps = (any::<u32>(), any::<u32>());
    let blocks = proptest::collection::vec((any::<u32>(), any::<u32>()), 1..=SACK_BLOCKS_MAX);
    let cookie = || proptest::collection::vec(any::<u8>(), 0..=COOKIE_MAX);
    let bulk = prop_oneof![
        Just(Bulk::Neither),
        cookie().prop_map(|bytes| Cookie::new(&bytes).into()),
        cookie().prop_map(|bytes| experimental(&bytes)),
        blocks.prop_map(|blocks| Bulk::Sack(sack(&blocks))),
    ];
    let counts = (any::<u32>(), any::<u32>(), 0..3_u32);
    (
        any::<Option<u16>>(),
        any::<Option<u8>>(),
        any::<bool>(),
        proptest::option::of(timestamps),
        proptest::option::of(counts),
        bulk,
    )
        .prop_map(
            |(mss, window_scale, sack_permitted, timestamps, counts, bulk)| {
                let timestamps = timestamps.map(|(value, echo)| TimestampOption { value, echo });
                let mut options = Options {
                    mss,
                    window_scale,
                    sack_permitted,
                    timestamps,
                    byte_counts: counts.map(|(ect0, ce, ect1)| ByteCounts::new(ect0, ce, ect1)),
                    bulk,
                };
                options.byte_counts = options.counts_that_fit();
                if let Bulk::Sack(_) = options.bulk {
                    let blocks = options.sack_that_fits().to_vec();
                    options.bulk = Bulk::Neither;
                    for block in blocks {
                        assert!(options.push_sack(block));
                    }
                }
                options
            },
        )
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..=OPTIONS_MAX)) {
        let options = Options::parse(&bytes);
        prop_assert!(options.len() <= OPTIONS_MAX);
    }

    #[test]
    fn what_is_written_is_read_again(options in any_options()) {
        let bytes = emitted(&options);
        prop_assert_eq!(bytes.len() % 4, 0);
        prop_assert_eq!(Options::parse(&bytes), options);
    }

    #[test]
    fn the_order_changes_nothing_that_is_read(options in any_options()) {
        let bytes = emitted_as(Order::FreeBsd, &options);
        prop_assert_eq!(bytes.len() % 4, 0);
        prop_assert_eq!(Options::parse(&bytes), options);
    }

    // req: MUST-14, MUST-69, RFC2018-3-1
    #[test]
    fn what_is_written_is_what_smoltcp_reads(options in any_options()) {
        use smoltcp::wire::TcpOption;
        let bytes = emitted(&options);
        let mut rest = bytes.as_slice();
        let mut read = Options::default();
        while !rest.is_empty() {
            let (after, option) = TcpOption::parse(rest).expect("smoltcp refuses an option");
            match option {
                // None is written, so that nothing needs zeros after it.
                TcpOption::EndOfList => prop_assert!(false, "an end of the list"),
                TcpOption::NoOperation => {}
                TcpOption::MaxSegmentSize(mss) => read.mss = Some(mss),
                TcpOption::WindowScale(shift) => read.window_scale = Some(shift),
                TcpOption::SackPermitted => read.sack_permitted = true,
                TcpOption::TimeStamp { tsval, tsecr } => {
                    read.timestamps = Some(TimestampOption { value: tsval, echo: tsecr });
                }
                // It reads three blocks at most.
                TcpOption::SackRange(blocks) => {
                    let ours = options.sack();
                    for (theirs, ours) in blocks.iter().zip(ours) {
                        prop_assert_eq!(*theirs, Some((ours.left.0, ours.right.0)));
                    }
                    read.bulk = options.bulk;
                }
                TcpOption::Unknown { kind: 34, data } => read.bulk = Cookie::new(data).into(),
                TcpOption::Unknown { kind: 254, data: [0xf9, 0x89, data @ ..] } => {
                    read.bulk = experimental(data);
                }
                TcpOption::Unknown { kind: kind @ (172 | 174), data } => {
                    read.byte_counts = ByteCounts::parse(kind, data);
                }
                TcpOption::Unknown { .. } => prop_assert!(false, "unknown to smoltcp"),
            }
            rest = after;
        }
        prop_assert_eq!(read, options);
    }
}
