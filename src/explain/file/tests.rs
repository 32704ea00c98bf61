use super::*;

fn word(big: bool, value: u32) -> [u8; 4] {
    if big {
        value.to_be_bytes()
    } else {
        value.to_le_bytes()
    }
}

/// pcap-savefile(5): magic, version 2.4, zone, accuracy, snap length, link.
fn pcap(big: bool, magic: u32, link: u32) -> Vec<u8> {
    let half = |value: u16| {
        if big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    };
    let mut file = word(big, magic).to_vec();
    file.extend([half(2), half(4)].concat());
    file.extend([0, 0, 65_535, link].map(|value| word(big, value)).concat());
    file
}

fn record(big: bool, [seconds, parts, len]: [u32; 3], bytes: &[u8]) -> Vec<u8> {
    let kept = bytes.len() as u32;
    let mut record = [seconds, parts, kept, len]
        .map(|value| word(big, value))
        .concat();
    record.extend(bytes);
    record
}

fn block(big: bool, kind: u32, body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    body.resize(body.len().next_multiple_of(4), 0);
    let len = word(big, body.len() as u32 + 12);
    [&word(big, kind)[..], &len, &body, &len].concat()
}

fn section(big: bool) -> Vec<u8> {
    let body = [&word(big, 0x1a2b_3c4d)[..], &[0; 4], &[0xff; 8]].concat();
    block(big, 0x0a0d_0d0a, &body)
}

fn interface(big: bool, link: u16, options: &[u8]) -> Vec<u8> {
    let link = if big {
        link.to_be_bytes()
    } else {
        link.to_le_bytes()
    };
    block(
        big,
        1,
        &[&link[..], &[0; 2], &word(big, 0), options].concat(),
    )
}

fn enhanced(big: bool, [id, high, low, len]: [u32; 4], bytes: &[u8]) -> Vec<u8> {
    let kept = bytes.len() as u32;
    let head = [id, high, low, kept, len]
        .map(|value| word(big, value))
        .concat();
    block(big, 6, &[&head[..], bytes].concat())
}

type Kept = (u64, u64, u32, Vec<u8>, u32);

fn all(bytes: &[u8]) -> Result<Vec<Kept>, (u64, String)> {
    let told = |damage: Damaged| match damage {
        Damaged::Form { at, .. } | Damaged::Io { at, .. } => (at, damage.to_string()),
    };
    let mut file = CaptureFile::new(bytes).map_err(told)?;
    let mut frames = Vec::new();
    loop {
        match file.next_frame() {
            Ok(Some(frame)) => frames.push((
                frame.number,
                frame.at,
                frame.link,
                frame.bytes.to_vec(),
                frame.len,
            )),
            Ok(None) => return Ok(frames),
            Err(damage) => return Err(told(damage)),
        }
    }
}

#[test]
fn pcap_is_read_in_both_orders_and_resolutions() {
    for (big, magic, nanos) in [
        (true, 0xa1b2_c3d4, 1_000),
        (false, 0xa1b2_c3d4, 1_000),
        (true, 0xa1b2_3c4d, 1),
        (false, 0xa1b2_3c4d, 1),
    ] {
        let mut file = pcap(big, magic, 101);
        file.extend(record(big, [2, 7, 900], b"abc"));
        file.extend(record(big, [3, 0, 1], b"d"));
        let first = (1, 2_000_000_000 + 7 * nanos, 101, b"abc".to_vec(), 900);
        let second = (2, 3_000_000_000, 101, b"d".to_vec(), 1);
        assert_eq!(all(&file), Ok(vec![first, second]));
    }
}

