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
    demux.bind(pair(1), first);
    demux.bind(pair(2), second);
    for _ in 0..2 {
        assert_eq!(demux.find_for_segment(&pair(1)), Some(first));
        assert_eq!(demux.find_for_segment(&pair(2)), Some(second));
        assert_eq!(demux.find_for_segment(&pair(3)), None);
    }
    assert_eq!(demux.find_for_segment(&pair(1)), Some(first));
    demux.bind(pair(1), second);
    assert_eq!(demux.find_for_segment(&pair(1)), Some(second));
    // It belongs to another by now.
    demux.unbind(&pair(1), first);
    assert_eq!(demux.find_for_segment(&pair(1)), Some(second));
    demux.unbind(&pair(1), second);
    assert_eq!(demux.find_for_segment(&pair(1)), None);
}
