// Sums of money as people write them: "5", "$5", "5.00", "5,00", "1,000", "1.000,50", "5 USDC".

/** The sum as a decimal text such as `1000.50`; null if the text is no sum, or could be two. */
export function readMoney(text: string): string | null {
  const plain = text
    .trim()
    .replace(/^(us\$|\$|usdc?(?=[\s\d]))\s*|\s*(\$|usdc?|dollars?)$/gi, "")
    .replaceAll(/[\s'\u00a0\u202f]/g, "");
  if (!/^\d[\d.,]*$/.test(plain)) return null;
  const point = pointOf(plain);
  const [whole = "", fraction] = point === -1 ? [plain] : [plain.slice(0, point), plain.slice(point + 1)];
  // Between the thousands there is one kind of mark, and it is not the one before the cents.
  const isGrouped =
    /^\d{1,3}((,\d{3})+|(\.\d{3})+)$/.test(whole) && !whole.includes(plain.charAt(point) || " ");
  if (!isGrouped && !/^\d+$/.test(whole)) return null;
  if (fraction !== undefined && !/^\d+$/.test(fraction)) return null;
  const digits = whole.replaceAll(/[.,]/g, "").replace(/^0+(?=\d)/, "");
  return fraction === undefined ? digits : `${digits}.${fraction}`;
}

/** The place of the mark before the cents; -1 if there is none. */
function pointOf(plain: string): number {
  const last = Math.max(plain.lastIndexOf("."), plain.lastIndexOf(","));
  if (last === -1) return -1;
  const mark = plain.charAt(last);
  if (plain.indexOf(mark) !== last) return -1;
  const hasBoth = plain.includes(mark === "." ? "," : ".");
  // "1,000" is a thousand; "0,050" and "1.000" are not, because a point is what this form has always taken.
  const isThousand = mark === "," && !hasBoth && /^[1-9]\d{0,2},\d{3}$/.test(plain);
  return isThousand ? -1 : last;
}

/** The sum in words: "5 dollars", "1 dollar and 50 cents", "0.5 cents". `decimal` is what `readMoney` gives. */
export function moneyWords(decimal: string): string {
  const [whole = "0", fraction = ""] = decimal.split(".");
  const cents = fraction.padEnd(2, "0");
  const part = cents.slice(2).replace(/0+$/, "");
  const centsText = `${cents.slice(0, 2).replace(/^0(?=\d)/, "")}${part === "" ? "" : `.${part}`}`;
  const words = [];
  if (whole !== "0")
    words.push(`${whole.replace(/\B(?=(\d{3})+$)/g, ",")} ${whole === "1" ? "dollar" : "dollars"}`);
  if (centsText !== "0") words.push(`${centsText} ${centsText === "1" ? "cent" : "cents"}`);
  return words.join(" and ") || "nothing";
}
