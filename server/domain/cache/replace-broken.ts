import type { CacheModel, NodeModel, PlanAction, PlanEvent, ShardModel } from "./model.ts";
import { primaryOf } from "./model.ts";
import { isSilent } from "./node-health.ts";
import { hasLostFiles, isBroken, isLed, type Pair } from "./node-pairs.ts";

export interface Replacements {
	actions: PlanAction[];
	events: PlanEvent[];
	/** What people are to know or do about nodes that can't be replaced now. */
	reasons: string[];
}

/**
 * Nodes of a shard that are beyond help are replaced at once, several together, by copies of who leads. Where nobody
 * leads because the primary is one of them, everything hangs on who may still hold the data.
 */
export function replaceBroken(
	cache: CacheModel,
	shard: ShardModel,
	pairs: readonly Pair[],
): Partial<Replacements> {
	const broken = shard.nodes.filter((node) => isBroken(cache, node));
	const reasons = cache.safeMode ? safeModeReasons(shard) : [];
	if (broken.length === 0) return { reasons };
	const primary = primaryOf(shard);
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
				reason: hasLostFiles(node)
					? `the files of ${node.name} are gone`
					: `host ${node.host.name} is lost`,
			})),
	};
}

function safeModeReasons(shard: ShardModel): string[] {
	const hosts = new Set(
		shard.nodes.filter(({ host }) => host.lost && !host.lossConfirmed).map(({ host }) => host.name),
	);
	return [...hosts].map(
		(name) =>
			`Host ${name} is silent, but so many hosts fell silent at once that nothing is replaced (safe mode) until they return, or larder hosts remove ${name} --lost says that it won't.`,
	);
}

/** A shard that nobody leads, since its primary is beyond help: who else may hold the data, and if nobody, an empty one. */
function startAgain(
	cache: CacheModel,
	shard: ShardModel,
	primary: NodeModel,
	pairs: readonly Pair[],
): Partial<Replacements> {
	const heirs = shard.nodes.filter(
		(node) => node.id !== primary.id && node.hasSynced && !hasLostFiles(node),
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
				`Only ${unconfirmed.join(", ")} ${unconfirmed.length === 1 ? "holds" : "hold"} the data of ${primary.name}, and ${are} lost. It serves again when ${unconfirmed.length === 1 ? "that host returns" : "one of those hosts returns"}: start Larder's agent there. Or give the data up and start again empty: larder hosts remove ${unconfirmed[0]} --lost.`,
			],
		};
	}
	// One that was to copy from it has nothing; it would only be in the way.
	const incoming = pairs.find(({ outgoing }) => outgoing.id === primary.id)?.incoming;
	if (incoming !== undefined && !incoming.hasSynced) {
		return { actions: [{ kind: "retire", nodeId: incoming.id }] };
	}
	return {
		actions: [
			{
				kind: "add-replacement",
				nodeId: primary.id,
				empty: true,
				reason: hasLostFiles(primary)
					? `the files of ${primary.name} are gone, and nobody else holds its data`
					: `host ${primary.host.name} won't come back, and nobody else holds its data`,
			},
		],
	};
}

/** plan-recovery.ts lets one of them lead, unless a person has to. */
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
			`${lost} ${names} on ${hosts} may hold its data but can't be seen. Start Larder's agent there.`,
		];
	}
	if (cache.automaticFailover || cache.promotionRequested) return [];
	return [
		`${lost} ${names} may hold the data, but automatic failover is off: run larder caches promote ${cache.name} to let it take over.`,
	];
}
