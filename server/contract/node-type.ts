import { z } from "zod";
import { wholeNumber } from "./whole-number.ts";

const NAME_MAX_LENGTH = 64;
const NAME_PATTERN = /^[a-z][a-z0-9]*([.-][a-z0-9]+)+$/;

/**
 * ElastiCache's names: cache.m7g.large. Operators' own: letters, digits, dots and hyphens, with a first word
 * other than cache.
 */
export const nodeTypeNameSchema = z
	.string()
	.min(3, "nodeType is required; see GET /api/v1/node-types")
	.max(NAME_MAX_LENGTH, `nodeType can have at most ${NAME_MAX_LENGTH} characters`)
	.regex(NAME_PATTERN, "nodeType must look like cache.t4g.micro; see GET /api/v1/node-types");

export const nodeTypeSchema = z.object({
	name: z.string(),
	family: z.string().describe("such as m7g; custom for your own types"),
	vcpus: z.number(),
	memoryBytes: z.number().describe("memory that placement counts against a host"),
	usableMemoryBytes: z.number().describe("memory for data (the engine's maxmemory) by default"),
	cpuMillis: z
		.number()
		.describe("thousandths of a processor that placement counts; burstable types count less"),
	hourlyCost: z
		.number()
		.describe(
			"of one node according to the rate card, in its currency, before the engine's factor",
		),
	custom: z.boolean(),
});
export type NodeType = z.infer<typeof nodeTypeSchema>;

const ownNameSchema = z
	.string()
	.min(1, "name is required")
	.max(NAME_MAX_LENGTH, `name can have at most ${NAME_MAX_LENGTH} characters`)
	.regex(
		NAME_PATTERN,
		"name must be two words or more of lowercase letters and digits with a dot or hyphen between them, such as own.small",
	)
	.refine(
		(name) => !name.startsWith("cache."),
		"name can't begin with cache., which is for ElastiCache's node types; begin with a word of your own, such as own.small",
	);

export const createNodeTypeInputSchema = z.strictObject({
	name: ownNameSchema,
	vcpus: wholeNumber("vcpus", 1, 256),
	memoryMib: wholeNumber("memoryMib", 64, 1_048_576),
	cpuMillis: wholeNumber("cpuMillis", 10, 256_000).optional().describe("vcpus × 1000 when absent"),
});
export const nodeTypeRefSchema = z.strictObject({ name: nodeTypeNameSchema });
