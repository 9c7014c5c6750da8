import { z } from "zod";
import { requestCountersSchema } from "./client-requests.ts";
import { LIMITS } from "./limits.ts";

const count = z.number().min(0);

/** Calls of commands, and the microseconds that the engine spent on them. */
const workSchema = z.object({ calls: count, usec: count });

/**
 * What an engine process has counted since it started, as far as it shows what clients used. The control plane
 * subtracts the previous reading of the same process (domain/metering), so nothing depends on what an agent remembers.
 */
export const usageCountersSchema = z.object({
	uptimeSeconds: count,
	bytes: z.object({
		total: count.describe("in and out; rises with every question, so it orders readings"),
		clients: count.describe("of these, all but replication"),
		own: z
			.object({
				run: z.string().max(64).describe("of the count: another run counts from 0"),
				bytes: count,
			})
			.optional()
			.describe("of these, what the host's agents have sent and received"),
	}),
	requests: requestCountersSchema,
	simple: workSchema.describe("GET and SET, whoever sent them: the measure of all others"),
	heavy: z
		.object({ direct: workSchema, replicable: workSchema })
		.describe("other commands of clients that may need more time than a GET; as in requests"),
	cpuUsec: count.describe("processor time of the thread that carries out commands"),
});
export type UsageCounters = z.infer<typeof usageCountersSchema>;

/** One reading of a process, sent once a minute and when the process has ended. */
export const usageReadingSchema = z.object({
	assignmentId: z.string(),
	ageMs: count.max(LIMITS.ageMsMax),
	process: z.string().min(1).max(128).describe("identifies the engine's process for good"),
	storedBytes: count.describe(
		"data that the node held as a primary: the mean since the reading before",
	),
	counters: usageCountersSchema,
});
export type UsageReading = z.infer<typeof usageReadingSchema>;
