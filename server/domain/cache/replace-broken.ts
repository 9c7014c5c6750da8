import type { CacheModel, NodeModel, PlanAction, PlanEvent, ShardModel } from "./model.ts";
import { primaryOf } from "./model.ts";
import { isSilent, mayHoldData } from "./node-health.ts";
import { agentRemedy } from "./node-label.ts";
import { hasLostFiles, isBroken, isGone, isLed, keepsEnding, type Pair } from "./node-pairs.ts";

export interface Replacements {
	actions: PlanAction[];
	events: PlanEvent[];
	/** What people should know or do about nodes that can't be replaced now. */
	reasons: string[];
}

/** The node must go, to any host with room. */
const ANYWHERE = { hostIds: null, optional: false } as const;

/**
 * Nodes of a shard that can't recover are replaced immediately, several together, by copies of the primary. If
 * there is no primary because it is one of them, everything depends on which nodes may still hold the data.
 */
export function replaceBroken(
	cache: CacheModel,
	shard: ShardModel,
	pairs: readonly Pair[],
	passing: ReadonlySet<string>,
): Partial<Replacements> {
	const broken = shard.nodes.filter((node) => isBroken(cache, node) && !passing.has(node.id));
	const reasons = cache.safeMode ? safeModeReasons(shard) : [];
	if (broken.length === 0) return { reasons };
	const primary = primaryOf(shard);
	// Without a sibling to copy from, it keeps trying where its files are.
	if (
		primary !== undefined &&
		keepsEnding(primary) &&
		!isGone(cache, primary) &&
		!isLed(shard, [])
	) {
		return { reasons: [...reasons, keepsEndingText(cache, primary)] };
	}
	if (primary !== undefined && !isLed(shard, [])) {
		return broken.includes(primary) ? startAgain(cache, shard, primary, pairs) : { reasons };
	}
	const inHand = new Set(pairs.flatMap(({ outgoing, incoming }) => [outgoing.id, incoming.id]));
	return {
		reasons,
		actions: broken
			.filter((node) => !inHand.has(node.id))
			.map((node) => ({
				kind: "add-replacement",
				nodeId: node.id,
				empty: false,
				...ANYWHERE,
				reason: whyBroken(node),
			})),
	};
}

function whyBroken(node: NodeModel): string {
	if (hasLostFiles(node)) return `the files of ${node.name} are gone or damaged`;
	if (keepsEnding(node)) return `${node.name} keeps exiting within seconds of starting`;
	return `host ${node.host.name} is lost`;
}

function safeModeReasons(shard: ShardModel): string[] {
	const hosts = new Set(
		shard.nodes.filter(({ host }) => host.lost && !host.lossConfirmed).map(({ host }) => host.name),
	);
	return [...hosts].map(
		(name) =>
			`Host ${name} is silent, but so many hosts went silent at the same time that Larder replaces nothing (safe mode) until they return. If it won't come back, remove it as lost.`,
	);
}

function keepsEndingText(cache: CacheModel, { name, host, observation }: NodeModel): string {
	return `${name} on ${host.name} keeps exiting within seconds of starting, and no other node is primary in its place: ${observation?.reason?.message ?? ""}. Its agent restarts it every half minute. Fix the cause, or delete ${cache.name}.`;
}

/**
 * A shard without a primary, because its primary can't recover. While another member lives, plan-recovery.ts
 * decides which of them leads: it asks them first, and promotes an empty one if all are. Two empty
 * starts at the same time would make two primaries. So a new node starts empty only if no member lives and no order is
 * in progress that could promote one.
 */
function startAgain(
	cache: CacheModel,
	shard: ShardModel,
	primary: NodeModel,
	pairs: readonly Pair[],
): Partial<Replacements> {
	if (shard.order !== null) return {};
	const heirs = shard.nodes.filter(
		(node) => node.id !== primary.id && mayInherit(node) && !hasLostFiles(node),
	);
	const reachable = heirs.filter((node) => !node.host.lost && !node.host.lossConfirmed);
	if (reachable.length > 0) return { reasons: waitForHeirs(cache, primary, reachable) };
	const holders = hasLostFiles(primary) ? heirs : [primary, ...heirs];
	const unconfirmed = [
		...new Set(holders.filter(({ host }) => !host.lossConfirmed).map(({ host }) => host.name)),
	];
	if (unconfirmed.length > 0) {
		const are = unconfirmed.length === 1 ? "is" : "are";
		return {
			reasons: [
				`Only ${unconfirmed.join(", ")} ${unconfirmed.length === 1 ? "holds" : "hold"} the data of ${primary.name}, and ${are} lost. Its shard serves again when ${unconfirmed.length === 1 ? "that host returns" : "one of those hosts returns"}: start Larder's agent there. To give up the data and start empty instead, remove ${unconfirmed[0]} as lost.`,
			],
		};
	}
	if (heirs.length < shard.nodes.length - 1 && hasLostFiles(primary) && !primary.goneForCertain) {
		return {
			reasons: [
				`The files of ${primary.name} on ${primary.host.name} are gone; Larder waits for the other hosts' reports.`,
			],
		};
	}
	// A replacement that was going to copy from the primary has no data, or is given up as well. It would only be in the way.
	const incoming = pairs.find(({ outgoing }) => outgoing.id === primary.id)?.incoming;
	if (incoming !== undefined) {
		return { actions: [{ kind: "retire", nodeId: incoming.id }] };
	}
	return {
		actions: [
			{
				kind: "add-replacement",
				nodeId: primary.id,
				empty: true,
				...ANYWHERE,
				reason: hasLostFiles(primary)
					? `the files of ${primary.name} are gone, and no other node holds its data`
					: `host ${primary.host.name} won't come back, and no other node holds its data`,
			},
		],
	};
}

function mayInherit(node: NodeModel): boolean {
	return node.hasSynced || mayHoldData(node);
}

/** plan-recovery.ts promotes one of them, unless a person must. */
function waitForHeirs(
	cache: CacheModel,
	primary: NodeModel,
	heirs: readonly NodeModel[],
): string[] {
	const names = heirs.map((node) => node.name).join(", ");
	const lost = `${primary.name} on ${primary.host.name} is lost.`;
	if (heirs.every(isSilent)) {
		const hosts = heirs.map((node) => node.host.name).join(", ");
		return [
			`${lost} ${names} on ${hosts} may hold its data but can't be seen. ${agentRemedy(heirs.map(({ host }) => host))}`,
		];
	}
	if (cache.automaticFailover || cache.promotionRequested) return [];
	// Members that have never synced need no permission: an order asks them first.
	if (!heirs.some((node) => node.hasSynced)) return [];
	return [
		`${lost} ${names} may hold the data, but automatic failover is off: promote a replica to continue.`,
	];
}
