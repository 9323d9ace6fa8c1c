//! Event streams (HTML standard, server-sent events, as MCP uses them).

use serde_json::Value;

use crate::ports::WebResponse;

/// The data of each `message` event, in order.
///
/// The last event counts even without the empty line after it, because we stop reading early and some servers omit
/// it. A truncated message is not valid JSON, so it does no harm.
pub fn messages(body: &str) -> impl Iterator<Item = String> + '_ {
    Messages::new(body)
}

/// Whether the part of a stream that has arrived contains the answer to the request `id`. For
/// [`crate::ports::WebRequest::until_answer_to`].
#[must_use]
pub fn holds_answer(body: &str, id: u64) -> bool {
    messages(body).any(|text| {
        let message: Option<Value> = serde_json::from_str(&text).ok();
        message.is_some_and(|message| is_answer_to(&message, id))
    })
}

/// Looks for the answer to a request in a stream that arrives in pieces. Each event is parsed once, when it is
/// complete, because a server may send a long stream in very small pieces.
#[derive(Clone, Debug)]
pub struct Watch {
    id: Option<u64>,
    /// The offsets of the event, the line and the new part.
    event: usize,
    line: usize,
    place: usize,
    after_cr: bool,
}

impl Watch {
    /// Looks for the answer to the request `id`.
    #[must_use]
    pub const fn new(id: u64) -> Self {
        Self::listening(Some(id))
    }

    /// Looks for the answer to the request `id`, if there is one, and reports other messages.
    #[must_use]
    pub const fn listening(id: Option<u64>) -> Self {
        Self { id, event: 0, line: 0, place: 0, after_cr: false }
    }

    /// Whether the answer has arrived. `bytes` is the whole stream so far.
    pub fn has_come(&mut self, bytes: &[u8]) -> bool {
        self.read(bytes, |_| {})
    }

    /// As [`Self::has_come`]; `heard` gets each message before the answer, once.
    pub fn read(&mut self, bytes: &[u8], mut heard: impl FnMut(String)) -> bool {
        while let Some(byte) = bytes.get(self.place) {
            let (is_end, is_half) =
                (matches!(byte, b'\r' | b'\n'), self.after_cr && *byte == b'\n');
            self.after_cr = *byte == b'\r';
            let line = self.line;
            if is_end {
                self.line = self.place.saturating_add(1);
            }
            let end = self.place;
            self.place = self.place.saturating_add(1);
            if is_end && !is_half && line == end {
                let event = bytes.get(self.event..end).unwrap_or_default();
                self.event = self.place;
                let event = String::from_utf8_lossy(event);
                if self.id.is_some_and(|id| holds_answer(&event, id)) {
                    return true;
                }
                messages(&event).for_each(&mut heard);
            }
        }
        false
    }
}

/// Whether a stream that ended here can be resumed.
#[must_use]
pub fn can_be_resumed(bytes: &[u8]) -> bool {
    let mut place = Place::default();
    place.read(&String::from_utf8_lossy(bytes));
    place.event_id.is_some()
}

/// The longest event id that is sent back, bytes.
const EVENT_ID_BYTES_MAX: usize = 1_024;

/// Where a stream can be resumed (HTML standard, server-sent events: `id` and `retry`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The id of the last complete event; `None` if there is none, or if it cannot be a header.
    pub(super) event_id: Option<String>,
    /// The server's pause before a reconnect, milliseconds.
    pub(super) retry_millis: Option<u32>,
}

impl Place {
    /// Advances to the end of what has arrived. An incomplete event does not count.
    pub(super) fn read(&mut self, body: &str) {
        let mut lines = Messages::new(body);
        let mut id: Option<Option<String>> = None;
        while !lines.rest.is_empty() {
            let line = lines.line();
            if line.is_empty() {
                self.event_id = id.take().unwrap_or(self.event_id.take());
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "id" if !value.contains('\0') => {
                    id = Some(Some(value.to_owned()).filter(|value| is_event_id(value)));
                }
                "retry" if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) => {
                    self.retry_millis = Some(value.parse().unwrap_or(u32::MAX));
                }
                _ => {}
            }
        }
    }
}

/// Whether it is safe as a header value.
fn is_event_id(text: &str) -> bool {
    let is_visible = text.bytes().all(|b| matches!(b, b' '..=b'~')) && text.trim() == text;
    !text.is_empty() && text.len() <= EVENT_ID_BYTES_MAX && is_visible
}

/// Whether a message is the answer to the request `id`.
pub(super) fn is_answer_to(message: &Value, id: u64) -> bool {
    let is_answer = message.get("result").is_some() || message.get("error").is_some();
    is_answer && message.get("id").and_then(Value::as_u64) == Some(id)
}

struct Messages<'a> {
    rest: &'a str,
}

impl Iterator for Messages<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let mut data: Option<String> = None;
        let mut kind = "";
        while !self.rest.is_empty() {
            let line = self.line();
            if line.is_empty() {
                if let Some(data) = data.take().filter(|_| is_message(kind)) {
                    return Some(data);
                }
                kind = "";
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match (field, &mut data) {
                ("data", None) => data = Some(value.to_owned()),
                ("data", Some(data)) => {
                    data.push('\n');
                    data.push_str(value);
                }
                ("event", _) => kind = value,
                // Comments have an empty name; `id` and `retry` are read by [`Place`].
                _ => {}
            }
        }
        data.filter(|_| is_message(kind))
    }
}

