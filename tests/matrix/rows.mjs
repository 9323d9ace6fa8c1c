// The clients of the matrix, a row each, in the order of the table in docs/clients.md. `at` says which list of packages
// has the version. A row is a test of `npm test` (`test`: its file and title), or a program beside this file (`program`),
// or the program of docs/clients.md in a language (`documented`). A client that cannot pay has a `fault`: whose it is,
// and what its program then says (`shows`). One with `upto` allows the price of two seats where one is left, at a server
// that settles by itself.
const clients = (title) => ({ test: { file: "tests/chain/clients.spec.mjs", title } });
const mpp = (title) => ({ test: { file: "tests/chain/mpp.spec.mjs", title } });
const solana = (title) => ({ test: { file: "tests/chain/solana.spec.mjs", title } });
const upto = (title) => ({ test: { file: "tests/chain/upto.spec.mjs", title } });
const five = (title) => ({ test: { file: "tests/chain/five-lines.spec.mjs", title } });
const npm = (file) => ({ at: "npm", program: ["npm", file] });
const python = (at, ...program) => ({ at, program: [at, ...program] });
const rust = (...program) => ({ at: "rust", program: ["rust", ...program] });

const ITSELF = "the client";
const CORE = "`@x402/core` signs, `_meta` of the call carries it";
const HEADER = "`@x402/core` signs, a header of the call carries it";
const FETCH = "its option `fetch`: the one of `mppx`";
const META = "`x402` signs, `meta` of `call_tool` carries it";

const TYPESCRIPT = [
  { name: "@modelcontextprotocol/sdk", at: "root", speaks: "MCP 2025-11-25", by: CORE, ...clients("@modelcontextprotocol/sdk 1.32, legacy") },
  { name: "@modelcontextprotocol/client", mode: "legacy", at: "root", speaks: "MCP 2025-11-25", by: CORE, ...clients("@modelcontextprotocol/client 2.4, legacy") },
  { name: "@modelcontextprotocol/client", mode: "auto", at: "root", speaks: "MCP 2026-07-28", by: CORE, ...clients("@modelcontextprotocol/client 2.4, auto") },
  { name: "@modelcontextprotocol/client", mode: "pin", at: "root", speaks: "MCP 2026-07-28", by: CORE, ...clients("@modelcontextprotocol/client 2.4, pin") },
  { name: "agents", mode: "x402", at: "root", speaks: "MCP, x402 v2", by: ITSELF, ...clients("agents/x402 withX402Client") },
  { name: "mppx", at: "root", speaks: "MCP, MPP", by: ITSELF, ...mpp("mppx pays over MCP, in a client of the official SDK") },
  { name: "mppx", at: "root", speaks: "HTTP, MPP", by: ITSELF, ...mpp("mppx pays over plain HTTP, and the receipt names the transaction") },
  { name: "@x402/fetch", at: "root", speaks: "HTTP, x402 v2", by: ITSELF, ...clients("@x402/fetch, version 2, over plain HTTP") },
  { name: "@x402/fetch", at: "root", speaks: "HTTP, x402 v1", by: "the client, if it sees no header of version 2", ...clients("@x402/fetch, version 1, over plain HTTP") },
  { name: "@x402/fetch", mode: "the program above", at: "root", speaks: "HTTP, x402 v2", by: ITSELF, ...five("the program in TypeScript buys a seat") },
  { name: "@x402/evm", mode: "`upto` in `@x402/fetch`", at: "root", speaks: "HTTP, x402 v2, `upto`", by: ITSELF, ...upto("@x402/fetch allows the most by itself, over HTTP") },
  { name: "@x402/evm", mode: "`upto` with `@modelcontextprotocol/client`", at: "root", speaks: "MCP, x402 v2, `upto`", by: CORE, ...upto("the official clients of MCP and x402 allow the most together, over MCP") },
  { name: "@x402/svm", mode: "in `@x402/fetch`", at: "root", speaks: "HTTP, x402 v2 on Solana", by: ITSELF, ...solana("the official client pays by itself, over HTTP") },
  { name: "@x402/svm", mode: "with `@modelcontextprotocol/client`", at: "root", speaks: "MCP, x402 v2 on Solana", by: CORE, ...solana("the official clients of MCP and x402 pay together, over MCP") },
  { name: "x402-fetch", speaks: "HTTP, x402 v1", by: ITSELF, ...npm("fetch-1.mjs") },
  { name: "@x402/axios", speaks: "HTTP, x402 v2", by: ITSELF, ...npm("axios-2.mjs") },
  { name: "x402-axios", speaks: "HTTP, x402 v1", by: ITSELF, ...npm("axios-1.mjs") },
  { name: "thirdweb", speaks: "HTTP, x402 v2", by: ITSELF, ...npm("thirdweb.mjs") },
  { name: "@ai-sdk/mcp", speaks: "MCP, MPP", by: FETCH, ...npm("ai-sdk.mjs") },
  { name: "x402-mcp", mode: "with `@ai-sdk/mcp`", speaks: "MCP, x402 v1", by: ITSELF, ...npm("x402-mcp.mjs") },
  { name: "@openai/agents", speaks: "MCP, MPP", by: FETCH, ...npm("openai-agents.mjs") },
  { name: "@langchain/mcp-adapters", speaks: "MCP, x402 v2", by: "`@x402/core` signs, its hook `beforeToolCall` adds the header", ...npm("langchain.mjs") },
  { name: "mcp-remote", speaks: "MCP, x402 v2", by: CORE, ...npm("mcp-remote.mjs") },
  { name: "@modelcontextprotocol/inspector", mode: "command", speaks: "MCP, x402 v2", by: "`@x402/core` signs, `--tool-metadata` carries it", ...npm("inspector.mjs") },
  { name: "mcporter", mode: "command", speaks: "MCP, x402 v2", by: HEADER, ...npm("mcporter.mjs") },
];

