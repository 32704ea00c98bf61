use super::super::fixtures::sender;
use super::*;

fn names(course: &Course) -> Vec<(u64, &str)> {
    let stays = course.states().iter();
    stays
        .map(|stay| (stay.at_us, stay.state.as_str()))
        .collect()
}

#[test]
fn states_that_are_told_are_better_than_states_that_are_seen() {
    let mut course = Course::default();
    course.learn(100, &sender(100));
    course.learn(200, &sender(200));
    let mut gone = sender(500);
    gone.state = "fin_wait_2".into();
    course.learn(500, &gone);
    assert_eq!(names(&course), [(100, "established"), (500, "fin_wait_2")]);
    // Between two looks it was in a third one.
    course.enter(300, "fin_wait_1");
    course.enter(400, "fin_wait_2");
    course.learn(600, &gone);
    let told = [
        (100, "established"),
        (300, "fin_wait_1"),
        (400, "fin_wait_2"),
    ];
    assert_eq!(names(&course), told);
}

#[test]
fn what_is_seen_twice_is_one_point() {
    let mut course = Course::default();
    for at_us in [100, 200, 200] {
        course.learn(at_us, &sender(at_us));
    }
    let times: Vec<u64> = course.points().map(|point| point.at_us).collect();
    assert_eq!(times, [100, 200]);
}

#[test]
fn rates_over_time_are_told_for_each_point() {
    let mut course = Course::default();
    for tenth in 0..=40 {
        // Ten bytes a microsecond, twice as many from the second second on.
        let mut row = sender(tenth * 100_000);
        if let Some(known) = row.known.as_mut().filter(|_| tenth > 20) {
            known.bytes_acked += (tenth - 20) * 1_000_000;
        }
        course.learn(tenth * 100_000, &row);
    }
    let rates = course.rates_over_time();
    assert_eq!(rates.first(), Some(&(0, (0, 0))));
    assert_eq!(rates.get(20), Some(&(2_000_000, (80_000_000, 0))));
    assert_eq!(rates.get(21), Some(&(2_100_000, (160_000_000, 0))));
    assert_eq!(rates.len(), 41);
}

#[test]
fn of_a_long_course_the_end_is_kept() {
    let mut course = Course::default();
    for at_us in 1..=2 * POINTS_MAX as u64 {
        course.learn(at_us, &sender(at_us));
    }
    let first = course.points().next().map(|point| point.at_us);
    assert_eq!((course.points().len(), first), (300, Some(301)));
}
