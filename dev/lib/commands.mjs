// What every `npm run` command is: its script, and what `--help` says. Runs on Node 20 and imports no
// package, because it has to work before anything is installed.

const ports = `  STATE_DIR=<folder>    where the state is kept (.dev)`;

const pays = `  --server URL          another deployment, instead of what \`npm start\` runs here
  --key-file FILE       pays with the private key in this file (hex; only you should be able to read it)
  --new-key FILE        makes such a file with a new key, shows its address, and goes on with it
  --rpc URL             the endpoint of the chain that is asked for balance and receipt`;

const owns = `  --server URL          the deployment, instead of what \`npm start\` runs here
  --key-file FILE       signs in with the key of the host's wallet in this file
  --token-file FILE     uses the token in this file, for hosts who sign in by mail`;

export const COMMANDS = {
  start: {
    script: "dev/start.mjs",
    help: `npm start [-- --fresh] [-- --reference]
Runs everything on this machine: a local chain with test money, the Worker, and a host with three events.

  --fresh               forgets all state first
  --reference           settles through the reference facilitator instead of our own
  PORT=8787 CHAIN_PORT=8545   other ports
${ports}`,
  },
  demo: {
    script: "dev/demo.mjs",
    help: `npm run demo [-- options]
An agent lists the events, pays for a seat, and checks the ticket and the money on the chain.

${pays}
  --yes                 pays real money without asking
${ports}`,
  },
  agent: {
    script: "dev/agent.mjs",
    help: `npm run agent -- "what to do" [options]
A guest agent in the terminal. It asks before it pays. Without a sentence it takes one a line, until "exit" or Ctrl-D.

${pays}
  --door URL            the MCP server to connect to, if it is another than the host's
  --wallet key          pays with a new test key instead of the session's smart wallet
  --limit 0.50          pays without asking up to so many dollars
  --yes                 says yes to every question
${ports}`,
  },
  doctor: {
    script: "dev/doctor.mjs",
    help: `npm run doctor [-- --url https://…] [-- --json]
Checks the settings here, or a deployment, line by line: \`ok\`, or what to do. Ends with 1 if something is wrong.

  --url URL             a deployment, instead of the settings in this folder
  --env-file FILE       secrets to check, as NAME=value lines (.dev.vars)
  --config FILE         another wrangler.toml
  --json                the same for programs`,
  },
  test: {
    script: "dev/test.mjs",
    help: `npm test [-- tests/chain/money.spec.mjs …]
Formats, lints, unit tests, then every suite in the real runtime on a real local chain; or only the named files.
\`npm run soak\`, \`npm run load\` and \`npm run sockets\` run longer suites in the same way.`,
  },
  matrix: {
    script: "tests/matrix/run.mjs",
    help: `npm run matrix [-- --only NAME]
Lets clients that other people wrote, in TypeScript, Python and Rust, buy a seat each on a local chain, and writes the
table of docs/clients.md. The first run installs and compiles them, which takes about ten minutes.

  --only NAME           only the clients whose name contains it; the table stays as it is`,
  },
  simulate: {
    script: "dev/simulate.mjs",
    help: `npm run simulate [-- 5000] or npm run simulate -- seed 7
Runs 100,000 seeds of a simulation in which everything goes wrong, or so many, or tells the story of one.`,
  },
  fuzz: {
    script: "dev/fuzz.mjs",
    help: `npm run fuzz [-- cases [seed]]
A million cases of hostile input, other ones each time. FUZZ_CASES and FUZZ_SEED say the same.`,
  },
  bench: {
    script: "bench/run.mjs",
    help: `npm run bench [-- --short] [-- --report] [-- --only NAME]
Measures ours beside a bare Worker and a peer on npm \`agents\`, in one workerd and in turns: calls a second, time, memory,
size, SQL statements. One line for each goal.

  --short               fewer and shorter repeats, three minutes
  --report              writes bench/REPORT.md
  --only NAME           only the scenarios whose name contains it
  --on-disk             keeps the objects on the disk instead of in memory`,
  },
  check: {
    script: "dev/check.mjs",
    help: `npm run check
Format, lints, documentation and native tests, without running the Worker.`,
  },
  figures: {
    script: "dev/figures.mjs",
    help: `npm run figures [-- --where NAME]
Counts in the sources how easy they are to change, each figure beside its goal: files for a new tool and a new product,
imports upward and in circles, copies of what there should be once, long files and functions.

  --where NAME          lists what a figure counts`,
  },
  build: {
    script: "dev/build.mjs",
    help: `npm run build
Builds the Worker into build/ and the page into web/dist/.`,
  },
  deploy: {
    script: "dev/deploy.mjs",
    help: `npm run deploy [-- --url https://…] [-- --env staging] [-- --dry-run]
Deploys to Cloudflare with the settings of wrangler.toml, sets PUBLIC_URL, and says which secrets are missing.

  --url URL             the address, which becomes a custom domain; otherwise the one that Cloudflare gives
  --env NAME            another deployment of wrangler.toml, with everything of its own
  --dry-run             only shows what would be sent
Everything else goes to \`wrangler deploy\`.`,
  },
  secrets: {
    script: "dev/secrets.mjs",
    help: `npm run secrets [-- --put] [-- --relayer] [-- --env staging] or npm run secrets -- --dev
or npm run secrets -- --rotate, and npm run secrets -- --rotated some time later
Makes the secrets that a deployment needs and shows them once, with the commands that set them. Or replaces MASTER_KEY.

  --put                 sets them at Cloudflare; what is set already is left alone
  --relayer             a relayer's key as well, for FACILITATOR_URL = "self"
  --rotate              sets a new MASTER_KEY beside the old one, which is read from the environment
  --rotated             removes the old one, once all secrets are sealed with the new one
  --anyway              does so although that cannot be known
  --url URL             where the deployment is, if it was not deployed from this folder
  --env NAME            for another deployment of wrangler.toml
  --dev                 writes .dev.vars for \`npx wrangler dev\` instead`,
  },
  backup: {
    script: "dev/backup.mjs",
    help: `npm run backup [-- --server URL --key-file FILE] [-- --out FILE]
Writes everything of a host into a file: events, guests, payments, books, sealed secrets, the desk, credentials.

${owns}
  --out FILE            where to (events-concierge-<day>.ndjson)`,
  },
  restore: {
    script: "dev/restore.mjs",
    help: `npm run restore -- --file FILE [--server URL --key-file FILE]
Brings a backup of \`npm run backup\` back, where the host's storage is empty or was rebuilt from KV and has sold
nothing since. A run that was stopped goes on where it was.

${owns}
  --file FILE           the backup`,
  },
};

