// Finds the browser that the page is tested in, and installs Debian's where that can be done without
// asking anybody.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { environment, Failure, output, run, runMain, step } from "./lib/process.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const PLACES = [
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/snap/bin/chromium",
];
const FONTS = "fonts-dejavu-core";

/** The path of a Chromium, which is installed if it is missing. */
export async function chromium() {
  const found = find();
  if (found !== undefined && !lacksFonts()) return found;
  await install(found === undefined ? ["chromium", FONTS] : [FONTS]);
  return find() ?? missing();
}

function find() {
  const chosen = process.env.CHROMIUM;
  if (chosen) {
    if (existsSync(chosen)) return chosen;
    throw new Failure(`there is no browser at ${chosen}: CHROMIUM must be the path of a Chromium or Chrome`);
  }
  const folders = (process.env.PATH ?? "").split(delimiter);
  const candidates = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...candidates, ...PLACES].find((path) => existsSync(path));
}

// Without any font a page has no text that could be looked at. Elsewhere than on Linux there always is one.
function lacksFonts() {
  return process.platform === "linux" && output("fc-list", [":", "family"]) === "";
}

async function install(packages) {
  const rights = administrator();
  if (rights === undefined) missing();
  const env = { ...environment(), DEBIAN_FRONTEND: "noninteractive" };
  const hint = `apt-get cannot install ${packages.join(" ")}, see above`;
  const apt = (...args) => {
    const [program, ...rest] = [...rights, "apt-get", ...args];
    return run(program, rest, { env, stdio: ["ignore", "ignore", "inherit"], hint });
  };
  await step("apt-get update", () => apt("update"));
  await step(`installing ${packages.join(" and ")}, a minute or two`, () =>
    apt("install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", ...packages),
  );
}

/** What to put before `apt-get`: nothing for root, sudo for who needs no password. Undefined: it cannot be done. */
function administrator() {
  if (output("apt-get", ["--version"]) === undefined) return undefined;
  if (process.getuid?.() === 0) return [];
  return output("sudo", ["-n", "true"]) === undefined ? undefined : ["sudo", "-n"];
}

function missing() {
  const debian = "Debian: `sudo apt install chromium fonts-dejavu-core`";
  throw new Failure(`the page's tests need Chromium or Chrome: install it (${debian}), or say where it is with CHROMIUM=<path>`);
}

await runMain(import.meta.url, async () => console.log(await chromium()));
