use super::*;

#[test]
fn values_out_of_range_are_named() {
    let refused = |app: App| app.check().unwrap_err().to_string();
    assert_eq!(
        refused(App::ask(1, 0, 1)),
        "talk.request: 0 is out of range: 1 to 1073741824"
    );
    let slow = App {
        reading: Reading::Slow {
            bytes: 0,
            every: Duration::ZERO,
        },
        ..App::sink()
    };
    assert_eq!(
        refused(slow),
        format!("reading.bytes: 0 is out of range: 1 to {}", u64::MAX)
    );
    let service = Service {
        backlog: 0,
        ..Service::of(App::sink())
    };
    let refused = service.check().unwrap_err().to_string();
    assert_eq!(refused, "backlog: 0 is out of range: 1 to 4096");
    let service = Service::of(slow).check().unwrap_err();
    assert_eq!(service.key, "app.reading.bytes");
}