impl<'a> Messages<'a> {
    fn new(body: &'a str) -> Self {
        Self { rest: body.strip_prefix('\u{feff}').unwrap_or(body) }
    }

    /// A line without its end, which is CR LF, LF or CR.
    fn line(&mut self) -> &'a str {
        let (line, rest) = self.rest.split_once(['\r', '\n']).unwrap_or((self.rest, ""));
        let ends_with_cr = self.rest.as_bytes().get(line.len()) == Some(&b'\r');
        self.rest = if ends_with_cr { rest.strip_prefix('\n').unwrap_or(rest) } else { rest };
        line
    }
}

fn is_message(kind: &str) -> bool {
    matches!(kind, "" | "message")
}

/// Whether a response is an event stream.
pub(super) fn is_stream(response: &WebResponse) -> bool {
    let kind = response.headers.get("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("text/event-stream")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Vec<String> {
        messages(body).collect()
    }

    #[test]
    fn events_are_read_with_every_kind_of_line_end() {
        for end in ["\n", "\r\n", "\r"] {
            let lines = ["event: message", "id: 1", "data: a", "", ": note", "", "data:b", ""];
            assert_eq!(read(&lines.map(|line| line.to_owned() + end).concat()), ["a", "b"]);
        }
    }

    #[test]
    fn data_of_many_lines_is_one_message() {
        assert_eq!(read("data: {\ndata:  \"a\": 1\r\ndata\ndata: }\n\n"), ["{\n \"a\": 1\n\n}"]);
    }

    #[test]
    fn only_messages_are_read() {
        assert_eq!(read("event: ping\ndata: x\n\ndata: y\n\nretry: 5\n\n:\n\n"), ["y"]);
        assert_eq!(read("event: endpoint\ndata: x"), [""; 0]);
        assert_eq!(read(""), [""; 0]);
    }

    #[test]
    fn a_last_message_counts_without_the_line_after_it() {
        assert_eq!(read("\u{feff}data: a\n\ndata: b"), ["a", "b"]);
    }

    #[test]
    fn an_answer_in_pieces_has_come_when_its_event_is_whole() {
        for end in ["\n", "\r\n", "\r"] {
            let lines = [": é", "", "data: {\"result\":{},\"id\":6}", "", "data: {\"result\":"];
            let lines = lines.iter().chain(&["data: {},\"id\":7}", "", "data: more"]);
            let stream: String = lines.map(|line| format!("{line}{end}")).collect();
            let answer = stream.find("data: more").unwrap();
            for size in [1, 2, 3, 7, 1_000] {
                let mut watch = Watch::new(7);
                let ends = (size..stream.len() + size).step_by(size).map(|e| e.min(stream.len()));
                let come = ends.clone().find(|end| watch.has_come(&stream.as_bytes()[..*end]));
                // The CR of a CR LF is enough.
                let first = ends.clone().find(|place| *place > answer - end.len());
                assert_eq!(come, first, "{end:?} {size}");
            }
            assert!(!Watch::new(8).has_come(stream.as_bytes()));
        }
    }

    #[test]
    fn a_stream_is_taken_up_after_its_last_whole_event() {
        let read = |body: &str| {
            let mut place = Place::default();
            place.read(body);
            (place.event_id, place.retry_millis)
        };
        let id = |id: &str| Some(id.to_owned());
        for end in ["\n", "\r\n", "\r"] {
            let body = ["id: e1", "retry: 500", "data:", "", "id: e2", "data: {", ""].join(end);
            assert_eq!(read(&body), (id("e1"), Some(500)), "{end:?}");
            assert_eq!(read(&format!("{body}{end}")), (id("e2"), Some(500)), "{end:?}");
        }
        // An event without an id keeps the previous one; an empty id clears it.
        assert_eq!(read("id: a\n\ndata: x\n\n"), (id("a"), None));
        assert_eq!(read("id: a\n\nid\ndata: x\n\n"), (None, None));
        // A value that cannot be a header, or is not a number, is ignored.
        assert_eq!(read("id: a\0b\nretry: 1s\n\n"), (None, None));
        assert_eq!(read("id: \u{e9}\nretry:\n\n"), (None, None));
        assert_eq!(read(&format!("id: {}\n\n", "x".repeat(1_025))), (None, None));
        assert_eq!(read("retry: 99999999999999999999\n"), (None, Some(u32::MAX)));
        assert!(can_be_resumed(b"id: a\n\ndata: \xc3") && !can_be_resumed(b"id: a\n"));
    }

    #[test]
    fn an_answer_is_known_by_its_id() {
        let note = "data: {\"method\":\"notifications/progress\",\"id\":7}\n\n";
        let other = "data: {\"result\":{},\"id\":6}\n\n";
        let cut = format!("{note}{other}data: {{\"result\":{{}},\"id\":7");
        assert!(!holds_answer(&cut, 7));
        assert!(holds_answer(&format!("{cut}}}"), 7));
        assert!(holds_answer("data: {\"error\":{},\"id\":7}\n", 7));
    }
}
