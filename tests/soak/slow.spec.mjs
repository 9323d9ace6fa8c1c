// Thirty buyers at once while everything around the host is slow. BUYERS is how many.
import { slowness } from "./slowness.mjs";

slowness(Number(process.env.BUYERS ?? 30), 1, 3);
