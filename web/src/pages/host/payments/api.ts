// Requests of the sections "Revenue" and "Payments".
import { request } from "../../../api/http";
import type { OwnPayment, OwnPayments, Revenue } from "../../../api/types";
import { own } from "../shared/paths";
import { pagesOf } from "../shared/use-paged-list";

export const PAYMENTS_CSV = "/api/users/payments.csv";

export const revenue = () => request<Revenue>("GET", own("revenue"));
export const payments = pagesOf((answer: OwnPayments) => answer.payments, own("payments"));
/** Decides a stuck payment: paid in this transaction, or not paid (null). Answers what the payment is then. */
export const decidePayment = (id: string, transaction: string | null) =>
  request<OwnPayment>(
    "POST",
    `${own("payments", id)}/verdict`,
    transaction === null ? { paid: false } : { paid: true, transaction },
  );
