use super::*;

struct GoOn;

impl Progress for GoOn {
    fn reached(&self, _: Duration) -> bool {
        true
    }
}

const BURST: &str = r#"
name = "burst"
do = [
  { at = "0s", host = "server", act = "listen 80" },
  { at = "0s", host = "client", act = "connect server:80; send 14480; close" },
]
[host.client]
addr = "10.0.0.1"
[host.server]
addr = "10.0.0.2"
[link.up]
rate = "10Mbit"
delay = "10ms"
[link.down]
delay = "10ms"
"#;

/// 10 Mbit/s: a SYN of 60 bytes takes 48 us to leave, a segment of 1,500 bytes 1.2 ms, and ten that
/// are sent at once wait for each other.
#[test]
fn packets_wait_for_those_before_them() {
    let scenario = Scenario::parse(BURST, &[]).unwrap();
    let measured = scenario.measure(&GoOn).unwrap();
    let (_, up) = measured
        .queues
        .iter()
        .find(|(name, _)| name == "up")
        .unwrap();
    let micros: Vec<u128> = up.iter().map(Duration::as_micros).collect();
    assert_eq!(micros.iter().min(), Some(&41), "an ACK of 52 bytes");
    assert!(micros.contains(&48), "{micros:?}");
    // The ACK of the handshake goes before the first of them.
    let burst: Vec<u128> = (1..=10).map(|nth| nth * 1_200).collect();
    let waited: Vec<u128> = micros.iter().map(|one| one - one % 100).collect();
    assert!(burst.iter().all(|span| waited.contains(span)), "{micros:?}");
    assert_eq!((measured.is_over, measured.lost), (true, 0));
    let sent: u64 = measured
        .connections
        .iter()
        .map(|(_, one)| one.bytes_sent)
        .sum();
    assert_eq!(sent, 14_480);
}

/// 14,480 bytes are 10 segments with timestamps. Nothing is acknowledged before the first has come
/// and its acknowledgment too, and no window is smaller than the first: 14,600 bytes by RFC 6928
/// section 2.
#[test]
fn what_a_host_sends_is_followed_over_time() {
    let measured = Scenario::parse(BURST, &[]).unwrap().measure(&GoOn).unwrap();
    let of = |what: Quantity| {
        let mut found = measured.curves.iter().filter(|one| one.what == what);
        found.next().expect("a curve")
    };
    let acknowledged = of(Quantity::Acknowledged);
    assert_eq!(acknowledged.of, "client");
    let curve = &acknowledged.curve;
    // Text and a FIN. Two round trips of 20 ms, and the time that a segment takes to leave; a
    // stretch is 2 ms long.
    assert_eq!(curve.last.last(), Some(&14_481));
    let first = curve.last.iter().position(|bytes| *bytes > 0).unwrap();
    // Worlds begin at one second.
    let at = curve.at[first] * curve.width / 1_000_000 - 1_000;
    assert!((40..=44).contains(&at), "{at} ms: {curve:?}");
    let window = &of(Quantity::CongestionWindow).curve;
    assert_eq!(window.low.iter().find(|bytes| **bytes > 0), Some(&14_600));
    assert_eq!(
        of(Quantity::Wait).curve.high.iter().max(),
        Some(&12_000_000)
    );
}
