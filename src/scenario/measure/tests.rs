use super::*;

struct GoOn;

impl Progress for GoOn {
    fn reached(&self, _: Duration) -> bool {
        true
    }
}

/// 10 Mbit/s: a SYN of 60 bytes takes 48 us to leave, a segment of 1,500 bytes 1.2 ms, and ten that
/// are sent at once wait for each other.
#[test]
fn packets_wait_for_those_before_them() {
    let text = r#"
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
    let scenario = Scenario::parse(text, &[]).unwrap();
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
