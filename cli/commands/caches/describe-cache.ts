import {
	type Cache,
	type CacheInterface,
	type Endpoint,
	type Failover,
	failoverEnds,
} from "../../../server/contract/index.ts";
import { formatBytes, formatDuration, printable } from "../../terminal/format.ts";
import { type Column, formatFields, formatTable } from "../../terminal/table.ts";
import { pendingFields } from "./pending-fields.ts";
import { serverlessFields } from "./serverless-fields.ts";

type Field = [label: string, value: string];
type Shard = Cache["shards"][number];
type ShardNode = Shard["nodes"][number] & { shard: string };

/** A cache in readable form. `currency` is the rate card's. */
export function describeCache(cache: CacheInterface, currency: string): string {
	const { shards = [] } = cache;
	const nodes = shards.flatMap((shard) =>
		shard.nodes.map((node) => ({ ...node, shard: shard.id })),
	);
	const clustered = cache.clusterMode === "enabled";
	return [
		formatFields(
			fieldsOf(cache, currency).map(
				([label, value]): Field => [printable(label), printable(value)],
			),
		),
		...(clustered && shards.length > 0 ? [formatTable(shards, SHARD_COLUMNS)] : []),
		...(nodes.length > 0
			? [formatTable(nodes, clustered ? [SHARD_OF_NODE, ...NODE_COLUMNS] : NODE_COLUMNS)]
			: []),
		...nodes.flatMap((node) => describeClientLimit(node) ?? []),
	].join("\n\n");
}

/** Null for a node that serves as many clients as it should. */
function describeClientLimit({ id, host, clientLimit }: ShardNode): string | null {
	if (clientLimit === null) return null;
	return `${id} serves at most ${clientLimit.actual} clients at a time instead of ${clientLimit.wanted}: ${host} lets a process open too few files. See: larder hosts show ${host}`;
}

function fieldsOf(cache: CacheInterface, currency: string): Field[] {
	const { shards = [] } = cache;
	return [
		["Name", cache.name],
		["Status", cache.status + (cache.statusReason === null ? "" : `: ${cache.statusReason}`)],
		...describeOperation(cache),
		...pendingFields(cache),
		["Engine", `${cache.engine} ${cache.engineVersion}`],
		...(cache.kind === "serverless"
			? serverlessFields(cache)
			: [["Node type", cache.nodeType ?? "-"] satisfies Field, ...shapeOf(cache)]),
		["Multi-AZ", describeMultiAz(cache)],
		...(cache.zones === null ? [] : [["Zones", cache.zones.join(", ")] satisfies Field]),
		...endpointsOf(cache),
		[
			"Authentication",
			cache.auth.mode === "none"
				? "none"
				: `password; see: larder caches credentials ${cache.name}`,
		],
		...(cache.kind === "serverless" || cache.parameterGroup === undefined
			? []
			: [
					[
						"Parameter group",
						describeParameterGroup(cache.name, cache.parameterGroup, shards),
					] satisfies Field,
				]),
		["Deletion protection", onOrOff(cache.deletionProtection)],
		...snapshotFields(cache),
		...(cache.persistence === "none" ? [] : [["Persistence", cache.persistence] satisfies Field]),
		["Cost", describeCost(cache, currency)],
		["Created", cache.createdAt],
		...Object.entries(cache.tags).map(([key, value]): Field => [`Tag ${key}`, value]),
		...(cache.description === "" ? [] : [["Description", cache.description] satisfies Field]),
	];
}

function describeCost({ name, hourlyCost }: CacheInterface, currency: string): string {
	if (hourlyCost === null) return `by use; see: larder usage ${name}`;
	return `${hourlyCost.toFixed(4)} ${currency} per hour`;
}

