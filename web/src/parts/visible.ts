// Invisible characters, and characters that change the direction of text. They can make one address or name
// look like another.
const INVISIBLE = /[\p{Cc}\p{Cf}\u2028\u2029\u115f\u1160\u3164\uffa0]/gu;

/** The text with these characters as escapes; line breaks and tabs stay. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (found) =>
    found === "\n" || found === "\t" || found === "\r" ? found : escaped(found),
  );
}

function escaped(found: string): string {
  return `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`;
}
