// Load from a process of its own. Takes orders over IPC, one at a time, and answers each with what it has measured.
// Requests are bytes that are made beforehand; a connection sends the next one when its answer is there.
import { connect } from "node:net";

const END_OF_HEAD = Buffer.from("\r\n\r\n");
const END_OF_CHUNKS = Buffer.from("\r\n0\r\n\r\n");

process.on("message", async (order) => {
  const answer = await (order.sockets ? overSockets(order) : carryOut(order)).catch((error) => ({ failed: String(error?.stack ?? error) }));
  process.send(answer);
});

/**
 * `order`: `{port, requests, connections, millis, isOnce, status, says}`. The requests are sent in turn, each once with
 * `isOnce`. Gives back `{count, errors, millis, latencies, byStatus, sample}`; `errors` are answers with another status than
 * `status` (or none of them), or that do not contain the text `says`.
 */
async function carryOut({ port, requests, connections, millis, isOnce = false, status, says = "" }) {
  const bytes = requests.map((request) => Buffer.from(request));
  const wanted = [status].flat();
  const result = { count: 0, errors: 0, latencies: [], byStatus: {}, sample: undefined };
  const began = performance.now();
  let next = 0;
  const take = () => {
    if (isOnce ? next >= bytes.length : performance.now() - began >= millis) return undefined;
    return bytes[next++ % bytes.length];
  };
  const note = (answer, took) => {
    const code = Number(answer.subarray(9, 12).toString("latin1"));
    result.count += 1;
    result.latencies.push(took);
    (result.byStatus[code] ??= []).push(took);
    if (wanted.includes(code) && answer.includes(says)) return;
    result.errors += 1;
    result.sample ??= answer.toString("utf8").slice(0, 2000);
  };
  await Promise.all(Array.from({ length: connections }, () => oneConnection(port, take, note)));
  return { ...result, millis: performance.now() - began };
}

function oneConnection(port, take, note) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let received = Buffer.alloc(0);
    let sent = 0;
    const send = () => {
      const request = take();
      if (request === undefined) return socket.end();
      sent = performance.now();
      received = Buffer.alloc(0);
      socket.write(request);
    };
    socket.on("connect", send);
    socket.on("data", (data) => {
      received = received.length === 0 ? data : Buffer.concat([received, data]);
      if (!isWhole(received)) return;
      note(received, performance.now() - sent);
      send();
    });
    socket.on("error", reject);
    socket.on("close", resolve);
  });
}

/** Whether an answer has come whole: by its length, or by its last chunk. */
function isWhole(answer) {
  const end = answer.indexOf(END_OF_HEAD);
  if (end < 0) return false;
  const length = /^content-length: *(\d+)/im.exec(answer.toString("latin1", 0, end))?.[1];
  if (length !== undefined) return answer.length >= end + 4 + Number(length);
  return answer.subarray(-END_OF_CHUNKS.length).equals(END_OF_CHUNKS) || answer.subarray(end + 4).equals(Buffer.from("0\r\n\r\n"));
}

/**
 * Round trips over WebSockets: each of `sockets` sends `first` (and waits for an answer of type `isReady`), and then
 * `message` as soon as its answer of type `answers` has come.
 */
async function overSockets({ url, sockets, first, isReady, message, answers, millis }) {
  const result = { count: 0, errors: 0, latencies: [], byStatus: {}, sample: undefined };
  const open = await Promise.all(Array.from({ length: sockets }, () => openSocket(url, first, isReady)));
  const began = performance.now();
  await Promise.all(open.map((socket) => roundTrips(socket, { began, message, answers, millis, result })));
  for (const socket of open) socket.close();
  return { ...result, millis: performance.now() - began };
}

function openSocket(url, first, isReady) {
  const socket = new WebSocket(url);
  return new Promise((resolve, reject) => {
    socket.onerror = () => reject(new Error(`${url} opens no socket`));
    socket.onopen = () => (first ? socket.send(JSON.stringify(first)) : resolve(socket));
    socket.onmessage = ({ data }) => {
      const { type } = JSON.parse(data);
      if (type === "error") reject(new Error(data));
      if (type === isReady) resolve(socket);
    };
  });
}

function roundTrips(socket, { began, message, answers, millis, result }) {
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(message);
    let sent;
    const send = () => {
      if (performance.now() - began >= millis) return resolve();
      sent = performance.now();
      socket.send(text);
    };
    socket.onclose = () => reject(new Error("a socket was closed"));
    socket.onmessage = ({ data }) => {
      const { type } = JSON.parse(data);
      if (type !== answers && !/error/.test(type)) return;
      result.count += 1;
      result.latencies.push(performance.now() - sent);
      if (type !== answers) {
        result.errors += 1;
        result.sample ??= data;
      }
      send();
    };
    send();
  });
}
