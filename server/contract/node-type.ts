import { z } from "zod";
import { GIB } from "./limits.ts";

/** ElastiCache's names: cache.m7g.large. Operators' own: letters, digits, dots and hyphens after a word of their own. */
export const nodeTypeNameSchema = z
	.string()
	.min(3, "nodeType is required; see GET /api/v1/node-types")
	.max(64)
	.regex(
		/^[a-z][a-z0-9]*([.-][a-z0-9]+)+$/,
		"nodeType must look like cache.t4g.micro; see GET /api/v1/node-types",
	);

export interface NodeTypeSize {
	vcpus: number;
	memoryBytes: number;
	/** Processors that placement counts against a host, in thousandths. Burstable types count their baseline. */
	cpuMillis: number;
}

const SIZES: Readonly<Record<string, [vcpus: number, gib: number]>> = {
	large: [2, 6.38],
	xlarge: [4, 12.94],
	"2xlarge": [8, 26.05],
	"4xlarge": [16, 52.26],
	"8xlarge": [32, 103.68],
	"12xlarge": [48, 157.13],
	"16xlarge": [64, 209.55],
};
const MEMORY_OPTIMIZED: Readonly<Record<string, [vcpus: number, gib: number]>> = {
	large: [2, 13.07],
	xlarge: [4, 26.32],
	"2xlarge": [8, 52.82],
	"4xlarge": [16, 105.81],
	"8xlarge": [32, 209.55],
	"12xlarge": [48, 317.77],
	"16xlarge": [64, 419.1],
};
/** With the share of each vCPU that a burstable type may use for ever. */
const BURSTABLE: Readonly<Record<string, [vcpus: number, gib: number, baseline: number]>> = {
	micro: [2, 0.5, 0.1],
	small: [2, 1.37, 0.2],
	medium: [2, 3.09, 0.2],
};

function family(
	name: string,
	sizes: Readonly<Record<string, readonly number[]>>,
): [string, NodeTypeSize][] {
	return Object.entries(sizes).map(([size, [vcpus = 1, gib = 1, baseline = 1]]) => [
		`cache.${name}.${size}`,
		{
			vcpus,
			memoryBytes: Math.round(gib * GIB),
			cpuMillis: Math.round(vcpus * baseline * 1_000),
		},
	]);
}

/** ElastiCache's catalogue, smallest first within a family. */
export const NODE_TYPES: ReadonlyMap<string, NodeTypeSize> = new Map([
	...family("t4g", BURSTABLE),
	...family("t3", BURSTABLE),
	...family("m7g", SIZES),
	...family("m6g", SIZES),
	...family("r7g", MEMORY_OPTIMIZED),
	...family("r6g", MEMORY_OPTIMIZED),
]);

export const nodeTypeSchema = z.object({
	name: z.string(),
	family: z.string().describe("such as m7g; custom for operators' own"),
	vcpus: z.number(),
	memoryBytes: z.number().describe("memory that placement counts against a host"),
	usableMemoryBytes: z.number().describe("memory for data (the engine's maxmemory) by default"),
	cpuMillis: z
		.number()
		.describe("thousandths of a processor that placement counts; burstable types count less"),
	hourlyCost: z.number().describe("of one node by the rate card, in its currency"),
	custom: z.boolean(),
});
export type NodeType = z.infer<typeof nodeTypeSchema>;

export const createNodeTypeInputSchema = z.strictObject({
	name: nodeTypeNameSchema.refine(
		(name) => !name.startsWith("cache."),
		"names that begin with cache. are ElastiCache's; begin with a word of your own, such as own.small",
	),
	vcpus: z.int("vcpus must be a whole number").min(1).max(256),
	memoryMib: z
		.int("memoryMib must be a whole number")
		.min(64, "memoryMib must be at least 64")
		.max(1_048_576),
	cpuMillis: z.int().min(10).max(256_000).optional().describe("vcpus × 1000 when absent"),
});
export const nodeTypeRefSchema = z.strictObject({ name: nodeTypeNameSchema });

export const rateCardSchema = z.object({
	currency: z.string(),
	perVcpuHour: z.number(),
	perGibHour: z.number(),
});
export type RateCard = z.infer<typeof rateCardSchema>;
