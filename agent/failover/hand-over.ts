import { setTimeout as pause } from "node:timers/promises";
import type { FailoverOrder } from "../../server/contract/desired-state.ts";
import { EngineCommandError } from "../drivers/engine-connection.ts";
import { leaderAmong } from "./choose-leader.ts";
import { sentinelAtIt } from "./obstacles.ts";
import { done, notDone, type OrderContext, type OrderEnd } from "./order-context.ts";
import { turn } from "./promote-replica.ts";
import { type ShardMember, silenceAmong } from "./shard-member.ts";
import { WriteHold } from "./write-hold.ts";

/** How long writes may be held up while the target catches up. */
const CATCH_UP_MS = 2_000;
const GIVE_UP_MS = CATCH_UP_MS + 1_000;
const CAUGHT_UP_SOON_MS = 50;
const LOOK_EVERY_MS = 1;
const LOOK_AT_OLD_EVERY_MS = 25;
/**
 * A gateway that isn't notified leads elsewhere within this time. If its agent died, the kernel's rules lapse
 * within 3 s (machine/lapsing-table.ts), and HAProxy finds out by its own check within 1.5 s
 * (gateway/haproxy-config.ts).
 */
const ENDPOINTS_FOLLOW_WITHIN_MS = 4_000;

/**
 * Cluster mode disabled, with the primary alive: it hands over to the first candidate with the engine's own
 * FAILOVER, which waits until the target has all writes and then changes roles; no acknowledged write is
 * lost. Writes are held up meanwhile, and beyond, until every gateway has cut its clients off from
 * the old primary. So no client is ever answered by a node that is no longer primary. A write that was held up was
 * not executed: a client that loses its connection because of it may send it again.
 *
 *   writes held ─> waiting clients ended ─> FAILOVER ─> result reported ─> endpoints follow ─> hold released
 */
export async function handOver(
	order: FailoverOrder,
	old: ShardMember,
	candidates: readonly ShardMember[],
	context: OrderContext,
): Promise<OrderEnd> {
	const [target] = candidates;
	if (target === undefined) return notDone(order, "refused", "the order names no candidate");
	const sentinel = sentinelAtIt(context);
	const members = [old, ...candidates];
	await Promise.all(members.map((member) => member.read()));
	const found = leaderAmong(candidates);
	if (found !== null && old.reading?.isPrimary !== true) {
		return done(order, found, { rest: turn(candidates, found) });
	}
	const cause = (await sentinel) ?? whyNot(old, target);
	if (cause !== null) return notDone(order, "refused", cause);
	const startedAt = performance.now();
	const hold = await WriteHold.begin(old);
	try {
		await catchUp(old, candidates);
		const refusal = await hold.endWaiting(() => begin(old, target));
		if (refusal !== null) {
			await hold.release();
			return notDone(order, "refused", refusal);
		}
		if (!(await hasTakenOver(old, target, candidates))) {
			return await takeBack(order, old, candidates, hold, context);
		}
	} catch (error) {
		await hold.release();
		throw error;
	}
	return done(order, target, {
		rest: follow(candidates, target, hold, context),
		writesUnavailableMs: performance.now() - startedAt,
	});
}

/** Waits only a moment: FAILOVER itself waits for a target that takes longer. */
async function catchUp(old: ShardMember, candidates: readonly ShardMember[]): Promise<void> {
	const [target] = candidates;
	const startedAt = performance.now();
	const wanted = (await old.read())?.offset ?? 0;
	while (performance.now() - startedAt < CAUGHT_UP_SOON_MS) {
		acknowledge(candidates);
		const reading = (await target?.read()) ?? null;
		if (reading === null || reading.offset >= wanted) return;
		await pause(LOOK_EVERY_MS);
	}
}

/**
 * The old primary waits until the target reports its offset. Replicas report once a second, and the primary
 * asks them only while writes aren't paused. Clients in WAIT depend on the same. This makes replicas report
 * at once.
 */
