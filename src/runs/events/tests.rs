use proptest::prelude::*;

use super::*;
use crate::observe::events::millis;

const HEADER: &str = r#"{"file_schema":"urn:ietf:params:qlog:file:sequential","trace":{}}"#;

fn read(text: &str) -> Result<Vec<Record>, Damaged> {
    Records::of(text.as_bytes())?.collect()
}

fn said(text: &str) -> String {
    read(text).expect_err("damaged").to_string()
}

#[test]
fn a_line_is_read_and_written_as_it_was() {
    let line = concat!(
        r#"{"id":7,"time":839.412,"name":"tcp:segment_sent","tuple":"c1","host":"client","#,
        r#""cause":6,"data":{"frame":3,"retransmit":null},"#,
        r#""why":{"rule":"rfc9293.3.8","text":"there is text to send"},"state":{"cwnd":14600}}"#,
    );
    let records = read(&format!("{HEADER}\n{line}\n")).expect("whole");
    let [record] = &records[..] else {
        panic!("one record: {records:?}");
    };
    assert_eq!(record.time, Instant::from_nanos(839_412_000));
    assert_eq!((record.frame(), record.text("retransmit")), (Some(3), None));
    assert_eq!(serde_json::to_string(record).expect("JSON"), line);
    let short = r#"{"time":0,"name":"sim:missing","host":"client","data":{"events":2}}"#;
    let records = read(&format!("{HEADER}\n{short}\n")).expect("whole");
    assert_eq!(serde_json::to_string(&records[0]).expect("JSON"), short);
}

#[test]
fn what_is_damaged_is_named_with_its_line() {
    assert_eq!(said(""), "line 1 is no header of events: the file is empty");
    assert_eq!(
        said("{}\n"),
        "line 1 is no header of events: it has no file_schema"
    );
    assert_eq!(
        said("{\"file_schema\":\"x\"}\n"),
        "line 1 is no header of events: its schema is \"x\", \
         not \"urn:ietf:params:qlog:file:sequential\""
    );
    let with = |line: &str| said(&format!("{HEADER}\n{line}"));
    assert_eq!(with("{\"id\":1"), "line 2 ends in the middle");
    let missing = with("{\"id\":1,\"time\":2}\n");
    assert!(
        missing.starts_with("line 2, missing field `name`"),
        "{missing}"
    );
    let time = with("{\"time\":1e3,\"name\":\"a:b\",\"host\":\"h\",\"data\":{}}\n");
    assert!(time.starts_with("line 2, 1e3 is no time in ms"), "{time}");
    let long = "x".repeat(LINE_MOST as usize + 1);
    assert_eq!(with(&long), "line 2, longer than 1048576 bytes");
}

proptest! {
    #[test]
    fn times_come_back_to_the_nanosecond(at: u64) {
        prop_assert_eq!(nanos(millis(at).get()), Some(at));
    }

    #[test]
    fn no_text_is_a_time_but_a_number_of_milliseconds(text in "[0-9.eE+-]{0,12}") {
        if let Some(at) = nanos(&text) {
            let value: f64 = text.parse().expect("a number");
            prop_assert!((value * 1e6 - at as f64).abs() <= 0.5 + value);
        }
    }
}
