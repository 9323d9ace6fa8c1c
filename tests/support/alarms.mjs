// The alarms of objects as the runtime keeps them on disk, for tests in which they are lost. A test that uses this
// starts with `privateTemp()`, so that it finds the files of its own runtime.
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";

/** A folder for temporary files of this process alone; `remove()` ends it. To be called before a runtime is started. */
export function privateTemp() {
  const folder = mkdtempSync(path.join(tmpdir(), "concierge-alarms-"));
  process.env.TMPDIR = folder;
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** What is on disk of the objects of a class: `[id, alarm in milliseconds]` of each that has an alarm. */
export function alarms(folder, className) {
  return at(scheduler(folder, className), (database) =>
    database.prepare("SELECT actor_id, scheduled_time / 1000000 AS at FROM _cf_ALARM").all().map((row) => [row.actor_id, row.at]),
  );
}

/** The runtime has given the alarms of a class up, or lost them. To be followed by a restart. */
export function loseAlarms(folder, className) {
  at(scheduler(folder, className), (database) => database.exec("DELETE FROM _cf_ALARM"));
  for (const file of objects(folder, className)) {
    at(file, (database) => database.exec("UPDATE _cf_METADATA SET value = NULL WHERE key = 1"));
  }
}

/** The alarms of a class go off in so many milliseconds. To be followed by a restart. */
export function hurryAlarms(folder, className, millis) {
  const time = `${Date.now() + millis}000000`;
  at(scheduler(folder, className), (database) => database.exec(`UPDATE _cf_ALARM SET scheduled_time = ${time}`));
  for (const file of objects(folder, className)) {
    at(file, (database) => database.exec(`UPDATE _cf_METADATA SET value = ${time} WHERE key = 1 AND value IS NOT NULL`));
  }
}

/** As if what is in the directories had been noted long ago. */
export function ageDirectories(folder) {
  for (const file of objects(folder, "Directory")) at(file, (database) => database.exec("UPDATE objects SET sweep_at = 0"));
}

/** The ids in all directories. */
export function noted(folder) {
  return objects(folder, "Directory").flatMap((file) =>
    at(file, (database) => database.prepare("SELECT id FROM objects").all().map(({ id }) => id)),
  );
}

function at(file, use) {
  const database = new DatabaseSync(file);
  try {
    database.exec("PRAGMA busy_timeout = 5000");
    return use(database);
  } finally {
    database.close();
  }
}

function scheduler(folder, className) {
  return path.join(ofClass(folder, className), "metadata.sqlite");
}

function objects(folder, className) {
  const own = ofClass(folder, className);
  const names = own ? readdirSync(own).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name)) : [];
  return names.map((name) => path.join(own, name));
}

function ofClass(folder, className) {
  const all = readdirSync(folder, { recursive: true }).map((name) => path.join(folder, name));
  return all.find((name) => name.endsWith(`-${className}`) && path.basename(path.dirname(name)) === "do" && existsSync(name));
}
