//! What every store has to do, in the same way.

use super::*;

/// Runs everything against `bucket`, which is empty and is left empty.
pub async fn all(bucket: &Bucket) {
    racing(bucket).await;
    all_but_racing(bucket).await;
}

/// The same without creations at the same time, for a server that looks whether there is an object
/// and then writes it, in two steps.
pub async fn all_but_racing(bucket: &Bucket) {
    putting(bucket).await;
    creating(bucket).await;
    names(bucket).await;
    listing(bucket).await;
    ranges(bucket).await;
    wrong_sizes(bucket).await;
    let left = bucket.list("").await.unwrap();
    assert_eq!(left, [], "the tests leave nothing behind");
}

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

async fn putting(bucket: &Bucket) {
    let missing = bucket.get("put/one").await.unwrap_err();
    assert_eq!(missing.kind(), Kind::Missing);
    assert!(missing.what().contains("put/one"), "{missing}");
    assert_eq!(bucket.size("put/one").await.unwrap_err().kind(), Kind::Missing);

    bucket.put("put/one", bytes("content")).await.unwrap();
    assert_eq!(bucket.get("put/one").await.unwrap(), "content");
    assert_eq!(bucket.size("put/one").await.unwrap(), 7);
    bucket.put("put/one", bytes("content")).await.unwrap();
    let other = bucket.put("put/one", bytes("other content")).await.unwrap_err();
    assert_eq!(other.kind(), Kind::Corrupt);
    assert_eq!(bucket.get("put/one").await.unwrap(), "content");

    bucket.put("put/empty", Bytes::new()).await.unwrap();
    assert_eq!(bucket.get("put/empty").await.unwrap(), "");
    for name in ["put/one", "put/one", "put/empty", "put/never was"] {
        bucket.delete(name).await.unwrap();
    }
    assert_eq!(bucket.get("put/one").await.unwrap_err().kind(), Kind::Missing);
}

async fn creating(bucket: &Bucket) {
    assert!(bucket.create("create/one", bytes("by the first")).await.unwrap());
    assert!(!bucket.create("create/one", bytes("by the second")).await.unwrap());
    assert_eq!(bucket.get("create/one").await.unwrap(), "by the first");
    // The winner may ask again, for its answer may have been lost.
    assert!(bucket.create("create/one", bytes("by the first")).await.unwrap());
    bucket.delete("create/one").await.unwrap();
}

async fn racing(bucket: &Bucket) {
    for round in 0..5 {
        let name = format!("create/{round}");
        let tries = (0..8).map(|who| {
            let (bucket, name) = (bucket.clone(), name.clone());
            tokio::spawn(async move { (who, create_surely(&bucket, &name, &format!("by {who}")).await) })
        });
        let mut winners = Vec::new();
        for one in tries.collect::<Vec<_>>() {
            let (who, won) = one.await.unwrap();
            if won {
                winners.push(format!("by {who}"));
            }
        }
        assert_eq!(winners.len(), 1, "exactly one wins");
        assert_eq!(bucket.get(&name).await.unwrap(), winners[0].as_bytes());
        bucket.delete(&name).await.unwrap();
    }
}

/// Creates as callers do: again after an error that says nothing about who won.
async fn create_surely(bucket: &Bucket, name: &str, content: &str) -> bool {
    for _ in 0..20 {
        match bucket.create(name, bytes(content)).await {
            Ok(won) => return won,
            Err(e) => assert_eq!(e.kind(), Kind::Unavailable, "{e}"),
        }
    }
    panic!("no answer who created {name}");
}

async fn names(bucket: &Bucket) {
    // Every character that a tenant may have, and some more.
    for name in ["names/aZ09!-_.*'()/x", "names/a b", "names/ä", "names/a%2fb", "names/a+b=c&d"] {
        bucket.put(name, bytes(name)).await.unwrap();
        assert_eq!(bucket.get(name).await.unwrap(), name.as_bytes(), "{name}");
        let listed = bucket.list("names").await.unwrap();
        assert_eq!(listed, [Object { name: name.to_owned(), bytes: name.len() as u64 }]);
        bucket.delete(name).await.unwrap();
    }
    for name in ["", "/", "a//b", "a/../b", "a/./b", "a#1", "a\nb"] {
        let refused = bucket.put(name, bytes("x")).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Invalid, "{name:?}: {refused}");
    }
}

