import { z } from "zod";
import { type Engine, engineSchema } from "../../server/contract/enums.ts";

/** What the store holds: engines that caches run on, and HAProxy, which a host's gateway runs. */
export type BundleName = Engine | "haproxy";
export const programNameSchema = z.enum([...engineSchema.options, "haproxy"]);
