// Check-in at the entrance: the camera, full screen. It is a page of its own, because only this one may use the camera.
import { useEffect, useState } from "react";
import "../../style/entrance.css";
import { ChooseEvent } from "./choose";
import { Desk } from "./desk";
import { Entrance } from "./entrance";
import { keepFiles } from "./offline";

export default function EntrancePage() {
  const event = new URLSearchParams(location.search).get("event");
  useEffect(() => {
    document.title = "Check in · Events Concierge";
    void keepFiles();
  }, []);
  return event === null ? <ChooseEvent /> : <AtEvent event={event} />;
}

function AtEvent({ event }: { event: string }) {
  const [desk] = useState(() => new Desk(event));
  return <Entrance desk={desk} />;
}
