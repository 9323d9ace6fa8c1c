//! Which payments are being judged: in memory, because nothing is written for a payment before its
//! signature is judged good, and because an object has one instance.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Payments that are judged at a time.
const LOCKS_MAX: usize = 1_000;

/// The payments that are being judged, each with the digest of the call that it came with.
#[derive(Clone, Debug, Default)]
pub struct Locks(Rc<RefCell<BTreeMap<String, String>>>);

/// Holds a payment until it is dropped, also when the call that holds it is.
#[derive(Debug)]
pub struct Lock {
    locks: Locks,
    key: String,
}

/// Why a payment is not locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotLocked {
    /// It is being judged for the very same call.
    SameCall,
    /// It is being judged for another call.
    OtherCall,
    /// Too many are being judged.
    Full,
}

impl Locks {
    /// Locks the payment `key` for the call with this digest.
    ///
    /// # Errors
    /// [`NotLocked`]
    pub fn take(&self, key: String, digest: &str) -> Result<Lock, NotLocked> {
        let mut held = self.0.borrow_mut();
        match held.get(&key) {
            Some(other) if other == digest => Err(NotLocked::SameCall),
            Some(_) => Err(NotLocked::OtherCall),
            None if held.len() >= LOCKS_MAX => Err(NotLocked::Full),
            None => {
                held.insert(key.clone(), digest.to_owned());
                drop(held);
                Ok(Lock { locks: self.clone(), key })
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.locks.0.borrow_mut().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_is_held_once_until_whoever_holds_it_is_gone() {
        let locks = Locks::default();
        let take = |key: &str, digest: &str| locks.take(key.to_owned(), digest);
        let lock = take("a", "call").unwrap();
        assert_eq!(take("a", "call").err(), Some(NotLocked::SameCall));
        assert_eq!(take("a", "other").err(), Some(NotLocked::OtherCall));
        assert!(take("b", "call").is_ok());
        drop(lock);
        assert!(take("a", "call").is_ok());
        assert!(locks.0.borrow().is_empty());
    }

    #[test]
    fn no_more_are_held_than_there_is_memory_for() {
        let locks = Locks::default();
        let take = |number: usize| locks.take(number.to_string(), "call");
        let held: Vec<Lock> = (0..LOCKS_MAX).map(|number| take(number).unwrap()).collect();
        assert_eq!(take(LOCKS_MAX).err(), Some(NotLocked::Full));
        drop(held);
        assert!(take(LOCKS_MAX).is_ok());
    }
}
