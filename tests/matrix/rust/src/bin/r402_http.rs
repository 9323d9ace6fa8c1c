//! `r402` over plain HTTP: its middleware for reqwest pays.
use client_matrix::{Done, print, seat, signer, tool};
use r402::evm::Eip155ExactClient;
use r402::http::{WithPayments, X402Client};

#[tokio::main]
async fn main() -> Done {
    let payments = X402Client::new().register(Eip155ExactClient::new(signer()?));
    let client = reqwest::Client::new().with_payments(payments);
    let free = client.post(tool("listEvents")?).json(&serde_json::json!({})).send().await?;
    let paid = client.post(tool("rsvpToEvent")?).json(&seat()?).send().await?;
    print(&free.json().await?, &paid.json().await?);
    Ok(())
}
