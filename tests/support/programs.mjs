// The programs of docs/clients.md, as they stand there, and programs that buy a seat as processes of their own.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { root } from "../../dev/lib/process.mjs";

/** The name of each program's file, by the title of its section. */
const FILES = { TypeScript: "buy.ts", Python: "buy.py", Rust: "buy.rs", curl: "buy.sh" };
const LIMIT_MILLIS = 120_000;

/** The document's programs: `{language, file, install, code}`; `install` is what is said before the code. */
export function documentedPrograms(page = readFileSync(path.join(root, "docs/clients.md"), "utf8")) {
  return [...page.matchAll(/^### (.+)\n\n([^]*?)\n```\w+\n([^]*?)```$/gm)].map(([, language, install, code]) => ({ language, file: FILES[language], install, code }));
}

/** What a program is told about the server, the event and the payer. */
export const settingsFor = ({ server, event }, payer) => ({
  SERVER_URL: server.mcpUrl,
  TOOLS_URL: server.toolUrl("").replace(/\/$/, ""),
  TOOL_URL: server.toolUrl("rsvpToEvent"),
  EVENT_ID: event.id,
  PRIVATE_KEY: payer.privateKey,
});

/** Runs a program to its end and gives what it has printed; its errors are part of the message if it fails. */
export async function runProgram([command, ...args], { cwd, env }) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"], timeout: LIMIT_MILLIS });
  let [printed, said] = ["", ""];
  child.stdout.on("data", (data) => (printed += data));
  child.stderr.on("data", (data) => (said += data));
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) throw new Error(`${[command, ...args].join(" ")} ended with ${code}\n${printed}\n${said}`);
  return printed;
}

/** The transaction of a ticket, in whatever form a client prints it. */
export function transactionIn(printed) {
  const hash = /transactionHash\\*"?: ?\\*"(0x[0-9a-f]{64})/.exec(printed)?.[1];
  if (hash === undefined) throw new Error(`no ticket was printed: ${printed}`);
  return hash;
}
