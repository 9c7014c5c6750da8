import { z } from "zod";
import { GIB } from "./limits.ts";

const catalogue = {
	"cache.t4g.micro": { vcpus: 2, memoryBytes: Math.round(0.5 * GIB) },
	"cache.t4g.small": { vcpus: 2, memoryBytes: Math.round(1.37 * GIB) },
	"cache.t4g.medium": { vcpus: 2, memoryBytes: Math.round(3.09 * GIB) },
} as const;

export type NodeTypeName = keyof typeof catalogue;

export const NODE_TYPES: Readonly<Record<NodeTypeName, { vcpus: number; memoryBytes: number }>> =
	catalogue;

export const nodeTypeNameSchema = z.enum(
	Object.keys(catalogue) as [NodeTypeName, ...NodeTypeName[]],
);

export const nodeTypeSchema = z.object({
	name: nodeTypeNameSchema,
	vcpus: z.number(),
	memoryBytes: z.number().describe("memory that placement counts against a host"),
	usableMemoryBytes: z.number().describe("memory for data (the engine's maxmemory)"),
});
export type NodeType = z.infer<typeof nodeTypeSchema>;
