//! Messages of event streams, delivered while the streams are open.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// A queue of messages from open event streams, with at most one waiting consumer. Clones share the queue.
#[derive(Clone, Debug, Default)]
pub struct Inbox(Rc<RefCell<Mailbox>>);

#[derive(Debug, Default)]
struct Mailbox {
    is_open: bool,
    messages: VecDeque<String>,
    waker: Option<Waker>,
}

/// Messages in the queue at most. Further ones are dropped.
const INBOX_MAX: usize = 50;

impl Inbox {
    /// Reports that a stream was opened, or that none will be.
    pub fn open(&self) {
        self.0.borrow_mut().is_open = true;
        self.wake();
    }

    /// Appends a message; drops it if the queue is full.
    pub fn put(&self, message: String) {
        let mut mailbox = self.0.borrow_mut();
        if mailbox.messages.len() < INBOX_MAX {
            mailbox.messages.push_back(message);
        }
        drop(mailbox);
        self.wake();
    }

    /// Waits until [`Self::open`] is called.
    pub async fn opened(&self) {
        self.wait_for(|mailbox| mailbox.is_open.then_some(())).await;
    }

    /// Waits for the next message.
    pub async fn next(&self) -> String {
        self.wait_for(|mailbox| mailbox.messages.pop_front()).await
    }

    async fn wait_for<T>(&self, mut look: impl FnMut(&mut Mailbox) -> Option<T>) -> T {
        poll_fn(|cx| {
            let mut mailbox = self.0.borrow_mut();
            match look(&mut mailbox) {
                Some(found) => Poll::Ready(found),
                None => {
                    mailbox.waker = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    fn wake(&self) {
        let waker = self.0.borrow_mut().waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Two inboxes are equal if they share one queue.
impl PartialEq for Inbox {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Inbox {}