/** Whether the arguments ask for help. After `--` everything is an argument. */
export function asksForHelp(args) {
  const end = args.indexOf("--");
  return (end < 0 ? args : args.slice(0, end)).some((arg) => arg === "--help" || arg === "-h");
}

/** Scripts that are run with `node` alone. */
const SCRIPTS = {
  "bench/facilitators.mjs": `node bench/facilitators.mjs [--count 100]
How long our facilitator takes, beside the reference one.`,
  "bench/size.mjs": `node bench/size.mjs [--report]
What each part of the Worker's wasm costs, from the names in a release build.

  --report              writes the tables of bench/SIZE.md`,
  "tests/x402-suite/link.mjs": `node tests/x402-suite/link.mjs <folder of the x402 repository>
Adds our facilitator and our server to its end-to-end suite, as external components. Run \`npm run build\` here first.`,
  "dev/pay.mjs": `node dev/pay.mjs <file> [options]
Makes the header that pays for a challenge: the file holds an answer 402 as \`curl -si\` prints it.

  --key-file FILE       pays with the private key in this file, instead of the test wallet of \`npm start\`
  --new-key FILE        makes such a file with a new key
  --limit 1.00          signs for so many dollars at most`,
};

/** What `--help` prints for a script, by its path in the project; undefined if it is no command. */
export const helpOf = (path) => SCRIPTS[path] ?? Object.values(COMMANDS).find(({ script }) => script === path)?.help;
