import { setTimeout as pause } from "node:timers/promises";
import type { FailoverOrder } from "../../server/contract/desired-state.ts";
import { saysPrimary } from "../drivers/ask-node.ts";
import { EngineCommandError } from "../drivers/engine-connection.ts";
import { ledWithSlots } from "../drivers/hold-back.ts";
import { chooseBest, eligible, leaderOf } from "./choose-leader.ts";
import { untilAware } from "./moved-slots.ts";
import { heardFrom, obstacleTo } from "./obstacles.ts";
import { done, notDone, type OrderContext, type OrderEnd } from "./order-context.ts";
import { type ShardMember, silenceAmong } from "./shard-member.ts";
import { surveyUntilDrained } from "./survey.ts";
import { endThrottle } from "./write-hold.ts";

const LOOK_EVERY_MS = 2;
const ASK_AGAIN_MS = 200;
const ELECTED_WITHIN_MS = 3_000;
/** Every node hears from each other one at least twice within the cluster's node timeout. */
const HEARS_WITHIN_MS = 3_000;
/** How long a replica may take to catch up: once before writes are held up, and again while they are. */
const CATCH_UP_MS = 2_000;
const TAKES_OVER_WITHIN_MS = 1_000;

/**
 * Cluster mode, with the primary gone: the best candidate asks the other primaries for their votes now,
 * before the cluster itself has noticed. With `takeover` it doesn't ask, because too few are left to
 * vote. `others` aren't chosen, except in a lost shard, but one of them may lead already. `receivers` belong to other
 * shards, which get slots from this one.
 */
export async function electReplica(
	order: FailoverOrder,
	candidates: readonly ShardMember[],
	others: readonly ShardMember[],
	receivers: readonly ShardMember[],
	context: OrderContext,
): Promise<OrderEnd> {
	const members = [...candidates, ...others];
	const obstacle = obstacleTo(order, context);
	for (const member of members) member.watch();
	// A vote takes longer than draining, so wait for draining only if it decides which candidate asks for the
	// vote.
	if (members.length > 1) await surveyUntilDrained(candidates, others, order.fromState);
	else await Promise.all(members.map((member) => member.read()));
	const leading = leaderOf(candidates, others, order.fromState);
	const found = await slotOwnerAmong(leading === null ? candidates : [leading, ...candidates]);
	if (found !== null) return done(order, found);
	const cause = (await obstacle) ?? heardFrom(candidates, order);
	if (cause !== null) return notDone(order, "refused", cause);
	const best = chooseBest(eligible(candidates, others, order.fromState), order);
	for (const member of members) member.stopWatching();
	if (best === null) {
		return notDone(order, "failed", "no replica that is in sync answers");
	}
	const unheard = await untilAware(best, receivers, HEARS_WITHIN_MS);
	if (unheard !== null) return notDone(order, "failed", unheard);
	const won = await untilLeads(best, ELECTED_WITHIN_MS, order.takeover ? "TAKEOVER" : "FORCE");
	if (won === null) return done(order, best);
	return notDone(
		order,
		"failed",
		`${best.name} wasn't elected within ${ELECTED_WITHIN_MS / 1_000} s${won}`,
	);
}

/**
 * Cluster mode, with the primary alive: its writes are held up until the first candidate has them all and takes over;
 * no write is lost. No node has to vote, because there is nothing to decide, and votes aren't reliable: Redis OSS
 * lets no node vote about one shard twice within two node timeouts, and mistakes a replica's earlier votes for new
 * ones.
 */
export async function handOverSlots(
	order: FailoverOrder,
	old: ShardMember,
	candidates: readonly ShardMember[],
	receivers: readonly ShardMember[],
): Promise<OrderEnd> {
	const [target] = candidates;
	if (target === undefined) return notDone(order, "refused", "the order names no candidate");
	await Promise.all([old.read(), target.read()]);
	const found = await slotOwnerAmong([target]);
	if (found !== null) return done(order, found);
	const obstacle =
		(await whyNotInSync(old, target)) ?? (await untilAware(target, receivers, HEARS_WITHIN_MS));
	if (obstacle !== null) return notDone(order, "refused", obstacle);
	const pausedAt = performance.now();
	let mayWrite = true;
	try {
		const pauseMs = CATCH_UP_MS + 2 * TAKES_OVER_WITHIN_MS;
		const throttleEnds = endThrottle(old);
		await old.command("CLIENT", "PAUSE", String(pauseMs), "WRITE");
		await throttleEnds;
		const problem = await whyNotInSync(old, target);
		if (problem !== null) return notDone(order, "failed", problem);
		const refusal = await untilLeads(target, TAKES_OVER_WITHIN_MS, "TAKEOVER");
		if (refusal !== null) {
			return notDone(order, "failed", `${target.name} didn't take over${refusal}`);
		}
		const writesUnavailableMs = performance.now() - pausedAt;
		mayWrite = await stepsDown(old);
		return done(order, target, { writesUnavailableMs });
	} finally {
		// A node that doesn't know yet that it is no longer primary would take writes and lose them: let its
		// pause run out by itself.
		if (mayWrite) await old.command("CLIENT", "UNPAUSE").catch(() => {});
	}
}

/**
 * Null as soon as the replica has what its primary had when it was asked; otherwise why not, in a sentence.
 */
async function whyNotInSync(primary: ShardMember, replica: ShardMember): Promise<string | null> {
	const startedAt = performance.now();
	for (;;) {
		// In this order: the replica must have what the primary had when it was asked.
		const before = await primary.read();
		const after = await replica.read();
		if (before === null || after === null) return silenceAmong([primary, replica]);
		if (!before.isPrimary) return `${primary.name} is no longer the primary`;
		if (after.linkUp && after.offset >= before.offset) return null;
		if (performance.now() - startedAt >= CATCH_UP_MS) {
			return `${replica.name} isn't in sync with ${primary.name} after ${CATCH_UP_MS / 1_000} s`;
		}
		await pause(LOOK_EVERY_MS);
	}
}

/**
 * Waits until the old primary knows that it is no longer primary: then it redirects the clients whose writes
 * it held up.
 */
async function stepsDown(old: ShardMember): Promise<boolean> {
	const startedAt = performance.now();
	while (performance.now() - startedAt < TAKES_OVER_WITHIN_MS) {
		if ((await old.read())?.isPrimary === false) return true;
		await pause(LOOK_EVERY_MS);
	}
	return false;
}

/**
 * Asks a replica to take over until it does. Null once it has, otherwise the engine's last answer, to
 * complete a sentence.
 */
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
		// For example that it is already primary, which the next look finds out.
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
