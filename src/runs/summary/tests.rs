use super::*;
use crate::observe::fixtures::{PEER, US, address, millis};
use crate::probe::State;

#[test]
fn the_summary_is_flat_and_in_order() {
    let connection = ConnectionCounts {
        local: address(US),
        remote: address(PEER),
        opened: millis(0),
        ended: Some(millis(900)),
        state: State::TimeWait,
        congestion_control: "reno",
        bytes_sent: 1000,
        bytes_received: 20,
        sending: Duration::from_millis(500),
        packets_in: 3,
        packets_out: 4,
        retransmitted: 2,
        timeouts: 1,
        cwnd_max: 35_040,
        srtt: Some(Duration::from_micros(81_200)),
    };
    let mut summary = Summary::new("0001-demo", &Counts::default(), &[connection]);
    summary.seed = 42;
    summary.link = "tun".into();
    let ms = Duration::from_millis;
    summary.phases_ms = Phases(vec![("tcp".into(), ms(80)), ("body".into(), ms(307))]);
    summary.checks.passed = 3;

    let mut json = Vec::new();
    summary.write(&mut json).unwrap();
    let expected = r#"{
  "run": "0001-demo",
  "seed": 42,
  "clock": "real",
  "link": "tun",
  "packets": 0,
  "explained": 0,
  "lost": 0,
  "retransmitted": 0,
  "bytes_in": 0,
  "bytes_out": 0,
  "phases_ms": {
    "tcp": 80,
    "body": 307
  },
  "connections": [
    {
      "id": "c1",
      "local": "10.90.0.2:40000",
      "remote": "203.0.113.10:443",
      "state": "TIME-WAIT",
      "cc": "reno",
      "bytes_sent": 1000,
      "bytes_received": 20,
      "goodput_bps": 16000,
      "rtx": 2,
      "rto": 1,
      "cwnd_max": 35040,
      "srtt_ms": 81.2
    }
  ],
  "checks": {
    "passed": 3,
    "failed": 0
  }
}
"#;
    assert_eq!(String::from_utf8(json).unwrap(), expected);
}

#[test]
fn what_was_never_measured_is_left_out() {
    let connection = ConnectionCounts {
        local: address(US),
        remote: address(PEER),
        opened: millis(0),
        ended: None,
        state: State::SynSent,
        congestion_control: "",
        bytes_sent: 0,
        bytes_received: 0,
        sending: Duration::ZERO,
        packets_in: 0,
        packets_out: 1,
        retransmitted: 0,
        timeouts: 0,
        cwnd_max: 0,
        srtt: None,
    };
    let json = serde_json::to_string(&ConnectionSummary::new(1, &connection)).unwrap();
    assert!(
        !json.contains("goodput") && !json.contains("srtt"),
        "{json}"
    );
}
