import type { z } from "zod";
import type { DesiredState, WatchResult, watchInputSchema } from "../contract/desired-state.ts";
import { AGENT_TIMING } from "../contract/limits.ts";
import type { Names } from "../contract/names.ts";
import type { RouteChanges } from "../contract/routes.ts";
import { readSnapshot } from "../data/read-snapshot.ts";
import { oncePer } from "../platform/once-per.ts";
import { Places } from "../platform/places.ts";
import type { Resources } from "../services/context.ts";
import { hostAccelerators } from "./accelerator-desire.ts";
import { ASSIGNED_NODE, toAssignments } from "./desired-assignments.ts";
import { newerNames } from "./newer-names.ts";
import { readRoutes } from "./read-routes.ts";

type Held = z.output<typeof watchInputSchema>;

/**
 * Returns the host's whole desired state, and what has changed in its routes and names, as soon as any of them
 * is newer than what the agent holds, or null after the long poll. Notices are returned on their own: they are
 * in memory, and don't wait for the database. `epoch` is this control plane's; an agent that holds another's
 * gets everything immediately.
 */
export async function watchHost(
	resources: Resources,
	epoch: number,
	hostId: string,
	held: Held,
	abort: AbortSignal | undefined,
): Promise<WatchResult> {
	if (held.epoch === epoch) resources.notices.noteHeld(hostId, held.notice);
	const waiter = resources.signals.subscribe(`host:${hostId}`, `notices:${hostId}`);
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
	held: Held,
): Promise<WatchResult> {
	const notices = resources.notices
		.newer(hostId, held.epoch === epoch ? held.notice : -1)
		.filter((notice) => notice.kind !== "failover" || resources.orders.fetch(notice.order.id));
	if (notices.length > 0) return { epoch, desired: null, notices };
	const { signals, clock } = resources;
	const now = clock.now().getTime();
	// An agent that has just received a notice asks again immediately: unless it has been woken, the answer is
	// unchanged.
	const question = JSON.stringify([
		...[held.epoch, held.revision, held.routeRevision, held.namesRevision, epoch],
		signals.count(`host:${hostId}`),
	]);
	const answers = nothingNewer(resources);
	const before = answers.get(hostId);
	if (before?.question === question && now - before.at < AGENT_TIMING.longPollMs) return null;
	const news = await newsFor(resources, epoch, hostId, held);
	if (news !== null) return { epoch, notices: [], ...news };
	answers.set(hostId, { question, at: now });
	return null;
}

/** The last request of each host that found nothing new, and when it came. */
const nothingNewer = oncePer((_: Resources) => new Map<string, { question: string; at: number }>());

type News = Pick<NonNullable<WatchResult>, "desired" | "routes" | "names">;

/** What differs from what the agent holds; null for nothing. */
async function newsFor(
	resources: Resources,
	epoch: number,
	hostId: string,
	held: Held,
): Promise<News | null> {
	const sameEpoch = held.epoch === epoch;
	const routes = await newerRoutes(resources, hostId, {
		...held,
		routeRevision: sameEpoch ? held.routeRevision : -1,
	});
	const heldRevision = sameEpoch ? held.revision : -1;
	const desired = await newerState(resources, epoch, hostId, heldRevision);
	const names = await newNames(resources, sameEpoch, held.namesRevision);
	if (desired === null && routes === null && names === undefined) return null;
	return { desired, routes, ...(names !== undefined && { names }) };
}

async function newerRoutes(
	resources: Resources,
	hostId: string,
	{ routeRevision }: Held,
): Promise<RouteChanges | null> {
	const { routes, secrets } = resources;
	await readRoutes(resources);
	const changes = routes.newer(hostId, routeRevision);
	return changes && { ...changes, sentinelPassword: secrets.derive("sentinels") };
}

/** Hosts whose whole state is read at the same time: after a start of the control plane, all hosts ask for it. */
const READ_AT_ONCE = 3;
const placesOf = oncePer((_: Resources) => new Places(READ_AT_ONCE));

async function newerState(
	resources: Resources,
	epoch: number,
	hostId: string,
	heldRevision: number,
): Promise<DesiredState | null> {
	const { db } = resources;
	const { revision: newest } = await db.host.findUniqueOrThrow({
		where: { id: hostId },
		select: { revision: true },
	});
	if (heldRevision >= newest) return null;
	return await placesOf(resources).run(() => readState(resources, epoch, hostId));
}

async function readState(
	resources: Resources,
	epoch: number,
	hostId: string,
): Promise<DesiredState> {
	const { db, secrets } = resources;
	// The revision belongs to exactly these assignments.
	const { host, accelerators } = await readSnapshot(db, async (tx) => ({
		host: await tx.host.findUniqueOrThrow({
			where: { id: hostId },
			include: {
				nodes: ASSIGNED_NODE,
				abandoned: { select: { id: true } },
				transfers: {
					where: { sourcePath: { not: null }, finishedAt: null, refusal: null },
					orderBy: { id: "asc" },
				},
			},
		}),
		accelerators: await hostAccelerators(tx, secrets, hostId),
	}));
	const assignments = await toAssignments(resources, host.nodes);
	const unlocated = host.nodes.filter((node) => node.unlocated).map((node) => node.id);
	const deleted = host.abandoned.map(({ id }) => id);
	const imports = host.transfers.map(({ id: transferId, sourcePath }) => ({
		transferId,
		path: sourcePath ?? "",
	}));
	return {
		...(imports.length > 0 && { imports }),
		...{ revision: host.revision, epoch, hostId, assignments, unlocated, deleted },
		routeTable: null,
		...(accelerators !== undefined && { accelerators }),
	};
}

/** Undefined for nothing new. Null tells an agent that holds an earlier control plane's zone that there is none now. */
async function newNames(
	resources: Resources,
	sameEpoch: boolean,
	heldRevision: number | undefined,
): Promise<Names | null | undefined> {
	if (heldRevision === undefined) return undefined;
	if (resources.dns === null) return sameEpoch ? undefined : null;
	return await newerNames(resources, resources.dns.zone, sameEpoch ? heldRevision : -1);
}
