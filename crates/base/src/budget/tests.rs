use super::*;

#[test]
fn refuses_beyond_the_limit_and_takes_back() {
    let budget = ByteBudget::new("test", 10);
    let mut lease = budget.lease(6).unwrap();
    let refused = budget.lease(5).unwrap_err();
    assert_eq!(refused.kind(), crate::Kind::Limit);
    assert!(refused.what().contains("limit 10 bytes"), "{refused}");
    lease.grow(4).unwrap();
    assert!(lease.grow(1).is_err());
    lease.shrink(3);
    assert_eq!((lease.bytes(), budget.used_bytes()), (7, 7));
    drop(lease);
    assert_eq!((budget.used_bytes(), budget.peak_bytes()), (0, 10));
}

#[test]
fn a_refused_wish_leaves_room_for_smaller_ones() {
    let budget = ByteBudget::new("test", 10);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..20_000 {
                assert!(budget.lease(11).is_err());
            }
        });
        for _ in 0..20_000 {
            assert!(budget.lease(10).is_ok());
        }
    });
}
