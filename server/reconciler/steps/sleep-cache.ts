import { changeWords } from "../../contract/change-words.ts";
import { IDLE_BYTES } from "../../contract/serverless.ts";
import { formatGib } from "../../contract/units.ts";
import {
	allNodeRows,
	FULL_CACHE,
	type FullCache,
	type FullNode,
} from "../../data/cache-mapping.ts";
import { writeInCharge } from "../../data/charge.ts";
import { Prisma, type Transaction } from "../../data/database.ts";
import { readHostMemory } from "../../data/host-room.ts";
import { modeChangeOf } from "../../data/mode-change-column.ts";
import { readPending, writePending } from "../../data/pending-changes.ts";
import { type NewEvent, recordEvent } from "../../data/record-event.ts";
import { lockCaches, lockHosts } from "../../data/row-locks.ts";
import { isServerless } from "../../data/serverless-rows.ts";
import { type Sleep, sleepOf } from "../../data/sleep-column.ts";
import type { ModeChange, SleepStep } from "../../domain/cache/sleep-model.ts";
import { bytesFor, nodeBytesOf, shardBytesOf } from "../../domain/serverless/capacity.ts";
import { bumpHosts, bumpRoutes, wakeGateways, wakeHosts } from "../../services/bump-hosts.ts";
import type { Resources } from "../../services/context.ts";
import { type NodeColumns, nodeColumns } from "../../services/node-columns.ts";
import { rerouteCaches } from "../../services/route-hosts.ts";
import { becomeCluster } from "./become-cluster.ts";

/** What one step does to a cache, as the transaction reads it. */
interface Step {
	readonly resources: Resources;
	readonly tx: Transaction;
	readonly cache: FullCache;
	readonly sleep: Sleep | null;
}

/** How often a change of the cluster mode is begun, and how long after an attempt that was interrupted. */
const ATTEMPTS_MAX = 5;
const TRY_AGAIN_MS = 10_000;

type WakeStep = Extract<SleepStep, { to: "wake" }>;

interface Outcome {
	/** Why it can't wake now; null otherwise. */
	problem: string | null;
	told: Iterable<string>;
}

const NOTHING: Outcome = { problem: null, told: [] };

/**
 * One step of putting a serverless cache to sleep, of waking it (domain/cache/plan-sleep.ts), or of giving a cache cluster
 * mode (domain/cache/plan-mode.ts). Placements run one at a time, as in `placeCache`: a cache that wakes takes memory.
 */
export async function changeSleep(
	resources: Resources,
	{ id, ...seen }: FullCache,
	step: SleepStep,
): Promise<string | null> {
	const hostIds = allNodeRows({ id, ...seen }).map(({ hostId }) => hostId);
	const outcome = await writeInCharge(resources, async (tx) => {
		await lockHosts(tx, hostIds);
		await lockCaches(tx, [id]);
		// The cache as the pass has read it may be out of date: planned twice, it is still done once.
		const cache = await tx.cache.findUniqueOrThrow({ where: { id }, include: FULL_CACHE });
		return await carryOut({ resources, tx, cache, sleep: sleepOf(cache) }, step);
	});
	wakeHosts(resources, outcome.told);
	wakeGateways(resources);
	return outcome.problem;
}

async function carryOut(of: Step, step: SleepStep): Promise<Outcome> {
	switch (step.to) {
		case "replicas":
		case "primaries":
			return await end(of, step.to);
		case "asleep":
			return await noteAsleep(of);
		case "wake":
			return await wake(of, step);
		case "awake":
			return await noteAwake(of);
		case "prepare":
			if (of.sleep === null) await setState(of, "falling-asleep", { becomesCluster: true });
			return NOTHING;
		case "cluster":
			return await startCluster(of);
	}
}

/** Tells hosts to end nodes with their data kept. */
async function end(of: Step, which: "replicas" | "primaries"): Promise<Outcome> {
	const { resources, tx, cache, sleep } = of;
	if (sleep !== null && sleep.state !== "falling-asleep") return NOTHING;
	const leaders = new Set(cache.shards.map(({ primaryNodeId }) => primaryNodeId));
	const nodes = allNodeRows(cache).filter(
		({ id, asleep }) => !asleep && leaders.has(id) === (which === "primaries"),
	);
	const told = await changeNodes(tx, nodes, (node) => {
		// A database from a backup may be behind its hosts.
		const done = resources.fleet.observation(node.id, null)?.reboot ?? 0;
		return { asleep: true, reboot: Math.max(node.reboot, done) + 1, rebootPending: false };
	});
	if (sleep === null) await setState(of, "falling-asleep");
	return { problem: null, told };
}

