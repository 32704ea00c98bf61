//! Packets built otherwise than honest ones: other options, other headers in between, and ICMP
//! about them.

use super::lies::{Lie, fit_length};
use super::packet::{ICMP_V4, ICMP_V6, TCP, UDP, put_word, upper};

/// A packet with other TCP options, IPv4 options or extension headers than it has.
pub fn reshaped(packet: &[u8]) -> Vec<Lie> {
    let mut lies = Vec::new();
    let mut lie = |what: String, packet: Vec<u8>| lies.push(Lie { what, packet });
    for (name, options) in tcp_options() {
        if let Some(packet) = with_tcp_options(packet, &options) {
            lie(format!("TCP options: {name}"), packet);
        }
    }
    if packet[0] >> 4 == 4 {
        for (name, options) in ipv4_options() {
            lie(
                format!("IPv4 options: {name}"),
                with_ipv4_options(packet, &options),
            );
        }
    } else {
        for (name, chain) in extension_chains() {
            lie(
                format!("extension headers: {name}"),
                with_extensions(packet, &chain),
            );
        }
    }
    // Ripple20: IP in IP, and nothing that must be unpacked.
    for protocol in [4, 41] {
        let header = if packet[0] >> 4 == 4 { 20 } else { 40 };
        let mut nested = packet[..header].to_vec();
        nested[if header == 20 { 9 } else { 6 }] = protocol;
        nested.extend_from_slice(packet);
        fit_length(&mut nested);
        lie(format!("IP in IP, protocol {protocol}"), nested);
    }
    lies
}

fn tcp_options() -> Vec<(&'static str, Vec<u8>)> {
    let mut list = vec![
        ("40 NOPs", vec![1; 40]),
        (
            "end of list at once, then rubbish",
            [vec![0], vec![8; 39]].concat(),
        ),
        ("unknown kind of length 0", vec![254, 0, 1, 1]),
        ("unknown kind of length 1", vec![254, 1, 1, 1]),
        (
            "unknown kind of 40 bytes",
            [vec![254, 40], vec![7; 38]].concat(),
        ),
        ("unknown kind past the end", vec![254, 41, 0, 0]),
        ("a kind without a length", vec![1, 1, 1, 254]),
        ("MSS of length 3", vec![2, 3, 1, 1]),
        ("MSS without a value", vec![2, 2, 1, 1]),
        ("MSS 0", vec![2, 4, 0, 0]),
        ("MSS 1", vec![2, 4, 0, 1]),
        ("MSS 65535", vec![2, 4, 255, 255]),
        ("ten MSS", [2, 4, 0, 1].repeat(10)),
        ("window scale 255", vec![3, 3, 255, 1]),
        ("window scale 14 and then 0", vec![3, 3, 14, 3, 3, 0, 1, 1]),
        ("SACK-permitted of length 3", vec![4, 3, 0, 1]),
        ("SACK of no block", vec![5, 2, 1, 1]),
        ("SACK of half a block", vec![5, 6, 0, 0, 0, 0, 1, 1]),
        (
            "SACK of five blocks, the last past the end",
            [vec![5, 42], vec![9; 38]].concat(),
        ),
        (
            "SACK of one block upside down",
            vec![5, 10, 0, 0, 0, 9, 0, 0, 0, 1, 1, 1],
        ),
        (
            "time stamps of length 9",
            [vec![8, 9], vec![0; 7], vec![1; 3]].concat(),
        ),
        (
            "time stamps of zero",
            [vec![8, 10], vec![0; 8], vec![1; 2]].concat(),
        ),
        (
            "time stamps twice",
            [vec![8, 10], vec![1; 8]].concat().repeat(2),
        ),
    ];
    let all = [2, 4, 2, 24, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 3, 3, 7, 1];
    list.push(("everything, outside a SYN too", all.to_vec()));
    list.push(("none", Vec::new()));
    list
}

/// `None` if the packet is no whole segment, or already has such options.
fn with_tcp_options(packet: &[u8], options: &[u8]) -> Option<Vec<u8>> {
    let upper = upper(packet).filter(|upper| upper.protocol == TCP)?;
    let text = upper.at + usize::from(*packet.get(upper.at + 12)? >> 4) * 4;
    let mut options = options.to_vec();
    options.resize(options.len().next_multiple_of(4), 0);
    let fixed = packet.get(..upper.at + 20)?;
    let mut built = [fixed, &options, packet.get(text..)?].concat();
    if built == packet {
        return None;
    }
    built[upper.at + 12] = ((20 + options.len()) as u8) << 2;
    fit_length(&mut built);
    Some(built)
}

fn ipv4_options() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("40 NOPs", vec![1; 40]),
        ("end of list, then rubbish", vec![0, 131, 131, 131]),
        ("length 0", vec![7, 0, 1, 1]),
        ("length 1", vec![7, 1, 1, 1]),
        ("length past the end", vec![7, 39, 4, 1]),
        ("no length", vec![1, 1, 1, 7]),
        ("a record route", [vec![7, 7, 4], vec![0; 5]].concat()),
        ("a time stamp", [vec![68, 8, 5, 0], vec![0; 4]].concat()),
        (
            "a loose source route",
            [vec![131, 7, 4], vec![10, 0, 0, 9], vec![0]].concat(),
        ),
        (
            "a strict source route",
            [vec![137, 7, 4], vec![10, 0, 0, 9], vec![0]].concat(),
        ),
        (
            "a source route at its end",
            [vec![131, 7, 8], vec![10, 0, 0, 9], vec![0]].concat(),
        ),
        ("a source route without a pointer", vec![131, 2, 1, 1]),
        ("router alert", vec![148, 4, 0, 0]),
        ("an unknown option", vec![200, 4, 1, 2]),
    ]
}

