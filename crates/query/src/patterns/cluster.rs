//! The clusters of one stream and level.

use super::tokens;
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// Clusters of one stream; the one that grew longest ago makes place for a new one.
const CLUSTERS_MAX: usize = 300;
/// Tokens at a line's start that choose the leaf of the tree.
const PREFIX_TOKENS: usize = 1;
/// Share of equal tokens from which on a line belongs to a cluster.
const SIMILARITY_MIN: f64 = 0.3;

/// Lines that follow one pattern.
#[derive(Debug)]
struct Cluster {
    tokens: Vec<String>,
    counts: BTreeMap<i64, u64>,
    grown: u64,
}

/// A leaf of the tree: how many tokens, and how they begin (values count as one).
type Leaf = (usize, Vec<String>);

#[derive(Debug, Default)]
pub struct Clusters {
    clusters: HashMap<u64, Cluster>,
    leaves: HashMap<Leaf, Vec<u64>>,
    made: u64,
    seen: u64,
}

impl Clusters {
    /// Adds a line to the most similar cluster of its leaf, or begins one.
    pub fn observe(&mut self, bucket: i64, text: &str) {
        let line = tokens::split(text);
        self.seen += 1;
        let leaf = leaf(&line);
        let ids = self.leaves.entry(leaf.clone()).or_default();
        let score = |id: &u64| self.clusters.get(id).map(|cluster| (similarity(&cluster.tokens, &line), *id));
        let best = ids.iter().filter_map(score).max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((similarity, id)) = best
            && similarity >= SIMILARITY_MIN
            && let Some(cluster) = self.clusters.get_mut(&id)
        {
            cluster.add(bucket, &line, self.seen);
            return;
        }
        let id = self.made;
        self.made += 1;
        ids.push(id);
        let tokens = line.iter().map(|t| if tokens::is_value(t) { tokens::any(t) } else { (*t).to_owned() });
        let cluster =
            Cluster { tokens: tokens.collect(), counts: BTreeMap::from([(bucket, 1)]), grown: self.seen };
        self.clusters.insert(id, cluster);
        if self.clusters.len() > CLUSTERS_MAX {
            let oldest = self.clusters.iter().min_by_key(|(_, cluster)| cluster.grown).map(|(id, _)| *id);
            self.remove(|id, _| Some(id) == oldest);
        }
    }

    /// Forgets counts before the bucket `oldest`; whether anything is left.
    pub fn forget(&mut self, oldest: i64) -> bool {
        for cluster in self.clusters.values_mut() {
            cluster.counts = cluster.counts.split_off(&oldest);
        }
        self.remove(|_, cluster| cluster.counts.is_empty());
        !self.clusters.is_empty()
    }

    fn remove(&mut self, gone: impl Fn(u64, &Cluster) -> bool) {
        self.clusters.retain(|id, cluster| !gone(*id, cluster));
        let clusters = &self.clusters;
        self.leaves.retain(|_, ids| {
            ids.retain(|id| clusters.contains_key(id));
            !ids.is_empty()
        });
    }

    /// Every pattern with its counts by bucket.
    pub fn patterns(&self) -> impl Iterator<Item = (String, &BTreeMap<i64, u64>)> {
        self.clusters.values().map(|cluster| (tokens::join(&cluster.tokens), &cluster.counts))
    }
}

impl Cluster {
    fn add(&mut self, bucket: i64, line: &[&str], seen: u64) {
        for (mine, theirs) in self.tokens.iter_mut().zip(line) {
            if mine != theirs && !mine.ends_with(tokens::ANY) {
                *mine = tokens::any(mine);
            }
        }
        *self.counts.entry(bucket).or_default() += 1;
        self.grown = seen;
    }
}

fn leaf(line: &[&str]) -> Leaf {
    let words = line.iter().take(PREFIX_TOKENS);
    let prefix = words.map(|t| if tokens::is_value(t) { tokens::ANY.to_owned() } else { (*t).to_owned() });
    (line.len(), prefix.collect())
}

/// Share of tokens that are equal; a `<_>` is equal to nothing, so that fixed words decide.
fn similarity(pattern: &[String], line: &[&str]) -> f64 {
    let equal = pattern.iter().zip(line).filter(|(mine, theirs)| mine == theirs).count();
    equal as f64 / line.len().max(1) as f64
}
