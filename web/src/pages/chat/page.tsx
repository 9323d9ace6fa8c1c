// The chat: a start view until there are a door and a wallet, then the conversation.
import { useEffect } from "react";
import { useSession } from "../../session";
import "../../style/chat.css";
import { Composer } from "./composer";
import { rememberDoor } from "./recent-servers";
import { PaymentDialog } from "./payment-dialog";
import { SetupBar, StartView } from "./setup";
import { Transcript } from "./transcript";

export default function ChatPage() {
  const door = useSession((state) => state.door);
  const wallet = useSession((state) => state.wallet);
  const question = useSession((state) => state.questions[0]);
  const isReady = door !== null && wallet !== null;
  const mcpUrl = door?.mcpUrl;
  useEffect(() => {
    if (mcpUrl !== undefined) rememberDoor(mcpUrl);
  }, [mcpUrl]);
  return (
    <div className="chat-page">
      <h1 className="visually-hidden">Chat with the concierge</h1>
      <SetupBar />
      <div className="chat-column">
        <Transcript>{!isReady && <StartView />}</Transcript>
        <Composer />
      </div>
      {question !== undefined && <PaymentDialog key={question.confirmationId} question={question} />}
    </div>
  );
}