/** Their processes have ended, so their memory is free. */
async function noteAsleep(of: Step): Promise<Outcome> {
	const { tx, cache, sleep } = of;
	const nodes = allNodeRows(cache);
	if (sleep?.state !== "falling-asleep" || nodes.some(({ asleep }) => !asleep)) return NOTHING;
	await tx.node.updateMany({
		where: { id: { in: nodes.map(({ id }) => id) } },
		data: { memoryBytes: 0n, cpuMillis: 0 },
	});
	const minutes = cache.sleepAfterMinutes;
	await setState(of, "asleep");
	await tell(of, {
		type: "cache.asleep",
		message: `Cache ${cache.name} sleeps: no client was connected for ${minutes} minute${minutes === 1 ? "" : "s"}. The next connection to an endpoint wakes it.`,
	});
	return NOTHING;
}

/** Gives nodes memory and tells their hosts to start them: all primaries or none, and the replicas that fit. */
async function wake(of: Step, { reason, dropsChange }: WakeStep): Promise<Outcome> {
	const { tx, cache, sleep } = of;
	if (sleep === null) return NOTHING;
	const change = sleep.becomesCluster ? modeChangeOf(cache) : null;
	if (change !== null) {
		const isOver = dropsChange === true || change.interruptions + 1 >= ATTEMPTS_MAX;
		await (isOver ? dropModeChange(of, reason) : putOff(of, change));
	}
	const nodes = allNodeRows(cache).filter(({ asleep }) => asleep);
	const sizes = await sizesFor(of, nodes, sleep);
	const leaders = new Set(cache.shards.map(({ primaryNodeId }) => primaryNodeId));
	const unfit = nodes.filter(({ id }) => !sizes.has(id));
	const names = unfit.map(({ name, host }) => `${name} on ${host.name}`).join(", ");
	const problem =
		unfit.length === 0
			? null
			: `The cache can't wake: no memory for ${names}, which needs ${formatGib(leastBytes(sleep))}. Delete caches on these hosts, or give their agents more memory.`;
	if (unfit.some(({ id }) => leaders.has(id))) return { problem, told: [] };
	const waking = nodes.flatMap((node) => sizes.get(node.id) ?? []);
	const told = await changeNodes(
		tx,
		waking.map(({ node }) => node),
		(node) => ({
			...sizes.get(node.id)?.size,
			asleep: false,
		}),
	);
	if (sleep.state !== "waking") {
		await setState(of, "waking");
		await tell(of, { type: "cache.waking", message: `Cache ${cache.name} wakes: ${reason}.` });
	}
	return { problem, told };
}

/** Tells hosts to start primaries in cluster mode, and later the others. Their memory is still theirs. */
async function startCluster(of: Step): Promise<Outcome> {
	const { tx, cache, sleep } = of;
	const nodes = allNodeRows(cache);
	const isDue = sleep?.becomesCluster === true && sleep.state === "falling-asleep";
	if (!isDue || nodes.some(({ asleep }) => !asleep)) return NOTHING;
	const { parameterGroup, maxmemoryBytes } = await becomeCluster(of.resources, tx, cache);
	const leaders = new Set(cache.shards.map(({ primaryNodeId }) => primaryNodeId));
	const told = await changeNodes(tx, nodes, ({ id }) => {
		const data = { asleep: !leaders.has(id), parameterGroup };
		// A serverless cache's nodes have the size that its load needs.
		return isServerless(cache) ? data : { ...data, maxmemoryBytes };
	});
	await setState(of, "waking");
	// Last, by the order of locks: no Sentinels any more.
	await rerouteCaches(tx, [cache.id]);
	return { problem: null, told };
}

/** It is tried again once the cache has recovered from what has interrupted the change. */
async function putOff({ resources, tx, cache }: Step, change: ModeChange): Promise<void> {
	const notBefore = new Date(resources.clock.now().getTime() + TRY_AGAIN_MS).toISOString();
	const modeChange = { ...change, notBefore, interruptions: change.interruptions + 1 };
	await tx.cache.updateMany({ where: { id: cache.id }, data: { modeChange } });
}

/** What should have followed needs cluster mode, and is dropped too. */
async function dropModeChange(of: Step, reason: string): Promise<void> {
	const { tx, cache } = of;
	await tx.cache.updateMany({ where: { id: cache.id }, data: { modeChange: Prisma.DbNull } });
	const pending = readPending(cache);
	if (pending.next !== null) await writePending(tx, cache.id, { ...pending, next: null });
	const also =
		pending.next === null
			? ""
			: ` What should have followed (${changeWords(pending.next.changes)}) was dropped.`;
	await tell(of, {
		...{ severity: "error", type: "cache.mode-kept" },
		message: `Cache ${cache.name} keeps cluster mode disabled: ${reason}. Its data is there.${also}`,
	});
}

