import type { z } from "zod";
import type {
	DesiredState,
	Notice,
	WatchResult,
	watchInputSchema,
} from "../contract/desired-state.ts";
import { AGENT_TIMING } from "../contract/limits.ts";
import type { Names } from "../contract/names.ts";
import type { RouteChanges } from "../contract/routes.ts";
import { readSnapshot } from "../data/read-snapshot.ts";
import { BatchReader } from "../platform/batch-reader.ts";
import { oncePer } from "../platform/once-per.ts";
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

/**
 * While many caches fail over, most of them change something on each host: one answer tells it about several. Notices wait
 * for so long, and states, which take the most to read, for longer. Only orders don't wait.
 */
const TOGETHER_MS = 1_000;
const STATE_WAITS_MS = 2_000;

async function newerResult(
	resources: Resources,
	epoch: number,
	hostId: string,
	held: Held,
): Promise<WatchResult> {
	const newNotices = () => resources.notices.newer(hostId, held.epoch === epoch ? held.notice : -1);
	await giveWay(resources, hostId, newNotices);
	const notices = newNotices().filter(
		(notice) => notice.kind !== "failover" || resources.orders.fetch(notice.order.id),
	);
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
	const order = signals.subscribe(`orders:${hostId}`);
	const news = await Promise.race([
		newsFor(resources, epoch, hostId, held),
		order.wait(AGENT_TIMING.longPollMs).then(() => "order" as const),
	]).finally(order.cancel);
	// What is being read comes with the next answer.
	if (news === "order") return newerResult(resources, epoch, hostId, held);
	if (news !== null) return { epoch, notices: [], ...news };
	answers.set(hostId, { question, at: now });
	return null;
}

function isOrder({ kind }: Notice): boolean {
	return kind === "failover";
}

/** Returns once there is no rush, the host gets a failover order, or it has waited long enough for others. */
async function giveWay(
	{ rush, signals }: Resources,
	hostId: string,
	newNotices: () => readonly Notice[],
): Promise<void> {
	const endsAt = performance.now() + STATE_WAITS_MS;
	for (let leftMs = STATE_WAITS_MS; rush.isOn && leftMs > 0; leftMs = endsAt - performance.now()) {
		const notices = newNotices();
		if (notices.some(isOrder)) return;
		const isTold = notices.length > 0;
		const waitMs = isTold ? TOGETHER_MS : leftMs;
		const news = signals.subscribe(`${isTold ? "orders" : "notices"}:${hostId}`);
		await Promise.race([rush.over(waitMs), news.wait(waitMs)]);
		news.cancel();
		if (isTold) return;
	}
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

/**
 * Hosts whose whole state is read at the same time, and together: after a start of the control plane all hosts ask for it,
 * and after the loss of many hosts all others do.
 */
const READ_AT_ONCE = { atOnce: 2, batch: 8 };
const statesOf = oncePer(
	(resources: Resources) =>
		new BatchReader((hostIds: readonly string[]) => readStates(resources, hostIds), READ_AT_ONCE),
);

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
	return { ...(await statesOf(resources).read(hostId)), epoch };
}

async function readStates(
	resources: Resources,
	hostIds: readonly string[],
): Promise<Map<string, Omit<DesiredState, "epoch">>> {
	const { db, secrets } = resources;
	// The revisions belong to exactly these assignments.
	const { hosts, accelerators } = await readSnapshot(db, async (tx) => ({
		hosts: await tx.host.findMany({
			where: { id: { in: [...hostIds] } },
			include: {
				nodes: ASSIGNED_NODE,
				abandoned: { select: { id: true } },
				transfers: {
					where: { sourcePath: { not: null }, finishedAt: null, refusal: null },
					orderBy: { id: "asc" },
				},
			},
		}),
		accelerators: await hostAccelerators(tx, secrets, hostIds),
	}));
	const assignments = await toAssignments(
		resources,
		hosts.flatMap(({ nodes }) => nodes),
	);
	const states = hosts.map((host) => {
		const own = new Set(host.nodes.map(({ id }) => id));
		const imports = host.transfers.map(({ id: transferId, sourcePath }) => ({
			transferId,
			path: sourcePath ?? "",
		}));
		const accelerated = accelerators.get(host.id);
		const state: Omit<DesiredState, "epoch"> = {
			...(imports.length > 0 && { imports }),
			...{ revision: host.revision, hostId: host.id },
			assignments: assignments.filter(({ id }) => own.has(id)),
			unlocated: host.nodes.filter((node) => node.unlocated).map((node) => node.id),
			deleted: host.abandoned.map(({ id }) => id),
			routeTable: null,
			...(accelerated !== undefined && { accelerators: accelerated }),
		};
		return [host.id, state] as const;
	});
	return new Map(states);
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
