const FIELDS: Readonly<Record<string, string>> = {
	applyPending: "Pending parameters",
	automaticFailover: "Automatic failover",
	engine: "Engine",
	engineVersion: "Engine version",
	moves: "Moves",
	multiAz: "Multi-AZ",
	nodeType: "Node type",
	nodes: "Nodes",
	parameterGroup: "Parameter group",
	removeNodes: "Nodes to remove",
	replicasPerShard: "Replicas per shard",
	shardReplicas: "Replicas by shard",
	shards: "Shards",
	zones: "Zones",
};

/** The fields of a pending change in words, without confirmations. */
export function describeChanges(
	changes: Readonly<Record<string, unknown>>,
): { field: string; value: string }[] {
	return Object.entries(changes)
		.filter(([field]) => field in FIELDS)
		.map(([field, value]) => ({ field: FIELDS[field] ?? field, value: wordsFor(field, value) }));
}

function wordsFor(field: string, value: unknown): string {
	if (field === "applyPending") return "applied, node by node";
	if (value === null) return "any";
	if (typeof value === "boolean") return value ? "on" : "off";
	if (!Array.isArray(value)) return String(value);
	return value.map((each) => (isRecord(each) ? recordWords(each) : String(each))).join(", ");
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null;
}

/** `{ shard, replicas }` or `{ node, host or zone }`. */
function recordWords({ shard, replicas, node, host, zone }: Record<string, unknown>): string {
	if (shard !== undefined) return `${shard}: ${replicas}`;
	return host === undefined ? `${node} to zone ${zone}` : `${node} to ${host}`;
}
