//! A safe subset of Markdown for texts that strangers write: paragraphs, line breaks, lists, **bold**, *italic*, links.
//!
//! A text becomes plain data first ([`read`]), and only this data becomes HTML ([`html`]): no part of the text is ever
//! taken for markup. What is not of the subset stays as it was written.

use crate::base::text::is_shown;
use crate::base::web_address::Url;

/// How deep bold, italic and links may lie in each other.
const DEPTH_MAX: u8 = 3;
/// The longest address of a link, bytes.
const URL_BYTES_MAX: usize = 2_000;

/// A block of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    Paragraph(Vec<Span>),
    List { is_ordered: bool, items: Vec<Vec<Span>> },
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    Text(String),
    Bold(Vec<Self>),
    Italic(Vec<Self>),
    /// The address is one of `https`, `http` or `mailto`.
    Link(String, Vec<Self>),
    Break,
}

/// Reads a text. Characters that nobody can see are left out.
#[must_use]
pub fn read(text: &str) -> Vec<Block> {
    let text: String = text.replace("\r\n", "\n").replace(['\r'], "\n").replace('\t', " ");
    let text: String = text.chars().filter(|c| is_shown(*c)).collect();
    let mut blocks = Vec::new();
    let mut open = Open::Nothing;
    for line in text.lines() {
        if line.trim().is_empty() {
            blocks.extend(std::mem::take(&mut open).closed());
        } else if let Some((is_ordered, item)) = item_of(line) {
            if let Open::List(same, items) = &mut open
                && *same == is_ordered
            {
                items.push(item.to_owned());
                continue;
            }
            blocks.extend(std::mem::take(&mut open).closed());
            open = Open::List(is_ordered, vec![item.to_owned()]);
        } else {
            match &mut open {
                Open::Nothing => open = Open::Paragraph(line.trim().to_owned()),
                Open::Paragraph(lines) => push_line(lines, line),
                // An indented line goes on with the item above it.
                Open::List(_, items) if line.starts_with(' ') => {
                    if let Some(last) = items.last_mut() {
                        push_line(last, line);
                    }
                }
                Open::List(..) => {
                    blocks.extend(std::mem::take(&mut open).closed());
                    open = Open::Paragraph(line.trim().to_owned());
                }
            }
        }
    }
    blocks.extend(open.closed());
    blocks
}

/// The text as HTML: `p`, `ul`, `ol`, `li`, `strong`, `em`, `a` and `br`, with everything else escaped.
#[must_use]
pub fn html(text: &str) -> String {
    let mut html = String::new();
    for block in read(text) {
        match block {
            Block::Paragraph(spans) => wrap(&mut html, "p", |html| write_spans(html, &spans)),
            Block::List { is_ordered, items } => {
                wrap(&mut html, if is_ordered { "ol" } else { "ul" }, |html| {
                    for spans in &items {
                        wrap(html, "li", |html| write_spans(html, spans));
                    }
                });
            }
        }
    }
    html
}

/// The text without its marks, on one line, for previews.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut plain = String::new();
    for block in read(text) {
        match block {
            Block::Paragraph(spans) => push_plain(&mut plain, &spans),
            Block::List { items, .. } => items.iter().for_each(|item| push_plain(&mut plain, item)),
        }
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The block that is being read.
#[derive(Default)]
enum Open {
    #[default]
    Nothing,
    Paragraph(String),
    List(bool, Vec<String>),
}

impl Open {
    fn closed(self) -> Option<Block> {
        match self {
            Self::Nothing => None,
            Self::Paragraph(text) => Some(Block::Paragraph(spans(&text, DEPTH_MAX, true))),
            Self::List(is_ordered, items) => {
                let items = items.iter().map(|item| spans(item, DEPTH_MAX, true)).collect();
                Some(Block::List { is_ordered, items })
            }
        }
    }
}

fn push_line(lines: &mut String, line: &str) {
    lines.push('\n');
    lines.push_str(line.trim());
}

/// The text of a list's item, and whether the list is an ordered one.
fn item_of(line: &str) -> Option<(bool, &str)> {
    let line = line.trim();
    if let Some(item) =
        ["- ", "* ", "+ ", "\u{2022} "].iter().find_map(|mark| line.strip_prefix(mark))
    {
        return Some((false, item.trim()));
    }
    let (number, rest) = line.split_at(line.find(|c: char| !c.is_ascii_digit())?);
    let item = rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") "))?;
    (1..=3).contains(&number.len()).then(|| (true, item.trim()))
}

