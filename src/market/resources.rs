//! What listed hosts sell, as catalogues of x402 list it: `GET /facilitator/discovery/resources` (x402, extension `bazaar`).
//!
//! Each tool that sells something now is there twice: at its own address, and by its name at the host's MCP server. It asks for
//! what its example costs.

use alloy_primitives::Address;
use serde_json::{Value, json};

use crate::base::fields::{self, InvalidField};
use crate::base::http::Reply;
use crate::base::money::Usdc;
use crate::config::Config;
use crate::market::documents::NAME;
use crate::market::on_sale::ResourcesAsk;
use crate::rails::quote::{PaidCall, Quote};
use crate::rails::x402::bazaar::{BAZAAR, Transport};
use crate::rails::x402::dialects::{MIME_TYPE, requirements_v2};
use crate::shop::declared::declared;
use crate::shop::registry::Tool;

/// Entries of a page if the caller sends no `limit`, and at most.
const PAGE_DEFAULT: u32 = 20;
const PAGE_MAX: u32 = 100;
/// The highest `offset`: more than there can be.
const OFFSET_MAX: u32 = 10_000_000;

const BOTH: &[Transport] = &[Transport::Http, Transport::Mcp];

/// What a caller asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    transports: &'static [Transport],
    /// Whether a filter names something that nothing here has.
    nothing: bool,
    pay_to: Option<String>,
    limit: u32,
    offset: u32,
}

impl Wanted {
    /// Reads the query of a request.
    ///
    /// # Errors
    /// [`InvalidField`] for `payTo`, `limit` or `offset`.
    pub fn read(
        query: &dyn Fn(&str) -> Option<String>,
        config: &Config,
    ) -> Result<Self, InvalidField> {
        let number = |field: &'static str, usual: u32, least: u32, max: u32| match query(field) {
            None => Ok(usual),
            Some(text) => match text.parse::<u32>() {
                Ok(number) if number >= least => Ok(number.min(max)),
                Ok(_) | Err(_) => {
                    Err(fields::bad(field, format!("must be a number from {least} on")))
                }
            },
        };
        let pay_to = query("payTo").map(|text| text.parse::<Address>());
        let pay_to = pay_to.transpose().map_err(|_| fields::bad("payTo", "must be an address"))?;
        let pay_to = pay_to.map(|address| address.to_checksum(None));
        let kind = query("type");
        let transports = match kind.as_deref() {
            None => BOTH,
            Some("http") => &[Transport::Http],
            Some("mcp") => &[Transport::Mcp],
            Some(_) => &[],
        };
        let is_other = |name: &str, known: &dyn Fn(&str) -> bool| {
            query(name).is_some_and(|text| !known(&text))
        };
        let nothing = transports.is_empty()
            || is_other("scheme", &|it| it == "exact")
            || is_other("extensions", &|it| it == BAZAAR)
            || is_other("network", &|it| config.networks.iter().any(|one| one.caip2 == it));
        Ok(Self {
            transports,
            nothing,
            pay_to,
            limit: number("limit", PAGE_DEFAULT, 1, PAGE_MAX)?,
            offset: number("offset", 0, 0, OFFSET_MAX)?,
        })
    }

    /// How often each tool is in the list.
    fn times(&self) -> u32 {
        u32::try_from(self.transports.len()).unwrap_or(1).max(1)
    }

    /// What is asked of the marketplace; `None` if nothing can fit.
    #[must_use]
    pub fn ask(&self) -> Option<ResourcesAsk> {
        let first = self.offset / self.times();
        let end = self.offset.saturating_add(self.limit).div_ceil(self.times());
        let limit = end.saturating_sub(first);
        (!self.nothing).then_some(ResourcesAsk {
            pay_to: self.pay_to.clone(),
            limit,
            offset: first,
        })
    }

    /// The answer. `found`: what the marketplace has found, and how many tools there are in all.
    #[must_use]
    pub fn reply(&self, config: &Config, (found, total): (&[Value], Option<&str>)) -> Reply {
        let before = usize::try_from(self.offset % self.times()).unwrap_or(0);
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let each = |sold| self.transports.iter().filter_map(move |way| item(config, sold, *way));
        let items: Vec<Value> = found.iter().flat_map(each).skip(before).take(limit).collect();
        let total = total.and_then(|total| total.parse::<u64>().ok()).unwrap_or(0);
        let total = total.saturating_mul(u64::from(self.times()));
        let body = json!({
            "x402Version": 2,
            "items": items,
            "pagination": {"limit": self.limit, "offset": self.offset, "total": total},
        });
        Reply::json(200, body.to_string())
            .with_header("cache-control", "public, max-age=5".to_owned())
            .with_header("access-control-allow-origin", "*".to_owned())
    }
}

/// An entry; `None` if the tool is none of ours any more. `sold`: as the marketplace finds it, with its addresses.
fn item(config: &Config, sold: &Value, transport: Transport) -> Option<Value> {
    let text = |name: &str| sold.pointer(name).and_then(Value::as_str);
    let tool = Tool::by_name(text("/name")?)?;
    let server_url = text("/host/serverUrl")?.to_owned();
    let arguments: Value = serde_json::from_str(text("/example")?).ok()?;
    let (kind, resource_url) = match transport {
        Transport::Http => {
            let path = format!("x402/users/{}/tools/{}", text("/host/scope")?, tool.name());
            ("http", format!("{}/{path}", config.public_url))
        }
        Transport::Mcp => ("mcp", server_url.clone()),
    };
    let quote = Quote {
        call: PaidCall::new(tool.name(), arguments.clone()),
        amount: Usdc::from_atomic(text("/price")?.parse().ok()?).ok()?,
        pay_to: text("/payTo")?.parse().ok()?,
        networks: config.networks.clone(),
        // Who pays the fee there is said by the challenge only.
        solana: None,
        upto: None,
        wanted: None,
        seats: None,
        resource_url,
        description: format!("{} ({})", tool.spec().title, text("/host/name")?),
    };
    let accepts: Vec<Value> =
        quote.networks.iter().map(|network| json!(requirements_v2(&quote, network))).collect();
    let declared = declared(tool, transport, Some(arguments), server_url);
    Some(json!({
        "resource": quote.resource_url,
        "type": kind,
        "x402Version": 2,
        "accepts": accepts,
        "lastUpdated": text("/updatedAt"),
        "description": quote.description,
        "mimeType": MIME_TYPE,
        "serviceName": NAME,
        "tags": [tool.product().name()],
        "extensions": {BAZAAR: declared.to_json()},
    }))
}
