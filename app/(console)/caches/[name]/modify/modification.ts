import { changeRefusals, type Refusal } from "../../../../../server/contract/cache-shape.ts";
import type { Cache } from "../../../../../server/contract/cache-view.ts";
import { type EvictionPolicy, engineSchema } from "../../../../../server/contract/enums.ts";
import type { ModifyCacheInput } from "../../../../../server/contract/modify-cache.ts";
import { engineTitle } from "../../../../_lib/engines.ts";
import { PERSISTENCE_WORDS } from "../../persistence-words.ts";
import { type DraftTag, toDraftTags, toTagRecord } from "../../tags.ts";

/** What the form holds. */
export interface ModifyDraft {
	description: string;
	deletionProtection: boolean;
	parameterGroup: string;
	/** Restart nodes that have pending parameters. */
	applyPending: boolean;
	nodeType: string;
	/** Such as "valkey 9"; empty for the current one. */
	engine: string;
	tags: readonly DraftTag[];
	/** Null for a provisioned cache. */
	evictionPolicy: EvictionPolicy | null;
	/** A cache with the standard protocol should get the cluster protocol, or one without cluster mode cluster mode. */
	toCluster: boolean;
	shards: number;
	replicasPerShard: number;
	/** The number of replicas in each shard that has its own number, by the shard's id. */
	shardReplicas: Readonly<Record<string, number>>;
	/** For Memcached. */
	nodes: number;
	multiAz: boolean;
	automaticFailover: boolean;
	/** Such as "a, b"; empty for any. */
	zones: string;
	maintenanceWindow: string;
	persistence: Cache["persistence"];
	/** When nodes change. */
	apply: "now" | "window";
}

export function toModifyDraft(cache: Cache): ModifyDraft {
	return {
		description: cache.description,
		deletionProtection: cache.deletionProtection,
		parameterGroup: cache.parameterGroup.name,
		applyPending: false,
		nodeType: cache.nodeType,
		engine: "",
		tags: toDraftTags(cache.tags),
		evictionPolicy: cache.evictionPolicy,
		toCluster: false,
		shards: cache.shardCount,
		replicasPerShard: cache.replicasPerShard,
		shardReplicas: ownReplicas(cache),
		nodes: cache.nodeCount,
		multiAz: cache.multiAz,
		automaticFailover: cache.automaticFailover,
		zones: zoneWords(cache.zones),
		maintenanceWindow: cache.maintenanceWindow,
		persistence: cache.persistence,
		apply: "now",
	};
}

function ownReplicas({ engine, shards, replicasPerShard }: Cache): Record<string, number> {
	if (engine === "memcached") return {};
	const own = shards.filter(({ replicas }) => replicas !== replicasPerShard);
	return Object.fromEntries(own.map(({ id, replicas }) => [id, replicas]));
}

/** How many replicas the draft wants in a shard. */
export function replicasIn(draft: ModifyDraft, shardId: string): number {
	return draft.shardReplicas[shardId] ?? draft.replicasPerShard;
}

type Changes = Omit<ModifyCacheInput, "name">;

/** The part of the changes that concerns nodes; null if none does. */
export function shapeChanges(changes: Changes): Changes | null {
	const { shards, replicasPerShard, nodes, multiAz, automaticFailover } = changes;
	const { nodeType, engine, engineVersion, applyPending, parameterGroup, zones } = changes;
	const shape = {
		...{ zones, clusterMode: changes.clusterMode, shardReplicas: changes.shardReplicas },
		...{ shards, replicasPerShard, nodes, multiAz, automaticFailover },
		...{ nodeType, engine, engineVersion, applyPending },
	};
	const isShape = Object.values(shape).some((value) => value !== undefined);
	return isShape ? { ...shape, parameterGroup, apply: changes.apply } : null;
}

/** The engine and version that a draft asks for; null for the current ones. */
export function engineOf({ engine }: ModifyDraft): Pick<Cache, "engine" | "engineVersion"> | null {
	const [name, version] = engine.split(" ");
	const parsed = engineSchema.safeParse(name);
	return parsed.success && version !== undefined
		? { engine: parsed.data, engineVersion: version }
		: null;
}

/** Why the cache can't take that shape, by the rules that the API applies. */
export function shapeRefusals(cache: Cache, shape: Changes | null): readonly Refusal[] {
	if (shape === null) return [];
	const nodes = cache.engine === "memcached" ? cache.nodeCount : null;
	return changeRefusals({ ...cache, nodes }, shape);
}

