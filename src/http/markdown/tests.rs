use super::*;

#[test]
fn the_subset_becomes_markup() {
    for (text, expected) in [
        ("", ""),
        ("One\ntwo\n\nthree", "<p>One<br>two</p><p>three</p>"),
        ("**Two short talks**, then", "<p><strong>Two short talks</strong>, then</p>"),
        ("*a* and _b_", "<p><em>a</em> and <em>b</em></p>"),
        ("***x*** y", "<p><strong><em>x</em></strong> y</p>"),
        ("**** a ** b", "<p>**** a ** b</p>"),
        ("**a *b* c**", "<p><strong>a <em>b</em> c</strong></p>"),
        ("- **18:30** In\n- Out", "<ul><li><strong>18:30</strong> In</li><li>Out</li></ul>"),
        ("* a\n  more\n* b\nAfter", "<ul><li>a<br>more</li><li>b</li></ul><p>After</p>"),
        ("Plan:\n1. a\n2) b\n- c", "<p>Plan:</p><ol><li>a</li><li>b</li></ol><ul><li>c</li></ul>"),
        ("snake_case_name and 2 * 3 * 4", "<p>snake_case_name and 2 * 3 * 4</p>"),
        (r"\*not\* \[x\](y)", "<p>*not* [x](y)</p>"),
        ("2026. A year\nC:\\dir", "<p>2026. A year<br>C:\\dir</p>"),
    ] {
        assert_eq!(html(text), expected, "{text:?}");
    }
}

#[test]
fn links_lead_to_the_web_or_to_a_mailbox() {
    let link = |url: &str, text: &str| {
        format!("<p><a rel=\"noopener nofollow\" href=\"{url}\">{text}</a></p>")
    };
    for (text, url, shown) in [
        (
            "[the *page*](https://a.example/x?a=1&b=2)",
            "https://a.example/x?a=1&#38;b=2",
            "the <em>page</em>",
        ),
        ("[mail](mailto:ada@example.org)", "mailto:ada@example.org", "mail"),
        ("https://a.example/x", "https://a.example/x", "https://a.example/x"),
        ("[x](HTTP://A.example)", "http://a.example/", "x"),
    ] {
        assert_eq!(html(text), link(url, shown), "{text}");
    }
    assert!(html("(see https://a.example/x).").contains("href=\"https://a.example/x\">"));
    assert!(html("(see https://a.example/x).").ends_with("</a>).</p>"));
}

#[test]
fn nothing_else_is_a_link() {
    for text in [
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](java\u{0}script:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "[x](vbscript:x)",
        "[x](//elsewhere.example)",
        "[x](/relative)",
        "[x](https://bank.example@evil.example/)",
        "[x](https://user:word@evil.example/)",
        "[x](https://)",
        "[x] (y)",
        "ahttps://a.example",
        "![x](y)",
    ] {
        assert!(!html(text).contains("<a"), "{text}: {}", html(text));
    }
}

#[test]
fn markup_in_a_text_stays_text() {
    for text in [
        "<script>alert(1)</script>",
        "**<img src=x onerror=alert(1)>**",
        "[<b>x</b>](https://a.example/\"onmouseover=\"alert(1))",
        "[x](https://a.example/'><script>)",
        "- <svg onload=alert(1)>",
        "&lt;script&gt;",
        "https://a.example/\"><script>alert(1)</script>",
        "`<i>`",
    ] {
        let made = html(text);
        let mut rest = made.as_str();
        while let Some((before, tag)) = rest.split_once('<') {
            assert!(!before.contains(['>', '"', '\'']), "{text}: {made}");
            let (tag, after) = tag.split_once('>').unwrap();
            let is_ours =
                matches!(
                    tag,
                    "p" | "/p" | "ul" | "/ul" | "li" | "/li" | "strong" | "/strong" | "/a"
                ) || tag.strip_prefix("a rel=\"noopener nofollow\" href=\"").is_some_and(|url| {
                    url.strip_suffix('"').is_some_and(|url| {
                        url.starts_with("https://a.example/") && !url.contains('"')
                    })
                });
            assert!(is_ours, "{text}: {made}");
            rest = after;
        }
    }
    assert_eq!(html("&lt;"), "<p>&#38;lt;</p>");
}

#[test]
fn what_nobody_sees_is_left_out() {
    assert_eq!(html("a\u{202e}b\u{200b}c"), "<p>abc</p>");
    assert_eq!(plain("**Two** talks:\n\n- one\n- [two](https://a.example)"), "Two talks: one two");
}

#[test]
fn the_largest_hostile_texts_end_and_stay_in_bounds() {
    for unit in ["*a", "**a", "_a ", "[", "[a](", "*a **b _c [d](", "**a *b ", "- ", "1. "] {
        let text = unit.repeat(5_000 / unit.len());
        let made = html(&text);
        assert!(made.len() < 60_000, "{unit}: {}", made.len());
        assert!(made.matches("<a ").count() == 0, "{unit}");
    }
}
