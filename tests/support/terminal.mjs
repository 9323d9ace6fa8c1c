// A command in a real terminal: `script` gives it a pseudo-terminal (util-linux on Linux, its own on macOS), or
// Python where that is missing.
import { spawn, spawnSync } from "node:child_process";
import { root } from "../../dev/lib/process.mjs";

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const PYTHON = "import pty, os, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(['/bin/sh', '-c', sys.argv[1]])))";

function wrapper(line) {
  if (process.platform === "darwin") return ["script", ["-q", "/dev/null", "/bin/sh", "-c", line]];
  if (spawnSync("script", ["--version"]).status === 0) return ["script", ["-qefc", line, "/dev/null"]];
  return ["python3", ["-c", PYTHON, line]];
}

/**
 * Starts a command in a terminal. Gives back `output` (without colours, as it comes), `type(text)`, `sees(pattern)`,
 * which waits for output after what was seen before, `ended` (the exit code) and `kill()`.
 */
export function openTerminal(command, env = {}, seconds = 60) {
  const [program, args] = wrapper(command.map(quoted).join(" "));
  const child = spawn(program, args, { cwd: root, env: { ...process.env, TERM: "xterm", ...env }, stdio: ["pipe", "pipe", "pipe"] });
  const terminal = { output: "", isOver: false };
  let seen = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data) => (terminal.output += String(data).replace(/\x1b\[[0-9;?]*[A-Za-z]|\r/g, "")));
  }
  terminal.ended = new Promise((resolve) => child.on("close", resolve)).then((code) => {
    terminal.isOver = true;
    return code;
  });
  terminal.type = (text) => child.stdin.write(text);
  terminal.kill = () => child.kill("SIGKILL");
  terminal.sees = async (pattern) => {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      const found = pattern.exec(terminal.output.slice(seen));
      if (found) {
        seen += found.index + found[0].length;
        return found;
      }
      if (terminal.isOver || Date.now() > end) {
        terminal.kill();
        throw new Error(`${pattern} was not seen in:\n${terminal.output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  return terminal;
}
