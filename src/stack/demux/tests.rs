use slotmap::KeyData;

use super::*;

fn pair(port: u16) -> SocketPair {
    let addr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    SocketPair {
        local: Endpoint { addr, port: 80 },
        remote: Endpoint { addr, port },
    }
}

fn connection(number: u64) -> Who {
    Who::Connection(KeyData::from_ffi(number | 1 << 32).into())
}

#[test]
fn what_was_found_last_is_forgotten_with_every_change() {
    let mut demux = Demux::new([0; 16]);
    let (first, second) = (connection(1), connection(2));
    let has = |who, asked: &SocketPair| *asked == pair(if who == first { 1 } else { 2 });
    demux.bind(&pair(1), first);
    demux.bind(&pair(2), second);
    for _ in 0..2 {
        assert_eq!(demux.find_for_segment(&pair(1), has), Some(first));
        assert_eq!(demux.find_for_segment(&pair(2), has), Some(second));
        assert_eq!(demux.find_for_segment(&pair(3), has), None);
    }
    assert_eq!(demux.find_for_segment(&pair(1), has), Some(first));
    // The next incarnation.
    demux.unbind(&pair(1), first);
    assert_eq!(demux.find_for_segment(&pair(1), has), None);
    demux.unbind(&pair(2), second);
    let has = |who, asked: &SocketPair| who == second && *asked == pair(1);
    demux.bind(&pair(1), second);
    assert_eq!(demux.find_for_segment(&pair(1), has), Some(second));
    // It belongs to another by now.
    demux.unbind(&pair(1), first);
    assert_eq!(demux.find_for_segment(&pair(1), has), Some(second));
    demux.unbind(&pair(1), second);
    assert_eq!(demux.find_for_segment(&pair(1), has), None);
}

/// Who is found depends on the pairs and not on how their hashes fall: of 2^17 pairs some share all
/// the bits that the table keeps.
#[test]
fn pairs_whose_hashes_meet_stay_apart() {
    let mut demux = Demux::new([7; 16]);
    let numbered = |number: u64| SocketPair {
        local: Endpoint {
            addr: Ipv4Addr::from_bits(number as u32 >> 16).into(),
            port: 80,
        },
        ..pair(number as u16)
    };
    let number = |who| match who {
        Who::Connection(id) => slotmap::Key::data(&id).as_ffi() & u64::from(u32::MAX),
        _ => unreachable!("only connections"),
    };
    let has = |who, asked: &SocketPair| *asked == numbered(number(who));
    for each in 0..1 << 17 {
        demux.bind(&numbered(each), connection(each));
    }
    let hashes = |each| demux.hash(&numbered(each));
    let distinct: std::collections::HashSet<u32> = (0..1 << 17).map(hashes).collect();
    assert!(distinct.len() < 1 << 17, "some meet");
    for each in 0..1 << 17 {
        assert_eq!(demux.find(&numbered(each), has), Some(connection(each)));
    }
    for each in 0..1 << 17 {
        demux.unbind(&numbered(each), connection(each));
        assert_eq!(demux.find(&numbered(each), has), None);
    }
}