const PYTHON = [
  { name: "mcp", speaks: "MCP 2025-11-25, x402 v2", by: "`x402MCPSession` of `x402` wraps its session", ...python("mcp1", "mcp_1.py") },
  { name: "mcp", mode: "legacy", speaks: "MCP 2025-11-25, x402 v2", by: META, ...python("mcp2", "mcp_2.py", "legacy") },
  { name: "mcp", mode: "auto", speaks: "MCP 2026-07-28, x402 v2", by: META, ...python("mcp2", "mcp_2.py", "auto") },
  {
    name: "mcp",
    mode: "`x402MCPSession`",
    speaks: "MCP 2025-11-25, x402 v2",
    by: "`x402MCPSession` of `x402` wraps its session",
    ...python("mcp2", "mcp_2_session.py"),
    fault: { whose: "of `x402`: it gives `mcp` 2, which takes seconds, a timeout as `timedelta`", shows: /unsupported operand type\(s\) for \+: 'float' and 'datetime.timedelta'/ },
  },
  { name: "fastmcp", speaks: "MCP, x402 v2", by: META, ...python("mcp2", "fastmcp_4.py") },
  { name: "langchain-mcp-adapters", speaks: "MCP 2025-11-25, x402 v2", by: "`x402` signs, its hook, a tool interceptor, adds the header", ...python("mcp1", "langchain_tools.py") },
  { name: "openai-agents", speaks: "MCP 2025-11-25, x402 v2", by: META, ...python("mcp1", "openai_agents.py") },
  { name: "x402", mode: "requests", speaks: "HTTP, x402 v2", by: ITSELF, ...python("mcp2", "x402_requests.py") },
  { name: "x402", mode: "`upto` with requests", speaks: "HTTP, x402 v2, `upto`", by: ITSELF, ...python("mcp2", "x402_upto.py"), upto: true },
  { name: "x402", mode: "httpx", speaks: "HTTP, x402 v2", by: ITSELF, ...python("mcp2", "x402_httpx.py") },
  { name: "x402", mode: "the program above", at: "mcp2", speaks: "HTTP, x402 v2", by: ITSELF, documented: "Python" },
  { name: "pympp", speaks: "HTTP, MPP", by: ITSELF, ...python("mcp1", "pympp_http.py") },
  { name: "pympp", mode: "with `mcp` 1", speaks: "MCP, MPP", by: "the client, if the header `Accept-Payment: evm/charge` is set", ...python("mcp1", "pympp_mcp.py") },
];

const RUST = [
  { name: "rmcp", mode: "`Initialize`", speaks: "MCP 2025-11-25, x402 v2", by: "`r402-mcp` wraps its peer", ...rust("rmcp", "legacy") },
  { name: "rmcp", mode: "`Discover`", speaks: "MCP 2026-07-28, x402 v2", by: "`r402-mcp` wraps its peer", ...rust("rmcp", "modern") },
  { name: "r402", speaks: "HTTP, x402 v2", by: ITSELF, ...rust("r402_http") },
  { name: "r402", mode: "`upto`", speaks: "HTTP, x402 v2, `upto`", by: ITSELF, ...rust("r402_upto"), upto: true },
  { name: "r402", mode: "the program above", at: "rust", speaks: "HTTP, x402 v2", by: ITSELF, documented: "Rust" },
  { name: "x402-reqwest", speaks: "HTTP, x402 v2", by: ITSELF, ...rust("x402_reqwest", "2") },
  {
    name: "x402-reqwest",
    mode: "`V1Eip155ExactClient` alone",
    speaks: "HTTP, x402 v1",
    by: ITSELF,
    ...rust("x402_reqwest", "1"),
    fault: { whose: "of `x402-reqwest`: where there is a header of version 2, it does not read the body of version 1", shows: /No matching payment option found/ },
  },
  { name: "mpp", speaks: "HTTP, MPP", by: "its trait `PaymentProvider`, which the test implements for `evm`; the crate does not", ...rust("mpp") },
];

const SHELL = [
  { name: "curl", speaks: "MCP over JSON-RPC, x402 v1", by: HEADER, ...clients("curl: tools without a handshake, HTTP 402, X-PAYMENT") },
  { name: "curl", mode: "the program above", speaks: "HTTP, MPP", by: "`mppx sign`", ...five("the program in curl buys a seat") },
];

/** All rows: `{language, name, mode, at, speaks, by}`, one of `test`, `program` and `documented`, and `fault`. */
export const ROWS = Object.entries({ TypeScript: TYPESCRIPT, Python: PYTHON, Rust: RUST, Shell: SHELL }).flatMap(([language, rows]) => rows.map((row) => ({ language, ...row })));
