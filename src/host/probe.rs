//! What scanners ask: a paid tool's price, without arguments. They ask with `GET`, or with `POST` and an empty body.

use serde_json::Value;

use crate::base::code::Code;
use crate::base::http::{Headers, Reply};
use crate::host::Host;
use crate::host::command::{Command, HttpCall};
use crate::host::{examples, listing};
use crate::http::problem::{of_abort, of_failure};
use crate::identity::access::Caller;
use crate::identity::siwx;
use crate::ports::{SqlError, World};
use crate::rails::outcome::{Abort, Failure};
use crate::rails::received;
use crate::shop::Shop;
use crate::shop::profile::{Listed, Profile};
use crate::shop::registry::Tool;

/// Why the challenge of an example asks for payment. A payment for it buys nothing until the call has its arguments.
pub(super) const EXAMPLE: &str = "payment required; this is the price of the example in extensions.bazaar: send the arguments with POST as a JSON body";

/// The arguments of an example, if a stranger asks about a paid tool of a host that chose to be found and shows nothing.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub(super) fn example(
    shop: &Shop<'_, impl World>,
    caller: &Caller,
    (name, headers): (&str, &Headers),
) -> Result<Option<Value>, SqlError> {
    let shows = !matches!(received::receive(None, headers), Ok(None));
    let tool = Tool::by_name(name).filter(|tool| tool.spec().is_paid());
    let tool = tool.filter(|tool| shop.profile.products.has(tool.product()));
    let (Some(tool), Listed::Yes, Caller::Stranger, false, None) =
        (tool, shop.profile.listed, caller, shows, headers.get(siwx::HEADER))
    else {
        return Ok(None);
    };
    let subjects = listing::subjects(shop, tool.product())?;
    Ok(examples::example(shop, tool, &subjects)?.map(|found| found.arguments))
}

/// Answers `GET` at the address of a tool: with a challenge, if there is an example.
pub(super) async fn answer<W: World>(
    host: &Host<W>,
    profile: &Profile,
    command: &Command,
    (name, headers): (&str, &Headers),
) -> Result<Reply, Failure> {
    // A price is the same for everybody; the host's own programs call with `POST`.
    let caller = Caller::Stranger;
    let example = example(&host.shop(profile), &caller, (name, headers))?;
    if example.is_some() {
        let asked = HttpCall { name, headers, body: &[], example };
        let answer = host.tool_over_http(profile, command, caller, asked).await;
        let reply = answer.unwrap_or_else(|failure| of_failure(&failure, &command.request_id));
        return Ok(reply.with_header("cache-control", "no-store".to_owned()));
    }
    let abort = Abort::new(Code::MethodNotAllowed, "this address answers POST only");
    Ok(of_abort(&abort, &command.request_id).with_header("allow", "POST".to_owned()))
}
