import { describeOperation } from "../operation/operation-progress.ts";
import type { CacheModel, NodeModel, Plan, PlanEvent, ShardModel } from "./model.ts";
import { allNodes, primaryOf } from "./model.ts";
import {
	holdsData,
	isAdjusting,
	isConverged,
	isHealthy,
	isRebooting,
	isServing,
	isServingPrimary,
	isSettled,
	seesWholeCluster,
} from "./node-health.ts";
import { engineTitle } from "./node-kind.ts";
import { nodeLabel, nodeNames } from "./node-label.ts";
import { pairsOf } from "./node-pairs.ts";
import { hasPlaces, planDiscovery } from "./plan-discovery.ts";
import { isSized } from "./plan-size.ts";
import { isInReboot, rebootsUnderWay } from "./reboot-progress.ts";
import { describeResize, isCountStep } from "./size-progress.ts";

type Status = Pick<Plan, "status" | "statusReason">;

/** How far along a cache is. */
export interface Reached {
	/** Every engine answers. */
	started: boolean;
	/** Every node has its role, replicas are in sync, and in cluster mode all agree. */
	joined: boolean;
	/** Every gateway routes to it. */
	opened: boolean;
}

export function whatIsReached(cache: CacheModel): Reached {
	const nodes = allNodes(cache);
	return {
		started: nodes.every((node) => node.observation?.phase === "running"),
		joined: cache.shards.every(
			(shard) =>
				shard.restore === null &&
				shard.nodes.every(
					// Clients of a cache with places notice nothing of nodes that come or go.
					(node) => (hasPlaces(cache) && inChange(node)) || isSettled(node, shard, cache),
				),
		),
		// A gateway that is off or broken is reported on its host; it must not keep a cache from becoming available.
		opened:
			cache.port !== null &&
			planDiscovery(cache).length === 0 &&
			cache.gateways.every(
				(gateway) => gateway.phase === "off" || gateway.phase === "failed" || gateway.ready,
			),
	};
}

/**
 * The status that results from the nodes. `recoveryReasons` say what a person should know or do about shards without a
 * primary, and about nodes that can't be replaced now.
 */
export function planStatus(
	cache: CacheModel,
	reached: Reached,
	recoveryReasons: readonly string[],
): Status {
	const changing = describeChange(cache);
	if (reached.joined && changing === null && (cache.everAvailable || reached.opened)) {
		const unwritten = cache.everAvailable ? describeUnwritten(cache) : null;
		return unwritten === null
			? { status: "available", statusReason: null }
			: { status: "degraded", statusReason: unwritten };
	}
	const reason = describeCauses(cache, reached, recoveryReasons);
	if (!cache.everAvailable) return { status: "creating", statusReason: reason };
	if (changing !== null && reason === null) return changing;
	const served = cache.shards.filter((shard) => !isWithoutSlots(cache, shard));
	if (served.some((shard) => !serves(shard))) {
		// A requested reboot takes its node away for a moment: that is the change, not a failure.
		const isMeant = (shard: ShardModel) => isPaused(shard) || isInReboot(cache, shard);
		if (changing !== null && served.every((shard) => serves(shard) || isMeant(shard))) {
			return changing;
		}
		return { status: "unavailable", statusReason: reason };
	}
	const isAsAsked = (shard: ShardModel) =>
		isPaused(shard) ||
		isInReboot(cache, shard) ||
		shard.nodes.every((node) => isHealthy(node, shard) || inChange(node) || isTurning(node, shard));
	if (changing !== null && served.every(isAsAsked)) return withTroubles(cache, changing);
	return { status: "degraded", statusReason: reason };
}

/** Nodes that serve but can't keep on disk what they should; null if all can. */
function describeUnwritten(cache: CacheModel): string | null {
	const troubles = allNodes(cache).flatMap(({ observation }) =>
		observation?.phase === "running" && observation.reason?.code === "disk"
			? asSentence(observation.reason.message)
			: [],
	);
	return troubles.length === 0 ? null : troubles.join(" ");
}

/** It is being added or removed: no client needs it. */
function isWithoutSlots({ operation }: CacheModel, { slots }: ShardModel): boolean {
	return operation !== null && slots === "";
}

/** Names what holds up nodes of shards that clients don't need yet. */
function withTroubles(cache: CacheModel, { status, statusReason }: Status): Status {
	const troubles = cache.shards
		.filter((shard) => isWithoutSlots(cache, shard))
		.flatMap((shard) =>
			shard.nodes.flatMap((node) => {
				const isHeldUp = !node.host.online || node.observation?.reason != null;
				return isHeldUp ? causeOf(node, shard) : [];
			}),
		);
	return { status, statusReason: [statusReason ?? "", ...troubles.map(asSentence)].join(" ") };
}

/** Whether the shard accepts writes, as far as known: a silent host's engine very probably still serves. */
function serves(shard: ShardModel): boolean {
	const primary = primaryOf(shard);
	if (primary === undefined)
		return shard.nodes.some((node) => isServing(node) || !node.host.online);
	return isServingPrimary(primary, shard) || !primary.host.online;
}

