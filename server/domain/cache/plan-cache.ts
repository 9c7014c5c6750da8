import type { ProgressStep } from "../../contract/index.ts";
import type { CacheModel, NodeModel, Plan, PlanAction, PlanEvent } from "./model.ts";
import { holdsData, isDead, isReplicaInSync, isServingPrimary, isSettled } from "./node-health.ts";
import { advance } from "./progress.ts";

/**
 * Compares what is wanted of one cache (cluster mode disabled) with what its nodes say, and answers with the status to
 * show and the actions to take. Pure: same model and time, same plan. Called again after every change, so an action
 * that was cut off by a crash is simply planned anew.
 *
 *   1. deleting: take the nodes out of their hosts' desired state, wait for the hosts to confirm, forget the cache
 *   2. no nodes yet: place them
 *   3. a port that something else holds: move, if the user didn't insist on it
 *   4. the primary is dead: promote the replica with the best offset; never start it empty while a sibling holds data
 *   5. status from the nodes
 */
export function planCache(cache: CacheModel, now: Date): Plan {
	if (cache.deleting) return planDeletion(cache, now);
	const primary = cache.nodes.find((node) => node.id === cache.primaryNodeId);
	if (primary === undefined) {
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
	const recovery = isDead(primary) ? planRecovery(cache, primary) : NOTHING;
	const actions = [...planPortMoves(cache), ...recovery.actions];
	const progress = planProgress(cache, primary, now);
	const settled = cache.nodes.every((node) => isSettled(node, primary));
	const becameAvailable = settled && !cache.everAvailable;
	const status = planStatus(cache, primary, settled, recovery.reason);
	return {
		...status,
		progress: becameAvailable
			? advance(cache.progress, cache.progress.length, "done", now.toISOString())
			: progress,
		becameAvailable,
		actions,
		events: [...recovery.events, ...statusEvents(cache, primary, status)],
	};
}

interface Recovery {
	actions: PlanAction[];
	events: PlanEvent[];
	reason: string | null;
}
const NOTHING: Recovery = { actions: [], events: [], reason: null };

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
	if (cache.nodes.length === 0) {
		return {
			...base,
			statusReason: null,
			actions: [{ kind: "forget" }],
			events: [
				{ severity: "info", type: "cache.deleted", message: `Cache ${cache.name} deleted.` },
			],
		};
	}
	const silent = cache.nodes.filter((node) => !node.host.online).map((node) => node.host.name);
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
		actions: cache.nodes.some((node) => !node.removed) ? [{ kind: "remove-nodes" }] : [],
	};
}

/** Only before the cache was ever available: later, clients know the port. */
function planPortMoves(cache: CacheModel): PlanAction[] {
	if (cache.everAvailable) return [];
	return cache.nodes
		.filter((node) => node.observation?.reason?.code === "port-taken")
		.filter((node) => !(cache.portRequested && node.id === cache.primaryNodeId))
		.map((node) => ({ kind: "move-port", nodeId: node.id }));
}

function planRecovery(cache: CacheModel, primary: NodeModel): Recovery {
	const siblings = cache.nodes.filter((node) => node.id !== primary.id);
	const candidates = siblings.filter(holdsData).sort((a, b) => offsetOf(b) - offsetOf(a));
	const best = candidates[0];
	if (best === undefined) {
		const hidden = siblings.filter((node) => !node.host.online);
		if (hidden.length > 0) {
			return {
				...NOTHING,
				reason: `${primary.name} exited, and ${hidden.map((node) => node.name).join(", ")} on ${hidden.map((node) => node.host.name).join(", ")} may hold its data but can't be seen. Start Larder's agent there.`,
			};
		}
		// Nobody holds the data any more, so starting it in place loses nothing that isn't lost.
		return { ...NOTHING, actions: [{ kind: "permit-launch", nodeId: primary.id }] };
	}
	if (!cache.automaticFailover && !cache.promotionRequested) {
		return {
			...NOTHING,
			reason: `${primary.name} on ${primary.host.name} exited. ${best.name} holds the data, but automatic failover is off: run larder caches promote ${cache.name} to let it take over.`,
		};
	}
	return {
		reason: null,
		actions: [{ kind: "promote", nodeId: best.id }],
		events: [
			{
				severity: "warning",
				type: "cache.failover",
				message: `${primary.name} on ${primary.host.name} exited; ${best.name} on ${best.host.name} takes over as primary.`,
				nodeName: best.name,
			},
		],
	};
}

function offsetOf(node: NodeModel): number {
	return node.observation?.engineState?.offset ?? 0;
}

function planProgress(cache: CacheModel, primary: NodeModel, now: Date): ProgressStep[] {
	if (cache.everAvailable) return [...cache.progress];
	const started = cache.nodes.every((node) => node.observation?.phase === "running");
	const blocked = cache.nodes.some((node) => node.observation?.reason != null || !node.host.online);
	const linked =
		started && cache.nodes.every((node) => node === primary || isReplicaInSync(node, primary));
	const doneCount = !started
		? 1
		: cache.nodes.length === 1 || linked
			? cache.progress.length - 1
			: 2;
	return advance(cache.progress, doneCount, blocked ? "waiting" : "running", now.toISOString());
}

function planStatus(
	cache: CacheModel,
	primary: NodeModel,
	settled: boolean,
	recoveryReason: string | null,
): Pick<Plan, "status" | "statusReason"> {
	if (settled) return { status: "available", statusReason: null };
	const causes = cache.nodes.flatMap((node) => causeOf(node, primary));
	const reason = recoveryReason ?? (causes.length > 0 ? causes.map(asSentence).join(" ") : null);
	if (!cache.everAvailable) return { status: "creating", statusReason: reason };
	// A silent host says nothing about its engine, which in all likelihood still serves.
	const serves = isServingPrimary(primary) || !primary.host.online;
	return { status: serves ? "degraded" : "unavailable", statusReason: reason };
}

function asSentence(text: string): string {
	return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Why this node isn't what it should be, in a sentence; nothing if it is, or is merely on its way. */
function causeOf(node: NodeModel, primary: NodeModel): string[] {
	if (isSettled(node, primary)) return [];
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
			return [`${node.name} on ${node.host.name} is starting.`];
		case "waiting":
		case "stopping":
			return [];
		case "running":
			if (node.id === primary.id) return [`${node.name} is taking over as primary.`];
			return isServingPrimary(primary)
				? [`${node.name} is copying the data of ${primary.name}.`]
				: [`${node.name} waits for ${primary.name}.`];
	}
}

/** Told once, when the status changes. */
function statusEvents(
	cache: CacheModel,
	primary: NodeModel,
	{ status, statusReason }: Pick<Plan, "status" | "statusReason">,
): PlanEvent[] {
	if (status === cache.status) return [];
	switch (status) {
		case "available":
			return [
				cache.everAvailable
					? {
							severity: "info",
							type: "cache.recovered",
							message: `Cache ${cache.name} is available again; ${primary.name} leads.`,
						}
					: {
							severity: "info",
							type: "cache.available",
							message: `Cache ${cache.name} is available.`,
						},
			];
		case "degraded":
		case "unavailable":
			return [
				{
					severity: status === "degraded" ? "warning" : "error",
					type: `cache.${status}`,
					message: `Cache ${cache.name} is ${status}. ${statusReason ?? ""}`.trim(),
				},
			];
		case "creating":
		case "deleting":
			return [];
	}
}
