import { useId, useRef, useState, type KeyboardEvent } from "react";
import { Button } from "../../parts";
import { callTool, say, useSession } from "../../session";
import { EmptyWallet } from "./empty-wallet";
import { saveChat } from "./exports";
import { SetupChips } from "./setup-chips";

const TEXT_MAX = 2000;
const SUGGESTIONS = ["List events", "Status", "Balance", "Help"];

/** The message field. Enter sends; Shift and Enter start a new line. */
export function Composer() {
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const isOpen = useSession((state) => state.link === "open");
  const hasSaid = useSession((state) => state.transcript.length > 0);
  const id = useId();
  const send = () => {
    const trimmed = text.trim();
    if (trimmed !== "" && say(trimmed)) setText("");
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // While an input method composes characters, Enter only ends the composition.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    if (isOpen) send();
  };
  return (
    <form
      className="composer"
      aria-label="Message"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Suggestions isOpen={isOpen} />
      <EmptyWallet />
      <div className="composer-box">
        <label className="visually-hidden" htmlFor={id}>
          Message to the concierge
        </label>
        <textarea
          id={id}
          ref={field}
          rows={text.includes("\n") || text.length > 80 ? 3 : 1}
          value={text}
          maxLength={TEXT_MAX}
          placeholder="Ask for an event, a secret, or help"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <div className="composer-line">
          <SetupChips />
          {hasSaid && <Button kind="ghost" icon="download" label="Save chat" onClick={saveChat} />}
          <Button kind="primary" type="submit" disabled={!isOpen} icon="send" label="Send" />
        </div>
      </div>
    </form>
  );
}

function Suggestions({ isOpen }: { isOpen: boolean }) {
  const hasSecrets = useSession((state) => state.tools.some(({ name }) => name === "listSecrets"));
  const hasAsked = useSession((state) => state.transcript.some(({ kind }) => kind === "you"));
  const isConnected = useSession((state) => state.server !== null);
  // Without a server there is nothing to list. After the first message each answer says what can be said next.
  if (hasAsked || !isConnected) return null;
  return (
    <div className="suggestions" role="group" aria-label="Suggestions">
      {SUGGESTIONS.map((suggestion) => (
        <Button
          key={suggestion}
          size="small"
          disabled={!isOpen}
          onClick={() => say(suggestion.toLowerCase())}
        >
          {suggestion}
        </Button>
      ))}
      {hasSecrets && (
        <Button size="small" disabled={!isOpen} onClick={() => void callTool("listSecrets", {}, "chat")}>
          List secrets
        </Button>
      )}
    </div>
  );
}