/** Without a primary for a moment because of a requested change. */
function isPaused(shard: ShardModel): boolean {
	const primary = primaryOf(shard);
	const handsOver = shard.failover !== null || shard.order?.kind === "planned";
	return handsOver || (primary !== undefined && isRebooting(primary));
}

function isFine(cache: CacheModel, node: NodeModel): boolean {
	const shard = cache.shards.find((candidate) => candidate.nodes.includes(node));
	return shard !== undefined && isHealthy(node, shard);
}

/** Away, or not there yet, because of a requested change. */
function inChange(node: NodeModel): boolean {
	const isComingOrGoing = node.joining || node.leavingAt !== null;
	return isDownForReboot(node) || node.replacesNodeId !== null || isComingOrGoing;
}

/** A replica that turns to another primary of its shard, because a node of it moves and has handed over. */
function isTurning(node: NodeModel, shard: ShardModel): boolean {
	return pairsOf(shard).length > 0 && holdsData(node);
}

/** A new node that hasn't started yet, or is started again on another port, isn't rebooting. */
function isDownForReboot(node: NodeModel): boolean {
	if (node.joining || node.replacesNodeId !== null) return false;
	return isRebooting(node) || node.observation?.phase === "rebooting";
}

/** All nodes but those of a shard that is being added: what they do at first isn't a reboot. */
function startedNodes({ shards, operation }: CacheModel): NodeModel[] {
	const added = operation?.input.added ?? [];
	return shards.filter(({ id }) => !added.includes(id)).flatMap(({ nodes }) => nodes);
}

/** The status of a requested change in progress, with a sentence about it; null if there is none. */
function describeChange(cache: CacheModel): Status | null {
	if (!cache.everAvailable) return null;
	const nodes = allNodes(cache);
	const isReboot =
		rebootsUnderWay(cache).length > 0 ||
		nodes.some(({ rebootPending }) => rebootPending) ||
		startedNodes(cache).some(isDownForReboot);
	const moves = cache.shards.flatMap(pairsOf).map(({ outgoing, incoming }) => {
		return outgoing.host.id === incoming.host.id
			? `${outgoing.name} to a new process on ${incoming.host.name}`
			: `${outgoing.name} from ${outgoing.host.name} to ${incoming.host.name}`;
	});
	const asked = nodes.filter(({ moveTo }) => moveTo !== null);
	const isModifying = cache.resizing || cache.operation !== null || moves.length + asked.length > 0;
	const change = (...sentences: (string | null)[]): Status => ({
		status: isReboot && !isModifying ? "rebooting" : "modifying",
		statusReason: sentences.filter((sentence) => sentence !== null).join(" "),
	});
	const reboot = isReboot ? describeReboot(cache) : null;
	const failingOver = describeFailover(cache);
	if (failingOver !== null) return change(failingOver);
	if (moves.length > 0) {
		return change(`Moving ${moves.join(", ")}.`, describeResize(cache), reboot);
	}
	if (asked.length > 0) return change(`${nodeNames(asked)} will move, as requested.`, reboot);
	const underWay = describeOperation(cache) ?? describeResize(cache);
	if (underWay !== null || reboot !== null) return change(underWay, reboot);
	const behind = nodes.filter(
		(node) => !isConverged(node) && !isAdjusting(cache, node) && isFine(cache, node),
	);
	if (behind.length > 0) return change(`Applying changes to ${nodeNames(behind)}.`);
	// A change of the mode comes before what follows it.
	return cache.pending.includes("next") && cache.modeChange === null
		? change("The next part of the change is about to begin.")
		: null;
}

function describeReboot(cache: CacheModel): string {
	const nodes = allNodes(cache);
	const begun = rebootsUnderWay(cache);
	const down = startedNodes(cache).filter(isDownForReboot);
	const rebooting = nodes.filter(
		(node) => !node.rebootPending && (begun.includes(node) || down.includes(node)),
	);
	const count = nodes.filter((node) => node.rebootPending).length;
	if (rebooting.length === 0) {
		return `${count} node${count === 1 ? " is" : "s are"} waiting for a reboot.`;
	}
	const rest = count > 0 ? ` ${count} more ${count === 1 ? "is" : "are"} waiting.` : "";
	return `Rebooting ${nodeNames(rebooting)}.${rest}`;
}

function describeFailover(cache: CacheModel): string | null {
	for (const shard of cache.shards) {
		if (shard.failover === null) continue;
		const { toNodeId } = shard.failover;
		const target = shard.nodes.find(({ id }) => id === toNodeId);
		const primary = primaryOf(shard);
		const label = (node: NodeModel | undefined, otherwise: string) =>
			node === undefined ? otherwise : nodeLabel(node, shard.nodes);
		return `Failing over from ${label(primary, "the primary")} to ${label(target, "a replica")}.`;
	}
	return null;
}

function describeCauses(
	cache: CacheModel,
	reached: Reached,
	recoveryReasons: readonly string[],
): string | null {
	const causes = [
		...recoveryReasons,
		...cache.shards.flatMap((shard) => shard.nodes.flatMap((node) => causeOf(node, shard))),
	];
	if (causes.length === 0) causes.push(...sharedCauses(cache, reached));
	return causes.length === 0 ? null : causes.map(asSentence).join(" ");
}

