//! The built program as a child: a command that runs to its end, or a server that is spoken to line by line.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, ChildStdin, Command, Output, Stdio},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// The program with nothing of this process's environment that it would read.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flvx-mcp"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("MCP_") || name.to_string_lossy().starts_with("PANEL_") {
            command.env_remove(name);
        }
    }
    command.env("MCP_STATE_DIR", "temporary");
    command
}

/// A running program with pipes on all three sides.
pub struct Program {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    errors: thread::JoinHandle<()>,
    said: Arc<Mutex<Vec<u8>>>,
}

impl Program {
    /// Starts it with these arguments and settings.
    pub fn start(arguments: &[&str], settings: &[(&str, &str)]) -> Self {
        let mut child = program()
            .args(arguments)
            .envs(settings.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (output, mut error) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                let Ok(line) = line else { break };
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let said: Arc<Mutex<Vec<u8>>> = Arc::default();
        let heard = Arc::clone(&said);
        let errors = thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(length @ 1..) = error.read(&mut part) {
                heard.lock().unwrap().extend_from_slice(&part[..length]);
            }
        });
        Self { input: child.stdin.take(), child, lines, errors, said }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote to standard error so far.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&self.said.lock().unwrap()).into_owned()
    }

    /// Writes one line of bytes.
    pub fn write(&mut self, line: &[u8]) {
        let input = self.input.as_mut().unwrap();
        input.write_all(line).unwrap();
        input.write_all(b"\n").unwrap();
        input.flush().unwrap();
    }

    /// Writes one message.
    pub fn send(&mut self, message: &Value) {
        self.write(message.to_string().as_bytes());
    }

    /// The next line of standard output.
    pub fn line(&self) -> String {
        self.lines.recv_timeout(Duration::from_secs(20)).expect("the program says nothing more")
    }

    /// The next line, which must be a message.
    pub fn message(&self) -> Value {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// Asks and waits for the answer with that id; other messages are not expected.
    pub fn ask(&mut self, message: &Value) -> Value {
        self.send(message);
        let answer = self.message();
        assert_eq!(answer["id"], message["id"], "{answer}");
        answer
    }

    /// The older revisions' hello.
    pub fn initialize(&mut self) -> Value {
        let answer = self.ask(&json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize",
            "params": { "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "tests", "version": "1" } } }));
        self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        answer
    }

    /// Calls a tool in the older revisions and gives the `result`.
    pub fn call(&mut self, id: u64, tool: &str, arguments: Value) -> Value {
        self.ask(&json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": { "name": tool, "arguments": arguments } }))["result"].clone()
    }

    /// Closes standard input.
    pub fn hang_up(&mut self) {
        self.input = None;
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        // The shell has its own `kill`; the program of that name is not everywhere.
        let kill = format!("kill -{name} {}", self.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits for the end: exit code, what was still on standard output, and standard error.
    pub fn end(mut self) -> (Option<i32>, Vec<String>, String) {
        let until = Instant::now() + Duration::from_secs(20);
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > until {
                self.child.kill().unwrap();
                panic!("the program did not end");
            }
            thread::sleep(Duration::from_millis(5));
        };
        let mut rest = Vec::new();
        loop {
            match self.lines.recv_timeout(Duration::from_secs(5)) {
                Ok(line) => rest.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("standard output stays open"),
            }
        }
        std::mem::replace(&mut self.errors, thread::spawn(|| {})).join().unwrap();
        (status.code(), rest, self.said())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // A test that failed must not leave its program behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a command that has ended said.
pub fn text(output: &Output) -> (String, String) {
    (String::from_utf8(output.stdout.clone()).unwrap(), String::from_utf8(output.stderr.clone()).unwrap())
}