function acknowledge(candidates: readonly ShardMember[]): void {
	for (const candidate of candidates) candidate.send("REPLCONF", "GETACK", "*");
}

/**
 * Points the other replicas and the endpoints at the new primary; then the old one stops holding up writes.
 */
async function follow(
	candidates: readonly ShardMember[],
	leader: ShardMember,
	hold: WriteHold,
	{ endpointsFollow }: OrderContext,
): Promise<void> {
	const tooLong = pause(ENDPOINTS_FOLLOW_WITHIN_MS, undefined, { ref: false });
	await Promise.all([turn(candidates, leader), Promise.race([endpointsFollow, tooLong])]);
	await hold.releaseReplica();
}

function whyNot(old: ShardMember, target: ShardMember): string | null {
	const silence = silenceAmong([old, target]);
	if (silence !== null) return silence;
	if (old.reading?.isPrimary !== true) return `${old.name} is no longer the primary`;
	if (addressAt(old, target) === null) {
		return `${target.name} isn't in sync with ${old.name}, so it can't take over`;
	}
	return null;
}

/** The target's address as the old primary knows it, which FAILOVER requires. */
function addressAt(old: ShardMember, { member }: ShardMember) {
	const listed = (old.reading?.replicas ?? []).filter(({ port }) => port === member.port);
	const same = listed.find(({ host }) => host === member.host);
	return same ?? (listed.length === 1 ? (listed[0] ?? null) : null);
}

/** The engine's own reason why it refuses to start the hand-over; null once it has started. */
async function begin(old: ShardMember, target: ShardMember): Promise<string | null> {
	const address = addressAt(old, target);
	if (address === null) return `${target.name} isn't a replica of ${old.name}`;
	const { host, port } = address;
	const timeout = ["TIMEOUT", String(CATCH_UP_MS)];
	try {
		await old.command("FAILOVER", "TO", host, String(port), ...timeout);
		return null;
	} catch (error) {
		if (error instanceof EngineCommandError)
			return `${old.name} refused to hand over: ${error.message}`;
		throw error;
	}
}

async function hasTakenOver(
	old: ShardMember,
	target: ShardMember,
	candidates: readonly ShardMember[],
): Promise<boolean> {
	const startedAt = performance.now();
	let lookAtOldAt = startedAt + LOOK_AT_OLD_EVERY_MS;
	while (performance.now() - startedAt < GIVE_UP_MS) {
		acknowledge(candidates);
		if ((await target.read())?.isPrimary === true) return true;
		if (performance.now() >= lookAtOldAt) {
			lookAtOldAt = performance.now() + LOOK_AT_OLD_EVERY_MS;
			const reading = await old.read();
			if (reading === null || (reading.isPrimary && !reading.handingOver)) {
				return (await target.read())?.isPrimary === true;
			}
		}
		await pause(LOOK_EVERY_MS);
	}
	return false;
}

/**
 * The hand-over didn't finish: writes continue where they were, unless the target has taken over after all.
 */
async function takeBack(
	order: FailoverOrder,
	old: ShardMember,
	candidates: readonly ShardMember[],
	hold: WriteHold,
	context: OrderContext,
): Promise<OrderEnd> {
	const [target] = candidates;
	if (target === undefined) throw new Error("an order without candidates was started");
	await old.command("FAILOVER", "ABORT").catch(() => {});
	const [before, after] = await Promise.all([old.read(), target.read()]);
	if (after?.isPrimary === true) {
		return done(order, target, { rest: follow(candidates, target, hold, context) });
	}
	await hold.release();
	const sentence = `${target.name} didn't take over from ${old.name} within ${CATCH_UP_MS / 1_000} s`;
	if (before?.isPrimary === true) {
		return notDone(order, "failed", `${sentence}; ${old.name} is still the primary`);
	}
	return notDone(
		order,
		"failed",
		`${sentence}, and ${old.name} doesn't report that it is the primary`,
	);
}
