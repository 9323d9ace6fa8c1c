// All that a host's object and KV hold, for looking whether something stands there that must not.

/** Every row of the object and every record in KV, as text. */
export async function everythingStored(network, scope) {
  const tables = await network.worker.sql(scope, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'");
  const rows = [];
  for (const { name } of tables) rows.push(...(await network.worker.sql(scope, `SELECT * FROM "${name}"`)));
  const { keys } = await network.worker.kv.list();
  for (const { name } of keys) rows.push({ name, value: await network.worker.kv.get(name) });
  return JSON.stringify(rows);
}
