use proptest::prelude::*;

use super::*;

const MAC: Mac = Mac([2, 0, 0, 0, 0, 0xa]);

fn ip(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

fn question() -> Solicitation {
    Solicitation {
        from: ip("fd90::1"),
        target: ip("fd90::2"),
    }
}

#[test]
fn a_question_is_read_as_it_was_written() {
    let packet = question().to_packet(MAC);
    assert_eq!(packet.len(), 72);
    // To the group, and with the asker's address as an option.
    assert_eq!(packet[24..40], ip("ff02::1:ff00:2").octets());
    assert_eq!(packet[64..], [1, 1, 2, 0, 0, 0, 0, 0xa]);
    assert_eq!(read(&packet), Some(Discovery::Solicitation(question())));
}

#[test]
fn a_question_that_is_damaged_or_came_from_afar_is_not_valid() {
    let good = question().to_packet(MAC);
    for (at, why) in [
        (7, "hop limit"),
        (41, "code"),
        (43, "checksum"),
        (60, "target"),
    ] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        assert_eq!(read(&bad), Some(Discovery::Other), "{why}");
    }
}

#[test]
fn what_is_not_about_neighbours_is_left_alone() {
    let mut packet = question().to_packet(MAC);
    assert_eq!(read(&packet[..71]), None);
    assert_eq!(read(&[]), None);
    packet[40] = 128;
    assert_eq!(read(&packet), None, "an echo request");
    packet[6] = 6;
    assert_eq!(read(&packet), None, "a TCP segment");
}

#[test]
fn an_answer_goes_to_whoever_asked_or_to_all() {
    let to = |asker| Advertisement {
        target: ip("fd90::2"),
        to: ip(asker),
    };
    let answer = to("fd90::1").to_packet(MAC);
    assert_eq!(answer[24..40], ip("fd90::1").octets());
    // Solicited and override.
    assert_eq!(answer[44], 0x60);
    assert_eq!(answer[64..], [2, 1, 2, 0, 0, 0, 0, 0xa]);
    assert_eq!(read(&answer), Some(Discovery::Other));
    let answer = to("::").to_packet(MAC);
    assert_eq!(answer[24..40], ip("ff02::1").octets());
    assert_eq!(answer[44], 0x20);
}

#[test]
fn a_node_listens_where_its_last_24_bits_say() {
    // The example of RFC 4291 section 2.7.1.
    let group = solicited_node(ip("4037::01:800:200e:8c6c"));
    assert_eq!(group, ip("ff02::1:ff0e:8c6c"));
}

proptest! {
    /// Bytes that look like ICMPv6 as far as the header goes, and are anything behind it.
    #[test]
    fn no_bytes_make_the_reader_panic(
        kind in 133_u8..=137,
        behind in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let mut packet = question().to_packet(MAC);
        packet.truncate(41);
        packet[5] = u8::try_from(behind.len() + 1).unwrap();
        packet[40] = kind;
        packet.extend(behind);
        let _ = read(&packet);
    }
}
