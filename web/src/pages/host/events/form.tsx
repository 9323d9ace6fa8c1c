// The form for a new event, a copy of an event, or changes of one.
import { useId, useMemo, useState, type FormEvent } from "react";
import type { EventView, OwnEvent } from "../../../api/types";
import { Button, SelectField, TextArea, TextField } from "../../../parts";
import type { PictureChange } from "../../../parts/picture-field";
import { messageOf } from "../../../api/http";
import { own } from "../shared/paths";
import { useHost } from "../access/session";
import { fieldsOf, useFormFocus } from "../shared/form";
import { Trouble } from "../shared/trouble";
import { fieldFault, useAction } from "../shared/use-action";
import { pictureRequest } from "../shared/picture-api";
import * as api from "./api";
import { CoverField } from "./cover-field";
import { changedLists, errorsOf, listsOf, onePrice, pricedBy, readLists, type Lists } from "./lists";
import { Fold, Group } from "./groups";
import { GuestRules, TellsGuests } from "./guest-rules";
import { QuestionList } from "./question-list";
import { EventPreview } from "./preview";
import { RefundFields } from "./refund-fields";
import { askedSet, codesSet, refundSet, toldSet, typesSet } from "./summaries";
import { SeatsAndPrice, TimeAndPlace } from "./time-and-price";
import { PromoList } from "./promo-list";
import { TypeList } from "./type-list";
import {
  ASKS,
  FIELDS,
  LISTS,
  emptyValues,
  priceHint,
  readChanges,
  readNew,
  valuesOf,
  valuesOfCopy,
  type Errors,
  type FieldName,
  type Values,
} from "./fields";

export type Purpose = { kind: "new" } | { kind: "copy"; of: OwnEvent } | { kind: "edit"; of: OwnEvent };

type Props = { purpose: Purpose; done: (message: string) => void; close: () => void };

/** The form. Give each purpose its own `key`. */
export function EventForm({ purpose, done, close }: Props) {
  const [values, setValues] = useState<Values>(() => firstValues(purpose));
  const [lists, setLists] = useState(() => firstLists(purpose));
  const [picture, setPicture] = useState<PictureChange>({ kind: "none" });
  const { errors, error, busy, send } = useSubmit(purpose, { values, lists }, picture, done);
  const form = useFormFocus(errors);
  const titleId = useId();
  const field = fieldsOf<FieldName>(values, setValues, errors);
  const edited = editedOf(purpose);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send(false);
  };
  return (
    <div className="host-with-preview">
      <form
        ref={form}
        className="host-form host-event-form"
        aria-labelledby={titleId}
        noValidate
        onSubmit={submit}
      >
        <h3 id={titleId}>{headingOf(purpose)}</h3>
        <Group title="What" hint="People and agents read this first.">
          <TextField label="Title" required maxLength={200} {...field("title")} />
          <TextArea
            label="Description (optional)"
            rows={4}
            hint="**bold**, *italic*, lists and [links](https://example.org)"
            {...field("description")}
          />
        </Group>
        <TimeAndPlace field={field} values={values} />
        <SeatsAndPrice field={field} priceHint={lists.types.length > 0 ? null : priceNote(purpose, values)} />
        <Group title="Cover" hint="Drawn for the event, or a picture of your own.">
          <CoverField
            event={edited}
            shuffle={field("coverShuffle")}
            palette={field("coverPalette")}
            picture={picture}
            onPicture={setPicture}
          />
        </Group>
        <Rest field={field} values={values} lists={lists} change={setLists} errors={errors} />
        <TellsGuests values={values} event={edited} />
        {error !== null && <Trouble error={error} />}
        <div className="row">
          <Button kind="primary" type="submit" busy={busy}>
            {isPublic(edited) ? "Save changes" : "Publish"}
          </Button>
          {!isPublic(edited) && (
            <Button busy={busy} onClick={() => send(true)}>
              Save as draft
            </Button>
          )}
          <Button onClick={close}>Discard</Button>
        </div>
      </form>
      <EventPreview values={values} types={lists.types} event={edited} picture={picture} />
    </div>
  );
}

type RestProps = {
  field: ReturnType<typeof fieldsOf<FieldName>>;
  values: Values;
  lists: Lists;
  change: (lists: Lists) => void;
  errors: Errors;
};

