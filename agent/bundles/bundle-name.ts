import { z } from "zod";
import { type Engine, engineSchema } from "../../server/contract/enums.ts";

/**
 * What the store holds: engines that caches run on, HAProxy for the host's gateway, and the tools that set the
 * kernel's forwarding and filtering.
 */
export type BundleName = Engine | "haproxy" | "nftables";
export const programNameSchema = z.enum([...engineSchema.options, "haproxy", "nftables"]);
