//! `rmcp` over MCP. It knows no payments; `r402-mcp` wraps it and pays.
use client_matrix::{Done, print, seat, server, signer};
use r402::evm::Eip155ExactClient;
use r402::mcp::{McpCallError, McpToolCaller, X402McpClient, mcp_call_error_from_rmcp};
use rmcp::model::{CallToolRequestParams, CallToolResult, ProtocolVersion};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::{ClientLifecycleMode, ClientServiceExt, Peer, RoleClient};

struct Caller(Peer<RoleClient>);

impl McpToolCaller for Caller {
    async fn call_tool(
        &self,
        params: CallToolRequestParams,
    ) -> Result<CallToolResult, McpCallError> {
        self.0.call_tool(params).await.map_err(mcp_call_error_from_rmcp)
    }
}

#[tokio::main]
async fn main() -> Done {
    let transport = StreamableHttpClientTransport::from_uri(server()?);
    let mode = match std::env::args().nth(1).as_deref() {
        Some("legacy") => ClientLifecycleMode::Initialize,
        _ => ClientLifecycleMode::Discover {
            preferred_versions: vec![ProtocolVersion::V_2026_07_28],
        },
    };
    let running = ().serve_with_lifecycle(transport, mode).await?;
    let free = running.call_tool(CallToolRequestParams::new("listEvents")).await?;
    let client = X402McpClient::new(Caller(running.peer().clone()))
        .register(Eip155ExactClient::new(signer()?));
    let paid = client.call_tool("rsvpToEvent", seat()?.as_object().cloned()).await?;
    print(&serde_json::to_value(free)?, &serde_json::to_value(paid.result)?);
    running.cancel().await?;
    Ok(())
}
