use super::*;
use futures_util::{FutureExt, StreamExt};
use model::{BatchBuilder, Labels, LabelsRef, RowRef, Signal};

fn batch(tenant: &Tenant, bytes: usize) -> Batch {
    let mut batch = BatchBuilder::new(tenant.clone(), Signal::Line, 0);
    let text = vec![b'x'; bytes];
    let row = RowRef { ts_ns: 1, body: &text, metadata: LabelsRef::EMPTY };
    batch.add_rows(Labels::from_pairs([("app", "a")]).as_ref(), [row]);
    batch.build()
}

/// Batches seen and batches told missed, without waiting.
fn seen(following: &mut Pin<Box<dyn Stream<Item = Followed> + Send>>) -> (u64, u64) {
    let (mut batches, mut missed) = (0, 0);
    while let Some(Some(followed)) = following.next().now_or_never() {
        match followed {
            Followed::Batch(_) => batches += 1,
            Followed::Missed(count) => missed += count,
        }
    }
    (batches, missed)
}

#[test]
fn a_follower_sees_its_tenant_from_now_on() {
    let (followers, mine, other) = (Followers::default(), Tenant::single(), Tenant::new("other").unwrap());
    followers.tell(&batch(&mine, 1));
    let mut following = followers.follow(&mine);
    followers.tell(&batch(&mine, 1));
    followers.tell(&batch(&other, 1));
    assert_eq!(seen(&mut following), (1, 0));
}

#[test]
fn a_slow_follower_is_told_what_it_missed() {
    let (followers, tenant) = (Followers::default(), Tenant::single());
    let mut following = followers.follow(&tenant);
    let total = QUEUE_BATCHES as u64 + 10;
    for _ in 0..total {
        followers.tell(&batch(&tenant, 1));
    }
    let (batches, _) = seen(&mut following);
    assert_eq!(batches, QUEUE_BATCHES as u64);
    followers.tell(&batch(&tenant, 1));
    assert_eq!(seen(&mut following), (1, 10));
}

#[test]
fn large_batches_fill_the_queue_by_bytes() {
    let (followers, tenant) = (Followers::default(), Tenant::single());
    let mut following = followers.follow(&tenant);
    for _ in 0..5 {
        followers.tell(&batch(&tenant, 5 << 20));
    }
    assert_eq!(seen(&mut following), (3, 0));
    followers.tell(&batch(&tenant, 5 << 20));
    assert_eq!(seen(&mut following), (1, 2));
}

#[test]
fn who_left_is_forgotten() {
    let (followers, tenant) = (Followers::default(), Tenant::single());
    drop(followers.follow(&tenant));
    followers.tell(&batch(&tenant, 1));
    assert_eq!(followers.followers.read().len(), 0);
}
