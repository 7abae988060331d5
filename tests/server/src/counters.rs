//! Counts the requests of each key, so that a route can answer the first ones differently.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;

/// Keys whose requests are counted; past them the one used longest ago starts from 0 again.
const MAX_KEYS: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

/// How many requests came for each key.
pub struct Counters(Mutex<LruCache<String, usize>>);

impl Default for Counters {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MAX_KEYS)))
    }
}

impl Counters {
    /// The number of this request among those with the same key, from 0.
    pub fn next(&self, key: &str) -> usize {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counter = counters.get_or_insert_mut_ref(key, || 0);
        *counter += 1;
        *counter - 1
    }
}
