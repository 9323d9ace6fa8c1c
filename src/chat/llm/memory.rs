//! Keeps a conversation within a number of bytes.

use crate::chat::llm::wire::Message;

/// Drops the oldest messages until at most `bytes_max` bytes are left. The user's last message and the newest step
/// stay. Calls and their results are dropped together, because an endpoint refuses one without the other.
pub(super) fn forget(messages: &mut Vec<Message>, bytes_max: usize) {
    while size(messages) > bytes_max {
        let is_user = |message: &Message| matches!(message, Message::User { .. });
        let is_result = |message: &Message| matches!(message, Message::Tool { .. });
        let newest = messages.iter().rposition(|message| !is_result(message)).unwrap_or(0);
        let person = messages.iter().rposition(is_user).unwrap_or(0);
        let Some(first) = (0..newest).find(|at| *at != person) else { return };
        let after = first.saturating_add(1);
        let results = messages.iter().skip(after).take_while(|message| is_result(message)).count();
        messages.drain(first..after.saturating_add(results));
    }
}

fn size(messages: &[Message]) -> usize {
    messages.iter().map(bytes).sum()
}

fn bytes(message: &Message) -> usize {
    match message {
        Message::User { content } | Message::Tool { content, .. } => content.len(),
        Message::Assistant { content, tool_calls } => {
            let calls = tool_calls.iter();
            let calls = calls.map(|call| call.function.name.len() + call.function.arguments.len());
            content.as_ref().map_or(0, String::len) + calls.sum::<usize>()
        }
    }
}
