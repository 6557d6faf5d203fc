//! What a workspace's own server shows: its card and its transcript.

use serde_json::{Value, json};

use super::World;

impl World {
    /// The agent card that the adapter serves.
    pub(in crate::sandbox) fn card_json(&self, ws: usize) -> Value {
        let workspace = &self.workspaces[ws];
        let url = format!("{}/adapters/{}", self.base_url, workspace.id);
        json!({
            "name": workspace.name,
            "description": workspace.role,
            "supportedInterfaces": [{"url": url, "protocolBinding": "https://a2a.g/v1"}],
            "version": "0.0.1",
            "capabilities": {"streaming": true, "pushNotifications": true},
            "defaultInputModes": ["text/plain", "application/json"],
            "defaultOutputModes": ["text/plain", "application/json"],
            "preferredTransport": "https://a2a.g/v1",
            "protocolVersion": "0.3",
            "skills": [],
            "url": url,
        })
    }

    /// `GET /transcript` of the adapter: the session, the turn in flight and its tool calls.
    pub(in crate::sandbox) fn transcript_json(&self, ws: usize) -> Value {
        let workspace = &self.workspaces[ws];
        let supported = workspace.runtime == "claude-code";
        let mut lines = Vec::new();
        if let Some(turn) = workspace.turn.as_ref().filter(|_| supported) {
            lines.push(json!({
                "type": "user",
                "timestamp": self.stamp_opt(turn.started_ms),
                "sessionId": workspace.session_id,
                "resumedFrom": turn.resumed_from,
                "message": {"role": "user", "content": turn.message.text},
            }));
            let since = turn.started_ms.unwrap_or(self.now_ms);
            let tools = workspace
                .rows
                .iter()
                .filter(|row| row.kind == "agent_log" && row.at_ms >= since);
            lines.extend(tools.map(|row| {
                json!({
                    "type": "assistant",
                    "timestamp": self.stamp(row.at_ms),
                    "sessionId": workspace.session_id,
                    "message": {"role": "assistant", "content": [{"type": "tool_use", "name": row.method}]},
                })
            }));
        }
        json!({
            "cursor": lines.len(),
            "lines": lines,
            "more": false,
            "runtime": workspace.runtime,
            "source": null,
            "supported": supported,
        })
    }
}