/// Marks that come in pairs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Bold,
    Star,
    Line,
}

impl Mark {
    const fn text(self) -> &'static str {
        match self {
            Self::Bold => "**",
            Self::Star => "*",
            Self::Line => "_",
        }
    }
}

/// Reads the spans of a paragraph or an item. Each search for the end of a mark that fails is not made again, so the
/// time grows with the length and not with its square.
fn spans(text: &str, depth: u8, may_link: bool) -> Vec<Span> {
    let mut found = Spans::default();
    let (mut rest, mut before) = (text, None);
    let mut unclosed: Vec<&str> = Vec::new();
    while let Some(c) = rest.chars().next() {
        let mark =
            mark_at(rest, before).filter(|mark| depth > 0 && !unclosed.contains(&mark.text()));
        if let Some(escaped) = escaped(rest) {
            found.text.push(escaped);
            rest = rest.get(1_usize.saturating_add(escaped.len_utf8())..).unwrap_or_default();
            before = Some(escaped);
        } else if let Some(mark) = mark {
            let Some((inner, after)) = pair(rest, mark) else {
                unclosed.push(mark.text());
                continue;
            };
            let inner = spans(inner, depth.saturating_sub(1), may_link);
            found.push(if mark == Mark::Bold { Span::Bold(inner) } else { Span::Italic(inner) });
            rest = after;
            before = Some('*');
        } else if may_link
            && depth > 0
            && let Some((span, after)) = link(rest, before, depth)
        {
            found.push(span);
            rest = after;
            before = Some(')');
        } else {
            if c == '\n' {
                found.push(Span::Break);
            } else {
                found.text.push(c);
            }
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
            before = Some(c);
        }
    }
    found.all()
}

#[derive(Default)]
struct Spans {
    done: Vec<Span>,
    text: String,
}

impl Spans {
    fn push(&mut self, span: Span) {
        if !self.text.is_empty() {
            self.done.push(Span::Text(std::mem::take(&mut self.text)));
        }
        self.done.push(span);
    }

    fn all(mut self) -> Vec<Span> {
        if !self.text.is_empty() {
            self.done.push(Span::Text(self.text));
        }
        self.done
    }
}

/// The character behind a backslash that takes its meaning.
fn escaped(rest: &str) -> Option<char> {
    rest.strip_prefix('\\')?.chars().next().filter(char::is_ascii_punctuation)
}

/// The mark that may begin here: a visible character follows. An underscore inside of a word is none.
fn mark_at(rest: &str, before: Option<char>) -> Option<Mark> {
    let mark =
        [Mark::Bold, Mark::Star, Mark::Line].into_iter().find(|m| rest.starts_with(m.text()))?;
    let next = rest.get(mark.text().len()..)?.chars().next()?;
    let is_in_word = mark == Mark::Line && before.is_some_and(char::is_alphanumeric);
    let is_longer = next == '*' && mark != Mark::Bold;
    (!next.is_whitespace() && !is_longer && !is_in_word).then_some(mark)
}

/// What stands between this mark and the one that closes it, and what comes after both.
fn pair(rest: &str, mark: Mark) -> Option<(&str, &str)> {
    let inner = rest.get(mark.text().len()..)?;
    let mut at = 0_usize;
    let mut before = None;
    loop {
        let tail = inner.get(at..)?;
        let c = tail.chars().next()?;
        let step = if let Some(escaped) = escaped(tail) {
            1_usize.saturating_add(escaped.len_utf8())
        } else if tail.starts_with("**") && mark != Mark::Bold {
            2
        } else if tail.starts_with("***") {
            // The first of three closes what is inside.
            1
        } else {
            let after = tail.strip_prefix(mark.text());
            let closes = before.is_some_and(|c: char| !c.is_whitespace());
            if let Some(after) = after.filter(|after| closes && !goes_on(mark, after)) {
                return inner.get(..at).map(|inner| (inner, after));
            }
            c.len_utf8()
        };
        before = Some(c);
        at = at.saturating_add(step);
    }
}

