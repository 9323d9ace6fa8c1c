// Requests of the sections "Revenue" and "Payments".
import { request } from "../../../api/http";
import type { OwnPayment, OwnPayments, Paying, Refunds, Revenue } from "../../../api/types";
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

export type SignedRefund = { refundId: string; validBefore: string; signature: string };

const REFUNDS = own("refunds");

/** The newest refunds, and what is owed of all. */
export const refunds = async (cursor?: string) => {
  const query = cursor === undefined ? "" : `?cursor=${encodeURIComponent(cursor)}`;
  return request<Refunds>("GET", REFUNDS + query);
};
/** What the payout wallet signs for the oldest refunds that can be paid, at most 20. */
export const offerRefunds = () => request<Paying>("POST", REFUNDS, {});
/** Hands signatures over; the server has them carried out. */
export const sendRefunds = (signatures: readonly SignedRefund[]) =>
  request<Paying>("POST", REFUNDS, { signatures });
/** Says that a refund was paid in another way; the server looks for the transaction. */
export const reportRefund = (refundId: string, transaction: string) =>
  request<Paying>("POST", REFUNDS, { paid: [{ refundId, transaction }] });
