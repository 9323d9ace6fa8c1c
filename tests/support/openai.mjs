// A language model that says what its script says, behind the chat completions API. It is as strict
// as the real one: what that refuses is refused here with the same shape of error.
import { bodyOf } from "./body.mjs";
import { serve } from "./serve.mjs";

/**
 * Answers `POST /v1/chat/completions` with the script's replies, one after the other. A reply is
 * `say(text)`, `call([name, arguments], …)`, `fail(status)`, or a function of the request's body that
 * gives one. Without any left it says "The script is over." Gives back:
 * - `url`: what OPENAI_BASE_URL is to be.
 * - `script`: push replies here.
 * - `seen`: bodies of the requests that were accepted.
 * - `refused`: messages of the errors that were given.
 */
export async function startOpenai({ key = "sk-test-key", script = [] } = {}) {
  const seen = [];
  const refused = [];
  let count = 0;
  const server = await serve(async (request, response) => {
    const sent = await bodyOf(request);
    const answer = (status, value) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(value));
    };
    try {
      if (request.method !== "POST" || request.url !== "/v1/chat/completions") {
        throw new Refusal(404, `Invalid URL (${request.method} ${request.url})`);
      }
      if (request.headers.authorization !== `Bearer ${key}`) {
        throw new Refusal(401, "Incorrect API key provided.", null, "invalid_api_key");
      }
      const body = parse(sent, request.headers["content-type"]);
      checkRequest(body);
      seen.push(body);
      let reply = script.shift() ?? say("The script is over.");
      if (typeof reply === "function") reply = reply(body);
      if (reply.fail) throw new Refusal(reply.fail, "The script says so.", null, null, "server_error");
      answer(200, completion(++count, body, reply));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refused.push(error.message);
      const { message, type, param, code } = error;
      answer(error.status, { error: { message, type, param, code } });
    }
  });
  return { url: `${server.origin}/v1`, key, script, seen, refused, stop: server.stop };
}

/** The model says this. */
export const say = (content) => ({ content });

/** The model calls tools: `[name, arguments]` each, the arguments as a value or, malformed, as a text. */
export const call = (...calls) => ({ calls });

/** The endpoint answers with this status. */
export const fail = (status) => ({ fail: status });

class Refusal extends Error {
  constructor(status, message, param = null, code = null, type = "invalid_request_error") {
    super(message);
    Object.assign(this, { status, param, code, type });
  }
}

function refuse(message, param) {
  throw new Refusal(400, message, param);
}

function parse(text, contentType) {
  if (!contentType?.startsWith("application/json")) refuse(`Unsupported content type: ${contentType}`);
  try {
    return JSON.parse(text);
  } catch {
    refuse("We could not parse the JSON body of your request.");
  }
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value) => typeof value === "string";
const only = (value, names, param) => {
  for (const name of Object.keys(value)) {
    if (!names.includes(name)) refuse(`Unrecognized request argument supplied: ${name}`, param ? `${param}.${name}` : name);
  }
};
const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

function checkRequest(body) {
  if (!isObject(body)) refuse("The body must be an object.");
  only(body, ["model", "messages", "tools", "tool_choice"]);
  if (!isText(body.model) || body.model === "") refuse("you must provide a model parameter", "model");
  if (!Array.isArray(body.messages) || body.messages.length === 0) refuse("[] is too short - 'messages'", "messages");
  checkMessages(body.messages);
  if (body.tools !== undefined) checkTools(body.tools);
  if (body.tool_choice === undefined) return;
  if (body.tools === undefined) refuse("'tool_choice' is only allowed when 'tools' are specified.", "tool_choice");
  if (!["auto", "none", "required"].includes(body.tool_choice)) refuse("Invalid value for 'tool_choice'.", "tool_choice");
}

function checkMessages(messages) {
  let open = new Set();
  messages.forEach((message, index) => {
    const at = `messages.[${index}]`;
    if (!isObject(message)) refuse(`Invalid type for '${at}'.`, at);
    if (message.role !== "tool" && open.size > 0) {
      refuse(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. " +
          `The following tool_call_ids did not have response messages: ${[...open].join(", ")}`,
        `${at}.role`,
      );
    }
    switch (message.role) {
      case "system":
      case "user":
        only(message, ["role", "content", "name"], at);
        if (!isText(message.content)) refuse(`Invalid type for '${at}.content'.`, `${at}.content`);
        break;
      case "assistant":
        only(message, ["role", "content", "tool_calls", "name", "refusal"], at);
        open = checkCalls(message, at);
        break;
      case "tool":
        only(message, ["role", "content", "tool_call_id"], at);
        if (!isText(message.content)) refuse(`Invalid type for '${at}.content'.`, `${at}.content`);
        if (!open.delete(message.tool_call_id)) {
          refuse(
            "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
            `${at}.role`,
          );
        }
        break;
      default:
        refuse(`Invalid value: '${message.role}'.`, `${at}.role`);
    }
  });
  if (open.size > 0) {
    refuse(`The following tool_call_ids did not have response messages: ${[...open].join(", ")}`, "messages");
  }
}

