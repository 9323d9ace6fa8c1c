//! temporary
use crate::time::UnixSeconds;
use serde::{Deserialize, Serialize};
use serde_json::Value;
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey(String);
impl ApiKey {
    pub fn parse(t: &str) -> Option<Self> {
        Some(Self(t.to_owned()))
    }
}
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub base_url: String,
    pub model: String,
    pub api_key: ApiKey,
}
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Conversation {}
pub struct ToolSpec {
    pub name: String,
    pub description: String,
    pub input_schema: Value,
}
pub enum Step {
    Say(String),
    Call { id: String, name: String, arguments: Value },
    Stopped(String),
    Failed(String),
}
impl Conversation {
    pub fn start(_: &str, _: UnixSeconds) -> Self {
        Self {}
    }
    pub fn say(&mut self, _: &str, _: UnixSeconds) {}
    pub fn add_result(&mut self, _: &str, _: &Value) {}
    pub async fn next(
        &mut self,
        _: &impl crate::ports::Http,
        _: &Settings,
        _: &[ToolSpec],
        _: UnixSeconds,
    ) -> Step {
        Step::Say(String::new())
    }
}
