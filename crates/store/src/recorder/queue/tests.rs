use super::*;

const POINTS: [(&str, f64); 2] = [("a", 1.0), ("b", f64::NAN)];

#[test]
fn a_full_queue_waits_up_to_its_limit_and_an_abandoned_one_not_at_all() {
    let queue = Queue::new(1000);
    let tick = |step| Tick { step, ..Tick::default() };
    assert!((0..CAPACITY as u64).all(|step| queue.log(tick(step), &POINTS, || ())));
    let begin = Instant::now();
    assert!(!queue.log(tick(0), &POINTS, || ()));
    assert!(begin.elapsed() >= MAX_WAIT);
    // Room that comes in time is used.
    let mut taken = Buffer::default();
    std::thread::scope(|scope| {
        let (wake, woken) = bounded(64);
        let (queue, taken) = (&queue, &mut taken);
        scope.spawn(move || woken.recv().map(|()| queue.take(taken)));
        // A busy machine may start the other thread too late for one call, not for all.
        assert!((0..1000).any(|_| queue.log(tick(7), &POINTS, || wake.try_send(()).unwrap_or_default())));
    });
    let records: Vec<Record> = queue.records(&mut taken).collect();
    assert_eq!(records.len(), CAPACITY);
    let Record::Points(last) = &records[CAPACITY - 1] else { panic!("not points") };
    assert_eq!((last.at.step, last.names.0.len()), (CAPACITY as u64 - 1, 2));
    assert!(f64::from_bits(last.bits[1]).is_nan() && last.active_ms >= 1000);
    let written = queue.written();
    queue.abandon();
    assert!(written.recv().is_err() && queue.written().recv().is_err());
    assert!(!queue.log(tick(8), &POINTS, || ()));
}

#[test]
fn a_call_that_waits_while_the_writer_ends_is_lost() {
    let queue = Queue::new(0);
    assert!((0..CAPACITY).all(|_| queue.log(Tick::default(), &POINTS, || ())));
    assert!(!queue.log(Tick::default(), &POINTS, || queue.abandon()));
}
