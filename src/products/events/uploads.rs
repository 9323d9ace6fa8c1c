//! Uploads of pictures by their host, and what the gateway gets.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::base::code::Code;
use crate::base::fields::{self, InvalidField};
use crate::base::http::Reply;
use crate::base::id::EventId;
use crate::http::picture::{self, PictureName, SENT_BYTES_MAX};
use crate::ports::World;
use crate::ports::storage::first;
use crate::products::events::pictures;
use crate::products::events::records::{event, publish_event};
use crate::rails::outcome::{Abort, Failure};
use crate::sale::cx::Cx;
use crate::sale::request::{ok, read_body};

/// Pictures of one host.
const PICTURES_MAX: u64 = 200;
/// The longest description of a picture, characters.
const ALT_CHARS_MAX: usize = 200;

/// A picture on its way from the host's object to the gateway.
#[derive(Debug, Serialize, Deserialize)]
pub struct Told {
    /// The file in base64.
    pub content: String,
}

/// The body of an upload.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Upload {
    /// A JPEG, PNG or WebP file in base64. Without it the words of the kept picture change.
    image: Option<String>,
    alt: Option<String>,
}

/// Takes the uploaded picture of an event, or of the host.
///
/// # Errors
///
/// `invalid_arguments` names the field and says what to send; `event_not_found`, `event_cancelled`.
pub fn set(cx: &Cx<'_, impl World>, item: Option<&EventId>, body: &[u8]) -> Result<(), Failure> {
    let input: Upload = read_body(body)?;
    check_item(cx, item)?;
    let alt = input.alt.as_deref().map(|alt| fields::line("alt", alt, 0, ALT_CHARS_MAX));
    let alt = alt.transpose()?;
    let (sql, key) = (cx.world, item.map_or(pictures::HOST, EventId::as_str));
    let Some(image) = &input.image else {
        let missing = || fields::bad("image", "is missing; send a picture in base64");
        let alt = alt.ok_or_else(missing)?;
        let statement = "UPDATE pictures SET alt = ?2 WHERE item = ?1 RETURNING item";
        return sql.atomically(|| {
            first(sql, statement, &[key.into(), alt.into()])?.ok_or_else(missing)?;
            publish(cx, item)
        });
    };
    let clean = read_image(image)?;
    let others = "SELECT count(*) FROM pictures WHERE item <> ?1";
    let others = first(sql, others, &[key.into()])?.map_or(Ok(0), |mut columns| columns.count())?;
    if others >= PICTURES_MAX {
        let remedy = format!("a host may keep {PICTURES_MAX} pictures; remove one of an old event");
        return Err(fields::bad("image", remedy).into());
    }
    let path = clean.name().path(cx.scope);
    let bytes = u32::try_from(clean.bytes.len()).unwrap_or(u32::MAX);
    let content = STANDARD.encode(&clean.bytes);
    let statement = "INSERT OR REPLACE INTO pictures (item, path, alt, bytes, content, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let parameters = [
        key.into(),
        path.into(),
        alt.unwrap_or_default().into(),
        bytes.into(),
        content.into(),
        cx.now().into(),
    ];
    sql.atomically(|| {
        sql.run(statement, &parameters)?;
        publish(cx, item)
    })
}

/// Removes a picture; the drawn one is shown again. A second call gives the same answer.
///
/// # Errors
///
/// `event_not_found`, `event_cancelled`.
pub fn remove(cx: &Cx<'_, impl World>, item: Option<&EventId>) -> Result<(), Failure> {
    check_item(cx, item)?;
    cx.world.atomically(|| {
        pictures::forget(cx.world, item)?;
        publish(cx, item)
    })
}

/// A picture for the gateway, which serves it.
///
/// # Errors
///
/// `not_found`.
pub fn told(cx: &Cx<'_, impl World>, name: &PictureName) -> Result<Reply, Failure> {
    let statement = "SELECT content FROM pictures WHERE path = ?1 LIMIT 1";
    let row = first(cx.world, statement, &[name.path(cx.scope).into()])?;
    let mut row = row.ok_or_else(|| Abort::new(Code::NotFound, "there is no such picture"))?;
    Ok(ok(&Told { content: row.text()? }))
}

/// Decodes an upload and takes it apart.
fn read_image(image: &str) -> Result<picture::Clean, InvalidField> {
    // Four characters for three bytes.
    if image.len() / 4 > SENT_BYTES_MAX / 3 {
        let remedy = format!("must have at most {SENT_BYTES_MAX} bytes; make the picture smaller");
        return Err(fields::bad("image", remedy));
    }
    let no_base64 = |_| fields::bad("image", "must be a JPEG, PNG or WebP file in base64");
    let file = STANDARD.decode(image).map_err(no_base64)?;
    picture::read(&file).map_err(|refused| fields::bad("image", refused))
}

fn check_item(cx: &Cx<'_, impl World>, item: Option<&EventId>) -> Result<(), Failure> {
    let Some(id) = item else { return Ok(()) };
    if event(cx, id)?.0.cancelled {
        return Err(Abort::new(Code::EventCancelled, "this event was cancelled").into());
    }
    Ok(())
}

/// Queues the published record of the event whose picture changed.
fn publish(cx: &Cx<'_, impl World>, item: Option<&EventId>) -> Result<(), Failure> {
    let Some(id) = item else { return Ok(()) };
    let (event, seats) = event(cx, id)?;
    Ok(publish_event(cx, &event, seats, cx.now())?)
}
