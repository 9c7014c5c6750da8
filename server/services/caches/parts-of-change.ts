import type { ModifyCacheInput } from "../../contract/index.ts";

/** The fields of a change that concern nodes, by what can be done at the same time. */
const FIELDS = {
	shape: [
		...(["replicasPerShard", "shardReplicas", "removeNodes", "nodes"] as const),
		...(["nodeType", "engine", "engineVersion", "acceptIrreversible"] as const),
		...(["zones", "multiAz", "automaticFailover", "parameterGroup", "applyPending"] as const),
		"clusterMode",
	],
	shards: ["shards", "weightBy"],
	moves: ["moves"],
} as const satisfies Record<string, readonly (keyof ModifyCacheInput)[]>;

/** Fields that only say how others are carried out. */
const MANNERS: readonly string[] = ["acceptIrreversible", "weightBy"];

type PartKind = keyof typeof FIELDS;
export type NodeChanges = Pick<ModifyCacheInput, (typeof FIELDS)[PartKind][number]>;

/** What has to be finished before the next part can begin. */
export interface ChangePart {
	kind: PartKind;
	changes: NodeChanges;
}

/** Only the fields that concern nodes and are defined. */
export function nodeChangesOf(input: Partial<ModifyCacheInput>): NodeChanges {
	return pick(input, Object.values(FIELDS).flat());
}

/**
 * A change in the order in which its parts are carried out: the cache's nodes and settings change first, then slots move,
 * then nodes move to other hosts. Only if nodes get smaller while shards are added do slots move first, because smaller
 * nodes hold less.
 */
export function partsOf(input: Partial<ModifyCacheInput>, shardsFirst: boolean): ChangePart[] {
	const order: PartKind[] = shardsFirst
		? ["shards", "shape", "moves"]
		: ["shape", "shards", "moves"];
	return order
		.map((kind) => ({ kind, changes: pick(input, FIELDS[kind]) }))
		.filter(({ changes }) => changesNodes(changes));
}

export function changesNodes(changes: NodeChanges): boolean {
	return Object.keys(changes).some((field) => !MANNERS.includes(field));
}

function pick(
	input: Partial<ModifyCacheInput>,
	fields: readonly (keyof NodeChanges)[],
): NodeChanges {
	const entries = fields.map((field) => [field, input[field]]);
	return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
