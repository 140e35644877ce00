//! stdio: one client on standard input and output. Nothing but messages is ever written to standard output.

use std::sync::Arc;

use rmcp::{ServiceExt as _, service::ServerInitializeError, transport::async_rw::AsyncRwTransport};
use tokio_util::sync::CancellationToken;

use super::{
    Entrance, McpServer,
    splice::{Parking, SpliceWriter},
};
use crate::gateway::Gateway;

/// Longest message taken, in bytes.
const LONGEST_LINE: usize = 16 << 20;

/// Serves until the client closes standard input or `stop` is cancelled.
///
/// # Errors
/// The first message was none that can start a conversation.
pub async fn serve_stdio(gateway: Arc<Gateway>, stop: CancellationToken) -> Result<(), String> {
    let parking = Parking::default();
    let (input, output) = rmcp::transport::stdio_pipes();
    let transport = AsyncRwTransport::new_server(input, SpliceWriter::new(output, parking.clone()))
        .with_max_line_length(LONGEST_LINE);
    let server = McpServer::new(gateway, Entrance::Stdio).with_parking(parking);
    let running = match server.serve_with_ct(transport, stop).await {
        Ok(running) => running,
        // A client that goes away before it says anything has ended the conversation, not broken it.
        Err(ServerInitializeError::ConnectionClosed(_) | ServerInitializeError::Cancelled) => return Ok(()),
        Err(error) => return Err(format!("the client did not start an MCP conversation: {error}")),
    };
    match running.waiting().await {
        Ok(reason) => {
            tracing::debug!(?reason, "the client is gone");
            Ok(())
        }
        Err(error) => Err(format!("the server task broke off: {error}")),
    }
}