/** How far along a change of nodes, shards or slots is. */
function describeOperation({ name, operation }: CacheInterface): Field[] {
	if (operation === null) return [];
	const { kind, state, percent, slots, data, cancellable } = operation;
	const back = state === "canceling" ? " back" : "";
	const way = cancellable ? `; cancel it with: larder caches cancel ${name}` : "";
	const keys =
		data === null
			? ""
			: `, about ${data.keysMoved} of ${data.keys} keys (${formatBytes(data.bytesMoved)} of ${formatBytes(data.bytes)})`;
	const moved =
		slots === null ? "" : `, ${slots.moved} of ${slots.total} slots${keys} moved${back}`;
	return [["Change", `${kind}: ${percent}%${moved}${way}`]];
}

function shapeOf(cache: CacheInterface): Field[] {
	if (cache.engine === "memcached") return [["Nodes", String(cache.nodeCount)]];
	return [
		["Cluster mode", onOrOff(cache.clusterMode === "enabled")],
		...(cache.clusterMode === "enabled"
			? [["Shards", String(cache.shardCount)] satisfies Field]
			: []),
		["Replicas", `${cache.replicasPerShard}${cache.clusterMode === "enabled" ? " per shard" : ""}`],
		["Automatic failover", onOrOff(cache.automaticFailover)],
		...(cache.lastFailover
			? [["Last failover", describeFailover(cache.lastFailover)] satisfies Field]
			: []),
	];
}

function describeMultiAz({ multiAzStatus, multiAzReason }: CacheInterface): string {
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
function describeFailover(failover: Failover): string {
	const { at, kind, cause, writesUnavailableMs } = failover;
	const { from, to } = failoverEnds(failover);
	const measured =
		writesUnavailableMs === null
			? ""
			: `, writes unavailable for ${formatDuration(Math.max(1, writesUnavailableMs))}`;
	return `${at}, ${from} → ${to}, ${kind}${measured}: ${cause}`;
}

/** The endpoints that this kind of cache has; `-` until it is available. */
function endpointsOf(cache: CacheInterface): Field[] {
	const { endpoints } = cache;
	const { names } = endpoints;
	const isCluster = cache.clusterMode === "enabled" || cache.protocol === "cluster";
	const hasReplicas = cache.kind === "serverless" || cache.replicasPerShard !== 0;
	const one =
		cache.engine === "memcached" || isCluster
			? [
					[
						"Configuration endpoint",
						formatEndpoint(endpoints.configuration, names?.configuration),
					] satisfies Field,
				]
			: [
					["Primary endpoint", formatEndpoint(endpoints.primary, names?.primary)] satisfies Field,
					...(hasReplicas
						? [["Reader endpoint", formatEndpoint(endpoints.reader, names?.reader)] satisfies Field]
						: []),
				];
	return [
		...one,
		...(endpoints.gateways.length > 1
			? [["Served by", `${endpoints.gateways.join(", ")} (same ports)`] satisfies Field]
			: []),
		...(names === null
			? []
			: [["Names", `${names.zone}; hosts answer DNS on port ${names.port}`] satisfies Field]),
	];
}

function describeParameterGroup(
	name: string,
	parameterGroup: Cache["parameterGroup"],
	shards: readonly Shard[],
): string {
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
	{
		title: "HOST",
		value: ({ host, move }) => (move === null ? host : `${move.from} → ${move.to}`),
	},
	{ title: "ADDRESS", value: (node) => `${node.address}:${node.port}` },
	{ title: "STATUS", value: (node) => node.status },
	{ title: "PID", value: (node) => String(node.pid ?? "-"), align: "right" },
	{
		title: "MEMORY",
		value: (node) => (node.metrics === null ? "-" : formatBytes(node.metrics.memoryUsedBytes)),
		align: "right",
	},
];

/** With the name first, if it has one: an address may be lost with its host. */
export function formatEndpoint(endpoint: Endpoint | null, name?: string | null): string {
	if (endpoint === null) return "-";
	const address = `${endpoint.host}:${endpoint.port}`;
	return name ? `${name}:${endpoint.port} (${address})` : address;
}

function snapshotFields({
	snapshotRetentionDays: days,
	snapshotWindow,
}: CacheInterface): [string, string][] {
	if (days === 0) return [];
	return [["Daily snapshot", `${snapshotWindow} UTC, kept ${days} day${days === 1 ? "" : "s"}`]];
}
