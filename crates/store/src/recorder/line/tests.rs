use super::*;

const POINTS: [(&str, f64); 2] = [("a", 1.0), ("b", f64::NAN)];

#[test]
fn a_full_line_costs_at_most_its_patience_and_an_abandoned_one_nothing() {
    let line = Line::new(1000);
    let tick = |step| Tick { step, ..Tick::default() };
    assert!((0..WAITING as u64).all(|step| line.log(tick(step), &POINTS, || ())));
    let begin = Instant::now();
    assert!(!line.log(tick(0), &POINTS, || ()));
    assert!(begin.elapsed() >= PATIENCE);
    // Room that comes in time is used.
    let mut taken = Waiting::default();
    std::thread::scope(|scope| {
        let (wake, woken) = bounded(64);
        let (line, taken) = (&line, &mut taken);
        scope.spawn(move || woken.recv().map(|()| line.take(taken)));
        // A busy machine may start the other thread too late for one call, not for all.
        assert!((0..1000).any(|_| line.log(tick(7), &POINTS, || wake.try_send(()).unwrap_or_default())));
    });
    let records: Vec<Record> = line.records(&mut taken).collect();
    assert_eq!(records.len(), WAITING);
    let Record::Points(last) = &records[WAITING - 1] else { panic!("not points") };
    assert_eq!((last.at.step, last.names.0.len()), (WAITING as u64 - 1, 2));
    assert!(f64::from_bits(last.bits[1]).is_nan() && last.active_ms >= 1000);
    let answer = line.written();
    line.abandon();
    assert!(answer.recv().is_err() && line.written().recv().is_err());
    assert!(!line.log(tick(8), &POINTS, || ()));
}
