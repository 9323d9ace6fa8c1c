// `npm run doctor`: the settings in this folder, or a deployment (`-- --url https://…`), line by line: `ok`, or what
// to do. It asks chains and facilitators from here, with this machine's network: nobody else's Worker is made to.
import { checkChain, checkFacilitator } from "./doctor/chain.mjs";
import { checkDeployment } from "./doctor/deployment.mjs";
import { bindingFaults, readSettings, settingFaults } from "./doctor/settings.mjs";
import { Failure, parseOptions, runMain } from "./lib/process.mjs";
import { bold, columns, red } from "./lib/terminal.mjs";

async function main(args) {
  const { values } = options(args);
  const lines = [];
  const report = {
    ok: (check, detail = "") => lines.push({ check, ok: true, detail }),
    todo: (check, detail) => lines.push({ check, ok: false, detail }),
  };
  const settings = readSettings(values["env-file"], values.config);
  if (values.url === undefined) await checkHere(settings, report);
  else await checkDeployment(addressOf(values.url), settings, report);
  const isWell = lines.every(({ ok }) => ok);
  if (values.json) console.log(JSON.stringify({ ok: isWell, checks: lines }, null, 2));
  else print(lines);
  if (!isWell) process.exitCode = 1;
}

function options(args) {
  const texts = Object.fromEntries(["url", "env-file", "config"].map((name) => [name, { type: "string" }]));
  return parseOptions("doctor", { args, options: { ...texts, json: { type: "boolean" } } });
}

function addressOf(text) {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) throw new Failure("--url takes the address of a deployment, such as https://events.example");
  return new URL(text).origin;
}

async function checkHere(settings, report) {
  const faults = settingFaults(settings);
  for (const { name, todo } of faults) report.todo(name, todo);
  if (faults.length === 0) report.ok("settings", `${settings.from.join(" and ")}; all names are known, all that is needed is set`);
  const bindings = bindingFaults(settings);
  for (const { name, todo } of bindings) report.todo(name, todo);
  if (bindings.length === 0) report.ok("bindings", "KV, objects with their migrations, cron and page are in wrangler.toml");
  const mail = settings.value("MAIL_FROM");
  report.ok("mail", mail ? `leaves through ${settings.value("MAIL_API_URL") || "the binding EMAIL"}` : "off; MAIL_FROM switches it on");
  const inbox = settings.value("MAIL_INBOX");
  report.ok("answers by mail", inbox ? `arrive at ${inbox}; its domain must be routed here (docs/deploy.md, Mail)` : "off; MAIL_INBOX switches them on");
  // What is faulty is named already, and cannot be asked.
  const isAsked = !faults.some(({ name }) => ["NETWORKS", "RPC_URLS"].includes(name));
  const networks = isAsked ? settings.networks() : [];
  await Promise.all(networks.map(({ network, url }) => checkChain(network, url, report)));
  await checkFacilitator(settings, networks, report);
}

function print(lines) {
  const rows = columns(lines.map(({ check, ok, detail }) => [ok ? "ok" : "to do", check, detail]), "");
  lines.forEach(({ ok }, at) => console.log(ok ? rows[at] : red(rows[at])));
  const open = lines.filter(({ ok }) => !ok).length;
  console.log(bold(open === 0 ? "all is well" : `${open} to do`));
}

await runMain(import.meta.url, main);
