// What a host does as a host, and a guest with a tool's own form, found by roles and labels.
import { host as hostKey } from "../../dev/chain/accounts.mjs";
import { button, dialog } from "./browser-guest.mjs";
import { fakeWallet } from "./browser-wallet.mjs";
import { looksRight } from "./browser.mjs";

/** The navigation of a host's page. */
export const sections = (page) => page.getByRole("navigation", { name: "Sections of the host" });
export const section = (page, name) => page.getByRole("region", { name, exact: true });

/** Goes to a section as a person does: by the side bar, or on a phone by the bar at the bottom, or by its sheet. */
export async function go(page, name) {
  const bar = sections(page);
  await bar.waitFor();
  const link = bar.getByRole("link", { name: name === "Guests" ? /^(Guests|Check in)$/ : name, exact: true });
  if (!(await link.isVisible())) await button(bar, "More").click();
  await link.click();
  await section(page, name).waitFor();
}
/** Opens groups of the event form that are folded. */
export async function unfold(page, ...titles) {
  for (const title of titles) {
    const fold = page.locator("details").filter({ has: page.locator("summary", { hasText: title }) });
    if (!(await fold.evaluate(({ open }) => open))) await fold.locator("summary").click();
  }
}

/** One of a list of things, by its heading. */
export const cardOf = (page, title) => page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: title }) });

/** The wallet of the host of `npm start`, whose server is open. */
export const sampleWallet = () => fakeWallet({ privateKey: hostKey.privateKey });

/** Signs in, and goes to the events. */
export async function signInAsSampleHost(page) {
  await page.goto("/my-mcp");
  await button(page, "Sign in with Test Wallet").click();
  await go(page, "Events");
}

/** Signs in with a code from a mail. A host with a server then sees its sections. */
export async function signInByMail(page, stack, address) {
  await page.getByLabel("E-mail address").fill(address);
  await button(page, "Send me a code").click();
  await page.getByLabel("Code of 6 digits").fill(await stack.codeFor(address));
  await button(page, "Sign in with the code").click();
}

/** Calls a tool of the connected server with the form of the developer panel. */
export async function callByForm(page, tool, values) {
  const panel = page.getByRole("complementary", { name: "Developer panel" });
  if (!(await panel.isVisible())) await button(page, "Developer panel").click();
  await panel.getByRole("tab", { name: /^Tools/ }).click();
  const form = panel.getByRole("form", { name: `Call ${tool}` });
  if (!(await form.isVisible())) await panel.locator("summary").filter({ hasText: new RegExp(`^${tool}\\b`) }).click();
  for (const [name, value] of Object.entries(values)) {
    await form.getByLabel(new RegExp(`^${name}\\b`)).fill(value);
  }
  await button(form, `Call ${tool}`).click();
}

/** The same with a tool that costs something. */
export async function payByForm(page, tool, values) {
  await callByForm(page, tool, values);
  await button(dialog(page), /^Pay \$/).click();
  await dialog(page).waitFor({ state: "detached" });
}

/** Pays back all that is owed to the one guest who gets money back. */
export async function payBack(page, amount, { title }) {
  await go(page, "Home");
  await page.getByText("1 guest gets money back").waitFor();
  await looksRight(page, "host-owes");
  await button(page, "Pay it back").click();
  const owed = page.getByRole("region", { name: "Money that goes back" });
  // The chain confirms the guest's payment first; the list follows by itself.
  await button(owed, `Pay ${amount} back`).or(owed.getByText("has yet to confirm")).first().waitFor();
  await button(owed, `Pay ${amount} back`).waitFor({ timeout: 150_000 });
  await looksRight(page, "host-refunds-owed");
  await button(owed, `Pay ${amount} back`).click();
  await owed.getByText(`${amount} is on its way to 1 guest.`).waitFor();
  const line = owed.locator("tr").filter({ hasText: title });
  await line.getByText("Paid back", { exact: true }).waitFor({ timeout: 120_000 });
  await looksRight(page, "host-refunds-paid");
}
