//! `x402-reqwest` over plain HTTP: its middleware pays, in the version of x402 that the argument names.
use client_matrix::{Done, print, seat, signer, tool};
use serde_json::json;
use x402_chain_eip155::{V1Eip155ExactClient, V2Eip155ExactClient};
use x402_reqwest::{ReqwestWithPayments, ReqwestWithPaymentsBuild, X402Client};

#[tokio::main]
async fn main() -> Done {
    let payments = match std::env::args().nth(1).as_deref() {
        Some("1") => X402Client::new().register(V1Eip155ExactClient::new(signer()?)),
        _ => X402Client::new().register(V2Eip155ExactClient::new(signer()?)),
    };
    let client = reqwest::Client::new().with_payments(payments).build();
    let free = client.post(tool("listEvents")?).json(&json!({})).send().await?;
    let paid = client.post(tool("rsvpToEvent")?).json(&seat()?).send().await?;
    print(&free.json().await?, &paid.json().await?);
    Ok(())
}
