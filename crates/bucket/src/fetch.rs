//! Many ranges at the same time.

use base::Result;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use std::ops::Range;

/// Ranges of one question that are fetched at the same time.
const IN_FLIGHT: usize = 8;

/// Fetches `ranges`, several at the same time; answers them in their order.
///
/// # Errors
/// The first of `fetch`; the others are then given up.
pub async fn all<F>(
    ranges: Vec<Range<u64>>,
    fetch: impl Fn(Range<u64>) -> F,
) -> Result<Vec<(Range<u64>, Bytes)>>
where
    F: Future<Output = Result<Bytes>>,
{
    let one = |range: Range<u64>| {
        let fetching = fetch(range.clone());
        async move { Ok((range, fetching.await?)) }
    };
    futures_util::stream::iter(ranges).map(one).buffered(IN_FLIGHT).try_collect().await
}
