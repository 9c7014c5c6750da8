import { compareInOrder } from "../../contract/compare-in-order.ts";
import { BALANCE_AFTER_MS } from "../../contract/limits.ts";
import type { CacheModel, HostModel, NodeModel, PlanAction, ShardModel } from "./model.ts";
import { primaryOf } from "./model.ts";
import { isReplicaInSync, isSettled, isSilent } from "./node-health.ts";

/** What may fail together, the most important first. */
const DOMAINS: readonly { name: string; of: (host: HostModel) => string }[] = [
	{ name: "in zone", of: ({ zone }) => zone },
	{ name: "on host", of: ({ name }) => name },
];

/**
 * Failovers and drains gather a cluster's primaries in a few zones or hosts, which then carry most of the load, and whose
 * loss may take away the majority that elects new ones. Once the cache has been quiet for a minute, one of them at a time
 * hands over to a replica in a zone, or else on a host, that has at least two fewer primaries. Each such hand-over
 * makes the spread more even, so they come to an end. Primaries that a person chose stay.
 */
export function planBalance(cache: CacheModel): PlanAction[] {
	if (
		cache.primariesChosen ||
		cache.clusterMode === "disabled" ||
		cache.quietForMs < BALANCE_AFTER_MS ||
		cache.shards.length < 2
	)
		return [];
	if (!cache.shards.every((shard) => isCalm(shard, cache))) return [];
	const [best] = cache.shards
		.flatMap((shard) => handOversOf(cache, shard))
		.sort((a, b) => compareInOrder(a.change, b.change));
	if (best === undefined) return [];
	const { shard, target, cause } = best;
	return [{ kind: "request-failover", shardId: shard.id, toNodeId: target.id, cause }];
}

interface HandOver {
	shard: ShardModel;
	target: NodeModel;
	/** By domain, how much less evenly primaries are spread afterward. */
	change: readonly number[];
	cause: string;
}

/** Those that make the spread more even. */
function handOversOf(cache: CacheModel, shard: ShardModel): HandOver[] {
	const primary = primaryOf(shard);
	if (primary === undefined) return [];
	return shard.nodes
		.filter((node) => isReplicaInSync(node, primary) && mayLead(node))
		.flatMap((target) => {
			const change = DOMAINS.map(({ of }) => {
				const [from, to] = [of(primary.host), of(target.host)];
				return from === to ? 0 : primariesIn(cache, of, to) + 1 - primariesIn(cache, of, from);
			});
			const decisive = change.findIndex((part) => part !== 0);
			const domain = DOMAINS[decisive];
			if (domain === undefined || (change[decisive] ?? 0) > 0) return [];
			const cause = `too many primaries were ${domain.name} ${domain.of(primary.host)}`;
			return [{ shard, target, change, cause }];
		});
}

function primariesIn(cache: CacheModel, of: (host: HostModel) => string, place: string): number {
	return cache.shards.filter((shard) => {
		const primary = primaryOf(shard);
		return primary !== undefined && of(primary.host) === place;
	}).length;
}

function isCalm(shard: ShardModel, cache: CacheModel): boolean {
	return (
		shard.failover === null &&
		shard.order === null &&
		!shard.failoverTroubled &&
		shard.nodes.every(
			(node) => isSettled(node, shard, cache) && !isSilent(node) && node.replacesNodeId === null,
		)
	);
}

function mayLead(node: NodeModel): boolean {
	return !node.host.draining && !node.host.cordoned && !node.rebootPending;
}
