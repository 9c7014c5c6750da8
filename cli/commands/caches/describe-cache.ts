import type { Cache, Endpoint } from "../../../server/contract/index.ts";
import { formatBytes, printable } from "../../terminal/format.ts";
import { formatFields, formatTable } from "../../terminal/table.ts";

/** A cache for people to read. */
export function describeCache(cache: Cache): string {
	const fields: [string, string][] = [
		["Name", cache.name],
		["Status", cache.status + (cache.statusReason === null ? "" : `: ${cache.statusReason}`)],
		["Engine", `${cache.engine} ${cache.engineVersion}`],
		["Node type", cache.nodeType],
		["Replicas", String(cache.replicasPerShard)],
		["Multi-AZ", cache.multiAz ? "on" : "off"],
		["Automatic failover", cache.automaticFailover ? "on" : "off"],
		["Primary endpoint", formatEndpoint(cache.endpoints.primary)],
		...(cache.endpoints.reader === null
			? []
			: ([["Reader endpoint", formatEndpoint(cache.endpoints.reader)]] satisfies [
					string,
					string,
				][])),
		[
			"Authentication",
			cache.auth.mode === "none"
				? "none"
				: `password; see: larder caches credentials ${cache.name}`,
		],
		["Created", cache.createdAt],
		...Object.entries(cache.tags).map(([key, value]): [string, string] => [`Tag ${key}`, value]),
		...(cache.description === ""
			? []
			: ([["Description", cache.description]] satisfies [string, string][])),
	];
	const nodes = cache.shards.flatMap((shard) => shard.nodes);
	const safe = fields.map(([label, value]): [string, string] => [
		printable(label),
		printable(value),
	]);
	if (nodes.length === 0) return formatFields(safe);
	const table = formatTable(nodes, [
		{ title: "NODE", value: (node) => node.id },
		{ title: "ROLE", value: (node) => node.role ?? "-" },
		{ title: "ZONE", value: (node) => node.zone },
		{ title: "HOST", value: (node) => node.host },
		{ title: "ADDRESS", value: (node) => `${node.address}:${node.port}` },
		{ title: "STATUS", value: (node) => node.status },
		{ title: "PID", value: (node) => String(node.pid ?? "-"), align: "right" },
		{
			title: "MEMORY",
			value: (node) => (node.metrics === null ? "-" : formatBytes(node.metrics.memoryUsedBytes)),
			align: "right",
		},
	]);
	return `${formatFields(safe)}\n\n${table}`;
}

export function formatEndpoint(endpoint: Endpoint | null): string {
	return endpoint === null ? "-" : `${endpoint.host}:${endpoint.port}`;
}