async fn listing(bucket: &Bucket) {
    let mut expected = Vec::new();
    for number in 0..12 {
        let name = format!("list/{}/{number:03}", number % 2);
        bucket.put(&name, Bytes::from(vec![0; number])).await.unwrap();
        expected.push(Object { name, bytes: number as u64 });
    }
    bucket.put("listed/beside", bytes("x")).await.unwrap();
    expected.sort();
    assert_eq!(bucket.list("list").await.unwrap(), expected, "whole parts of a path, in order");
    assert_eq!(bucket.list("list/1").await.unwrap(), expected[6..]);
    assert_eq!(bucket.list("nothing").await.unwrap(), []);
    assert_eq!(bucket.list_after("list", "list/0/008").await.unwrap(), expected[5..]);
    assert_eq!(bucket.list_after("list", "list/0/0085").await.unwrap(), expected[5..]);
    assert_eq!(bucket.list_after("list", "list/2").await.unwrap(), []);
    assert_eq!(bucket.usage("list").await.unwrap(), Usage { objects: 12, bytes: 66 });

    let part = bucket.within("list/0").unwrap();
    assert_eq!(part.list("").await.unwrap()[0], Object { name: "000".to_owned(), bytes: 0 });
    assert_eq!(part.list_after("", "008").await.unwrap().len(), 1);
    assert_eq!(part.get("002").await.unwrap(), [0, 0].as_slice());
    for object in &expected {
        bucket.delete(&object.name).await.unwrap();
    }
    bucket.delete("listed/beside").await.unwrap();
}

async fn ranges(bucket: &Bucket) {
    let size: u64 = 11 * 1000 * 1000;
    let content: Vec<u8> = (0..size).map(|at| (at * at / 255 % 251) as u8).collect();
    bucket.put("ranges/large", Bytes::from(content.clone())).await.unwrap();
    let mut asked = vec![0..10, size - 10..size, 5..5, 0..size, 300_000..300_001, size..size];
    asked.extend((0..50).map(|_| {
        let start = rand::random_range(0..size);
        start..rand::random_range(start..=(start + 600_000).min(size))
    }));
    for _ in 0..2 {
        let found = bucket.get_ranges("ranges/large", size, &asked).await.unwrap();
        assert_eq!(found.len(), asked.len());
        for (range, found) in asked.iter().zip(found) {
            assert!(found == content[range.start as usize..range.end as usize], "{range:?}");
        }
    }
    assert!(bucket.get_ranges("ranges/large", size, &[]).await.unwrap().is_empty());
    assert_eq!(bucket.get_range("ranges/large", size, 7..9).await.unwrap(), content[7..9]);
    let missing = bucket.get_ranges("ranges/missing", 10, &[0..10]).await.unwrap_err();
    assert_eq!(missing.kind(), Kind::Missing);
    bucket.delete("ranges/large").await.unwrap();
}

async fn wrong_sizes(bucket: &Bucket) {
    bucket.put("sizes/ten", bytes("0123456789")).await.unwrap();
    let outside = bucket.get_ranges("sizes/ten", 10, &[5..11]).await.unwrap_err();
    assert_eq!(outside.kind(), Kind::Bug);
    // The caller believes in a longer object than there is: the object is not what was put.
    for range in [5..15, 12..15] {
        let cut = bucket.get_ranges("sizes/ten", 20, &[range]).await.unwrap_err();
        assert_eq!(cut.kind(), Kind::Corrupt, "{cut}");
        assert!(cut.what().contains("has 10 bytes and not 20"), "{cut}");
    }
    bucket.delete("sizes/ten").await.unwrap();
}
