// The new guest, as far as the giver says.
import { useState } from "react";
import { isAddress } from "../../base/address";
import type { EventOffer } from "../../purchase/offers";

export type To = { name: string; email: string; toWallet: string };
type Errors = { [key in keyof To]: string | null };

export type NewGuest = {
  values: To;
  errors: Errors;
  set: (key: keyof To, value: string) => void;
  /** What goes to the host; null if something is wrong, which is shown at its field. */
  read: () => Record<string, string> | null;
};

const NONE: Errors = { name: null, email: null, toWallet: null };

export function useNewGuest(asks: EventOffer["asks"]): NewGuest {
  const [values, setValues] = useState<To>({ name: "", email: "", toWallet: "" });
  const [isTried, setIsTried] = useState(false);
  const errors = faults(values, asks);
  return {
    values,
    errors: isTried ? errors : NONE,
    set: (key, value) => setValues((before) => ({ ...before, [key]: value })),
    read: () => {
      setIsTried(true);
      if (Object.values(errors).some((error) => error !== null)) return null;
      const filled = Object.entries(values).map(([key, value]) => [key, value.trim()] as const);
      return Object.fromEntries(filled.filter(([, value]) => value !== ""));
    },
  };
}

function faults({ name, email, toWallet }: To, asks: EventOffer["asks"]): Errors {
  const [mail, wallet] = [email.trim(), toWallet.trim()];
  const isMail = /^[^\s@]+@[^\s@]+\.[^.\s]{2,}$/.test(mail);
  return {
    name: name.trim() === "" ? "Write the name of the new guest." : null,
    email:
      mail === ""
        ? asks.email === "required"
          ? "The host asks for the guest's e-mail address."
          : null
        : isMail
          ? null
          : "Write an address such as you@example.org.",
    toWallet:
      wallet === "" || isAddress(wallet)
        ? null
        : "A wallet's address begins with 0x and has 40 digits after it.",
  };
}
