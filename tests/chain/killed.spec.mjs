// The short version of `npm run soak`: one kill at each of the five points of a paid call.
import { killing } from "../soak/killing.mjs";

killing(Number(process.env.KILLS ?? 1), Number(process.env.SEED ?? Date.now() % 1_000_000));
