// Requests for sign-in, registration and credentials.
import { request } from "../../../api/http";
import type {
  CodeSentAnswer,
  CreatedCredential,
  NonceAnswer,
  OwnCredentials,
  ProfileView,
  Registered,
  RevokedCredential,
  SessionAnswer,
} from "../../../api/types";
import { own } from "../shared/paths";
import type { NewCredential } from "./credential-fields";

export const nonce = () => request<NonceAnswer>("POST", "/api/auth/nonce", {});
export const signIn = (message: string, signature: string) =>
  request<SessionAnswer>("POST", "/api/auth/siwe", { message, signature });
export const sendCode = (email: string) => request<CodeSentAnswer>("POST", "/api/auth/otp", { email });
export const checkCode = (email: string, code: string) =>
  request<SessionAnswer>("POST", "/api/auth/otp/verify", { email, code });
export const signOut = () => request<void>("POST", "/api/auth/sign-out");

export const profile = () => request<ProfileView>("GET", own("me"));
/** Registers the host, or changes the payout wallet. Without an address the deployment provides a wallet. */
export const register = (userId: string, walletAddress: string | undefined) =>
  request<Registered>("POST", own("mcp"), { userId, walletAddress });

/** Changes where the host is paid on Solana; empty: nowhere. */
export const setSolana = (userId: string, solanaAddress: string) =>
  request<Registered>("POST", own("mcp"), { userId, solanaAddress });

export const credentials = () => request<OwnCredentials>("GET", own("credentials"));
export const createCredential = (credential: NewCredential) =>
  request<CreatedCredential>("POST", own("credentials"), credential);
export const revokeCredential = (id: string) => request<RevokedCredential>("DELETE", own("credentials", id));

/** The names of the tools of the host's server. */
export async function tools(scope: string): Promise<string[]> {
  const call = { jsonrpc: "2.0", id: 1, method: "tools/list" };
  const { result } = await request<{ result: { tools: { name: string }[] } }>(
    "POST",
    `/mcp/users/${scope}`,
    call,
  );
  return result.tools.map(({ name }) => name);
}