/** The ids that the messages after it have to answer. */
function checkCalls(message, at) {
  const ids = new Set();
  const calls = message.tool_calls;
  if (calls === undefined) {
    if (!isText(message.content)) refuse(`Invalid value for 'content': expected a string, got null.`, `${at}.content`);
    return ids;
  }
  if (message.content !== undefined && message.content !== null && !isText(message.content)) {
    refuse(`Invalid type for '${at}.content'.`, `${at}.content`);
  }
  if (!Array.isArray(calls) || calls.length === 0) refuse(`Invalid '${at}.tool_calls': empty array.`, `${at}.tool_calls`);
  calls.forEach((one, index) => {
    const where = `${at}.tool_calls[${index}]`;
    only(one, ["id", "type", "function"], where);
    if (!isText(one.id) || one.id === "" || one.id.length > 40) refuse(`Invalid '${where}.id'.`, `${where}.id`);
    if (ids.has(one.id)) refuse(`Duplicate value for 'tool_call_id' of '${one.id}'.`, `${where}.id`);
    if (one.type !== "function") refuse(`Invalid value: '${one.type}'.`, `${where}.type`);
    if (!isObject(one.function)) refuse(`Missing required parameter: '${where}.function'.`, `${where}.function`);
    only(one.function, ["name", "arguments"], `${where}.function`);
    if (!NAME.test(one.function.name)) refuse(`Invalid '${where}.function.name'.`, `${where}.function.name`);
    if (!isText(one.function.arguments)) refuse(`Invalid type for '${where}.function.arguments'.`, `${where}.function.arguments`);
    ids.add(one.id);
  });
  return ids;
}

function checkTools(tools) {
  if (!Array.isArray(tools) || tools.length === 0) refuse("[] is too short - 'tools'", "tools");
  if (tools.length > 128) refuse("Invalid 'tools': array too long.", "tools");
  const names = new Set();
  tools.forEach((tool, index) => {
    const at = `tools[${index}]`;
    if (!isObject(tool) || tool.type !== "function" || !isObject(tool.function)) refuse(`Invalid '${at}'.`, at);
    const { name, description, parameters } = tool.function;
    only(tool.function, ["name", "description", "parameters", "strict"], `${at}.function`);
    if (!NAME.test(name)) {
      refuse(`Invalid '${at}.function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`, `${at}.function.name`);
    }
    if (names.has(name)) refuse(`Invalid '${at}.function.name': tool names must be unique.`, `${at}.function.name`);
    names.add(name);
    if (description !== undefined && (!isText(description) || description.length > 1024)) {
      refuse(`Invalid '${at}.function.description'.`, `${at}.function.description`);
    }
    if (parameters !== undefined) checkSchema(name, parameters, `${at}.function.parameters`);
  });
}

function checkSchema(name, schema, at) {
  const invalid = (why) => {
    throw new Refusal(400, `Invalid schema for function '${name}': ${why}`, at, "invalid_function_parameters");
  };
  if (!isObject(schema) || schema.type !== "object") invalid("schema must be a JSON Schema of 'type: \"object\"'.");
  if (!isObject(schema.properties)) invalid("In context=(), object schema missing properties.");
  for (const word of ["oneOf", "anyOf", "allOf", "enum", "not"]) {
    if (schema[word] !== undefined) invalid(`schema must not have '${word}' at the top level.`);
  }
}

function completion(count, body, reply) {
  const calls = reply.calls?.map(([name, sent], index) => ({
    id: `call_${count}_${index}`,
    type: "function",
    function: { name, arguments: typeof sent === "string" ? sent : JSON.stringify(sent) },
  }));
  const asked = Math.ceil(JSON.stringify(body).length / 4);
  return {
    id: `chatcmpl-${count}`,
    object: "chat.completion",
    created: 1_795_262_400,
    model: body.model,
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: reply.content ?? null, refusal: null, ...(calls && { tool_calls: calls }) },
        logprobs: null,
        finish_reason: calls ? "tool_calls" : "stop",
      },
    ],
    usage: { prompt_tokens: asked, completion_tokens: 20, total_tokens: asked + 20 },
  };
}