/** What most events need nothing of. */
function Rest({ field, values, lists, change, errors }: RestProps) {
  return (
    <div className="host-folds">
      <Fold title="Tickets at other prices" summary={typesSet(lists)} errors={errors} has={["types"]}>
        <TypeList
          drafts={lists.types}
          change={(types) => change({ ...lists, types })}
          error={errors.types}
          timeZone={values.timeZone.trim()}
        />
      </Fold>
      <Fold title="Promo codes" summary={codesSet(lists)} errors={errors} has={["promoCodes"]}>
        <PromoList
          drafts={lists.promoCodes}
          change={(promoCodes) => change({ ...lists, promoCodes })}
          error={errors.promoCodes}
          timeZone={values.timeZone.trim()}
        />
      </Fold>
      <Fold
        title="What guests are asked"
        summary={askedSet(values, lists)}
        errors={errors}
        has={["askName", "askEmail", "questions"]}
      >
        <div className="host-pair">
          <SelectField label="The guest's name" options={ASKS} {...field("askName")} />
          <SelectField label="The guest's e-mail address" options={ASKS} {...field("askEmail")} />
        </div>
        <QuestionList
          drafts={lists.questions}
          change={(questions) => change({ ...lists, questions })}
          error={errors.questions}
        />
      </Fold>
      <Fold
        title="If a guest cancels"
        summary={refundSet(values)}
        errors={errors}
        has={["refundPercent", "refundUntilHours", "refundIfMoved"]}
      >
        <RefundFields field={field} />
      </Fold>
      <Fold
        title="What guests are told"
        summary={toldSet(values)}
        errors={errors}
        has={["guestsOnly", "remindHours"]}
      >
        <GuestRules field={field} values={values} />
      </Fold>
    </div>
  );
}

/** What is said about the price. */
function priceNote(purpose: Purpose, values: Values): string {
  const price = priceHint(values) ?? "For example 5 or 0.05";
  const isSold = purpose.kind === "edit" && purpose.of.rsvpCount > 0;
  return isSold ? `${price}. A new price applies to seats sold from now on.` : price;
}

/** What is typed. */
type Typed = { values: Values; lists: Lists };

function useSubmit(purpose: Purpose, typed: Typed, picture: PictureChange, done: (message: string) => void) {
  const { run } = useHost();
  const [faults, setFaults] = useState<Errors>({});
  const { busy, error, run: act } = useAction();
  const named = useMemo(() => fieldFault(error, NAMES), [error]);
  const errors = useMemo<Errors>(
    () => (named === null ? faults : { [named.name]: named.remedy }),
    [named, faults],
  );
  const send = (asDraft: boolean) => {
    const read = requestOf(purpose, typed, asDraft);
    setFaults("errors" in read ? read.errors : {});
    if ("errors" in read) return;
    const { request } = read;
    if (request === null && picture.kind === "none") return done("Nothing was changed.");
    void act(async () => {
      const before = purpose.kind === "edit" ? purpose.of : null;
      const { id, title } = (request === null ? before : await run(request)) ?? {};
      if (id === undefined) return;
      const upload = pictureRequest<EventView>(own("events", id), picture);
      const said = `“${title}” ${outcomeOf(before, asDraft)}.`;
      try {
        if (upload !== null) await run(upload);
      } catch (reason) {
        // The event is there already: sent again, the form would make a second one.
        if (purpose.kind === "edit") throw reason;
        return done(`${said} Its picture was not saved: ${messageOf(reason)}. Choose Edit to send it again.`);
      }
      done(said);
    });
  };
  return { errors, error: named === null ? error : null, busy, send };
}

const NAMES = [...FIELDS, ...LISTS];

/** The request (null: nothing was changed), or the errors of the form. */
function requestOf(
  purpose: Purpose,
  { values: typed, lists }: Typed,
  asDraft: boolean,
): { request: (() => Promise<EventView>) | null } | { errors: Errors } {
  const sent = readLists(lists, typed.timeZone.trim());
  const values = pricedBy(lists, typed, purpose.kind === "edit" ? purpose.of : null);
  if (purpose.kind === "edit") {
    const { of } = purpose;
    const read = readChanges(values, of);
    if (!read.ok || !sent.ok) return { errors: errorsOf(read, sent) };
    const published = isPublic(of) || asDraft ? {} : { draft: false };
    const changes = {
      ...read.value,
      ...changedLists(sent.value, of),
      ...onePrice(lists, values, of),
      ...published,
    };
    const isUnchanged = Object.keys(changes).length === 0;
    return { request: isUnchanged ? null : () => api.changeEvent(of.id, changes) };
  }
  const read = readNew(values);
  if (!read.ok || !sent.ok) return { errors: errorsOf(read, sent) };
  const event = { ...read.value, ...sent.value, ...(asDraft ? { draft: true } : {}) };
  return { request: () => api.createEvent(event) };
}

/** Whether guests know the event. */
function isPublic(event: OwnEvent | null): boolean {
  return event !== null && event.status !== "draft";
}

function outcomeOf(before: OwnEvent | null, asDraft: boolean): string {
  if (isPublic(before)) return "was changed";
  return asDraft ? "is saved as a draft, and only you see it" : "is on sale";
}

function firstLists(purpose: Purpose): Lists {
  return listsOf(purpose.kind === "new" ? null : purpose.of, purpose.kind === "copy");
}

function firstValues(purpose: Purpose): Values {
  if (purpose.kind === "new") return emptyValues();
  return purpose.kind === "edit" ? valuesOf(purpose.of) : valuesOfCopy(purpose.of, Date.now());
}

/** The event that is changed; null for a new one. */
function editedOf(purpose: Purpose): OwnEvent | null {
  return purpose.kind === "edit" ? purpose.of : null;
}

function headingOf(purpose: Purpose): string {
  if (purpose.kind === "new") return "New event";
  return purpose.kind === "edit" ? "Change the event" : "New event, copied";
}
