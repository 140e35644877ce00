# Every chore of the project. CI uses the same words.

e2e_python := "target/e2e/venv/bin/python"
e2e_path := "PATH=\"$PWD/tests/e2e/node_modules/.bin:$PATH\""

# What there is
[private]
default:
    @just --list

# Does it compile, is it formatted, is the manifest right, are the lints quiet
check: lint
    cargo run --quiet -- routes check

# Format and clippy, warnings are errors
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# All tests
test:
    cargo test --workspace

# Write everything that is generated and checked in: golden files, the words of mistakes, schemas, docs/tools.md
gen:
    UPDATE=1 cargo test -p flvx-manifest
    UPDATE=1 cargo test -p flvx-mcp --test docs --test listing

# Clients that are not ours, against the stand-in panel: Python SDK, MCP Inspector, conformance suite, token budget
e2e *ARGS: e2e-tools
    {{e2e_python}} tests/e2e/every_tool.py {{ARGS}}
    {{e2e_path}} {{e2e_python}} tests/e2e/inspector.py
    {{e2e_path}} {{e2e_python}} tests/e2e/conformance.py
    {{e2e_path}} node tests/e2e/tokens.mjs --model 10000 --sent 20000 --rows 700

# What the end-to-end scripts need, in folders that git does not see
[private]
e2e-tools:
    cargo build
    python3 -m venv target/e2e/venv
    target/e2e/venv/bin/pip install --quiet --requirement tests/e2e/requirements.txt
    npm ci --prefix tests/e2e --no-audit --no-fund

# Calls a second, latency, CPU: direct and through the gateway
bench *ARGS:
    cargo bench --bench gateway -- {{ARGS}}

# A stand-in panel, the gateway over HTTP and a guided tour
demo *ARGS:
    cargo run -- demo {{ARGS}}
