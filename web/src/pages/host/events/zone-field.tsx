// The field for a time zone: typed words find a city, and the list under the field is used by keyboard or pointer.
import { useId, useState, type ChangeEvent, type KeyboardEvent, type PointerEvent } from "react";
import { Field } from "../../../parts";
import { meantZone, searchZones, zoneOf, type Zone } from "../shared/zone-search";
import { allZones, isZone } from "../shared/zones";

type Props = { name: string; value: string; onChange: (text: string) => void; error: string | undefined };

export function ZoneField({ name, value, onChange, error }: Props) {
  const listId = useId();
  const { now, found, marked, isOpen, choose, ...handlers } = useSearch(value, onChange);
  return (
    <Field label="Time zone of these times" required error={error} hint={hintOf(value, now)}>
      {(control) => (
        <div className="host-combo">
          <input
            {...control}
            {...handlers}
            name={name}
            value={value}
            role="combobox"
            aria-expanded={found.length > 0}
            aria-controls={listId}
            aria-autocomplete="list"
            aria-activedescendant={found.length > 0 ? `${listId}-${marked}` : undefined}
            autoComplete="off"
            spellCheck={false}
          />
          <div
            id={listId}
            className="host-combo-list"
            role="listbox"
            aria-label="Time zones"
            hidden={found.length === 0}
          >
            {found.map((zone, index) => (
              <Option
                key={zone.name}
                id={`${listId}-${index}`}
                zone={zone}
                isMarked={index === marked}
                choose={choose}
              />
            ))}
          </div>
          <p className="visually-hidden" role="status">
            {isOpen && saidOf(found.length)}
          </p>
        </div>
      )}
    </Field>
  );
}

type OptionProps = { id: string; zone: Zone; isMarked: boolean; choose: (zone: Zone) => void };

function Option({ id, zone, isMarked, choose }: OptionProps) {
  const press = (event: PointerEvent) => {
    // The field keeps the focus.
    event.preventDefault();
    choose(zone);
  };
  return (
    <div id={id} role="option" aria-selected={isMarked} tabIndex={-1} onPointerDown={press}>
      <span>
        <strong>{zone.city}</strong> {zone.region}
      </span>
      <span className="quiet">{zone.offset}</span>
    </div>
  );
}

/** What is found for the typed text, and what keys and pointer do with it. */
function useSearch(value: string, onChange: (text: string) => void) {
  const [names] = useState(allZones);
  const [now] = useState(Date.now);
  const [isOpen, setIsOpen] = useState(false);
  const [marked, setMarked] = useState(0);
  // A name that is whole needs no list.
  const found = isOpen && !names.includes(value) ? searchZones(value, names, now) : [];
  const choose = (zone: Zone) => {
    onChange(zone.name);
    setIsOpen(false);
  };
  const move = (step: number) => {
    setIsOpen(true);
    if (found.length > 0) setMarked((marked + step + found.length) % found.length);
  };
  const active = found[marked];
  return {
    now,
    found,
    marked,
    isOpen,
    choose,
    onChange: (event: ChangeEvent<HTMLInputElement>) => {
      onChange(event.target.value);
      setMarked(0);
      setIsOpen(true);
    },
    onBlur: () => {
      setIsOpen(false);
      const meant = meantZone(value, names, now);
      if (meant !== null && meant !== value) onChange(meant);
    },
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        move(event.key === "ArrowDown" ? 1 : -1);
      } else if (event.key === "Enter" && active !== undefined) {
        // The zone is chosen, and the form is not sent yet.
        event.preventDefault();
        choose(active);
      } else if (event.key === "Escape" && isOpen) {
        event.stopPropagation();
        setIsOpen(false);
      }
    },
  };
}

function hintOf(value: string, now: number): string {
  if (!isZone(value.trim())) return "Type a city, for example Berlin";
  const { city, offset } = zoneOf(value.trim(), now);
  return `${city}, ${offset} now`;
}

function saidOf(count: number): string {
  if (count === 0) return "No time zone is found";
  return count === 1 ? "1 time zone is found" : `${count} time zones are found`;
}
