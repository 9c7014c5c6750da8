import { z } from "zod";
import { stepStateSchema } from "./enums.ts";

/** Kinds of operations that move slots. */
export const operationKindSchema = z.enum(["scale-out", "scale-in", "rebalance", "set-slots"]);
export type OperationKind = z.infer<typeof operationKindSchema>;

/** A change of a cache's nodes, shards or slots that is under way. */
export const operationSchema = z.object({
	id: z.string(),
	kind: z
		.enum([...operationKindSchema.options, "modify"])
		.describe("modify: nodes are added, removed or changed"),
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
		.nullable()
		.describe("slots that move to another shard; canceling moves them back. Null if none do"),
	moves: z
		.array(
			z.object({
				from: z.string().describe("a shard, such as 0001"),
				to: z.string(),
				ranges: z.string().describe("the slots, such as 4096-5460"),
				slots: z.object({ moved: z.number(), total: z.number() }),
				keys: z.number().nullable().describe("in these slots, estimated; null if unknown"),
				bytes: z.number().nullable(),
			}),
		)
		.default([])
		.describe("the shards that slots move from and to, in the current direction"),
	data: z
		.object({
			keysMoved: z.number(),
			keys: z.number(),
			bytesMoved: z.number(),
			bytes: z.number(),
		})
		.nullable()
		.default(null)
		.describe("in these slots, estimated from what the shards held at the start; null if unknown"),
	problem: z.string().nullable().describe("what holds it up; null while it makes progress"),
	startedAt: z.string(),
	estimatedEndAt: z.string().nullable().describe("null while it isn't known"),
	cancellable: z.boolean(),
});
export type Operation = z.infer<typeof operationSchema>;