fn with_ipv4_options(packet: &[u8], options: &[u8]) -> Vec<u8> {
    let mut built = [&packet[..20], options, &packet[20..]].concat();
    built[0] = 0x40 | ((20 + options.len()) / 4) as u8;
    fit_length(&mut built);
    built
}

/// An extension header: its type, and all of it but for the next header.
type Extension = (u8, Vec<u8>);

fn extension_chains() -> Vec<(&'static str, Vec<Extension>)> {
    const HOP_BY_HOP: u8 = 0;
    const ROUTING: u8 = 43;
    const FRAGMENT: u8 = 44;
    const DESTINATION: u8 = 60;
    let padded = |kind| (kind, vec![0, 1, 4, 0, 0, 0, 0]);
    let option = |kind, option: u8| (kind, vec![0, option, 4, 0, 0, 0, 0]);
    let routing = |which: u8, left: u8| (ROUTING, vec![0, which, left, 0, 0, 0, 0]);
    let fragment = |offset: u8, flags: u8| (FRAGMENT, vec![0, offset, flags, 0, 0, 0, 7]);
    vec![
        ("hop-by-hop", vec![padded(HOP_BY_HOP)]),
        (
            "hop-by-hop twice",
            vec![padded(HOP_BY_HOP), padded(HOP_BY_HOP)],
        ),
        ("ten destination options", vec![padded(DESTINATION); 10]),
        ("forty destination options", vec![padded(DESTINATION); 40]),
        ("an unknown option to skip", vec![option(HOP_BY_HOP, 0x1e)]),
        (
            "an unknown option to drop at",
            vec![option(HOP_BY_HOP, 0x5e)],
        ),
        (
            "an unknown option to tell of",
            vec![option(HOP_BY_HOP, 0x9e)],
        ),
        (
            "an unknown option, multicast",
            vec![option(DESTINATION, 0xde)],
        ),
        (
            "a jumbo payload",
            vec![(HOP_BY_HOP, vec![0, 0xc2, 4, 0, 1, 0, 0])],
        ),
        (
            "an option past its header",
            vec![(HOP_BY_HOP, vec![0, 0x1e, 9, 0, 0, 0, 0])],
        ),
        (
            "a header past the end",
            vec![(HOP_BY_HOP, vec![255, 1, 4, 0, 0, 0, 0])],
        ),
        ("routing header 0, none left", vec![routing(0, 0)]),
        ("routing header 0, one left", vec![routing(0, 1)]),
        ("routing header 253, 255 left", vec![routing(253, 255)]),
        ("an atomic fragment", vec![fragment(0, 0)]),
        ("a first fragment", vec![fragment(0, 1)]),
        ("a later fragment", vec![fragment(1, 0)]),
        ("two atomic fragments", vec![fragment(0, 0), fragment(0, 0)]),
        ("no next header", vec![(59, vec![0; 7])]),
    ]
}

fn with_extensions(packet: &[u8], chain: &[Extension]) -> Vec<u8> {
    let mut built = packet[..40].to_vec();
    let mut named_at = 6;
    let last = packet[6];
    for (kind, rest) in chain {
        built[named_at] = *kind;
        named_at = built.len();
        built.push(last);
        built.extend_from_slice(rest);
    }
    built.extend_from_slice(&packet[40..]);
    fit_length(&mut built);
    built
}

/// Whole packets beside the segment `coming`, which are right for the state that it is right for:
/// the same with options or extension headers in between, a datagram, a ping, and errors about
/// `ours`, which was the last that we sent.
pub fn companions(coming: &[u8], ours: Option<&[u8]>) -> Vec<Vec<u8>> {
    let v4 = coming[0] >> 4 == 4;
    let mut list = Vec::new();
    if v4 {
        let route = [vec![7, 7, 4], vec![0; 4], vec![1]].concat();
        list.push(with_ipv4_options(coming, &route));
    } else {
        let chain = [
            (0, vec![0, 5, 2, 0, 0, 1, 0]),
            (60, vec![0, 1, 4, 0, 0, 0, 0]),
            (43, vec![0, 4, 0, 0, 0, 0, 0]),
        ];
        list.push(with_extensions(coming, &chain));
    }
    let datagram = [[0x12, 0x34, 0, 9, 0, 40, 0, 0].as_slice(), &[0x5a; 32]].concat();
    list.push(carrying(coming, UDP, &datagram));
    let icmp = if v4 { ICMP_V4 } else { ICMP_V6 };
    let request = if v4 { 8 } else { 128 };
    let ping = [[request, 0, 0, 0, 0, 7, 0, 1].as_slice(), &[0x5a; 32]].concat();
    list.push(carrying(coming, icmp, &ping));
    let Some(ours) = ours else { return list };
    let quote = &ours[..ours.len().min(200)];
    // Port unreachable, packet too big, parameter problem.
    let kinds = if v4 {
        [[3, 3, 0, 0], [3, 4, 0, 0], [12, 0, 0, 0]]
    } else {
        [[1, 4, 0, 0], [2, 0, 0, 0], [4, 1, 0, 0]]
    };
    for head in kinds {
        let error = [&head, &[0, 0, 5, 0], quote].concat();
        list.push(carrying(coming, icmp, &error));
    }
    list
}

/// A packet with the IP header of `like` and another payload.
fn carrying(like: &[u8], protocol: u8, payload: &[u8]) -> Vec<u8> {
    let (length, at) = if like[0] >> 4 == 4 { (20, 9) } else { (40, 6) };
    let mut built = like[..length].to_vec();
    built[at] = protocol;
    built.extend_from_slice(payload);
    fit_length(&mut built);
    if protocol == UDP {
        put_word(&mut built, length + 4, payload.len() as u16);
    }
    built
}
