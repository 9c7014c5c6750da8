import { z } from "zod";
import { processIdentitySchema } from "../../platform/process-identity.ts";

/**
 * What an agent must remember of every host service beyond its own lifetime. A service may add only fields
 * that have a default: a missing or damaged record counts as all defaults.
 */
export const serviceRecordSchema = z.object({
	format: z.literal(1),
	identity: processIdentitySchema.nullable().default(null),
});
export type ServiceRecord = z.infer<typeof serviceRecordSchema>;
