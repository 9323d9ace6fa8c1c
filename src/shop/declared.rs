//! What a paid tool of a listed host says of itself, for catalogues.

use crate::ports::World;
use crate::rails::outcome::Failure;
use crate::rails::x402::bazaar::{Declared, Transport};
use crate::shop::Shop;
use crate::shop::profile::Listed;
use crate::shop::registry::Tool;

/// Adds it to a challenge, if the host chose to be found.
pub fn declare(
    shop: &Shop<'_, impl World>,
    tool: Tool,
    transport: Transport,
    failure: &mut Failure,
) {
    let Failure::Unpaid(challenge) = failure else { return };
    challenge.declared = match shop.profile.listed {
        Listed::Yes => {
            let example = tool.example(challenge.quote.wanted.as_deref());
            Some(declared(tool, transport, example, shop.cx.server_url()))
        }
        Listed::No | Listed::Leaving => None,
    };
}

/// What a tool says. `example`: the arguments of a call.
#[must_use]
pub fn declared(
    tool: Tool,
    transport: Transport,
    example: Option<serde_json::Value>,
    server_url: String,
) -> Declared {
    let names = (tool.name(), tool.spec().title);
    Declared { transport, names, input_schema: tool.input_schema(), example, server_url }
}
