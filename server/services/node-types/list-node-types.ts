import {
	NODE_TYPES,
	type NodeType,
	type NodeTypeSize,
	type RateCard,
	typeHourlyCost,
} from "../../contract/index.ts";
import { usableMemoryBytes } from "../../contract/usable-memory.ts";
import type { Resources } from "../context.ts";

/** ElastiCache's catalog, then operators' own by name. */
export async function listNodeTypes({ db, rateCard }: Resources): Promise<NodeType[]> {
	const rows = await db.nodeType.findMany({ orderBy: { name: "asc" } });
	return [
		...[...NODE_TYPES].map(([name, size]) => toNodeTypeView(name, size, rateCard)),
		...rows.map(({ name, vcpus, memoryBytes, cpuMillis }) =>
			toNodeTypeView(name, { vcpus, memoryBytes: Number(memoryBytes), cpuMillis }, rateCard),
		),
	];
}

export function toNodeTypeView(name: string, size: NodeTypeSize, rateCard: RateCard): NodeType {
	const custom = !NODE_TYPES.has(name);
	return {
		name,
		family: custom ? "custom" : (name.split(".")[1] ?? name),
		vcpus: size.vcpus,
		memoryBytes: size.memoryBytes,
		// Valkey's and Redis's; Memcached reserves less.
		usableMemoryBytes: usableMemoryBytes({
			engine: "valkey",
			memoryBytes: size.memoryBytes,
			overrides: {},
		}),
		cpuMillis: size.cpuMillis,
		hourlyCost: typeHourlyCost(rateCard, name, size.memoryBytes),
		custom,
	};
}