/** Causes that hold a cache back although each node by itself is healthy. */
function sharedCauses(cache: CacheModel, reached: Reached): string[] {
	if (!reached.started) return [];
	const nodes = allNodes(cache);
	const apart = nodes.filter((node) => !seesWholeCluster(node, cache));
	if (apart.length > 0) {
		if (!cache.everAvailable) return [];
		return [
			`The cluster's nodes don't agree yet on which node serves which slots (${nodeNames(apart)}).`,
		];
	}
	if (cache.everAvailable || !reached.joined) return [];
	const [first, ...others] = cache.gateways.filter((gateway) => gateway.problem !== null);
	if (first === undefined) return [];
	const more = others.length === 0 ? "" : ` (and on ${others.length} more)`;
	return [`The gateway on ${first.hostName}${more}: ${first.problem?.message}`];
}

function asSentence(text: string): string {
	return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Why this node isn't as it should be, in a sentence; none if it is, or is merely starting. */
function causeOf(node: NodeModel, shard: ShardModel): string[] {
	if (isHealthy(node, shard) && node.host.online) return [];
	if (node.host.needsUpgrade) {
		return [
			`The agent on host ${node.host.name} and the control plane have incompatible versions, so ${node.name} can't be seen; its engine keeps running. The list of hosts says which one to upgrade.`,
		];
	}
	if (!node.host.online) {
		return [
			`Host ${node.host.name} is silent, so ${node.name} can't be seen; Larder leaves its engine alone. Start Larder's agent there.`,
		];
	}
	const observation = node.observation;
	if (observation === null) return [];
	if (observation.reason !== null)
		return [`${node.name} on ${node.host.name}: ${observation.reason.message}`];
	switch (observation.phase) {
		case "exited":
			return [`${node.name} on ${node.host.name} exited and will be restarted.`];
		case "starting":
			return isRebooting(node) ? [] : [`${node.name} on ${node.host.name} is starting.`];
		case "waiting":
		case "stopping":
		case "rebooting":
			return [];
		case "running":
			return isRebooting(node) ? [] : causeOfRunning(node, shard);
	}
}

function causeOfRunning(node: NodeModel, shard: ShardModel): string[] {
	const primary = primaryOf(shard);
	const label = nodeLabel(node, shard.nodes);
	if (node.observation?.engineState?.loading) return [`${label} is loading its data.`];
	if (primary === undefined) return [];
	if (node.id === primary.id) return [`${label} is taking over as primary.`];
	const leader = nodeLabel(primary, shard.nodes);
	return isServingPrimary(primary, shard)
		? [`${label} is copying the data of ${leader}.`]
		: [`${label} is waiting for ${leader}.`];
}

/** Reported once, when the status changes. */
export function statusEvents(cache: CacheModel, { status, statusReason }: Status): PlanEvent[] {
	const done: PlanEvent[] =
		cache.resizing && isSized(cache)
			? [{ severity: "info", type: "cache.modified", message: resized(cache) }]
			: [];
	const isReported = status === cache.status || (status === "available" && done.length > 0);
	return isReported ? done : [...done, ...changeEvents(cache, { status, statusReason })];
}

function changeEvents(cache: CacheModel, { status, statusReason }: Status): PlanEvent[] {
	const { name } = cache;
	switch (status) {
		case "available":
			return [
				cache.everAvailable
					? { severity: "info", type: "cache.recovered", message: recovered(cache) }
					: { severity: "info", type: "cache.available", message: `Cache ${name} is available.` },
			];
		case "degraded":
		case "unavailable":
			return [
				{
					severity: status === "degraded" ? "warning" : "error",
					type: `cache.${status}`,
					message: `Cache ${name} is ${status}. ${statusReason ?? ""}`.trim(),
				},
			];
		case "modifying":
		case "rebooting":
		case "creating":
		case "deleting":
			return [];
	}
}

function resized({ name, engine, engineVersion, nodeType, nodesPerShard, progress }: CacheModel) {
	if (!progress.some((step) => isCountStep(step))) {
		return `The nodes of cache ${name} are now ${nodeType} with ${engineTitle(engine, engineVersion)}.`;
	}
	const count = engine === "memcached" ? nodesPerShard : nodesPerShard - 1;
	const things = engine === "memcached" ? "node" : "replica";
	return `Cache ${name} now has ${count === 0 ? "no" : count} ${things}${count === 1 ? "" : "s"}${engine === "memcached" ? "" : " per shard"}.`;
}

function recovered(cache: CacheModel): string {
	const leaders = cache.shards.flatMap((shard) => primaryOf(shard)?.name ?? []);
	if (cache.status === "rebooting") return `The reboot of cache ${cache.name} is done.`;
	if (cache.status === "modifying") return `Changes to cache ${cache.name} are done.`;
	const who = leaders.length === 1 ? `; ${leaders[0]} leads` : "";
	return `Cache ${cache.name} is available again${who}.`;
}
