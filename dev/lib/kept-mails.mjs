// Mails under `wrangler dev`: it sends none, keeps their text in a file and says where. We copy them to
// where they are easily found, and say the codes for signing in.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

const BEGINS = "send_email binding called with MessageBuilder:";
const CODE_SUBJECT = "Your code for signing in at Events Concierge";
const COLORS = /\x1b\[[0-9;]*m/g;

/**
 * Takes what wrangler prints, in pieces. Each mail is copied into `folder`, and `say` is called with a
 * line for people if it has a code. A mail that cannot be read is said too, and stops nothing.
 */
export function keptMails(folder, say) {
  let rest = "";
  let mail;
  return (piece) => {
    const lines = (rest + piece).replace(COLORS, "").split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line.includes(BEGINS)) mail = {};
      const [, name, value] = /^(From|To|Subject|Text): (.*)$/.exec(line.trimEnd()) ?? [];
      if (mail === undefined || name === undefined) continue;
      mail[name] = value;
      if (name !== "Text") continue;
      try {
        keep(folder, mail, say);
      } catch (error) {
        say(`a mail could not be copied to ${folder}: ${error.message}`);
      }
      mail = undefined;
    }
  };
}

function keep(folder, { From, To, Subject, Text }, say) {
  const text = readFileSync(Text, "utf8");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, basename(Text).replace(/[^\w.@-]/g, "_"));
  writeFileSync(file, `From: ${From}\nTo: ${To}\nSubject: ${Subject}\n\n${text}`, { mode: 0o600 });
  const code = /^(\d{6})$/m.exec(text)?.[1];
  if (Subject === CODE_SUBJECT && code) say(`sign-in code for ${masked(To)}: ${code}`);
}

/** Enough of an address to know one's own. */
function masked(address) {
  return address.replace(/^(.)[^@]*@/, "$1…@");
}