export interface Difference {
	field: string;
	from: string;
	to: string;
	/** When it takes effect and what that does to nodes; follows the words "Takes effect". */
	effect: string;
}

const AT_ONCE = "at once; nothing restarts";

/** Fields whose changes don't wait for the maintenance window. */
const OF_THE_RECORD = [
	"Description",
	"Deletion protection",
	"Maintenance window",
	"Tags",
	"When it is full",
	"Persistence",
];

function inWindow(difference: Difference): Difference {
	if (OF_THE_RECORD.includes(difference.field)) return difference;
	const effect = difference.effect.replace(/^at once; |^/, "in the maintenance window: ");
	return { ...difference, effect };
}

function zoneWords(zones: readonly string[] | null | undefined): string {
	return (zones ?? []).join(", ");
}

/** Null for any. */
function zonesOf({ zones }: ModifyDraft): string[] | null {
	const names = zones.split(/[\s,]+/).filter((name) => name !== "");
	return names.length === 0 ? null : names;
}

function tagWords(tags: Readonly<Record<string, string>>): string {
	const words = Object.entries(tags)
		.sort(([a], [b]) => a.localeCompare(b))
		.map(([key, value]) => (value === "" ? key : `${key}=${value}`));
	return words.length === 0 ? "none" : words.join(", ");
}

/** What the draft changes: for the request, and in words. */
export function differences(
	cache: Cache,
	draft: ModifyDraft,
): { changes: Changes; list: Difference[] } {
	const changes: Changes = {};
	const list: Difference[] = [];
	if (draft.description !== cache.description) {
		changes.description = draft.description;
		list.push({
			field: "Description",
			from: cache.description || "none",
			to: draft.description || "none",
			effect: AT_ONCE,
		});
	}
	if (draft.deletionProtection !== cache.deletionProtection) {
		changes.deletionProtection = draft.deletionProtection;
		list.push({
			field: "Deletion protection",
			from: cache.deletionProtection ? "on" : "off",
			to: draft.deletionProtection ? "on" : "off",
			effect: AT_ONCE,
		});
	}
	if (draft.parameterGroup !== cache.parameterGroup.name) {
		changes.parameterGroup = draft.parameterGroup;
		list.push({
			field: "Parameter group",
			from: cache.parameterGroup.name,
			to: draft.parameterGroup,
			effect: draft.toCluster
				? "as the nodes restart"
				: "for most values at once, for the rest after you reboot the nodes",
		});
	}
	if (draft.maintenanceWindow !== cache.maintenanceWindow) {
		changes.maintenanceWindow = draft.maintenanceWindow;
		list.push({
			field: "Maintenance window",
			from: cache.maintenanceWindow,
			to: draft.maintenanceWindow,
			effect: AT_ONCE,
		});
	}
	if (draft.persistence !== cache.persistence) {
		changes.persistence = draft.persistence;
		list.push({
			field: "Persistence",
			from: PERSISTENCE_WORDS[cache.persistence].short,
			to: PERSISTENCE_WORDS[draft.persistence].short,
			effect:
				draft.persistence === "none"
					? "at once: nodes delete their files; nothing restarts"
					: AT_ONCE,
		});
	}
	if (draft.evictionPolicy !== null && draft.evictionPolicy !== cache.evictionPolicy) {
		changes.evictionPolicy = draft.evictionPolicy;
		list.push({
			field: "When it is full",
			from: cache.evictionPolicy ?? "none",
			to: draft.evictionPolicy,
			effect: AT_ONCE,
		});
	}
	if (draft.toCluster) {
		const effect =
			"as all nodes restart with their data, while clients wait. This change can't be undone";
		if (cache.kind === "serverless") {
			changes.protocol = "cluster";
			list.push({ field: "Protocol", from: "standard", to: "cluster", effect });
		} else {
			changes.clusterMode = "enabled";
			list.push({ field: "Cluster mode", from: "disabled", to: "enabled", effect });
		}
	}
	addKind(cache, draft, changes, list);
	addShape(cache, draft, changes, list);
	const tags = toTagRecord(draft.tags);
	if (tagWords(tags) !== tagWords(cache.tags)) {
		changes.tags = tags;
		list.push({ field: "Tags", from: tagWords(cache.tags), to: tagWords(tags), effect: AT_ONCE });
	}
	if (draft.apply !== "window" || shapeChanges(changes) === null) return { changes, list };
	return { changes: { ...changes, apply: "window" }, list: list.map(inWindow) };
}

