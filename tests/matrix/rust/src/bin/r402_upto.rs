//! `r402` over plain HTTP, where it allows a most (`upto`): its middleware for reqwest pays.
use client_matrix::{Done, print, signer, tool, up_to_two};
use r402::evm::Eip155UptoClient;
use r402::http::{WithPayments, X402Client};

#[tokio::main]
async fn main() -> Done {
    let payments = X402Client::new().register(Eip155UptoClient::new(signer()?));
    let client = reqwest::Client::new().with_payments(payments);
    let free = client.post(tool("listEvents")?).json(&serde_json::json!({})).send().await?;
    let paid = client.post(tool("rsvpToEvent")?).json(&up_to_two()?).send().await?;
    print(&free.json().await?, &paid.json().await?);
    Ok(())
}
