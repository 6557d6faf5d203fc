//! Words that many jobs share, each kept once.

use arcstr::ArcStr;
use rustc_hash::FxHashSet;

/// The texts seen so far. Whoever reads many jobs keeps one.
#[derive(Debug, Default)]
pub struct Words(FxHashSet<ArcStr>);

impl Words {
    /// Returns the text, shared with whoever asked for the same before.
    pub fn share(&mut self, text: &str) -> ArcStr {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let new = ArcStr::from(text);
        self.0.insert(new.clone());
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_words_are_one() {
        let mut words = Words::default();
        let first = words.share("0 22 * * *");
        assert_eq!(first, "0 22 * * *");
        assert!(ArcStr::ptr_eq(&first, &words.share("0 22 * * *")));
        assert!(!ArcStr::ptr_eq(&first, &words.share("0 23 * * *")));
    }
}
