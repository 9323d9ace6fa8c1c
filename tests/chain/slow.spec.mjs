// The short version of `npm run soak` with slow servers.
import { slowness } from "../soak/slowness.mjs";

slowness(Number(process.env.BUYERS ?? 4), 3, 2);
