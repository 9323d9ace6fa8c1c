// The short version of `npm run load`.
import { loading } from "../soak/loading.mjs";

loading(Number(process.env.SECONDS ?? 8));
