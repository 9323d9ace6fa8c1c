//! Calls of tools: rights, rate limits, and whether the call is paid.

use serde_json::Value;

use crate::host::Host;
use crate::host::caller::{check, is_free_of_charge};
use crate::host::credentials::admit_agent;
use crate::ports::World;
use crate::rails::outcome::{Done, Failure};
use crate::sale::tool::Access;
use crate::shop::buyer::buyer_tool;
use crate::shop::pay::{ToolCall, paid_tool};
use crate::shop::profile::Profile;
use crate::shop::registry::Tool;

/// Whether the host does what otherwise only a buyer may. One that shows a proof or a payment acts as a buyer.
fn is_by_host(tool: Tool, call: &ToolCall) -> bool {
    let shows_nothing = call.proof.is_none() && matches!(call.payment, Ok(None));
    tool.is_done_by_hosts() && call.caller.is_owner_side() && shows_nothing
}

impl<W: World> Host<W> {
    /// Calls a tool. `None` if there is no tool of this name.
    pub async fn call_tool(
        &self,
        profile: &Profile,
        call: ToolCall,
    ) -> Option<Result<Done, Failure>> {
        let tool = Tool::by_name(&call.name)?;
        let is_paid = tool.spec().is_paid() && !is_free_of_charge(&call.caller, tool);
        // A paid call is delivered even after its product was switched off.
        let is_for_buyers = tool.access() == Access::Buyer && !is_by_host(tool, &call);
        let may_be_known = is_for_buyers
            || is_paid && (matches!(call.payment, Ok(Some(_))) || call.proof.is_some());
        if !profile.products.has(tool.product()) && !may_be_known {
            return None;
        }
        let admitted = admit_agent(&self.object(), &self.agent_calls, &call.caller)
            .and_then(|()| check(&call.caller, tool));
        if let Err(refused) = admitted {
            // Refused calls count against the rate limit, too.
            let counted = self.memory.admit_stranger(&self.world, &call.caller, &call.source);
            return Some(counted.and(Err(refused)));
        }
        Some(if is_paid {
            paid_tool(&self.shop(profile), tool, call).await
        } else if is_for_buyers {
            buyer_tool(&self.shop(profile), tool, call).await
        } else {
            self.free_tool(profile, tool, call).map(|value| Done { value, receipt: None })
        })
    }

    fn free_tool(&self, profile: &Profile, tool: Tool, call: ToolCall) -> Result<Value, Failure> {
        self.memory.admit_stranger(&self.world, &call.caller, &call.source)?;
        tool.call(&self.cx(profile), call.arguments, &call.caller)
    }
}