function addKind(cache: Cache, draft: ModifyDraft, changes: Changes, list: Difference[]): void {
	if (draft.applyPending) {
		changes.applyPending = true;
		const effect = "node by node, replicas first; each restarts once";
		list.push({ field: "Pending parameters", from: "waiting", to: "applied", effect });
	}
	if (draft.nodeType !== cache.nodeType) {
		changes.nodeType = draft.nodeType;
		const effect = "in place where hosts have room, otherwise as nodes move";
		list.push({ field: "Node type", from: cache.nodeType, to: draft.nodeType, effect });
	}
	const engine = engineOf(draft);
	if (engine === null) return;
	changes.engine = engine.engine;
	changes.engineVersion = engine.engineVersion;
	list.push({
		field: "Engine",
		from: engineTitle(cache.engine, cache.engineVersion),
		to: engineTitle(engine.engine, engine.engineVersion),
		effect: "node by node, replicas first. This change can't be undone",
	});
}

function addShape(cache: Cache, draft: ModifyDraft, changes: Changes, list: Difference[]): void {
	const onOff = (isOn: boolean) => (isOn ? "on" : "off");
	if (cache.engine === "memcached") {
		if (draft.nodes !== cache.nodeCount) {
			changes.nodes = draft.nodes;
			const effect =
				draft.nodes > cache.nodeCount
					? "node by node, as each is ready"
					: "once clients have had a minute to learn which nodes are leaving";
			list.push({ field: "Nodes", from: `${cache.nodeCount}`, to: `${draft.nodes}`, effect });
		}
	}
	if (draft.shards !== cache.shardCount) {
		changes.shards = draft.shards;
		list.push({
			field: "Shards",
			from: `${cache.shardCount}`,
			to: `${draft.shards}`,
			effect: "as slots move with their keys; nothing restarts",
		});
	}
	if (cache.engine !== "memcached" && draft.replicasPerShard !== cache.replicasPerShard) {
		changes.replicasPerShard = draft.replicasPerShard;
		list.push({
			field: "Replicas per shard",
			from: `${cache.replicasPerShard}`,
			to: `${draft.replicasPerShard}`,
			effect: replicaEffect(cache.replicasPerShard, draft.replicasPerShard),
		});
	}
	addShardReplicas(cache, draft, changes, list);
	if (zoneWords(zonesOf(draft)) !== zoneWords(cache.zones)) {
		changes.zones = zonesOf(draft);
		list.push({
			field: "Zones",
			from: zoneWords(cache.zones) || "any",
			to: zoneWords(changes.zones) || "any",
			effect: "as nodes in other zones move, one at a time",
		});
	}
	for (const [key, field] of [
		["multiAz", "Multi-AZ"],
		["automaticFailover", "Automatic failover"],
	] as const) {
		if (draft[key] === cache[key]) continue;
		changes[key] = draft[key];
		list.push({ field, from: onOff(cache[key]), to: onOff(draft[key]), effect: AT_ONCE });
	}
}

function replicaEffect(before: number, after: number): string {
	return after > before
		? "once new replicas are in sync; nothing restarts"
		: "once no endpoint routes clients to the replicas being removed; nothing restarts";
}

/** A number for all shards replaces the numbers of individual shards, so the request must repeat them. */
function addShardReplicas(
	cache: Cache,
	draft: ModifyDraft,
	changes: Changes,
	list: Difference[],
): void {
	if (cache.engine === "memcached" || cache.clusterMode !== "enabled") return;
	const wanted = cache.shards.map(({ id, replicas }) => {
		return { shard: id, before: replicas, replicas: replicasIn(draft, id) };
	});
	for (const { shard, before, replicas } of wanted) {
		const follows = before === cache.replicasPerShard && replicas === draft.replicasPerShard;
		if (before === replicas || follows) continue;
		list.push({
			field: `Replicas of shard ${Number(shard)}`,
			...{ from: `${before}`, to: `${replicas}`, effect: replicaEffect(before, replicas) },
		});
	}
	const named = wanted.filter(({ before, replicas }) =>
		changes.replicasPerShard === undefined
			? before !== replicas
			: replicas !== draft.replicasPerShard,
	);
	if (named.length === 0) return;
	changes.shardReplicas = named.map(({ shard, replicas }) => ({ shard, replicas }));
}
