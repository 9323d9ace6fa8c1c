import { useSyncExternalStore } from "react";

type Listener = () => void;

/** A value outside React that components can follow. */
export class Observable<T> {
  readonly #listeners = new Set<Listener>();
  readonly #onStart: () => void;
  #isStarted = false;
  #value: T;

  /** `onStart` runs once, when the first component subscribes or `start` is called. */
  constructor(value: T, onStart: () => void = () => undefined) {
    this.#value = value;
    this.#onStart = onStart;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    if (value === this.#value) return;
    this.#value = value;
    for (const listener of this.#listeners) listener();
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#onStart();
  }

  readonly subscribe = (listener: Listener): Listener => {
    this.#listeners.add(listener);
    this.start();
    return () => this.#listeners.delete(listener);
  };
}

/** The value; the component renders again when it changes. */
export function useObservable<T>(observable: Observable<T>): T {
  return useSyncExternalStore(observable.subscribe, () => observable.value);
}
