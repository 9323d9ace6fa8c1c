// The chat: a start view until a server and a wallet are chosen, then the conversation.
import { useEffect } from "react";
import { useBalance, useSession } from "../../session";
import "../../style/chat.css";
import "../../style/cards.css";
import { Composer } from "./composer";
import { useChosenEvent } from "./market";
import { PaymentDialog } from "./payment-dialog";
import { rememberServer } from "./recent-servers";
import { SetupDialogs, StartView } from "./setup";
import { Transcript } from "./transcript";

export default function ChatPage() {
  const server = useSession((state) => state.server);
  const wallet = useSession((state) => state.wallet);
  const question = useSession((state) => state.questions[0]);
  const isReady = server !== null && wallet !== null;
  const mcpUrl = server?.mcpUrl;
  useEffect(() => {
    if (mcpUrl !== undefined) rememberServer(mcpUrl);
  }, [mcpUrl]);
  useChosenEvent(mcpUrl);
  useBalance();
  return (
    <div className="chat-page">
      <h1 className="visually-hidden">Chat with the concierge</h1>
      <div className="chat-column">
        <Transcript>{!isReady && <StartView />}</Transcript>
        <Composer />
      </div>
      <SetupDialogs />
      {question !== undefined && <PaymentDialog key={question.confirmationId} question={question} />}
    </div>
  );
}
