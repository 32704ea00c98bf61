use super::*;

const IP: [u8; 4] = [0x45, 0, 0, 20];

#[test]
fn every_known_link_gives_the_packet() {
    let mac = [0; 12];
    let ethernet = |between: &[u8]| [&mac[..], between, &IP].concat();
    for (link, frame) in [
        (RAW, IP.to_vec()),
        (IPV4, IP.to_vec()),
        (ETHERNET, ethernet(&[8, 0])),
        (ETHERNET, ethernet(&[0x81, 0, 0, 7, 8, 0])),
        (ETHERNET, ethernet(&[0x88, 0xa8, 0, 7, 0x81, 0, 0, 9, 8, 0])),
        (
            ETHERNET,
            ethernet(&[0x88, 0x64, 0x11, 0, 0, 1, 0, 22, 0, 0x21]),
        ),
        (NULL, [&[2, 0, 0, 0][..], &IP].concat()),
        (LOOP, [&[0, 0, 0, 2][..], &IP].concat()),
        (COOKED, [&[0; 14][..], &[8, 0], &IP].concat()),
        (COOKED_2, [&[8, 0][..], &[0; 18], &IP].concat()),
        (PPP, [&[0xff, 3, 0, 0x21][..], &IP].concat()),
    ] {
        assert_eq!(packet_of(link, &frame), Some(&IP[..]), "{link} {frame:?}");
        for cut in 0..frame.len() {
            let _ = packet_of(link, &frame[..cut]);
        }
    }
}

#[test]
fn what_is_no_ip_is_none() {
    let arp = [&[0; 12][..], &[8, 6, 0, 1]].concat();
    assert_eq!(packet_of(ETHERNET, &arp), None);
    assert_eq!(packet_of(RAW, &[0x15]), None);
    assert_eq!(packet_of(RAW, &[]), None);
    assert_eq!(packet_of(252, &IP), None);
}
