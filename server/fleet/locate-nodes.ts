import type { ReportInput, SetAside } from "../contract/host-report.ts";
import { writeInCharge } from "../data/charge.ts";
import type { Database, Prisma, Transaction } from "../data/database.ts";
import { recordEvent } from "../data/record-event.ts";
import { lockCaches } from "../data/row-locks.ts";
import { storedObservationSchema } from "../data/stored-observation.ts";
import { bumpHosts, wakeGateways, wakeHosts } from "../services/bump-hosts.ts";
import type { Resources } from "../services/context.ts";
import { noteFormerNode } from "../services/former-nodes.ts";
import { nextFreePort } from "../services/free-ports.ts";
import { rerouteCaches } from "../services/route-hosts.ts";

/**
 * Runs after a restore, with each report until every node is located. Drains and failures may have moved
 * nodes since the backup was made; those run with their data under other ids, and their hosts have set them
 * aside.
 *
 *   its own host has it     it is where the backup says
 *   a host has set one      it is there: the row takes that one's id, host and port
 *     aside with its name
 *   no host has it          its host starts it empty, as soon as no other may hold its data
 *
 * The last two are decided once all hosts have reported, or after some seconds. Until a node is located its
 * host doesn't start it, so that none comes up empty beside its data. Events report what stays aside.
 */
export async function locateNodes(
	resources: Resources,
	hostId: string,
	{ epoch, observations, setAside }: ReportInput,
): Promise<void> {
	const { db, inventories, clock } = resources;
	const isReported = ({ assignmentId }: SetAside) => inventories.reported.has(assignmentId);
	if (inventories.settled && setAside.every(isReported)) return;
	const current = await db.controlPlane.findUniqueOrThrow({ where: { id: 1 } });
	// Under another control plane's state it set nothing aside for this one.
	if (epoch !== current.epoch) return;
	const instances = observations?.map(({ assignmentId }) => assignmentId) ?? null;
	inventories.set(hostId, { instances, setAside }, clock.now());
	if (!inventories.settled) await settle(resources);
	if (inventories.settled) await reportSetAside(resources, hostId, setAside);
}

type Unlocated = Prisma.NodeGetPayload<typeof UNLOCATED>;
const UNLOCATED = {
	where: { unlocated: true, removedAtRevision: null },
	include: { shard: { include: { nodes: { where: { removedAtRevision: null } } } } },
} as const;

async function settle(resources: Resources): Promise<void> {
	const { db, inventories, clock } = resources;
	const unlocated = await db.node.findMany(UNLOCATED);
	if (unlocated.length === 0) {
		inventories.settled = true;
		return;
	}
	const isThere = (node: { id: string; hostId: string }) =>
		inventories.of(node.hostId)?.instances.has(node.id) === true;
	await confirm(resources, unlocated.filter(isThere));
	const hosts = await db.host.findMany({ select: { id: true } });
	const hostIds = hosts.map(({ id }) => id);
	if (!inventories.isComplete(hostIds, clock.now())) return;
	const elsewhere = await strangersOf(resources);
	for (const node of unlocated.filter((each) => !isThere(each))) {
		const successor = elsewhere.find(
			// A replacement has the name of the node that it replaces, and Larder never looks for it elsewhere.
			({ was }) =>
				node.replacesNodeId === null && was?.cacheId === node.cacheId && was.nodeName === node.name,
		);
		if (successor?.was != null) {
			await move(resources, node, { ...successor, port: successor.was.port });
		} else if (inventories.of(node.hostId) !== null) {
			await settleAbsent(resources, node, isThere);
		}
	}
}

/** What hosts have set aside and the database has no row for, running ones first. */
async function strangersOf({ db, inventories }: Resources) {
	const all = inventories.setAside();
	const known = await knownOf(db, all);
	return all
		.filter(({ assignmentId }) => !known.has(assignmentId))
		.sort((a, b) => Number(b.pid !== null) - Number(a.pid !== null));
}

async function knownOf(db: Database, setAside: readonly SetAside[]): Promise<Set<string>> {
	const ids = setAside.map(({ assignmentId }) => assignmentId);
	const rows = await db.node.findMany({ where: { id: { in: ids } }, select: { id: true } });
	return new Set(rows.map(({ id }) => id));
}

async function confirm(resources: Resources, nodes: readonly Unlocated[]): Promise<void> {
	if (nodes.length === 0) return;
	const hostIds = nodes.map((node) => node.hostId);
	await writeInCharge(resources, async (tx) => {
		await bumpHosts(tx, hostIds);
		await lockCaches(tx, [...new Set(nodes.map(({ cacheId }) => cacheId))]);
		await tx.node.updateMany({
			where: { id: { in: nodes.map((node) => node.id) } },
			data: { unlocated: false },
		});
	});
	wakeHosts(resources, hostIds);
	for (const node of nodes) resources.wakeCache(node.cacheId);
}

