// Characters that nobody sees, or that turn the text around them: a stranger could make one address or name
// look like another with them.
const UNSEEN = /[\p{Cc}\p{Cf}\u2028\u2029\u115f\u1160\u3164\uffa0]/gu;

/** The text with such characters spelled out; line breaks and tabs stay. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (found) =>
    found === "\n" || found === "\t" || found === "\r" ? found : spelled(found),
  );
}

function spelled(found: string): string {
  return `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`;
}