type Size = Pick<NodeColumns, "memoryBytes" | "maxmemoryBytes" | "vcpus" | "cpuMillis">;

/** What each node can have: the wanted size or, on a host without room for that, what its data needs. */
async function sizesFor({ resources, tx, cache }: Step, nodes: FullNode[], sleep: Sleep) {
	const { memoryBytes, maxmemoryBytes, vcpus, cpuMillis } = await nodeColumns(tx, cache);
	const { overcommit } = resources;
	const hosts = await readHostMemory(tx, overcommit);
	const free = new Map(
		hosts.map((host) => [
			host.id,
			Number(host.memoryBytes) * overcommit - Number(host.usedMemoryBytes),
		]),
	);
	const sizes = new Map<string, { node: FullNode; size: Size }>();
	for (const node of nodes) {
		// One that was still falling asleep has its memory.
		const room = (free.get(node.hostId) ?? 0) + Number(node.memoryBytes);
		const least = Math.min(Number(memoryBytes), leastBytes(sleep));
		if (room < least) continue;
		const bytes = Math.min(Number(memoryBytes), room);
		free.set(node.hostId, room - bytes);
		const isWanted = bytes === Number(memoryBytes);
		const size = {
			...{ vcpus, cpuMillis, memoryBytes: BigInt(bytes) },
			maxmemoryBytes: isWanted ? maxmemoryBytes : BigInt(shardBytesOf(bytes)),
		};
		sizes.set(node.id, { node, size });
	}
	return sizes;
}

/** What a node needs at the least to hold what it held. */
function leastBytes({ usedBytes }: Sleep): number {
	return nodeBytesOf(Math.max(IDLE_BYTES, Math.ceil(bytesFor(usedBytes))));
}

async function noteAwake(of: Step): Promise<Outcome> {
	const { resources, tx, cache, sleep } = of;
	if (sleep?.state !== "waking") return NOTHING;
	const isChanged = modeChangeOf(cache) !== null && cache.clusterMode === "enabled";
	await tx.cache.updateMany({
		where: { id: cache.id },
		data: { sleep: Prisma.DbNull, ...(isChanged && { modeChange: Prisma.DbNull }) },
	});
	await bumpRoutes(tx, [cache.id]);
	const seconds = (resources.clock.now().getTime() - Date.parse(sleep.since)) / 1_000;
	if (isChanged) {
		await tell(of, {
			type: "cache.mode-changed",
			message: `Cache ${cache.name} has cluster mode enabled now. Its configuration endpoint has the port that its primary endpoint had, ${cache.port}. Clients must speak the cluster protocol.`,
		});
		return NOTHING;
	}
	await tell(of, {
		type: "cache.awake",
		message: `Cache ${cache.name} is awake: all its nodes serve again after ${seconds.toFixed(1)} s.`,
	});
	return NOTHING;
}

async function setState(
	{ resources, tx, cache, sleep: before }: Step,
	state: Sleep["state"],
	{ becomesCluster = false } = {},
): Promise<void> {
	const since = resources.clock.now().toISOString();
	const usedBytes = before?.usedBytes ?? usedBytesOf(resources, cache);
	const sleep: Sleep = { state, since, usedBytes, becomesCluster };
	await tx.cache.updateMany({ where: { id: cache.id }, data: { sleep } });
	// Sentinels watch no cache that isn't awake.
	await bumpRoutes(tx, [cache.id]);
}

async function changeNodes(
	tx: Transaction,
	nodes: readonly FullNode[],
	dataOf: (node: FullNode) => Prisma.NodeUpdateInput,
): Promise<Iterable<string>> {
	const hosts = await bumpHosts(
		tx,
		nodes.map(({ hostId }) => hostId),
	);
	for (const node of nodes) {
		const data = { ...dataOf(node), generation: { increment: 1 } };
		await tx.node.update({ where: { id: node.id }, data });
	}
	return hosts.keys();
}

function usedBytesOf({ fleet, clock }: Resources, cache: FullCache): number {
	const now = clock.now().getTime();
	const used = allNodeRows(cache).map(({ id }) => fleet.elastic.load(id, now)?.usedBytes ?? 0);
	return Math.max(0, ...used);
}

async function tell(
	{ resources, tx, cache }: Step,
	event: Pick<NewEvent, "type" | "message"> & Partial<Pick<NewEvent, "severity">>,
): Promise<void> {
	await recordEvent(tx, resources.clock, { severity: "info", ...event, cacheName: cache.name });
}
