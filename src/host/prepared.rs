//! Results of free calls that were made in this second, for the next callers who ask the same: a crowd asks the same.
//!
//! A result depends on the arguments, the storage and the time, which has seconds. So a result of the same second is the
//! same, as long as nothing was written.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::base::time::UnixSeconds;
use crate::identity::access::Caller;
use crate::ports::World;
use crate::shop::pay::ToolCall;
use crate::shop::registry::Tool;

/// The longest key, bytes. Arguments of free tools are short.
const KEY_BYTES_MAX: usize = 512;
/// All results of a second, bytes. Many objects may share the memory of an isolate.
const BYTES_MAX: usize = 200_000;

/// The results of one second.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    /// The writes so far, and the second.
    moment: Option<(u64, UnixSeconds)>,
    by_call: BTreeMap<String, Rc<str>>,
    bytes: usize,
}

impl Prepared {
    /// The result of a call, if it was made in this second.
    pub(super) fn find(&self, world: &impl World, key: &str) -> Option<Rc<str>> {
        let is_now = self.moment == Some((world.writes(), world.now()));
        self.by_call.get(key).filter(|_| is_now).cloned()
    }

    /// Keeps a result. `writes`: how many writes there were before the call.
    pub(super) fn keep(&mut self, world: &impl World, writes: u64, key: String, result: &str) {
        let moment = Some((world.writes(), world.now()));
        if self.moment != moment {
            *self = Self { moment, ..Self::default() };
        }
        let bytes = self.bytes.saturating_add(key.len()).saturating_add(result.len());
        if writes == world.writes() && bytes <= BYTES_MAX {
            self.bytes = bytes;
            self.by_call.insert(key, Rc::from(result));
        }
    }
}

/// The key of a stranger's call of a tool that is free and reads only.
pub(super) fn key(call: &ToolCall) -> Option<String> {
    let is_plain = call.caller == Caller::Stranger
        && matches!(call.payment, Ok(None))
        && call.proof.is_none()
        && call.transaction.is_none();
    let spec = Tool::by_name(&call.name).filter(|_| is_plain)?.spec();
    if spec.is_paid() || !spec.read_only {
        return None;
    }
    let key = format!("{} {}", call.name, call.arguments);
    (key.len() <= KEY_BYTES_MAX).then_some(key)
}
