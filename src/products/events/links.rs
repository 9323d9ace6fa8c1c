//! Links of an event's pages to maps and calendars of others. They are plain links: nothing is loaded before a click.

use crate::base::time::UnixSeconds;
use crate::base::web_address::{Url, query_of};
use crate::http::markdown;
use crate::products::events::Event;

/// The longest description in a calendar link, characters: browsers and calendars cut long addresses.
const DETAILS_CHARS_MAX: usize = 600;

/// Where an event takes place, for people.
#[derive(Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The first part, such as the name of a house.
    pub name: &'a str,
    /// The rest, such as street and town; may be empty.
    pub rest: &'a str,
    /// A map that searches for the place, or the address of a meeting; `None` for an event that is just online.
    pub url: Option<String>,
    /// Whether it is on the web and not at a place.
    pub is_online: bool,
}

impl<'a> Place<'a> {
    /// Reads what a host wrote.
    #[must_use]
    pub fn of(location: &'a str) -> Self {
        let web = Url::parse(location).filter(|url| url.is_web() && !url.names_a_user());
        if let Some(url) = web {
            return Self { name: "Online", rest: location, url: Some(url.into()), is_online: true };
        }
        let (name, rest) = location.split_once(',').unwrap_or((location, ""));
        let (name, rest) = (name.trim(), rest.trim());
        let is_online = name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("online"));
        let map = [("api", "1"), ("query", location)];
        let map = (!is_online).then(|| link("https://www.google.com/maps/search/", map));
        Self { name, rest, url: map, is_online }
    }
}

/// Links that add an event to a calendar.
#[derive(Debug, PartialEq, Eq)]
pub struct Calendars {
    /// The file of [`crate::products::events::calendar`].
    pub file: String,
    pub google: String,
    pub outlook: String,
}

impl Calendars {
    /// The links for an event whose page is at `page_url`.
    #[must_use]
    pub fn of(event: &Event, page_url: &str) -> Self {
        let words = markdown::plain(&event.description);
        let words: String = words.chars().take(DETAILS_CHARS_MAX).collect();
        let details = format!("{words}\n\n{page_url}");
        let place = event.location.as_deref().unwrap_or_default();
        // Both calendars want an end.
        let (start, end) = (event.starts_at, event.ends_at.unwrap_or(event.starts_at));
        let dates = format!("{}/{}", start.to_ics(), end.to_ics());
        let google = [
            ("action", "TEMPLATE"),
            ("text", &event.title),
            ("dates", &dates),
            ("details", details.trim()),
            ("location", place),
        ];
        let [start, end] = [start, end].map(|moment: UnixSeconds| moment.to_string());
        let outlook = [
            ("path", "/calendar/action/compose"),
            ("rru", "addevent"),
            ("subject", &event.title),
            ("startdt", &start),
            ("enddt", &end),
            ("body", details.trim()),
            ("location", place),
        ];
        let file = format!("{page_url}/calendar.ics");
        Self {
            google: link("https://calendar.google.com/calendar/render", google),
            outlook: link("https://outlook.live.com/calendar/0/deeplink/compose", outlook),
            file,
        }
    }
}

fn link<const N: usize>(base: &str, query: [(&str, &str); N]) -> String {
    format!("{base}?{}", query_of(query))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_searched_for_on_a_map_and_a_meeting_is_opened() {
        let place = Place::of("Werkraum am Lindenhof, Lindenhof 4, Berlin");
        assert_eq!((place.name, place.rest), ("Werkraum am Lindenhof", "Lindenhof 4, Berlin"));
        let url = place.url.unwrap();
        assert!(
            url.starts_with("https://www.google.com/maps/search/?api=1&query=Werkraum+am"),
            "{url}"
        );
        let place = Place::of("https://meet.example/a?b=1");
        assert_eq!(place.url.as_deref(), Some("https://meet.example/a?b=1"));
        assert!(place.is_online);
        for online in ["Online", "online, on our server", "ONLINE"] {
            assert_eq!(Place::of(online).url, None, "{online}");
        }
        for hostile in ["javascript:alert(1)", "x\" onclick=\"y", "https://bank@evil.example/"] {
            let url = Place::of(hostile).url.unwrap();
            assert!(
                url.starts_with("https://www.google.com/maps/search/?")
                    && !url.contains(['"', '<']),
                "{url}"
            );
        }
    }
}
