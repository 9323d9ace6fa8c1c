// Many clients at once: free, unpaid, paid and repeated calls. Nothing fails, and in the end chain,
// revenue, seats and answers say the same. SECONDS is how long.
import { loading } from "./loading.mjs";

loading(Number(process.env.SECONDS ?? 60));