#[test]
fn pcapng_has_interfaces_with_links_and_clocks_of_their_own() {
    for big in [true, false] {
        let half = |value: u16| {
            if big {
                value.to_be_bytes()
            } else {
                value.to_le_bytes()
            }
        };
        let resolution = [&half(9)[..], &half(1), &[9, 0, 0, 0]].concat();
        let binary = [&half(9)[..], &half(1), &[0x8a, 0, 0, 0]].concat();
        let file = [
            section(big),
            interface(big, 1, &[]),
            interface(big, 101, &resolution),
            interface(big, 113, &binary),
            block(big, 0x0bad, b"of a kind that nobody knows"),
            enhanced(big, [1, 0, 5, 3], b"raw"),
            enhanced(big, [0, 0, 5, 90], b"frame"),
            enhanced(big, [2, 0, 1024, 4], b"cook"),
            // Another section knows nothing of the interfaces before.
            section(!big),
            interface(!big, 228, &[]),
            block(!big, 3, &[&word(!big, 2)[..], b"ip"].concat()),
        ];
        let frames = all(&file.concat()).unwrap();
        let expected = [
            (1, 5, 101, b"raw".to_vec(), 3),
            (2, 5_000, 1, b"frame".to_vec(), 90),
            (3, 1_000_000_000, 113, b"cook".to_vec(), 4),
            (4, 0, 228, b"ip".to_vec(), 2),
        ];
        assert_eq!(frames, expected);
    }
}

#[test]
fn a_file_that_ends_early_says_where_and_what_was_expected() {
    let mut file = pcap(false, 0xa1b2_c3d4, 1);
    file.extend(record(false, [0, 0, 4], b"abcd"));
    let (at, said) = all(&file[..file.len() - 1]).unwrap_err();
    assert_eq!(at, 40);
    assert!(said.contains("a packet of 4 bytes"), "{said}");
    assert!(said.contains("end of the file after 3 bytes"), "{said}");

    let whole = [section(true), interface(true, 1, &[])].concat();
    for cut in 1..whole.len() {
        let damage = all(&whole[..cut]);
        assert_eq!(
            damage.is_ok(),
            cut == section(true).len(),
            "{cut}: {damage:?}"
        );
    }
}

#[test]
fn lengths_that_cannot_be_are_damage_and_cost_no_memory() {
    let mut file = pcap(true, 0xa1b2_c3d4, 1);
    let begins = file.len() as u64;
    file.extend([0, 0, u32::MAX, 0].map(|value| word(true, value)).concat());
    assert_eq!(all(&file).unwrap_err().0, begins + 8);

    let begin = [section(true), interface(true, 1, &[])].concat();
    for (kind, len) in [(6, !3), (6, 13), (6, 8), (99, !3)] {
        let odd = [word(true, kind), word(true, len)].concat();
        let (at, _) = all(&[&begin[..], &odd].concat()).unwrap_err();
        assert!(
            (begin.len() as u64..=begin.len() as u64 + 8).contains(&at),
            "{kind} {len}"
        );
    }
    // What the packet claims to be is more than its block has.
    let mut packet = enhanced(true, [0, 0, 0, 4], b"abcd");
    packet[20..24].copy_from_slice(&word(true, 5));
    let (at, said) = all(&[&begin[..], &packet].concat()).unwrap_err();
    assert_eq!(at, begin.len() as u64);
    assert!(said.contains("at most 4 bytes"), "{said}");
    // An interface that nobody described.
    let packet = enhanced(true, [7, 0, 0, 4], b"abcd");
    assert!(
        all(&[&begin[..], &packet].concat())
            .unwrap_err()
            .1
            .contains("number 7")
    );
}

#[test]
fn what_is_no_capture_is_said_to_be_none() {
    assert!(all(b"").unwrap_err().1.contains("0 bytes"));
    assert!(all(b"GIF89a").unwrap_err().1.contains("47 49 46 38"));
    assert!(all(&[0x1f, 0x8b, 8, 0]).unwrap_err().1.contains("gzip"));
}

#[test]
fn any_bytes_end_in_an_error_or_at_the_end() {
    let good = [
        section(false),
        interface(false, 1, &[9, 0, 1, 0, 6, 0, 0, 0]),
        enhanced(false, [0, 0, 0, 4], b"abcd"),
    ]
    .concat();
    for place in 0..good.len() {
        for byte in [0, 1, 0x7f, 0x80, 0xff] {
            let mut bytes = good.clone();
            bytes[place] = byte;
            let _ = all(&bytes);
        }
    }
}
