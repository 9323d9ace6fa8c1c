// Requests of the settings.
import { request } from "../../../api/http";
import { productChanges, type Product } from "../../../api/products";
import type { LimitsView, ProfileView } from "../../../api/types";
import { own } from "../shared/paths";

/** The parts of the manifest that the page shows. */
export type Manifest = { payTo: string; tools: ToolPrice[] };
export type ToolPrice = {
  name: string;
  title: string;
  description: string;
  access: "free" | "paid";
  price?: string;
  /** Calls that a wallet has free in a day. */
  freePerDay?: number;
  settle?: "first" | "last";
};

export const changeLimits = (limits: Partial<LimitsView>) =>
  request<ProfileView>("PATCH", own("me"), { limits });
export const changeWords = (words: Partial<Pick<ProfileView, "displayName" | "about">>) =>
  request<ProfileView>("PATCH", own("me"), words);
export const changeListed = (listed: boolean) => request<ProfileView>("PATCH", own("me"), { listed });
export const changeProducts = (products: readonly Product[]) =>
  request<ProfileView>("PATCH", own("me"), productChanges(products));
export const manifest = (scope: string) => request<Manifest>("GET", `/mcp/users/${scope}/manifest`);
