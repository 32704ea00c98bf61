use std::time::Duration;

use super::*;

#[test]
fn a_value_out_of_range_names_key_value_and_range() {
    let refused = chance("chance", 1.5).unwrap_err();
    assert_eq!(
        refused.within("loss").within("forward").to_string(),
        "forward.loss.chance: 1.5 is out of range: 0.0 to 1.0"
    );
}

#[test]
fn both_ends_belong_to_the_range() {
    let minute = Duration::from_secs(60);
    let range = || Duration::ZERO..=minute;
    assert_eq!(between("delay", Duration::ZERO, range()), Ok(()));
    assert_eq!(between("delay", minute, range()), Ok(()));
    let refused = between("delay", minute + Duration::from_nanos(1), range()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "delay: 60.000000001s is out of range: 0ns to 60s"
    );
}

#[test]
fn no_number_is_no_probability() {
    assert!(chance("chance", f64::NAN).is_err());
}
