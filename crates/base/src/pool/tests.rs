use super::*;
use std::sync::mpsc;

/// Goes `levels` down with a kilobyte in each.
fn descend(levels: usize) -> usize {
    let frame = std::hint::black_box([1_u8; 1 << 10]);
    if levels == 0 { 0 } else { descend(levels - 1) + usize::from(frame[levels % frame.len()]) }
}

#[test]
fn a_job_may_recurse_deep() {
    let pool = Pool::new(1).unwrap();
    let levels = (STACK_BYTES / 4) >> 10;
    let (sender, receiver) = mpsc::channel();
    let _job = pool.run(move || sender.send(descend(levels)));
    assert_eq!(receiver.recv(), Ok(levels));
}
