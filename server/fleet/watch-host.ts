import type { z } from "zod";
import type { DesiredState, WatchResult, watchInputSchema } from "../contract/agent.ts";
import { AGENT_TIMING } from "../contract/limits.ts";
import type { Resources } from "../services/context.ts";
import { ASSIGNED_NODE, toAssignments } from "./desired-assignments.ts";
import { newerRouteTable } from "./route-table.ts";

/**
 * Answers with the host's whole desired state as soon as it, or the route table, is newer than what the agent holds, or
 * with null after the long poll. Notices are answered with alone: they are in memory, and don't wait for the database.
 * `epoch` is this control plane's; an agent that holds another's gets the state at once.
 */
export async function watchHost(
	resources: Resources,
	epoch: number,
	hostId: string,
	held: z.output<typeof watchInputSchema>,
	abort: AbortSignal | undefined,
): Promise<WatchResult> {
	const waiter = resources.signals.subscribe(`host:${hostId}`, "routes", "notices");
	const fresh = await newerResult(resources, epoch, hostId, held);
	if (fresh !== null) {
		waiter.cancel();
		return fresh;
	}
	await waiter.wait(AGENT_TIMING.longPollMs, abort);
	return newerResult(resources, epoch, hostId, held);
}

async function newerResult(
	resources: Resources,
	epoch: number,
	hostId: string,
	held: z.output<typeof watchInputSchema>,
): Promise<WatchResult> {
	const notices = resources.notices.newer(hostId, held.epoch === epoch ? held.notice : -1);
	if (notices.length > 0) return { epoch, desired: null, notices };
	const { signals, clock } = resources;
	const now = clock.now().getTime();
	// Whoever has just heard a notice asks again at once: as long as nobody was woken, the answer is what it was.
	const question = JSON.stringify([
		...[held.epoch, held.revision, held.routeRevision, epoch],
		...[signals.count(`host:${hostId}`), signals.count("routes")],
	]);
	const answers = nothingNewer(resources);
	const before = answers.get(hostId);
	if (before?.question === question && now - before.at < AGENT_TIMING.longPollMs) return null;
	const desired = await newerState(resources, epoch, hostId, held);
	if (desired !== null) return { epoch, desired, notices: [] };
	answers.set(hostId, { question, at: now });
	return null;
}

/** What hosts asked last that was answered with nothing, and when. */
const unanswered = new WeakMap<Resources, Map<string, { question: string; at: number }>>();

function nothingNewer(resources: Resources) {
	const answers = unanswered.get(resources) ?? new Map();
	unanswered.set(resources, answers);
	return answers;
}

async function newerState(
	resources: Resources,
	epoch: number,
	hostId: string,
	held: z.output<typeof watchInputSchema>,
): Promise<DesiredState | null> {
	const { db } = resources;
	const sameEpoch = held.epoch === epoch;
	const routeTable = await newerRouteTable(resources, sameEpoch ? held.routeRevision : -1);
	const { revision: newest } = await db.host.findUniqueOrThrow({
		where: { id: hostId },
		select: { revision: true },
	});
	if (sameEpoch && held.revision >= newest && routeTable === null) return null;
	// One statement (see relationJoins), so that the revision belongs to these very assignments.
	const host = await db.host.findUniqueOrThrow({
		where: { id: hostId },
		include: { nodes: ASSIGNED_NODE },
	});
	const assignments = await toAssignments(resources, host.nodes);
	const unlocated = host.nodes.filter((node) => node.unlocated).map((node) => node.id);
	return { revision: host.revision, epoch, hostId, assignments, unlocated, routeTable };
}
