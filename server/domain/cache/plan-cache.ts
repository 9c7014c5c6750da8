import type { CacheModel, Plan, PlanAction } from "./model.ts";
import { allNodes } from "./model.ts";
import { planBalance } from "./plan-balance.ts";
import { planDiscovery } from "./plan-discovery.ts";
import { planFailover } from "./plan-failover.ts";
import { planReboots } from "./plan-reboots.ts";
import { planRecovery, type Recovery } from "./plan-recovery.ts";
import { planReplacements } from "./plan-replacements.ts";
import { planStatus, type Reached, statusEvents, whatIsReached } from "./plan-status.ts";
import { advance, creationStepsDone } from "./progress.ts";
import type { FleetRoom } from "./zone-spread.ts";

/**
 * Compares what is wanted of one cache with what its nodes say, and answers with the status to show and the actions
 * to take. Pure: same model and time, same plan. Called again after every change, so an action that was cut off by a
 * crash is simply planned anew.
 *
 *   1. deleting: take the nodes out of their hosts' desired state, wait for the hosts to confirm, forget the cache
 *   2. no nodes yet: place them; no endpoint ports (or ones that something else holds): assign them
 *   3. a node's port that something else holds: move
 *   4. a shard's primary is dead, or the engines have chosen another: see plan-recovery.ts
 *   5. failovers that were asked for: see plan-failover.ts
 *   6. nodes whose place others are to take (drains, lost hosts, zones): see plan-replacements.ts
 *   7. reboots that were asked for: see plan-reboots.ts
 *   8. primaries that have gathered in one zone: see plan-balance.ts
 *   9. Memcached: name the nodes that are ready to auto discovery
 *  10. status from the nodes: see plan-status.ts
 */
export function planCache(cache: CacheModel, now: Date, room?: FleetRoom): Plan {
	if (cache.deleting) return planDeletion(cache, now);
	if (allNodes(cache).length === 0) {
		return {
			...unchanged(cache),
			progress: advance(
				cache.progress,
				0,
				cache.statusReason === null ? "running" : "waiting",
				now.toISOString(),
			),
			actions: [{ kind: "place" }],
		};
	}
	const recoveries = planRecoveries(cache, now);
	const replacements = planReplacements(cache, room);
	const reached = whatIsReached(cache);
	const status = planStatus(cache, reached, [
		...recoveries.flatMap(({ reason }) => reason ?? []),
		...replacements.reasons,
	]);
	const becameAvailable = status.status === "available" && !cache.everAvailable;
	return {
		...status,
		progress: planProgress(cache, reached, becameAvailable, now),
		becameAvailable,
		actions: [
			...planPorts(cache),
			...recoveries.flatMap(({ actions }) => actions),
			...cache.shards.flatMap((shard) => planFailover(cache, shard)),
			...replacements.actions,
			...planReboots(cache),
			...(replacements.actions.length === 0 ? planBalance(cache) : []),
			...planDiscovery(cache),
		],
		events: [
			...recoveries.flatMap(({ events }) => events),
			...replacements.events,
			...statusEvents(cache, status),
		],
	};
}

/**
 * One election at a time in a cluster: primaries have one vote for all that are held at once, and whoever doesn't get it
 * may ask again only seconds later.
 */
function planRecoveries(cache: CacheModel, now: Date): Recovery[] {
	const recoveries = cache.shards.map((shard) => planRecovery(cache, shard, now));
	if (cache.clusterMode === "disabled") return recoveries;
	let electing = cache.shards.some((shard) => shard.order?.kind === "unplanned");
	return recoveries.map((recovery) => ({
		...recovery,
		actions: recovery.actions.filter((action) => {
			if (action.kind !== "order-failover" || action.takeover) return true;
			const first = !electing;
			electing = true;
			return first;
		}),
	}));
}

function unchanged(cache: CacheModel): Plan {
	return {
		status: cache.status,
		statusReason: cache.statusReason,
		progress: [...cache.progress],
		becameAvailable: false,
		actions: [],
		events: [],
	};
}

function planDeletion(cache: CacheModel, now: Date): Plan {
	const base = { ...unchanged(cache), status: "deleting" as const };
	const nodes = allNodes(cache);
	if (nodes.length === 0) {
		return {
			...base,
			statusReason: null,
			actions: [{ kind: "forget" }],
			events: [
				{ severity: "info", type: "cache.deleted", message: `Cache ${cache.name} deleted.` },
			],
		};
	}
	const silent = nodes.filter((node) => !node.host.online).map((node) => node.host.name);
	return {
		...base,
		progress: advance(
			cache.progress,
			0,
			silent.length > 0 ? "waiting" : "running",
			now.toISOString(),
		),
		statusReason:
			silent.length > 0
				? `Waiting for ${[...new Set(silent)].join(", ")} to come back and remove its nodes. Start Larder's agent there.`
				: "Hosts are stopping the engines and removing their files.",
		actions: nodes.some((node) => !node.removed) ? [{ kind: "remove-nodes" }] : [],
	};
}

/** Ports move only before the cache was ever available: later, clients know them. */
function planPorts(cache: CacheModel): PlanAction[] {
	if (cache.port === null) return [{ kind: "assign-ports" }];
	if (cache.everAvailable) return [];
	const taken = cache.gateways.some((gateway) => gateway.problem?.code === "port-taken");
	return [
		...(taken && !cache.portRequested ? [{ kind: "assign-ports" } as const] : []),
		...allNodes(cache)
			.filter((node) => node.observation?.reason?.code === "port-taken")
			// Said of the port that it has now, not of the one before.
			.filter((node) => node.observation?.port === node.port)
			.map((node) => ({ kind: "move-port", nodeId: node.id }) as const),
	];
}

function planProgress(cache: CacheModel, reached: Reached, becameAvailable: boolean, now: Date) {
	if (cache.everAvailable) return [...cache.progress];
	const at = now.toISOString();
	if (becameAvailable) return advance(cache.progress, cache.progress.length, "done", at);
	const blocked =
		allNodes(cache).some((node) => node.observation?.reason != null || !node.host.online) ||
		cache.gateways.some((gateway) => gateway.problem !== null);
	return advance(
		cache.progress,
		creationStepsDone(cache.progress, reached),
		blocked ? "waiting" : "running",
		at,
	);
}
