import { z } from "zod";
import { stepStateSchema } from "./enums.ts";

export const operationKindSchema = z.enum(["scale-out", "scale-in", "rebalance", "set-slots"]);
export type OperationKind = z.infer<typeof operationKindSchema>;

/** A change of a cache's shards or slots that is under way. */
export const operationSchema = z.object({
	id: z.string(),
	kind: operationKindSchema,
	state: z.enum(["running", "canceling"]),
	steps: z.array(
		z.object({
			step: z.string(),
			state: stepStateSchema,
			startedAt: z.string().nullable(),
			finishedAt: z.string().nullable(),
		}),
	),
	percent: z.number().describe("0 to 100"),
	slots: z
		.object({ moved: z.number(), total: z.number() })
		.describe("that change their shard; canceling moves them back"),
	problem: z.string().nullable().describe("what holds it up; null while it goes on"),
	startedAt: z.string(),
	estimatedEndAt: z.string().nullable().describe("null while it isn't known"),
	cancellable: z.boolean(),
});
export type Operation = z.infer<typeof operationSchema>;
