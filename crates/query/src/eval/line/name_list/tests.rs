use super::super::labels::{Category, LabelSet, StreamLabels};
use super::*;
use model::{Labels, LabelsRef};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What is done to the labels of a line.
#[derive(Clone, Debug)]
enum Change {
    Set(Category, String, u8),
    Delete(String),
    Rename(String, String),
    Clear,
}

/// Names of which some lie on the stream, and more than are walked.
fn name() -> impl Strategy<Value = String> {
    (0..90u8).prop_map(|number| format!("n{number}"))
}

fn change() -> impl Strategy<Value = Change> {
    let category = prop_oneof![
        4 => Just(Category::Parsed),
        1 => Just(Category::Metadata),
        1 => Just(Category::Stream),
    ];
    prop_oneof![
        400 => (category, name(), any::<u8>()).prop_map(|(category, name, value)| Change::Set(category, name, value)),
        60 => name().prop_map(Change::Delete),
        20 => (name(), name()).prop_map(|(from, to)| Change::Rename(from, to)),
        1 => Just(Change::Clear),
    ]
}

/// The same with maps.
#[derive(Default)]
struct Twin {
    added: BTreeMap<String, (u8, String)>,
    deleted: BTreeSet<String>,
    extracted: BTreeSet<String>,
}

impl Twin {
    fn get(&self, stream: &BTreeMap<String, String>, name: &str) -> Option<(u8, String)> {
        if let Some(added) = self.added.get(name) {
            return Some(added.clone());
        }
        let value = stream.get(name).filter(|_| !self.deleted.contains(name))?;
        Some((Category::Stream as u8, value.clone()))
    }

    fn set(&mut self, category: u8, name: &str, value: String) {
        if self.added.get(name).is_some_and(|(known, _)| *known > category) {
            return;
        }
        if category == Category::Parsed as u8 {
            self.extracted.insert(name.to_owned());
        }
        self.added.insert(name.to_owned(), (category, value));
    }

    fn delete(&mut self, name: &str) {
        self.added.remove(name);
        self.deleted.insert(name.to_owned());
    }

    fn apply(&mut self, stream: &BTreeMap<String, String>, change: &Change) {
        match change {
            Change::Set(category, name, value) => self.set(*category as u8, name, value.to_string()),
            Change::Delete(name) => self.delete(name),
            Change::Rename(from, to) => {
                if let Some((category, value)) = self.get(stream, from) {
                    self.set(category, to, value);
                    self.delete(from);
                }
            }
            Change::Clear => *self = Self::default(),
        }
    }

    fn labels(&self, stream: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let names = stream.keys().chain(self.added.keys());
        names.filter_map(|name| Some((name.clone(), self.get(stream, name)?.1))).collect()
    }
}

fn apply(set: &mut LabelSet, stream: &StreamLabels, change: &Change) {
    match change {
        Change::Set(category, name, value) => set.set(*category, Name::new(name), &value.to_string()),
        Change::Delete(name) => set.delete(Name::new(name)),
        Change::Rename(from, to) => set.rename(stream, Name::new(from), Name::new(to)),
        Change::Clear => set.clear(),
    }
}

proptest! {
    #[test]
    fn labels_are_those_of_maps(changes in vec(change(), 0..300)) {
        let on_stream: BTreeMap<String, String> =
            (0..90).step_by(7).map(|number| (format!("n{number}"), "stream".to_owned())).collect();
        let stream = StreamLabels::new(&Labels::from_pairs(on_stream.iter().map(|(n, v)| (n.as_str(), v.as_str()))));
        let (mut set, mut twin) = (LabelSet::default(), Twin::default());
        for change in &changes {
            apply(&mut set, &stream, change);
            twin.apply(&on_stream, change);
        }
        for number in 0..90 {
            let name = format!("n{number}");
            let got = set.get(&stream, Name::new(&name)).map(|(value, category)| (category as u8, value.to_owned()));
            prop_assert_eq!(got, twin.get(&on_stream, &name));
            prop_assert_eq!(set.was_extracted(Name::new(&name)), twin.extracted.contains(&name));
        }
        let mut bytes = Vec::new();
        set.write(&stream, &mut bytes, |_, _| true);
        let labels = LabelsRef::check(&bytes).expect("canonical labels");
        let labels: BTreeMap<String, String> =
            labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        prop_assert_eq!(labels, twin.labels(&on_stream));
    }
}

/// An item whose hash says nothing of its name.
struct Alike(Span);

impl Named for Alike {
    fn hash(&self) -> u64 {
        7
    }

    fn name(&self) -> Span {
        self.0
    }
}

#[test]
fn removed_items_leave_the_others_where_they_are_found() {
    let mut list = NameList::default();
    (0..100).for_each(|_| list.push(Alike(Span::default())));
    for left in (0..100).rev() {
        list.swap_remove(left / 2);
        let mut places: Vec<u32> = list.places.iter().copied().collect();
        places.sort_unstable();
        assert_eq!(places, (0..left as u32).collect::<Vec<_>>());
    }
    assert!(list.is_empty());
}
