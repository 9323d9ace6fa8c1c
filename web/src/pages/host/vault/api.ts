// Requests of the product "vault".
import { request } from "../../../api/http";
import type { OwnSecrets, Retrievals, SecretView } from "../../../api/types";
import { own, type Outcome } from "../shared/paths";
import { pagesOf } from "../shared/use-paged-list";
import type { NewSecret, SecretChanges } from "./fields";

export const secrets = () => request<OwnSecrets>("GET", own("secrets"));
export const storeSecret = (secret: NewSecret) => request<SecretView>("POST", own("secrets"), secret);
export const changeSecret = (id: string, changes: SecretChanges) =>
  request<SecretView & Partial<Outcome>>("PATCH", own("secrets", id), changes);
export const withdrawSecret = (id: string) => request<Outcome>("DELETE", own("secrets", id));
export const retrievals = (id: string) =>
  pagesOf((answer: Retrievals) => answer.retrievals, `${own("secrets", id)}/retrievals`);
