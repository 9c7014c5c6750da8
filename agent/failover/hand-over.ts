import { setTimeout as pause } from "node:timers/promises";
import type { FailoverOrder } from "../../server/contract/agent.ts";
import { EngineCommandError } from "../drivers/engine-connection.ts";
import { sentinelAtIt } from "./obstacles.ts";
import { done, notDone, type OrderContext, type OrderEnd } from "./order-context.ts";
import { turn } from "./promote-replica.ts";
import { type ShardMember, silenceAmong } from "./shard-member.ts";
import { leaderAmong } from "./survey.ts";

/** How long writes may be held up while the target catches up. */
const CATCH_UP_MS = 2_000;
const GIVE_UP_MS = CATCH_UP_MS + 1_000;
const LOOK_EVERY_MS = 1;
const LOOK_AT_OLD_EVERY_MS = 25;

/**
 * Cluster mode disabled, and the primary lives: it hands over to the first candidate by the engine's own FAILOVER. That
 * pauses writes, waits until the target has all of them, and changes roles; no acknowledged write is lost.
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
	const refusal = await begin(old, target);
	if (refusal !== null) return notDone(order, "refused", refusal);
	if (!(await hasTakenOver(old, target))) return await takeBack(order, old, target, candidates);
	await releaseClients(old);
	return done(order, target, {
		rest: turn(candidates, target),
		writesUnavailableMs: performance.now() - startedAt,
	});
}

function whyNot(old: ShardMember, target: ShardMember): string | null {
	const silence = silenceAmong([old, target]);
	if (silence !== null) return silence;
	if (old.reading?.isPrimary !== true) return `${old.name} doesn't lead any more`;
	if (addressAt(old, target) === null) {
		return `${target.name} isn't in sync with ${old.name}, so it can't take over`;
	}
	return null;
}

/** The target as the old primary knows it, which is how it has to be named to it. */
function addressAt(old: ShardMember, { member }: ShardMember) {
	const listed = (old.reading?.replicas ?? []).filter(({ port }) => port === member.port);
	const same = listed.find(({ host }) => host === member.host);
	return same ?? (listed.length === 1 ? (listed[0] ?? null) : null);
}

/** In the engine's own words why it doesn't even begin; null when it does. */
async function begin(old: ShardMember, target: ShardMember): Promise<string | null> {
	const address = addressAt(old, target);
	if (address === null) return `${target.name} is no replica of ${old.name}`;
	const { host, port } = address;
	const timeout = ["TIMEOUT", String(CATCH_UP_MS)];
	try {
		await old.command("FAILOVER", "TO", host, String(port), ...timeout);
		return null;
	} catch (error) {
		if (error instanceof EngineCommandError)
			return `${old.name} doesn't hand over: ${error.message}`;
		throw error;
	}
}

async function hasTakenOver(old: ShardMember, target: ShardMember): Promise<boolean> {
	const startedAt = performance.now();
	let lookAtOldAt = startedAt + LOOK_AT_OLD_EVERY_MS;
	while (performance.now() - startedAt < GIVE_UP_MS) {
		// The old primary waits for the target's word of how far it is, which it gives once a second, and asks for it only
		// while writes aren't paused. Told from here, the target gives it at once.
		target.send("REPLCONF", "GETACK", "*");
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

/** Whoever came through an endpoint would go on to write to a replica. */
async function releaseClients(old: ShardMember): Promise<void> {
	await old.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").catch(() => {});
}

/** It didn't come to its end: writes go on where they were, unless the target has taken over after all. */
async function takeBack(
	order: FailoverOrder,
	old: ShardMember,
	target: ShardMember,
	candidates: readonly ShardMember[],
): Promise<OrderEnd> {
	await old.command("FAILOVER", "ABORT").catch(() => {});
	const [before, after] = await Promise.all([old.read(), target.read()]);
	if (after?.isPrimary === true) {
		await releaseClients(old);
		return done(order, target, { rest: turn(candidates, target) });
	}
	const sentence = `${target.name} didn't take over from ${old.name} in ${CATCH_UP_MS / 1_000} s`;
	if (before?.isPrimary === true) {
		return notDone(order, "failed", `${sentence}; ${old.name} leads as before`);
	}
	return notDone(order, "failed", `${sentence}, and ${old.name} doesn't say that it leads`);
}
