use super::*;
use crate::explain::tests::{SCENARIOS, explained, played};
use crate::explain::{CaptureFile, Shadow};
use crate::report::{Source, page};
use crate::runs;
use crate::why::Log;

fn recorded(capture: &[u8], only: Option<u64>) -> (Vec<runs::Record>, Vec<u8>) {
    let mut records = Records::new("trace.pcap").unwrap();
    let mut file = CaptureFile::new(capture).unwrap();
    Shadow::new(only).read(&mut file, &mut records).unwrap();
    let made = records.finish();
    let records = runs::Records::of(&made.events[..]).unwrap();
    (records.map(Result::unwrap).collect(), made.capture)
}

fn capture() -> Vec<u8> {
    played(SCENARIOS[3], &["expect=[]".to_owned()]).0
}

#[test]
fn every_frame_has_a_record_that_says_that_it_is_inferred() {
    let capture = capture();
    let (_, kept) = explained(&capture);
    let (records, _) = recorded(&capture, None);
    let frames: Vec<_> = records.iter().filter_map(runs::Record::frame).collect();
    let expected: Vec<_> = kept.0.keys().copied().collect();
    assert_eq!(frames, expected);
    for record in records.iter().filter(|record| record.why.is_some()) {
        let why = record.why.as_ref().unwrap();
        assert!(why.text.starts_with("inferred: "), "{}", why.text);
        assert!(why.rule.starts_with("rfc"), "{}", why.rule);
    }
    let again: Vec<_> = records
        .iter()
        .filter_map(|r| r.text("retransmit"))
        .collect();
    assert_eq!(again, ["fast"]);
    // What nobody can know is not told.
    assert!(
        records
            .iter()
            .all(|r| r.data.get("congestion_window").is_none())
    );
}

#[test]
fn the_states_of_the_opener_are_arrows_of_figure_5() {
    let (records, _) = recorded(&capture(), None);
    let states = records.iter().filter(|r| r.name == "tcp:state_updated");
    let states: Vec<_> = states
        .map(|r| (r.text("new").unwrap(), r.text("trigger").unwrap()))
        .collect();
    assert_eq!(
        states,
        [
            ("syn_sent", "active_open"),
            ("established", "syn_ack_received"),
            ("fin_wait_1", "fin_sent"),
            ("fin_wait_2", "fin_acked"),
            ("time_wait", "fin_received"),
        ]
    );
}

#[test]
fn a_page_is_made_of_it_with_the_bytes_of_its_packets() {
    let (records, capture) = recorded(&capture(), None);
    let packets = runs::packets::packets(&capture[..], 192).unwrap();
    let log = Log::new(records);
    let source = Source {
        packets,
        ..Source::of("</title><script>", &log)
    };
    let page = page(&source).unwrap();
    assert!(page.contains("&lt;/title&gt;&lt;script&gt;"));
    assert_eq!(page.matches("<script").count(), 3);
}

#[test]
fn the_capture_has_the_same_frames_with_comments_on_what_is_odd() {
    let original = capture();
    let (_, made) = recorded(&original, None);
    let [was, now] =
        [&original, &made].map(|bytes| runs::packets::packets(&bytes[..], 40).unwrap());
    assert_eq!(was, now);
    let text = String::from_utf8_lossy(&made);
    assert_eq!(text.matches("inferred: retransmission: ").count(), 1);
}

#[test]
fn one_stream_alone_is_recorded() {
    let (records, _) = recorded(&capture(), Some(1));
    assert!(records.is_empty());
}
