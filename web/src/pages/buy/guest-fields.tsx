// Name and e-mail address of the guest, if the host asks for them.
import { useState } from "react";
import { isObject, parseJson, textOf } from "../../base/object";
import { readStored, writeStored } from "../../base/storage";
import { TextField } from "../../parts";
import type { Asks } from "../../purchase/offers";

export type Guest = {
  asks: { name: Asks; email: Asks };
  values: { name: string; email: string };
  errors: { name: string | null; email: string | null };
  set: (key: "name" | "email", value: string) => void;
  /** What goes to the host; null if something is missing, which is shown at its field. */
  read: () => Record<string, string> | null;
};

/** What was typed stays for a reload of this tab. */
const KEY = "events-concierge.guest";

export function useGuest(asks: Guest["asks"]): Guest {
  const [values, setValues] = useState(stored);
  const [isTried, setIsTried] = useState(false);
  const errors = { name: nameFault(asks.name, values.name), email: emailFault(asks.email, values.email) };
  return {
    asks,
    values,
    errors: isTried ? errors : { name: null, email: null },
    set: (key, value) => {
      const next = { ...values, [key]: value };
      writeStored(KEY, JSON.stringify(next), "sessionStorage");
      setValues(next);
    },
    read: () => {
      setIsTried(true);
      if (errors.name !== null || errors.email !== null) return null;
      const given: Record<string, string> = {};
      if (asks.name !== "notAsked" && values.name.trim() !== "") given["name"] = values.name.trim();
      if (asks.email !== "notAsked" && values.email.trim() !== "") given["email"] = values.email.trim();
      return given;
    },
  };
}

export function GuestFields({ guest, disabled }: { guest: Guest; disabled: boolean }) {
  const { asks, values, errors, set } = guest;
  if (asks.name === "notAsked" && asks.email === "notAsked") return null;
  return (
    <fieldset className="stack-tight">
      <legend className="visually-hidden">Who is coming?</legend>
      <div className="sheet-label" aria-hidden="true">
        <strong>Who is coming?</strong>
        <span className="second">Only the host sees this</span>
      </div>
      <div className="guest-fields">
        {asks.name !== "notAsked" && (
          <TextField
            label={asks.name === "required" ? "Name" : "Name (optional)"}
            hideLabel
            placeholder={asks.name === "required" ? "Name" : "Name (optional)"}
            autoComplete="name"
            maxLength={200}
            value={values.name}
            onChange={(value) => set("name", value)}
            error={errors.name}
            required={asks.name === "required"}
            disabled={disabled}
          />
        )}
        {asks.email !== "notAsked" && (
          <TextField
            label={asks.email === "required" ? "E-mail" : "E-mail (optional)"}
            hideLabel
            placeholder={asks.email === "required" ? "E-mail" : "E-mail (optional)"}
            type="email"
            inputMode="email"
            autoComplete="email"
            maxLength={254}
            value={values.email}
            onChange={(value) => set("email", value)}
            error={errors.email}
            required={asks.email === "required"}
            disabled={disabled}
          />
        )}
      </div>
    </fieldset>
  );
}

function nameFault(asks: Asks, name: string): string | null {
  return asks === "required" && name.trim() === "" ? "The host asks for your name." : null;
}

export function emailFault(asks: Asks, email: string): string | null {
  const typed = email.trim();
  if (asks === "notAsked") return null;
  if (typed === "") return asks === "required" ? "The host asks for your e-mail address." : null;
  if (!/^[^\s@]+@[^\s@]+$/.test(typed)) return "Write an address such as you@example.org.";
  return /\.[^.\s]{2,}$/.test(typed) ? null : "This address has no ending, such as .org.";
}

function stored(): Guest["values"] {
  const value = parseJson(readStored(KEY, "sessionStorage"));
  if (!isObject(value)) return { name: "", email: "" };
  return { name: textOf(value, "name") ?? "", email: textOf(value, "email") ?? "" };
}
