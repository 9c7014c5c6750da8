import type { ModifyCacheInput } from "../../contract/index.ts";

/** The fields of a change that concern nodes, by what can be done at the same time. */
const FIELDS = {
	size: [
		...(["replicasPerShard", "shardReplicas", "removeNodes", "nodes"] as const),
		...(["multiAz", "automaticFailover"] as const),
	],
	kind: [
		...(["nodeType", "engine", "engineVersion", "acceptIrreversible"] as const),
		...(["zones", "applyPending"] as const),
	],
	mode: ["clusterMode", "parameterGroup", "acceptIrreversible"],
	shards: ["shards", "weightBy"],
	moves: ["moves"],
} as const satisfies Record<string, readonly (keyof ModifyCacheInput)[]>;

/** Fields that only say how others are carried out. */
const MANNERS: readonly string[] = ["acceptIrreversible", "weightBy"];

type FieldKind = keyof typeof FIELDS;
export type NodeChanges = Pick<ModifyCacheInput, (typeof FIELDS)[FieldKind][number]>;

/** `shape`: the number and the kind of nodes. `mode`: from cluster mode disabled to enabled. */
type PartKind = "shape" | "mode" | "shards" | "moves";

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
 * In which order a change is carried out. `nodes-first`: the cache's nodes and settings change, then slots move, then nodes
 * move to other hosts. `shards-first`: nodes get smaller while shards are added, and smaller nodes hold less.
 * `size-last`: shards leave, and those that stay get more replicas. `mode-first`: only a cache with cluster mode can get
 * shards.
 */
export type PartOrder = "nodes-first" | "shards-first" | "size-last" | "mode-first";

const ORDERS: Readonly<Record<PartOrder, readonly (readonly FieldKind[])[]>> = {
	"nodes-first": [["size", "kind", "mode"], ["shards"], ["moves"]],
	"shards-first": [["shards"], ["size", "kind", "mode"], ["moves"]],
	"size-last": [["kind", "mode"], ["shards"], ["size"], ["moves"]],
	"mode-first": [["size", "kind"], ["mode"], ["shards"], ["moves"]],
};

/** The parts of a change in their order. */
export function partsOf(input: Partial<ModifyCacheInput>, order: PartOrder): ChangePart[] {
	return ORDERS[order]
		.map((kinds) => ({
			kind: partKindOf(kinds),
			changes: pick(
				input,
				kinds.flatMap((kind) => FIELDS[kind]),
			),
		}))
		.filter(({ changes }) => changesNodes(changes));
}

function partKindOf([first = "size"]: readonly FieldKind[]): PartKind {
	return first === "size" || first === "kind" ? "shape" : first;
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
