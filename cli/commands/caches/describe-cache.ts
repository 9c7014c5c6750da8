import type { Cache, Endpoint, Failover } from "../../../server/contract/index.ts";
import { formatBytes, formatDuration, printable } from "../../terminal/format.ts";
import { type Column, formatFields, formatTable } from "../../terminal/table.ts";

type Field = [label: string, value: string];
type Shard = Cache["shards"][number];
type ShardNode = Shard["nodes"][number] & { shard: string };

/** A cache for people to read. `currency` is the rate card's. */
export function describeCache(cache: Cache, currency: string): string {
	const nodes = cache.shards.flatMap((shard) =>
		shard.nodes.map((node) => ({ ...node, shard: shard.id })),
	);
	const clustered = cache.clusterMode === "enabled";
	return [
		formatFields(
			fieldsOf(cache, currency).map(
				([label, value]): Field => [printable(label), printable(value)],
			),
		),
		...(clustered && cache.shards.length > 0 ? [formatTable(cache.shards, SHARD_COLUMNS)] : []),
		...(nodes.length > 0
			? [formatTable(nodes, clustered ? [SHARD_OF_NODE, ...NODE_COLUMNS] : NODE_COLUMNS)]
			: []),
	].join("\n\n");
}

function fieldsOf(cache: Cache, currency: string): Field[] {
	return [
		["Name", cache.name],
		["Status", cache.status + (cache.statusReason === null ? "" : `: ${cache.statusReason}`)],
		["Engine", `${cache.engine} ${cache.engineVersion}`],
		["Node type", cache.nodeType],
		...shapeOf(cache),
		["Multi-AZ", describeMultiAz(cache)],
		...(cache.zones === null ? [] : [["Zones", cache.zones.join(", ")] satisfies Field]),
		...endpointsOf(cache),
		[
			"Authentication",
			cache.auth.mode === "none"
				? "none"
				: `password; see: larder caches credentials ${cache.name}`,
		],
		["Parameter group", describeParameterGroup(cache)],
		["Deletion protection", onOrOff(cache.deletionProtection)],
		["Cost", `${cache.hourlyCost.toFixed(4)} ${currency} per hour`],
		["Created", cache.createdAt],
		...Object.entries(cache.tags).map(([key, value]): Field => [`Tag ${key}`, value]),
		...(cache.description === "" ? [] : [["Description", cache.description] satisfies Field]),
	];
}

function shapeOf(cache: Cache): Field[] {
	if (cache.engine === "memcached") return [["Nodes", String(cache.nodeCount)]];
	return [
		["Cluster mode", onOrOff(cache.clusterMode === "enabled")],
		...(cache.clusterMode === "enabled"
			? [["Shards", String(cache.shardCount)] satisfies Field]
			: []),
		["Replicas", `${cache.replicasPerShard}${cache.clusterMode === "enabled" ? " per shard" : ""}`],
		["Automatic failover", onOrOff(cache.automaticFailover)],
		...(cache.lastFailover === null
			? []
			: [["Last failover", describeFailover(cache.lastFailover)] satisfies Field]),
	];
}

function describeMultiAz({ multiAzStatus, multiAzReason }: Cache): string {
	switch (multiAzStatus) {
		case "enabled":
			return "on";
		case "disabled":
			return "off";
		case "degraded":
			return `degraded${multiAzReason === null ? "" : `: ${multiAzReason}`}`;
	}
}

/** "2026-01-01T00:00:00.000Z, orders-001 → orders-002, planned, writes unavailable for 12 ms: requested" */
function describeFailover({ at, kind, from, to, cause, writesUnavailableMs }: Failover): string {
	const measured =
		writesUnavailableMs === null
			? ""
			: `, writes unavailable for ${formatDuration(Math.max(1, writesUnavailableMs))}`;
	return `${at}, ${from} → ${to}, ${kind}${measured}: ${cause}`;
}

/** Those that such a cache has, `-` until it is available. */
function endpointsOf({ engine, clusterMode, replicasPerShard, endpoints }: Cache): Field[] {
	const one =
		engine === "memcached" || clusterMode === "enabled"
			? [["Configuration endpoint", formatEndpoint(endpoints.configuration)] satisfies Field]
			: [
					["Primary endpoint", formatEndpoint(endpoints.primary)] satisfies Field,
					...(replicasPerShard > 0
						? [["Reader endpoint", formatEndpoint(endpoints.reader)] satisfies Field]
						: []),
				];
	return endpoints.gateways.length > 1
		? [...one, ["Served by", `${endpoints.gateways.join(", ")} (same ports)`]]
		: one;
}

function describeParameterGroup({ name, parameterGroup, shards }: Cache): string {
	switch (parameterGroup.status) {
		case "in-sync":
			return parameterGroup.name;
		case "applying":
			return `${parameterGroup.name} (being applied)`;
		case "pending-reboot": {
			const pending = shards.flatMap(({ nodes }) =>
				nodes.flatMap((node) => node.pendingParameters),
			);
			const names = [...new Set(pending)].sort().join(", ");
			return `${parameterGroup.name} (${names} pending; run: larder caches reboot ${name})`;
		}
	}
}

function onOrOff(value: boolean): string {
	return value ? "on" : "off";
}

const SHARD_COLUMNS: readonly Column<Shard>[] = [
	{ title: "SHARD", value: (shard) => shard.id },
	{ title: "SLOTS", value: (shard) => shard.slots ?? "-" },
	{
		title: "PRIMARY",
		value: (shard) => shard.nodes.find((node) => node.role === "primary")?.id ?? "-",
	},
	{ title: "NODES", value: (shard) => String(shard.nodes.length), align: "right" },
];

const SHARD_OF_NODE: Column<ShardNode> = { title: "SHARD", value: (node) => node.shard };

const NODE_COLUMNS: readonly Column<ShardNode>[] = [
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
];

export function formatEndpoint(endpoint: Endpoint | null): string {
	return endpoint === null ? "-" : `${endpoint.host}:${endpoint.port}`;
}
