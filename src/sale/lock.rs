//! Locks on payments that are being judged. They are in memory, because nothing is stored before a payment's
//! signature is known to be valid, and because an object has one instance.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Locks at a time.
const LOCKS_MAX: usize = 1_000;

/// The locked payments, each with the digest of its call.
#[derive(Clone, Debug, Default)]
pub struct Locks(Rc<RefCell<BTreeMap<String, String>>>);

/// Holds a payment until it is dropped, also if its call is cancelled.
#[derive(Debug)]
pub struct Lock {
    locks: Locks,
    key: String,
}

/// Why a payment cannot be locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotLocked {
    /// It is locked for the same call.
    SameCall,
    /// It is locked for another call.
    OtherCall,
    /// There are too many locks.
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
