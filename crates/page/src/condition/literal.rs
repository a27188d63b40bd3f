//! What a regular expression cannot match without: literals for a search over a whole block of text,
//! and case-folded pieces for the filter of long ids.

use model::go_regex::GoRegex;
use regex_syntax::hir::literal::{Extractor, Seq};
use regex_syntax::hir::{Class, Hir, HirKind};
use std::sync::Arc;

/// A literal shorter than this is in most lines; testing each line is then cheaper.
const LITERAL_BYTES_MIN: usize = 2;
/// The most literals, of all alternatives together.
const LITERALS_MAX: usize = 64;
/// The most texts that are looked for in columns regardless of case, and the fewest bytes of each.
const FOLDED_MAX: usize = 8;
const FOLDED_BYTES_MIN: usize = 3;
/// The most alternatives whose pieces are looked up.
const ALTERNATIVES_MAX: usize = 32;
/// Positions of a concatenation that are tried as the start of a literal.
const STARTS_MAX: usize = 64;

/// Literals of which a matching text has at least one.
#[derive(Clone, Debug)]
pub struct Literals {
    all: Vec<Vec<u8>>,
    finder: Finder,
}

#[derive(Clone, Debug)]
enum Finder {
    One(Arc<memchr::memmem::Finder<'static>>),
    /// An alternation of literals, which the regex crate searches with SIMD.
    Any(regex::bytes::Regex),
}

impl Literals {
    /// The literals of `regex`, if it has good ones.
    pub fn of(regex: &GoRegex) -> Option<Self> {
        let literals = required(&parse(regex)?)?;
        let finder = match literals.as_slice() {
            [one] => Finder::One(Arc::new(memchr::memmem::Finder::new(one).into_owned())),
            many => {
                let escaped: Vec<String> = many.iter().map(|literal| escape(literal)).collect();
                Finder::Any(regex::bytes::Regex::new(&format!("(?-u){}", escaped.join("|"))).ok()?)
            }
        };
        Some(Self { all: literals, finder })
    }

    /// The literals.
    pub fn all(&self) -> &[Vec<u8>] {
        &self.all
    }

    /// Where the first literal at or after the front of `text` starts.
    pub fn find(&self, text: &[u8]) -> Option<usize> {
        match &self.finder {
            Finder::One(finder) => finder.find(text),
            Finder::Any(regex) => regex.find(text).map(|found| found.start()),
        }
    }
}

/// The compiled form's syntax: Go's own text was already translated into it.
fn parse(regex: &GoRegex) -> Option<Hir> {
    let mut parser = regex_syntax::ParserBuilder::new().utf8(false).build();
    parser.parse(regex.compiled().as_str()).ok()
}

fn escape(literal: &[u8]) -> String {
    literal.iter().map(|byte| format!("\\x{byte:02X}")).collect()
}

/// The best set of literals of which each match contains one.
fn required(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let own = prefixes(hir);
    let inner = match hir.kind() {
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub),
        HirKind::Concat(subs) => {
            let starts = 1..subs.len().min(STARTS_MAX);
            let suffixes = starts.filter_map(|at| prefixes(&Hir::concat(subs[at..].to_vec())));
            suffixes.chain(subs.iter().filter_map(required)).reduce(better)
        }
        HirKind::Alternation(subs) => {
            let all: Option<Vec<_>> = subs.iter().map(required).collect();
            all.map(|sets| sets.concat()).filter(|union| union.len() <= LITERALS_MAX)
        }
        _ => None,
    };
    match (own, inner) {
        (Some(own), Some(inner)) => Some(better(own, inner)),
        (own, inner) => own.or(inner),
    }
}

/// Literals of which each match starts with one.
fn prefixes(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let mut seq: Seq = Extractor::new().extract(hir);
    seq.optimize_for_prefix_by_preference();
    let literals = seq.literals()?;
    let good = !literals.is_empty()
        && literals.len() <= LITERALS_MAX
        && literals.iter().all(|literal| literal.len() >= LITERAL_BYTES_MIN);
    good.then(|| literals.iter().map(|literal| literal.as_bytes().to_vec()).collect())
}

/// The set with the longer shortest literal; of equals the smaller one.
fn better(a: Vec<Vec<u8>>, b: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let worth = |set: &[Vec<u8>]| {
        let shortest = set.iter().map(Vec::len).min().unwrap_or(0);
        // A third byte counts more than a second literal; beyond eight, fewer literals count more.
        (shortest.min(8), usize::MAX - set.len())
    };
    if worth(&b) > worth(&a) { b } else { a }
}

