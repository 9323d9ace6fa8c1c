//! What the rows share: where the server is, and how the result is printed.
use std::{env, error::Error, sync::Arc};

use alloy_signer_local::PrivateKeySigner;
use serde_json::{Value, json};

/// A row ends with the error of its client.
pub type Done = Result<(), Box<dyn Error>>;

/// The wallet that pays.
pub fn signer() -> Result<Arc<PrivateKeySigner>, Box<dyn Error>> {
    Ok(Arc::new(env::var("PRIVATE_KEY")?.parse()?))
}

/// The server's MCP address.
pub fn server() -> Result<String, env::VarError> {
    env::var("SERVER_URL")
}

/// A tool's address over plain HTTP.
pub fn tool(name: &str) -> Result<String, env::VarError> {
    Ok(format!("{}/{name}", env::var("TOOLS_URL")?))
}

/// The arguments for a seat.
pub fn seat() -> Result<Value, env::VarError> {
    Ok(json!({ "eventId": env::var("EVENT_ID")? }))
}

/// The arguments for two seats, or one if no other is left.
pub fn up_to_two() -> Result<Value, env::VarError> {
    Ok(json!({ "eventId": env::var("EVENT_ID")?, "seats": 2, "seatsAtLeast": 1 }))
}

/// Prints what the free and the paid call have answered.
pub fn print(free: &Value, paid: &Value) {
    println!("{}", json!({ "free": free, "paid": paid }));
}
