use super::*;
use crate::loki::proto;
use model::Labels;
use proptest::prelude::*;

proptest! {
    /// What is written is read again.
    #[test]
    fn reads_back(
        app in ".{1,6}",
        lines in proptest::collection::vec((any::<i64>(), proptest::collection::vec(any::<u8>(), 0..9), ".{0,4}"), 0..6),
    ) {
        prop_assume!(!app.contains('\u{fffd}'));
        let labels = Labels::from_pairs([("app", app.as_str())]);
        let metadata: Vec<_> = lines.iter().map(|(_, _, value)| Labels::from_pairs([("k", value.as_str())])).collect();
        let refs = lines.iter().zip(&metadata);
        let refs = refs.map(|((ts_ns, text, _), metadata)| RowRef { ts_ns: *ts_ns, body: text, metadata: metadata.as_ref() });
        let body = push_body(&[(labels.as_ref(), refs.collect())]);
        let body = snap::raw::Decoder::new().decompress_vec(&body).unwrap();
        let push = proto::push(&body).unwrap();
        let stream = &push.streams()[0];
        prop_assert_eq!(&stream.labels, &vec![("app".into(), app.into())]);
        let read: Vec<_> = push.entries(stream).map(|entry| (entry.ts_ns, entry.line.to_vec(), entry.own[0].1.to_vec())).collect();
        let want: Vec<_> = lines.iter().map(|(ts, text, value)| (*ts, text.clone(), value.clone().into_bytes())).collect();
        prop_assert_eq!(read, want);
    }
}
