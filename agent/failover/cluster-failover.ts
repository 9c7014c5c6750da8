import { setTimeout as pause } from "node:timers/promises";
import type { FailoverOrder } from "../../server/contract/agent.ts";
import { saysPrimary } from "../drivers/ask-node.ts";
import { EngineCommandError } from "../drivers/engine-connection.ts";
import { ledWithSlots } from "../drivers/hold-back.ts";
import { heardFrom, obstacleTo } from "./obstacles.ts";
import { done, notDone, type OrderContext, type OrderEnd } from "./order-context.ts";
import { chooseBest } from "./replication-reading.ts";
import { type ShardMember, silenceAmong } from "./shard-member.ts";
import { surveyUntilDrained } from "./survey.ts";

const LOOK_EVERY_MS = 2;
const ASK_AGAIN_MS = 200;
const ELECTED_WITHIN_MS = 3_000;
/** How long a replica may take to catch up: once before writes are held up, and once while they are. */
const CATCH_UP_MS = 2_000;
const TAKES_OVER_WITHIN_MS = 1_000;

/**
 * Cluster mode, and the primary is gone: the best candidate asks the other primaries for their votes now, instead of when
 * the cluster itself has noticed. With `takeover` it doesn't ask, since too few are left to vote.
 */
export async function electReplica(
	order: FailoverOrder,
	candidates: readonly ShardMember[],
	context: OrderContext,
): Promise<OrderEnd> {
	const obstacle = obstacleTo(order, context);
	for (const candidate of candidates) candidate.watch();
	// A vote takes longer than draining, so it is only waited for where it decides who asks for one.
	if (candidates.length > 1) await surveyUntilDrained(candidates);
	else await Promise.all(candidates.map((candidate) => candidate.read()));
	const found = await slotOwnerAmong(candidates);
	if (found !== null) return done(order, found);
	const cause = (await obstacle) ?? heardFrom(candidates, order);
	if (cause !== null) return notDone(order, "refused", cause);
	const best = chooseBest(candidates, order.from);
	for (const candidate of candidates) candidate.stopWatching();
	if (best === null) {
		return notDone(order, "failed", "no replica of the shard has its data and answers");
	}
	const won = await untilLeads(best, ELECTED_WITHIN_MS, order.takeover ? "TAKEOVER" : "FORCE");
	if (won === null) return done(order, best);
	return notDone(
		order,
		"failed",
		`${best.name} wasn't elected in ${ELECTED_WITHIN_MS / 1_000} s${won}`,
	);
}

/**
 * Cluster mode, and the primary lives: its writes are held up until the first candidate has them all, which then takes
 * over; none is lost. Nobody is asked to vote, since there is nothing to decide, and votes can't be counted on: Redis OSS
 * lets nobody vote about one shard twice within two node timeouts, and takes a replica's former votes for new ones.
 */
export async function handOverSlots(
	order: FailoverOrder,
	old: ShardMember,
	candidates: readonly ShardMember[],
): Promise<OrderEnd> {
	const [target] = candidates;
	if (target === undefined) return notDone(order, "refused", "the order names no candidate");
	await Promise.all([old.read(), target.read()]);
	const found = await slotOwnerAmong([target]);
	if (found !== null) return done(order, found);
	const obstacle = await whyNotInSync(old, target);
	if (obstacle !== null) return notDone(order, "refused", obstacle);
	const pausedAt = performance.now();
	try {
		const pauseMs = CATCH_UP_MS + 2 * TAKES_OVER_WITHIN_MS;
		await old.command("CLIENT", "PAUSE", String(pauseMs), "WRITE");
		const problem = await whyNotInSync(old, target);
		if (problem !== null) return notDone(order, "failed", problem);
		const refusal = await untilLeads(target, TAKES_OVER_WITHIN_MS, "TAKEOVER");
		if (refusal !== null) {
			return notDone(order, "failed", `${target.name} didn't take over${refusal}`);
		}
		const writesUnavailableMs = performance.now() - pausedAt;
		await untilStepsDown(old);
		return done(order, target, { writesUnavailableMs });
	} finally {
		await old.command("CLIENT", "UNPAUSE").catch(() => {});
	}
}

/** Null as soon as the replica has what its primary had when it was asked; else, in a sentence, why it hasn't. */
async function whyNotInSync(primary: ShardMember, replica: ShardMember): Promise<string | null> {
	const startedAt = performance.now();
	for (;;) {
		// In this order: what the primary had when it was asked, its replica has by now, or not yet.
		const before = await primary.read();
		const after = await replica.read();
		if (before === null || after === null) return silenceAmong([primary, replica]);
		if (!before.isPrimary) return `${primary.name} doesn't lead any more`;
		if (after.linkUp && after.offset >= before.offset) return null;
		if (performance.now() - startedAt >= CATCH_UP_MS) {
			return `${replica.name} isn't in sync with ${primary.name} after ${CATCH_UP_MS / 1_000} s`;
		}
		await pause(LOOK_EVERY_MS);
	}
}

/** Until the old primary knows that it leads no longer: what it held up it then refuses, and whoever wrote goes on. */
async function untilStepsDown(old: ShardMember): Promise<void> {
	const startedAt = performance.now();
	while (performance.now() - startedAt < TAKES_OVER_WITHIN_MS) {
		if ((await old.read())?.isPrimary !== true) return;
		await pause(LOOK_EVERY_MS);
	}
}

/** Asks a replica to lead until it does. Null once it does, else what the engine last answered, for the sentence. */
async function untilLeads(
	replica: ShardMember,
	withinMs: number,
	option: "FORCE" | "TAKEOVER",
): Promise<string | null> {
	const startedAt = performance.now();
	let askAt = startedAt;
	let refusal = "";
	for (;;) {
		const now = performance.now();
		if (now - startedAt >= withinMs) return refusal;
		if (now >= askAt) {
			askAt = now + ASK_AGAIN_MS;
			refusal = await ask(replica, option);
		}
		if (await ownsSlots(replica)) return null;
		await pause(LOOK_EVERY_MS);
	}
}

async function ask(replica: ShardMember, option: "FORCE" | "TAKEOVER"): Promise<string> {
	try {
		await replica.command("CLUSTER", "FAILOVER", option);
		return "";
	} catch (error) {
		// Such as that it leads already, which is found out next.
		if (error instanceof EngineCommandError) return ` (${error.message})`;
		throw error;
	}
}

async function slotOwnerAmong(candidates: readonly ShardMember[]): Promise<ShardMember | null> {
	for (const candidate of candidates) {
		if (candidate.reading?.isPrimary === true && (await ownsSlots(candidate))) return candidate;
	}
	return null;
}

/** A primary without slots leads nothing. */
async function ownsSlots(member: ShardMember): Promise<boolean> {
	if (!saysPrimary(await member.command("ROLE"))) return false;
	const nodes = await member.command("CLUSTER", "NODES");
	return typeof nodes === "string" && ledWithSlots(nodes);
}
