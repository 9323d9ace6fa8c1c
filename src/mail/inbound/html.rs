//! The text of an HTML part, for people who read plain text. Nothing of the markup gets through: the result is text.

/// The deepest quotation that is shown as such.
const DEPTH_MAX: usize = 5;

/// Lines with the depth of the quotation that they are in.
#[derive(Default)]
struct Page {
    lines: Vec<(usize, String)>,
    line: String,
    depth: usize,
}

impl Page {
    fn text(&mut self, text: &str) {
        for c in entities(text).chars() {
            let is_space = c.is_whitespace() && c != '\u{a0}';
            match is_space {
                true if self.line.is_empty() || self.line.ends_with(' ') => {}
                true => self.line.push(' '),
                false => self.line.push(if c == '\u{a0}' { ' ' } else { c }),
            }
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line).trim_end().to_owned();
        self.lines.push((self.depth, line));
    }

    fn end_block(&mut self) {
        if !self.line.trim().is_empty() {
            self.end_line();
        }
    }

    fn tag(&mut self, name: &str, is_end: bool) {
        match name {
            "br" => self.end_line(),
            "blockquote" => {
                self.end_block();
                let depth = if is_end {
                    self.depth.saturating_sub(1)
                } else {
                    self.depth.saturating_add(1)
                };
                self.depth = depth.min(DEPTH_MAX);
            }
            "p" | "table" | "ul" | "ol" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "hr" => {
                self.end_block();
                let is_blank = self.lines.last().is_none_or(|(_, line)| line.is_empty());
                if is_end && !is_blank {
                    self.end_line();
                }
            }
            "div" | "tr" | "li" | "section" | "article" | "header" | "footer" | "pre" => {
                self.end_block();
            }
            "td" | "th" => self.text(" "),
            _ => {}
        }
    }
}

/// The text of a page. `script`, `style`, `head` and comments are left out; quotations get `>`.
pub(super) fn text(html: &str) -> String {
    let mut page = Page::default();
    let mut hidden: Option<&str> = None;
    for (place, piece) in html.split('<').enumerate() {
        if place == 0 {
            page.text(piece);
            continue;
        }
        if let Some(inside) = hidden {
            if !ends(piece, inside) {
                continue;
            }
            hidden = None;
            let end = if inside == "!--" { "-->" } else { ">" };
            page.text(piece.split_once(end).map_or("", |(_, rest)| rest));
            continue;
        }
        if piece.starts_with("!--") {
            match piece.split_once("-->") {
                Some((_, rest)) => page.text(rest),
                None => hidden = Some("!--"),
            }
            continue;
        }
        let is_tag = piece.starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c));
        if !is_tag {
            page.text("<");
            page.text(piece);
            continue;
        }
        // A tag that is cut off says nothing.
        let Some((tag, rest)) = piece.split_once('>') else { continue };
        let is_end = tag.starts_with('/');
        let name = tag.trim_start_matches('/');
        let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let name = name.to_ascii_lowercase();
        hidden = ["script", "style", "head", "title", "template"]
            .into_iter()
            .find(|secret| !is_end && *secret == name);
        page.tag(&name, is_end);
        if hidden.is_none() {
            page.text(rest);
        }
    }
    page.end_block();
    let lines = page.lines.into_iter().map(|(depth, line)| match depth {
        0 => line,
        depth => format!("{} {line}", ">".repeat(depth)),
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// Whether a piece after `<` ends what is hidden.
fn ends(piece: &str, hidden: &str) -> bool {
    if hidden == "!--" {
        return piece.contains("-->");
    }
    let name = piece.strip_prefix('/').and_then(|rest| rest.get(..hidden.len()));
    name.is_some_and(|name| name.eq_ignore_ascii_case(hidden))
}

/// Replaces character references by their characters.
fn entities(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        shown.push_str(before);
        let found = from.get(1..).and_then(|after| after.split_once(';'));
        match found.and_then(|(name, after)| Some((character(name)?, after))) {
            Some((c, after)) => {
                shown.push(c);
                rest = after;
            }
            None => {
                shown.push('&');
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    shown.push_str(rest);
    shown
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return code.ok().and_then(char::from_u32);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" | "ldquo" | "rdquo" => '"',
        "apos" | "lsquo" | "rsquo" => '\'',
        "nbsp" => '\u{a0}',
        "ndash" | "mdash" => '–',
        "hellip" => '…',
        "euro" => '€',
        "auml" => 'ä',
        "ouml" => 'ö',
        "uuml" => 'ü',
        "Auml" => 'Ä',
        "Ouml" => 'Ö',
        "Uuml" => 'Ü',
        "szlig" => 'ß',
        "eacute" => 'é',
        "egrave" => 'è',
        "agrave" => 'à',
        "ccedil" => 'ç',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_its_text_and_nothing_else() {
        for (html, plain) in [
            ("<p>Hello&nbsp;Anna,</p><p>yes &amp; no</p>", "Hello Anna,\n\nyes & no"),
            ("a<br>b<div>c</div>d", "a\nb\nc\nd"),
            ("<style>p{}</style><script>x('<b>')</script>seen", "seen"),
            ("<head><title>x</title></head><body>seen", "seen"),
            ("a<!-- <b>hidden</b> -->b<!-- open", "ab"),
            ("1 < 2 &lt;b&gt; &#x41;&#66; &unknown; &", "1 < 2 <b> AB &unknown; &"),
            ("yes<blockquote><p>was it</p></blockquote>", "yes\n> was it"),
            ("<img src=x onerror=alert(1)>a<a href='javascript:1'>link</a>", "alink"),
            ("cut <b", "cut"),
        ] {
            let read = text(html);
            let read: Vec<&str> = read.lines().filter(|line| *line != ">").collect();
            assert_eq!(read.join("\n").trim_end_matches("\n> "), plain, "{html}");
        }
    }
}
