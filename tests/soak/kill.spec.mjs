// The runtime is killed (SIGKILL) at five points of a paid call, under load, and started again on the
// same state. Afterwards everybody who paid on chain has a seat, and nobody who did not.
// KILLS is how often at each point; SEED repeats the crowds of an earlier run.
import { killing } from "./killing.mjs";

killing(Number(process.env.KILLS ?? 20), Number(process.env.SEED ?? Date.now() % 1_000_000));
