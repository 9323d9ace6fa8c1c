// Sums as hosts write them, and what the form says they are.
import assert from "node:assert/strict";
import { test } from "node:test";
import { moneyWords, readMoney } from "../../web/src/base/money-text.ts";

test("a sum is read in any usual writing, and said in words", () => {
  for (const [text, decimal, words] of [
    ["5", "5", "5 dollars"],
    ["$5", "5", "5 dollars"],
    ["5 $", "5", "5 dollars"],
    ["5.00", "5.00", "5 dollars"],
    ["5,00", "5.00", "5 dollars"],
    ["US$ 1,50", "1.50", "1 dollar and 50 cents"],
    ["5 USDC", "5", "5 dollars"],
    ["0,05", "0.05", "5 cents"],
    ["0.01", "0.01", "1 cent"],
    ["0.005", "0.005", "0.5 cents"],
    ["0,050", "0.050", "5 cents"],
    ["1,000", "1000", "1,000 dollars"],
    ["1,000.50", "1000.50", "1,000 dollars and 50 cents"],
    ["1.000,50", "1000.50", "1,000 dollars and 50 cents"],
    ["1.000.000", "1000000", "1,000,000 dollars"],
    ["1\u00a0000,5", "1000.5", "1,000 dollars and 50 cents"],
    // What the form has always taken keeps its meaning.
    ["1.000", "1.000", "1 dollar"],
    ["0", "0", "nothing"],
  ]) {
    assert.equal(readMoney(text), decimal, text);
    assert.equal(moneyWords(decimal), words, text);
  }
});

test("what is no sum, or could be two, is not read", () => {
  for (const text of ["", "$", "free", "-5", "1,00,0", "1,2,3", "1.2.3", "1.000,", "5e3", "5..0", "1,000,50", "0x5"]) {
    assert.equal(readMoney(text), null, text);
  }
});
