import { z } from "zod";
import { serviceRecordSchema } from "../services/service-record.ts";

/** What an agent must remember of the gateway beyond its own lifetime. */
export const gatewayRecordSchema = serviceRecordSchema.extend({
	/** Sha256 of the running HAProxy's configuration; null while that isn't certain. */
	configurationHash: z.string().nullable().default(null),
	/** Ports that it may hold. */
	ports: z.array(z.int()).default([]),
});
export type GatewayRecord = z.infer<typeof gatewayRecordSchema>;
