#!/usr/bin/env node
// What the gateway costs a model, in o200k tokens: an administrator's list of tools as a model sees it and as it is sent, and
// lists of twenty rows in their default view. (The routes between panels are no administrator's: they need a share token.) Each budget on the command line that is exceeded fails the run:
//   node tests/e2e/tokens.mjs --model 10000 --sent 20000 --rows 700
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const REVISION = "2026-07-28";
const ROWS = 20;
const LARGEST = 8;

const { values: budget } = parseArgs({ options: { model: { type: "string" }, sent: { type: "string" }, rows: { type: "string" } } });
for (const [name, value] of Object.entries(budget)) {
  if (!/^[1-9]\d*$/.test(value)) throw new Error(`--${name} ${value}: a budget is a number of tokens`);
}

// The packages are installed under target/, never beside this file.
const { encode } = createRequire(join(root, "target", "e2e", "node", "package.json"))("gpt-tokenizer/encoding/o200k_base");
const tokens = (text) => encode(text).length;

/** The gateway on its own stand-in panel, with everybody an administrator; gives the process and the URL of the MCP endpoint. */
async function gateway() {
  const folder = mkdtempSync(join(tmpdir(), "flvx-mcp-tokens-"));
  process.on("exit", () => rmSync(folder, { recursive: true }));
  const policy = join(folder, "policy.yaml");
  writeFileSync(policy, "principals:\n  anonymous: { role: admin }\n", { mode: 0o600 });
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(MCP|PANEL)_/.test(name)));
  const program = spawn(join(root, "target", "debug", "flvx-mcp"), ["serve", "--sandbox", "--transport", "http", "--http-addr", "127.0.0.1:0"], {
    env: { ...environment, MCP_LOG_FORMAT: "json", MCP_AUDIT_ENABLED: "false", MCP_POLICY_FILE: policy },
    stdio: ["ignore", "ignore", "pipe"],
  });
  // However this script ends, the gateway ends with it.
  process.on("exit", () => program.kill("SIGTERM"));
  for await (const line of createInterface({ input: program.stderr })) {
    const url = line.match(/"(http:\/\/127\.0\.0\.1:\d+\/mcp)"/)?.[1];
    if (url) {
      program.stderr.resume();
      return { program, url };
    }
  }
  throw new Error("the gateway did not start");
}

/** One request of the stateless revision; gives the answer's text and its result. */
async function ask(url, method, params = {}) {
  const meta = { "io.modelcontextprotocol/protocolVersion": REVISION, "io.modelcontextprotocol/clientCapabilities": {} };
  const headers = { "content-type": "application/json", accept: "application/json, text/event-stream", "mcp-protocol-version": REVISION, "mcp-method": method };
  if (params.name) headers["mcp-name"] = params.name;
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: meta } });
  const text = await (await fetch(url, { method: "POST", headers, body })).text();
  const { result, error } = JSON.parse(text);
  if (error) throw new Error(`${method}: ${error.code} ${error.message}`);
  return { text, result };
}

/** One tool call that must succeed; gives the text that a model reads. */
async function call(url, name, args) {
  const { result } = await ask(url, "tools/call", { name, arguments: args });
  if (result.isError) throw new Error(`${name}: ${result.content[0].text}`);
  return result.content[0].text;
}

/** Fills a list up to twenty rows and gives its default view. */
async function twentyRows(url, list, create, request) {
  const before = JSON.parse(await call(url, list, {})).data.length;
  for (let number = before + 1; number <= ROWS; number++) {
    await call(url, create, { request: request(number), idempotency_key: `tokens-${create}-${number}` });
  }
  const text = await call(url, list, {});
  const rows = JSON.parse(text).data.length;
  if (rows !== ROWS) throw new Error(`${list} gives ${rows} rows by default, expected ${ROWS}`);
  return text;
}

let failed = false;
function told(what, count, bytes, limit) {
  const over = limit !== undefined && count > Number(limit);
  failed ||= over;
  console.log(`${what}: ${count} tokens, ${bytes} bytes${limit === undefined ? "" : `, budget ${limit}`}${over ? " OVER BUDGET" : ""}`);
}

const { program, url } = await gateway();
try {
  const { text, result } = await ask(url, "tools/list");
  // Clients word the frame around them differently; the three texts reach every model.
  const seen = result.tools.map(({ name, description, inputSchema }) => [name, description, JSON.stringify(inputSchema)]);
  const sum = seen.flat().reduce((total, part) => total + tokens(part), 0);
  told(`${seen.length} tools as a model sees them (name, description, input schema)`, sum, Buffer.byteLength(seen.flat().join("")), budget.model);
  const framed = JSON.stringify(result.tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })));
  told("the same in a JSON array", tokens(framed), Buffer.byteLength(framed));
  told("tools/list as sent", tokens(text), Buffer.byteLength(text), budget.sent);
  const largest = result.tools.map(({ name }, index) => [tokens(seen[index].join("")), name]).sort(([a], [b]) => b - a);
  console.log(`largest: ${largest.slice(0, LARGEST).map(([count, name]) => `${name} ${count}`).join(", ")}`);
  const { instructions } = (await ask(url, "server/discover")).result;
  told("the server's instructions", tokens(instructions), Buffer.byteLength(instructions));
  const nodes = await twentyRows(url, "node_list", "node_create", (n) => ({ name: `新加坡-节点-${n}`, serverIp: `198.51.100.${n}`, port: "10000-20000" }));
  told(`node_list, ${ROWS} rows`, tokens(nodes), Buffer.byteLength(nodes), budget.rows);
  const forwards = await twentyRows(url, "forward_list", "forward_create", (n) => ({ name: `网站-web-${n}`, tunnelId: 1, remoteAddr: `192.0.2.${n}:8080` }));
  told(`forward_list, ${ROWS} rows`, tokens(forwards), Buffer.byteLength(forwards), budget.rows);
} finally {
  program.kill("SIGTERM");
  await once(program, "exit");
}
process.exit(failed ? 1 : 0);