/// Whether nothing in the expression looks at what is around a match.
pub fn is_unanchored(regex: &GoRegex) -> bool {
    parse(regex).is_some_and(|hir| hir.properties().look_set().is_empty())
}

/// Texts in lower case of which a match has at least one in whatever case, if there are good ones: the longest piece
/// of each alternative.
pub fn folded_texts(regex: &GoRegex) -> Option<Vec<Vec<u8>>> {
    let longest = |pieces: Vec<Vec<u8>>| pieces.into_iter().max_by_key(Vec::len);
    let texts = folded_pieces(regex).into_iter().map(longest);
    let mut texts = texts.collect::<Option<Vec<Vec<u8>>>>()?;
    texts.sort_unstable();
    texts.dedup();
    let good = texts.len() <= FOLDED_MAX && texts.iter().all(|text| text.len() >= FOLDED_BYTES_MIN);
    good.then_some(texts)
}

/// For each alternative of the expression the pieces of text, in lower case, that a match of it
/// contains in any case.
pub fn folded_pieces(regex: &GoRegex) -> Vec<Vec<Vec<u8>>> {
    let Some(hir) = parse(regex) else { return vec![Vec::new()] };
    let alternatives = alternatives(uncaptured(&hir));
    if alternatives.len() > ALTERNATIVES_MAX {
        return vec![Vec::new()];
    }
    alternatives.iter().map(pieces_of).collect()
}

fn uncaptured(mut hir: &Hir) -> &Hir {
    while let HirKind::Capture(capture) = hir.kind() {
        hir = &capture.sub;
    }
    hir
}

/// Expressions of which each match is one of one.
fn alternatives(hir: &Hir) -> Vec<Hir> {
    match hir.kind() {
        HirKind::Alternation(branches) => {
            branches.iter().flat_map(|branch| split(uncaptured(branch))).collect()
        }
        _ => split(hir),
    }
}

/// The branches of the first alternation in a concatenation, each with what is around it.
fn split(hir: &Hir) -> Vec<Hir> {
    let HirKind::Concat(subs) = hir.kind() else { return vec![hir.clone()] };
    let branches = subs.iter().enumerate().find_map(|(at, sub)| match uncaptured(sub).kind() {
        HirKind::Alternation(branches) => Some((at, branches)),
        _ => None,
    });
    let Some((at, branches)) = branches.filter(|(_, all)| all.len() <= ALTERNATIVES_MAX) else {
        return vec![hir.clone()];
    };
    let with =
        |branch: &Hir| Hir::concat([&subs[..at], std::slice::from_ref(branch), &subs[at + 1..]].concat());
    branches.iter().map(with).collect()
}

fn pieces_of(hir: &Hir) -> Vec<Vec<u8>> {
    let mut pieces = Pieces::default();
    pieces.walk(hir);
    pieces.cut();
    pieces.done
}

#[derive(Default)]
struct Pieces {
    open: Vec<u8>,
    done: Vec<Vec<u8>>,
}

impl Pieces {
    fn cut(&mut self) {
        if !self.open.is_empty() {
            self.done.push(std::mem::take(&mut self.open));
        }
    }

    /// Recursion is bounded by the parser's nesting limit.
    fn walk(&mut self, hir: &Hir) {
        match hir.kind() {
            HirKind::Literal(literal) => self.open.extend(literal.0.iter().map(u8::to_ascii_lowercase)),
            HirKind::Class(class) => match one_folded(class) {
                Some(byte) => self.open.push(byte),
                None => self.cut(),
            },
            // Neither takes a byte, so what is around them stays together.
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Capture(capture) => self.walk(&capture.sub),
            HirKind::Concat(subs) => subs.iter().for_each(|sub| self.walk(sub)),
            HirKind::Repetition(repetition) => {
                self.cut();
                if repetition.min > 0 {
                    self.walk(&repetition.sub);
                    self.cut();
                }
            }
            HirKind::Alternation(_) => self.cut(),
        }
    }
}

/// The one byte that all members of a class are in lower case, as `[Aa]` from `(?i)a`. `[Kk\u{212A}]`
/// has none: the Kelvin sign is no id byte, so a match need not have a `k`.
fn one_folded(class: &Class) -> Option<u8> {
    let bytes = match class {
        Class::Bytes(bytes) => bytes.clone(),
        Class::Unicode(unicode) if unicode.is_ascii() => unicode.to_byte_class()?,
        Class::Unicode(_) => return None,
    };
    let mut members = bytes.iter().flat_map(|range| range.start()..=range.end());
    let first = members.next()?.to_ascii_lowercase();
    members.all(|member| member.to_ascii_lowercase() == first).then_some(first)
}
