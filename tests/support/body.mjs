/** The whole body of a request or an answer, as text. Fails if the connection is cut before its end. */
export async function bodyOf(message) {
  const chunks = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
