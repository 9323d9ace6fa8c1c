//! Pictures that a host uploads: what is taken of a file, where it is shown, and when it goes.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use events_concierge::base::http::Reply;
use events_concierge::base::id::{EventId, TicketCode};
use events_concierge::host::command::Action;
use events_concierge::http::picture::{
    Format, PictureName, Refused, SENT_BYTES_MAX, SIDE_MAX, read,
};
use events_concierge::http::route::{AtHost, Own};
use serde_json::{Value, json};

use crate::support::{Server, Sqlite, Wallet, block_on, json_of, offer, pay};

/// The pictures of `tests/vectors/pictures`, made by libjpeg, libpng and libwebp.
pub(super) const NAMES: &[&str] = &[
    "baseline.jpg",
    "progressive.jpg",
    "grey.jpg",
    "colour.png",
    "indexed.png",
    "lossy.webp",
    "alpha.webp",
    "lossless.webp",
];
/// What stands in metadata and nowhere else.
pub(super) const METADATA: &[&str] =
    &["SECRET", "Exif", "EXIF", "eXIf", "xmpmeta", "XMP ", "ICC", "iCCP", "JFIF", "Copyright"];

pub(super) fn vector(name: &str) -> Vec<u8> {
    fs::read(format!("{}/tests/vectors/pictures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

pub(super) fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

fn item(event: Option<&str>) -> Option<EventId> {
    event.map(|id| EventId::parse(id).unwrap())
}

fn set(server: &Server, event: Option<&str>, body: &Value) -> Reply {
    server.as_owner(Action::Own(Own::SetPicture(item(event))), body)
}

/// Uploads a vector and returns the answer.
pub(super) fn upload(server: &Server, event: Option<&str>, name: &str) -> Value {
    let body = json!({"image": STANDARD.encode(vector(name)), "alt": name});
    let reply = set(server, event, &body);
    assert_eq!(reply.status, 200, "{}", reply.body);
    json_of(&reply)
}

/// The picture at a path, as the gateway gets it.
fn at(server: &Server, path: &str) -> Reply {
    let (scope, name) = path.strip_prefix("/pictures/").unwrap().split_once('/').unwrap();
    assert_eq!(scope, server.scope.as_str());
    let name = PictureName::parse(name).unwrap();
    let action = Action::AtHost(AtHost::Picture(name));
    block_on(server.handle(server.request(action, false, &[], &json!({}))))
}

/// The words of an event's picture, whose content is there.
pub(super) fn shown(server: &Server, event: &str) -> String {
    let asked = json!({"eventId": event});
    let event = json_of(&block_on(server.tool("getEvent", &asked, None)))["event"].clone();
    assert_eq!(at(server, event["coverPath"].as_str().unwrap()).status, 200);
    event["coverAlt"].as_str().unwrap().to_owned()
}

fn page(server: &Server, asked: AtHost) -> String {
    server.as_owner(Action::AtHost(asked), &json!({})).body
}

#[test]
fn of_a_file_only_the_picture_is_taken() {
    for name in NAMES {
        let file = vector(name);
        assert!(contains(&file, "SECRET"), "{name}");
        let clean = read(&file).unwrap();
        assert!(name.ends_with(clean.format.ending()));
        assert_eq!((clean.width, clean.height), (96, 80), "{name}");
        for metadata in METADATA {
            assert!(!contains(&clean.bytes, metadata), "{name}: {metadata}");
        }
        assert_eq!(read(&clean.bytes), Ok(clean.clone()), "{name}");
        assert_eq!(clean.name().format(), Some(clean.format));
    }
}

#[test]
fn what_a_file_says_beside_its_picture_changes_nothing() {
    let (file, secret) = (vector("baseline.jpg"), b"<script>alert(1)</script>");
    let clean = read(&file).unwrap();
    for marker in [0xe0, 0xe1, 0xe2, 0xed, 0xee, 0xef, 0xfe] {
        let mut segment = vec![0xff, marker, 0, u8::try_from(secret.len() + 2).unwrap()];
        segment.extend(secret);
        let more = [&file[..2], &segment, &file[2..]].concat();
        assert_eq!(read(&more), Ok(clean.clone()), "{marker:x}");
    }
    // Adobe's segment says how colours are stored, so it stays.
    let adobe = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x01";
    let more = [&file[..2], adobe, &file[2..]].concat();
    assert!(contains(&read(&more).unwrap().bytes, "Adobe"));
}

#[test]
fn other_formats_and_files_with_two_faces_are_refused() {
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    for file in [&svg[..], b"<!doctype html>", b"GIF89a", b"%PDF-1.7", b"PK\x03\x04", b"", b"\xff"]
    {
        assert_eq!(read(file), Err(Refused::NoPicture), "{file:?}");
    }
    for name in NAMES {
        let file = vector(name);
        for after in [&svg[..], b"PK\x03\x04", b"\0"] {
            assert_eq!(read(&[&file, after].concat()), Err(Refused::NotAlone), "{name}");
        }
        for cut in (0..file.len()).step_by(37).chain(file.len() - 20..file.len()) {
            assert!(read(&file[..cut]).is_err(), "{name}: {cut}");
        }
        assert!(read(&[&svg[..], &file].concat()).is_err(), "{name}");
    }
    // A RIFF file that is no picture, and a moving one.
    assert_eq!(read(b"RIFF\x04\0\0\0WAVE"), Err(Refused::NoPicture));
    let moving = b"RIFF\x12\0\0\0WEBPANIM\x06\0\0\0\0\0\0\0\0\0";
    assert_eq!(read(moving), Err(Refused::Moves));
}

#[test]
fn a_picture_has_a_size_that_browsers_can_show() {
    // The size in the frame of a JPEG: 8 bits, height, width.
    let file = vector("baseline.jpg");
    let frame = file.windows(4).position(|part| part == [0xff, 0xc0, 0, 17]).unwrap() + 5;
    for (height, width) in [(80, 63), (63, 96), (2_401, 96), (80, 65_535), (0, 96)] {
        let (height, width): (u16, u16) = (height, width);
        let mut file = file.clone();
        file[frame..frame + 2].copy_from_slice(&height.to_be_bytes());
        file[frame + 2..frame + 4].copy_from_slice(&width.to_be_bytes());
        let (height, width) = (u32::from(height), u32::from(width));
        assert_eq!(read(&file), Err(Refused::Pixels { width, height }));
    }
    assert!(u32::from(u16::MAX) > SIDE_MAX);
    let long = [&b"\xff\xd8\xff"[..], &vec![0; SENT_BYTES_MAX]].concat();
    assert_eq!(read(&long), Err(Refused::TooLong { sent: SENT_BYTES_MAX + 3 }));
}

#[test]
fn an_uploaded_picture_is_shown_wherever_its_event_is() {
    let server = Server::open();
    let id = server.event(5);
    let event = EventId::parse(&id).unwrap();
    let (status, ticket) = pay(&server, &id, &Wallet::new(1).pay(&offer(&server, &id), 1));
    assert_eq!(status, 200);
    let drawn = page(&server, AtHost::EventPage(event.clone()));
    assert!(drawn.contains(&format!("/{id}/share.png")) && drawn.contains("og:image:width"));
    let alt = json!({"image": STANDARD.encode(vector("progressive.jpg")), "alt": "A \"stage\" <3"});
    let path = json_of(&set(&server, Some(&id), &alt))["coverPath"].as_str().unwrap().to_owned();
    let name = PictureName::parse(path.rsplit('/').next().unwrap()).unwrap();
    assert_eq!(name.format(), Some(Format::Jpeg));
    let kept = STANDARD.decode(json_of(&at(&server, &path))["content"].as_str().unwrap()).unwrap();
    assert_eq!(kept, read(&vector("progressive.jpg")).unwrap().bytes);
    let code = ticket["ticketUrl"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let ticket = TicketCode::parse(&code).unwrap();
    let pages = [AtHost::EventPage(event.clone()), AtHost::HostPage, AtHost::Ticket(ticket)];
    for asked in pages {
        let page = page(&server, asked.clone());
        let image = format!("<img src=\"{path}\" alt=\"A &#34;stage&#34; &#60;3\"");
        assert!(page.contains(&image), "{asked:?} {page}");
    }
    let page = page(&server, AtHost::EventPage(event.clone()));
    assert!(page.contains(&format!("{path}\">")) && !page.contains("share.png"), "{page}");
    assert!(!page.contains("og:image:width"));
    // Words alone change without a new picture.
    let said = json_of(&set(&server, Some(&id), &json!({"alt": "A stage"})));
    assert_eq!((&said["coverAlt"], &said["coverPath"]), (&json!("A stage"), &json!(path)));
    // Previews of some services read no WebP.
    upload(&server, Some(&id), "lossy.webp");
    assert_eq!(at(&server, &path).status, 404, "the replaced picture is gone");
    let page = self::page(&server, AtHost::EventPage(event.clone()));
    assert!(page.contains("share.png") && page.contains(".webp\" alt=\"lossy.webp\""));
    let removed = server.as_owner(Action::Own(Own::RemovePicture(Some(event))), &json!({}));
    assert_eq!(json_of(&removed)["coverPath"], format!("/covers/{id}/0-own/wide.svg"));
    assert_eq!(json_of(&removed).get("coverAlt"), None);
    assert_eq!(server.int("SELECT count(*) FROM pictures"), 0);
}

#[test]
fn a_hosts_own_picture_is_its_face() {
    let server = Server::open();
    let id = server.event(5);
    let profile = upload(&server, None, "colour.png");
    let path = profile["picturePath"].as_str().unwrap();
    assert_eq!(at(&server, path).status, 200);
    for asked in [AtHost::HostPage, AtHost::EventPage(EventId::parse(&id).unwrap())] {
        let page = page(&server, asked);
        assert!(page.contains(&format!("<img src=\"{path}\" alt=\"colour.png\">")));
    }
    assert!(page(&server, AtHost::HostPage).contains(&format!("{path}\">\n<meta name=\"twitter")));
    let removed = server.as_owner(Action::Own(Own::RemovePicture(None)), &json!({}));
    assert_eq!(json_of(&removed).get("picturePath"), None);
}

#[test]
fn what_cannot_be_kept_is_refused_by_its_field_and_says_what_to_send() {
    let server = Server::open();
    let id = server.event(5);
    let good = STANDARD.encode(vector("grey.jpg"));
    for (body, says) in [
        (json!({"image": "<svg/>"}), "image: must be a JPEG, PNG or WebP file in base64"),
        (json!({"image": STANDARD.encode("<svg/>")}), "image: is not a JPEG, PNG or WebP picture"),
        (json!({"image": "A".repeat(1_000_000)}), "image: must have at most 700000 bytes"),
        (json!({"image": good, "alt": "x".repeat(201)}), "alt: "),
        (json!({"image": good, "alt": "two\nlines"}), "alt: "),
        (json!({"alt": "without a picture"}), "image: is missing"),
        (json!({}), "image: is missing"),
        (json!({"image": good, "colour": 1}), "colour: "),
    ] {
        let reply = set(&server, Some(&id), &body);
        assert_eq!(reply.status, 422, "{}", reply.body);
        let problem = json_of(&reply);
        assert!(problem["detail"].as_str().unwrap().starts_with(says), "{problem}");
    }
    let nowhere = set(&server, Some("evt_000000000000000000000000"), &json!({"image": good}));
    assert_eq!(nowhere.status, 404);
    assert_eq!(server.int("SELECT count(*) FROM pictures"), 0);
}

#[test]
fn a_picture_goes_with_its_event_and_a_host_keeps_so_many() {
    let server = Server::open();
    let id = server.event(5);
    let path = upload(&server, Some(&id), "baseline.jpg")["coverPath"].as_str().unwrap().to_owned();
    let event = EventId::parse(&id).unwrap();
    server.as_owner(Action::Own(Own::CancelEvent(event)), &json!({}));
    assert_eq!(at(&server, &path).status, 404);
    let again = json!({"image": STANDARD.encode(vector("grey.jpg"))});
    let refused = json_of(&set(&server, Some(&id), &again));
    assert_eq!(refused["type"], "urn:events-concierge:problem:event_cancelled");
    server
        .world
        .sqlite
        .execute_batch(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) \
         INSERT INTO pictures SELECT 'evt_' || i, 'x', '', 1, 'eA==', 0 FROM n",
        )
        .unwrap();
    let reply = set(&server, None, &again);
    let problem = json_of(&reply);
    assert!(problem["detail"].as_str().unwrap().contains("200 pictures"), "{problem}");
    assert_eq!(reply.status, 422);
}

#[test]
fn a_host_that_is_rebuilt_from_its_records_shows_drawn_covers() {
    let mut server = Server::open();
    let id = server.event(5);
    upload(&server, Some(&id), "baseline.jpg");
    server.pass(30);
    server.world.sqlite = Sqlite::empty();
    server.evict();
    let asked = json!({"eventId": id});
    let event = json_of(&block_on(server.tool("getEvent", &asked, None)))["event"].clone();
    assert_eq!(event["coverPath"], format!("/covers/{id}/0-own/wide.svg"));
}
