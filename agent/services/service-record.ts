import { z } from "zod";
import { processIdentitySchema } from "../../platform/process-identity.ts";

/**
 * What an agent must remember of every host service beyond its own lifetime. A service extends it with fields
 * that have a default: that is what a missing or damaged record says.
 */
export const serviceRecordSchema = z.object({
	format: z.literal(1),
	identity: processIdentitySchema.nullable().default(null),
});
export type ServiceRecord = z.infer<typeof serviceRecordSchema>;