async function move(
	resources: Resources,
	node: Unlocated,
	to: { assignmentId: string; hostId: string; port: number; pid: number | null },
): Promise<void> {
	const { fleet, clock, wakeCache } = resources;
	const { cacheId } = node;
	const hostIds = await writeInCharge(resources, async (tx) => {
		const before = await tx.node.findMany({
			where: { cacheId, removedAtRevision: null },
			select: { hostId: true },
		});
		// The hosts that must learn its new address.
		const hostIds = [node.hostId, to.hostId, ...before.map((member) => member.hostId)];
		await bumpHosts(tx, hostIds);
		await lockCaches(tx, [cacheId]);
		const { count } = await tx.node.updateMany({
			where: { id: node.id, unlocated: true },
			data: { unlocated: false },
		});
		// Another host's report did it meanwhile.
		if (count === 0) return [];
		await freePort(resources, tx, node, to);
		await tx.node.update({
			where: { id: node.id },
			data: {
				...{ id: to.assignmentId, hostId: to.hostId, port: to.port },
				...(node.observation !== null && {
					observation: asSynced(node.observation, to.pid),
				}),
			},
		});
		await repoint(tx, cacheId, node.id, to.assignmentId);
		await noteFormerNode(tx, cacheId, node.id);
		const members = await tx.node.findMany({
			where: { cacheId, removedAtRevision: null },
			include: { cache: { select: { name: true } }, host: { select: { name: true } } },
		});
		await tx.node.updateMany({ where: { cacheId }, data: { generation: { increment: 1 } } });
		await rerouteCaches(tx, [cacheId]);
		const host = members.find(({ id }) => id === to.assignmentId)?.host.name ?? "";
		await recordEvent(tx, clock, {
			severity: "info",
			type: "node.located",
			message: `${node.name} is on ${host}: it moved there after the backup was made.`,
			cacheName: members[0]?.cache.name ?? "",
			nodeName: node.name,
			hostName: host,
		});
		return hostIds;
	});
	fleet.forgetNode(node.id);
	wakeHosts(resources, hostIds);
	wakeGateways(resources);
	wakeCache(cacheId);
}

/** The node took over its name once it had all the data. This process may therefore lead if its primary is gone. */
function asSynced(observation: Prisma.JsonValue, pid: number | null): Prisma.InputJsonObject {
	const stored = storedObservationSchema.parse(observation);
	return { ...stored, phase: "starting", engineState: null, pid, hasSynced: true, hasLed: false };
}

/** Moves another node off that port: two engines can't listen on it. */
async function freePort(
	resources: Resources,
	tx: Transaction,
	node: { id: string },
	{ hostId, port }: { hostId: string; port: number },
): Promise<void> {
	const holder = await tx.node.findUnique({ where: { hostId_port: { hostId, port } } });
	if (holder === null || holder.id === node.id) return;
	const free = await nextFreePort(resources, tx, holder);
	if (free === null) throw new Error(`no node port is left on the host of ${holder.name}`);
	await tx.node.update({
		where: { id: holder.id },
		data: { port: free, generation: { increment: 1 } },
	});
}

/** Updates the columns that name nodes without being references in the database. */
async function repoint(tx: Transaction, cacheId: string, from: string, to: string): Promise<void> {
	await tx.node.updateMany({
		where: { cacheId, followsNodeId: from },
		data: { followsNodeId: to },
	});
	await tx.node.updateMany({
		where: { cacheId, replacesNodeId: from },
		data: { replacesNodeId: to },
	});
	await tx.shard.updateMany({
		where: { cacheId, primaryNodeId: from },
		data: { primaryNodeId: to },
	});
}

/**
 * Settles a node that no host has. A primary must not start empty while another node of its shard may hold the data:
 * it counts as dead, and the usual rules decide which node leads and which may start.
 */
async function settleAbsent(
	resources: Resources,
	node: Unlocated,
	isThere: (node: { id: string; hostId: string }) => boolean,
): Promise<void> {
	const { db, fleet, inventories, wakeCache } = resources;
	const { shard } = node;
	const isAbsent = (each: { id: string; hostId: string }) =>
		inventories.of(each.hostId) !== null && !isThere(each);
	const before = fleet.observation(node.id, node.observation);
	const mayHide = shard.nodes.some((sibling) => !isAbsent(sibling));
	if (shard.primaryNodeId !== node.id || !mayHide || before === null) {
		return await confirm(resources, [node]);
	}
	if (before.phase === "exited") {
		if (node.launchPermit > before.launchPermit) await confirm(resources, [node]);
		return;
	}
	const { launchPermit } = node;
	const gone = storedObservationSchema.parse({
		...{ ...before, phase: "exited", pid: null, engineState: null, silentSince: null },
		launchPermit,
	});
	fleet.setObservation(node.id, gone);
	await db.node.update({ where: { id: node.id }, data: { observation: gone } });
	wakeCache(node.cacheId);
}

async function reportSetAside(
	{ db, inventories, clock }: Resources,
	hostId: string,
	setAside: readonly SetAside[],
): Promise<void> {
	const unreported = setAside.filter(({ assignmentId }) => !inventories.reported.has(assignmentId));
	if (unreported.length === 0) return;
	// It may have been located, without its host knowing that yet.
	const known = await knownOf(db, unreported);
	const news = unreported.filter(({ assignmentId }) => !known.has(assignmentId));
	if (news.length === 0) return;
	const host = await db.host.findUniqueOrThrow({ where: { id: hostId }, select: { name: true } });
	await db.event.createMany({
		data: news.map(({ assignmentId, directory, was }) => ({
			// Its own id, so that it is reported once.
			id: assignmentId,
			at: clock.now(),
			severity: "warning",
			type: "node.set-aside",
			message: `The backup that this control plane was restored from doesn't contain ${was === null ? assignmentId : `${was.nodeName} (${assignmentId})`} on ${host.name}. Larder leaves its engine running until you delete ${directory} by hand.`,
			hostName: host.name,
		})),
		skipDuplicates: true,
	});
	for (const { assignmentId } of news) inventories.reported.add(assignmentId);
}