/// Whether an underscore before this text is inside of a word.
fn goes_on(mark: Mark, after: &str) -> bool {
    mark == Mark::Line && after.chars().next().is_some_and(char::is_alphanumeric)
}

/// `[text](address)`, or an address as it is.
fn link(rest: &str, before: Option<char>, depth: u8) -> Option<(Span, &str)> {
    if let Some(inner) = rest.strip_prefix('[') {
        let inner_max = inner.char_indices().nth(URL_BYTES_MAX).map_or(inner.len(), |(at, _)| at);
        let end = inner.get(..inner_max)?.find("](").filter(|end| *end > 0)?;
        let text = inner.get(..end).filter(|text| !text.contains('['))?;
        let tail = inner.get(end.saturating_add(2)..)?;
        let tail_max = tail.char_indices().nth(URL_BYTES_MAX).map_or(tail.len(), |(at, _)| at);
        let close = tail.get(..tail_max)?.find([')', '\n'])?;
        let after = tail.get(close..)?.strip_prefix(')')?;
        let url = address(tail.get(..close)?)?;
        return Some((Span::Link(url, spans(text, depth.saturating_sub(1), false)), after));
    }
    let is_plain = rest.starts_with("https://") || rest.starts_with("http://");
    if !is_plain || before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '*' | '|'));
    let shown = rest.get(..end.unwrap_or(rest.len()))?;
    let shown = shown.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '\'', '_']);
    let url = address(shown)?;
    Some((Span::Link(url, vec![Span::Text(shown.to_owned())]), rest.get(shown.len()..)?))
}

/// The address of a link, in the form of the URL standard. `None` if it is no web or mail address, or names a user: such
/// an address looks like one of another site.
fn address(text: &str) -> Option<String> {
    let url = if text.len() > URL_BYTES_MAX { None } else { Url::parse(text.trim()) }?;
    let is_web = url.host().is_some() && !url.names_a_user();
    (is_web || url.scheme() == "mailto").then(|| url.into())
}

fn wrap(html: &mut String, tag: &str, inner: impl FnOnce(&mut String)) {
    html.extend(["<", tag, ">"]);
    inner(html);
    html.extend(["</", tag, ">"]);
}

fn write_spans(html: &mut String, spans: &[Span]) {
    for span in spans {
        match span {
            Span::Text(text) => push_escaped(html, text),
            Span::Bold(inner) => wrap(html, "strong", |html| write_spans(html, inner)),
            Span::Italic(inner) => wrap(html, "em", |html| write_spans(html, inner)),
            Span::Link(url, inner) => {
                html.push_str("<a rel=\"noopener nofollow\" href=\"");
                push_escaped(html, url);
                html.push_str("\">");
                write_spans(html, inner);
                html.push_str("</a>");
            }
            Span::Break => html.push_str("<br>"),
        }
    }
}

fn push_escaped(html: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&#38;"),
            '<' => html.push_str("&#60;"),
            '>' => html.push_str("&#62;"),
            '"' => html.push_str("&#34;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
}

fn push_plain(plain: &mut String, spans: &[Span]) {
    push_inner(plain, spans);
    plain.push(' ');
}

fn push_inner(plain: &mut String, spans: &[Span]) {
    for span in spans {
        match span {
            Span::Text(text) => plain.push_str(text),
            Span::Bold(inner) | Span::Italic(inner) | Span::Link(_, inner) => {
                push_inner(plain, inner);
            }
            Span::Break => plain.push(' '),
        }
    }
}

#[cfg(test)]
mod tests;
