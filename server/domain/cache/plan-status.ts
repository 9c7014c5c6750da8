import type { CacheModel, NodeModel, Plan, PlanEvent, ShardModel } from "./model.ts";
import { allNodes, primaryOf } from "./model.ts";
import {
	isConverged,
	isHealthy,
	isRebooting,
	isServing,
	isServingPrimary,
	isSettled,
	seesWholeCluster,
} from "./node-health.ts";
import { planDiscovery } from "./plan-discovery.ts";

type Status = Pick<Plan, "status" | "statusReason">;

/** How far a cache has come. */
export interface Reached {
	/** Every engine answers. */
	started: boolean;
	/** Every node has its role, replicas are in sync, and in cluster mode all agree. */
	joined: boolean;
	/** Every gateway leads to it. */
	opened: boolean;
}

export function whatIsReached(cache: CacheModel): Reached {
	const nodes = allNodes(cache);
	return {
		started: nodes.every((node) => node.observation?.phase === "running"),
		joined: cache.shards.every((shard) =>
			shard.nodes.every((node) => isSettled(node, shard, cache)),
		),
		// One that is off or broken shows on its host; it mustn't keep a cache from coming to be.
		opened:
			cache.port !== null &&
			planDiscovery(cache).length === 0 &&
			cache.gateways.every(
				(gateway) => gateway.phase === "off" || gateway.phase === "failed" || gateway.ready,
			),
	};
}

/** The status that the nodes add up to. `recoveryReasons` are what a person is to do about shards without a primary. */
export function planStatus(
	cache: CacheModel,
	reached: Reached,
	recoveryReasons: readonly string[],
): Status {
	const changing = describeChange(cache);
	if (reached.joined && changing === null && (cache.everAvailable || reached.opened)) {
		return { status: "available", statusReason: null };
	}
	const reason = describeCauses(cache, reached, recoveryReasons);
	if (!cache.everAvailable) return { status: "creating", statusReason: reason };
	if (changing !== null && reason === null) return { status: "modifying", statusReason: changing };
	if (cache.shards.some((shard) => !serves(shard))) {
		// A reboot that was asked for takes its node away for a moment: that is the change, not a failure.
		if (changing !== null && cache.shards.every((shard) => serves(shard) || isPaused(shard))) {
			return { status: "modifying", statusReason: changing };
		}
		return { status: "unavailable", statusReason: reason };
	}
	const isAsAsked = (shard: ShardModel) =>
		isPaused(shard) || shard.nodes.every((node) => isHealthy(node, shard) || inChange(node));
	if (changing !== null && cache.shards.every(isAsAsked)) {
		return { status: "modifying", statusReason: changing };
	}
	return { status: "degraded", statusReason: reason };
}

/** Whether writes to the shard are taken, as far as is known: a silent host's engine in all likelihood still serves. */
function serves(shard: ShardModel): boolean {
	const primary = primaryOf(shard);
	if (primary === undefined)
		return shard.nodes.some((node) => isServing(node) || !node.host.online);
	return isServingPrimary(primary, shard) || !primary.host.online;
}

/** Without a primary for a moment, because somebody asked for it. */
function isPaused(shard: ShardModel): boolean {
	const handsOver = shard.failover !== null || shard.order?.kind === "planned";
	return handsOver || shard.nodes.some(isRebooting);
}

function isFine(cache: CacheModel, node: NodeModel): boolean {
	const shard = cache.shards.find((candidate) => candidate.nodes.includes(node));
	return shard !== undefined && isHealthy(node, shard);
}

/** Away, or not there yet, because of what was asked for. */
function inChange(node: NodeModel): boolean {
	return isDownForReboot(node) || node.replacesNodeId !== null;
}

function isDownForReboot(node: NodeModel): boolean {
	return isRebooting(node) || node.observation?.phase === "rebooting";
}

/** What somebody asked for and is under way, in a sentence; null for nothing. */
function describeChange(cache: CacheModel): string | null {
	if (!cache.everAvailable) return null;
	const nodes = allNodes(cache);
	const rebooting = nodes.filter(isDownForReboot).map((node) => node.name);
	const waiting = nodes.filter((node) => node.rebootPending).length;
	const failingOver = describeFailover(cache);
	if (failingOver !== null) return failingOver;
	const moving = nodes.flatMap((node) =>
		nodes.filter(({ id }) => id === node.replacesNodeId).map(({ name }) => name),
	);
	if (moving.length > 0) return `Moving ${moving.join(", ")} to another host.`;
	if (rebooting.length > 0) {
		const rest = waiting > 0 ? ` ${waiting} more wait${waiting === 1 ? "s" : ""} for a turn.` : "";
		return `Rebooting ${rebooting.join(", ")}.${rest}`;
	}
	if (waiting > 0) return `${waiting} node${waiting === 1 ? "" : "s"} to be rebooted.`;
	const behind = nodes.filter((node) => !isConverged(node) && isFine(cache, node));
	if (behind.length === 0) return null;
	return `Applying changes to ${behind.map((node) => node.name).join(", ")}.`;
}

function describeFailover(cache: CacheModel): string | null {
	for (const shard of cache.shards) {
		if (shard.failover === null) continue;
		const { toNodeId } = shard.failover;
		const target = shard.nodes.find(({ id }) => id === toNodeId)?.name ?? "a replica";
		return `Failing over from ${primaryOf(shard)?.name ?? "the primary"} to ${target}.`;
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

/** What keeps a cache back when each node by itself is well. */
function sharedCauses(cache: CacheModel, reached: Reached): string[] {
	if (!reached.started) return [];
	const nodes = allNodes(cache);
	const apart = nodes.filter((node) => !seesWholeCluster(node, cache));
	if (apart.length > 0) {
		if (!cache.everAvailable) return [];
		return [
			`The cluster's nodes don't agree yet on who serves which slots (${apart.map((node) => node.name).join(", ")}).`,
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

/** Why this node isn't what it should be, in a sentence; nothing if it is, or is merely on its way. */
function causeOf(node: NodeModel, shard: ShardModel): string[] {
	if (isHealthy(node, shard) && node.host.online) return [];
	if (!node.host.online) {
		return [
			`Host ${node.host.name} is silent, so ${node.name} can't be seen; its engine is left as it is. Start Larder's agent there.`,
		];
	}
	const observation = node.observation;
	if (observation === null) return [];
	if (observation.reason !== null)
		return [`${node.name} on ${node.host.name}: ${observation.reason.message}`];
	switch (observation.phase) {
		case "exited":
			return [`${node.name} on ${node.host.name} exited and is about to be started again.`];
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
	if (node.observation?.engineState?.loading) return [`${node.name} is loading its data.`];
	if (primary === undefined) return [];
	if (node.id === primary.id) return [`${node.name} is taking over as primary.`];
	return isServingPrimary(primary, shard)
		? [`${node.name} is copying the data of ${primary.name}.`]
		: [`${node.name} waits for ${primary.name}.`];
}

/** Told once, when the status changes. */
export function statusEvents(cache: CacheModel, { status, statusReason }: Status): PlanEvent[] {
	if (status === cache.status) return [];
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
		case "creating":
		case "deleting":
			return [];
	}
}

function recovered(cache: CacheModel): string {
	const leaders = cache.shards.flatMap((shard) => primaryOf(shard)?.name ?? []);
	if (cache.status === "modifying") return `Changes to cache ${cache.name} are done.`;
	const who = leaders.length === 1 ? `; ${leaders[0]} leads` : "";
	return `Cache ${cache.name} is available again${who}.`;
}
