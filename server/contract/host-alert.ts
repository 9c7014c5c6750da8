import { z } from "zod";
import { agentProtocolSchema } from "./agent.ts";
import { type Observation, orderResultSchema, reportedObservationSchema } from "./host-report.ts";

/** An elastic node that has passed its assignment's `reportAboveBytes`. */
export const growthSchema = z.object({
	assignmentId: z.string(),
	generation: z.int32().describe("of the assignment that it has passed"),
	usedBytes: z.number().describe("used_memory"),
	bytesPerSecond: z.number().describe("how fast that has grown lately, at least 0"),
	hasClients: z.boolean().optional().describe("a client has connected to a node that had none"),
});
export type Growth = z.infer<typeof growthSchema>;

export const alertMessageSchema = z.strictObject({
	protocol: agentProtocolSchema,
	ended: z
		.array(reportedObservationSchema)
		.max(2_000)
		.describe("instances whose process has just ended"),
	orders: z.array(orderResultSchema).max(100),
	growing: z
		.array(growthSchema)
		.max(2_000)
		.optional()
		.describe("elastic nodes that hold more than reportAboveBytes; again with each further growth"),
	waking: z
		.array(z.string())
		.max(2_000)
		.optional()
		.describe(
			"ids of caches that clients of this host's gateway wait for, or that have a client again",
		),
});
export type AlertMessage = z.infer<typeof alertMessageSchema>;

/** An alert after it has arrived: with times by the control plane's clock. */
export interface AlertInput extends Omit<AlertMessage, "ended"> {
	ended: Observation[];
}
export const alertResultSchema = z.object({ accepted: z.literal(true) });
