//! Tells what somebody has written from the older mails that their program repeats below it.

/// Lines of an attribution such as `On Monday …, … wrote:`.
const ATTRIBUTION_LINES: usize = 3;
/// Lines after `From:` among which `Sent:` is looked for.
const HEADER_LINES: usize = 4;

/// The new text, and the older mails. If nothing would be left, everything is new.
pub(super) fn split(text: &str) -> (String, String) {
    let lines: Vec<&str> = text.lines().collect();
    let cut = divider(&lines).min(trailing(&lines));
    let (new, old) = lines.split_at_checked(cut).unwrap_or((&lines, &[]));
    let join = |lines: &[&str]| lines.join("\n").trim().to_owned();
    let (new, old) = (join(new), join(old));
    if new.is_empty() { (old, String::new()) } else { (new, old) }
}

/// The line at which a program says that another mail begins; the number of lines if there is none.
fn divider(lines: &[&str]) -> usize {
    let is_divider = |line: &str| {
        let bare = line.trim();
        let dashes = bare.trim_start_matches('-').trim_start();
        let is_original = bare.starts_with("--")
            && [
                "Original Message",
                "Ursprüngliche Nachricht",
                "Message d'origine",
                "Mensaje original",
            ]
            .iter()
            .any(|words| dashes.starts_with(words));
        let is_rule = bare.len() >= 20 && bare.bytes().all(|b| b == b'_');
        is_original || is_rule || bare == "Begin forwarded message:"
    };
    let begins = |line: &str, names: &[&str]| names.iter().any(|name| line.starts_with(name));
    let is_header = |place: usize, line: &str| {
        let is_apart = place.checked_sub(1).and_then(|before| lines.get(before));
        is_apart.is_none_or(|before| before.trim().is_empty())
            && begins(line, &["From: ", "Von: ", "De : ", "De: ", "Da: "])
            && lines.iter().skip(place).take(HEADER_LINES).any(|line| {
                begins(line, &["Sent: ", "Date: ", "Gesendet: ", "Datum: ", "Envoyé", "Enviado"])
            })
    };
    let mut numbered = lines.iter().enumerate();
    let found = numbered.find(|(place, line)| is_divider(line) || is_header(*place, line));
    found.map_or(lines.len(), |(place, _)| place)
}

/// Where the quotation at the end begins, with its attribution; the number of lines if there is none.
fn trailing(lines: &[&str]) -> usize {
    let is_quoted = |line: &&str| line.trim_start().starts_with('>');
    let is_old = |line: &&str| line.trim().is_empty() || is_quoted(line);
    let old = lines.iter().rev().take_while(|line| is_old(line)).count();
    let cut = lines.len().saturating_sub(old);
    if !lines.iter().skip(cut).any(is_quoted) {
        return lines.len();
    }
    let above = |steps: usize| {
        let place = cut.checked_sub(steps)?;
        Some((place, lines.get(place)?.trim()))
    };
    let Some((last, line)) = above(1).filter(|(_, line)| line.ends_with(':')) else { return cut };
    let begins = ["On ", "Am ", "Le ", "El ", "Il ", "Op "];
    let whole = (1..=ATTRIBUTION_LINES).filter_map(above);
    let begin =
        whole.into_iter().find(|(_, line)| begins.iter().any(|word| line.starts_with(word)));
    match begin {
        Some((place, _)) => place,
        None if line.contains('@') || line.ends_with("wrote:") => last,
        None => cut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_is_told_from_what_is_repeated() {
        for (text, new) in [
            (
                "Thanks!\n\nOn Mon, 30 Nov 2026, Events\n<reply+x@d.org> wrote:\n\n> Yes.\n> \n> -- \n",
                "Thanks!",
            ),
            ("Danke\n\nAm 30.11.2026 um 10:00 schrieb Events:\n> Ja", "Danke"),
            ("Yes\n\n-----Original Message-----\nFrom: x", "Yes"),
            ("Yes\n\n________________________________\nFrom: x", "Yes"),
            ("Yes\n\nFrom: Events <a@b.c>\nSent: Monday\nTo: me\n\nold", "Yes"),
            ("> Is it?\nIt is.\n> And?\nAlso.", "> Is it?\nIt is.\n> And?\nAlso."),
            ("> only a quotation", "> only a quotation"),
            ("From: the beginning\nno header", "From: the beginning\nno header"),
            ("The list:\n> a", "The list:"),
            ("No quotation\n", "No quotation"),
        ] {
            let (found, old) = split(text);
            assert_eq!(found, new, "{text}");
            let whole = format!("{found}\n{old}");
            for word in text.split_whitespace() {
                assert!(whole.contains(word), "{word} is kept: {text}");
            }
        }
    }
}
