import type { MailVerdict } from "../../../api/types";

/** What the host is told of the author of a mail. */
export const DOUBTS: Record<MailVerdict, string | null> = {
  verified: null,
  failed: "This mail may be from somebody else: its domain does not stand for it.",
  unknown: "Nobody has checked who sent this mail.",
};
