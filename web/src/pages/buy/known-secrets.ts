// The secrets that were bought in this browser, without their values: a buyer is not asked to pay again.
import { isSameAddress } from "../../base/address";
import { isObject, numberOf, parseJson, textOf } from "../../base/object";
import { readStored, writeStored } from "../../base/storage";

type Known = { id: string; wallet: string; version: number };

const KEY = "events-concierge.secrets";
const SECRETS_MAX = 200;

/** Whether this wallet has bought this version of a secret here. A new version is another value. */
export function hasBought(id: string, wallet: string, version: number): boolean {
  return known().some((one) => one.id === id && one.version >= version && isSameAddress(one.wallet, wallet));
}

export function rememberSecret(id: string, wallet: string, version: number): void {
  if (hasBought(id, wallet, version)) return;
  writeStored(KEY, JSON.stringify([{ id, wallet, version }, ...known()].slice(0, SECRETS_MAX)));
}

function known(): readonly Known[] {
  const list = parseJson(readStored(KEY));
  if (!Array.isArray(list)) return [];
  return list.filter(isObject).flatMap((one) => {
    const [id, wallet, version] = [textOf(one, "id"), textOf(one, "wallet"), numberOf(one, "version")];
    return id === undefined || wallet === undefined || version === undefined ? [] : [{ id, wallet, version }];
  });
}
