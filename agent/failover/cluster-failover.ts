import { setTimeout as pause } from "node:timers/promises";
import type { FailoverOrder } from "../../server/contract/agent.ts";
import { saysPrimary } from "../drivers/ask-node.ts";
import { EngineCommandError } from "../drivers/engine-connection.ts";
import { ledWithSlots } from "../drivers/hold-back.ts";
import { heardFrom, obstacleTo } from "./obstacles.ts";
import { done, notDone, type OrderContext, type OrderEnd } from "./order-context.ts";
import { chooseBest } from "./replication-reading.ts";
import type { ShardMember } from "./shard-member.ts";
import { surveyUntilDrained } from "./survey.ts";

const LOOK_EVERY_MS = 2;
const ASK_AGAIN_MS = 200;
const ELECTED_WITHIN_MS = 3_000;
const HANDED_OVER_WITHIN_MS = 11_000;
/** The engine gives a hand-over up after 5 s. On a busy machine votes may come too late for the first one. */
const HAND_OVER_AGAIN_MS = 5_200;

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

/** Cluster mode, and the primary lives: it holds writes up, hands over to the first candidate, and loses none. */
export async function handOverSlots(
	order: FailoverOrder,
	candidates: readonly ShardMember[],
): Promise<OrderEnd> {
	const [target] = candidates;
	if (target === undefined) return notDone(order, "refused", "the order names no candidate");
	if ((await target.read()) === null) {
		return notDone(order, "refused", `${target.name} doesn't answer (${target.failure})`);
	}
	const found = await slotOwnerAmong([target]);
	if (found !== null) return done(order, found);
	const startedAt = performance.now();
	const won = await untilLeads(target, HANDED_OVER_WITHIN_MS, null);
	if (won === null) {
		return done(order, target, { writesUnavailableMs: performance.now() - startedAt });
	}
	const seconds = HANDED_OVER_WITHIN_MS / 1_000;
	return notDone(order, "failed", `${target.name} didn't take over in ${seconds} s${won}`);
}

/** Asks a replica to lead until it does. Null once it does, else what the engine last answered, for the sentence. */
async function untilLeads(
	replica: ShardMember,
	withinMs: number,
	option: "FORCE" | "TAKEOVER" | null,
): Promise<string | null> {
	const startedAt = performance.now();
	let askAt = startedAt;
	let refusal = "";
	for (;;) {
		const now = performance.now();
		if (now - startedAt >= withinMs) return refusal;
		if (now >= askAt) {
			// A hand-over that is under way would be begun anew by another request.
			askAt = now + (option === null ? HAND_OVER_AGAIN_MS : ASK_AGAIN_MS);
			refusal = await ask(replica, option);
			if (refusal !== "" && option === null) askAt = now + ASK_AGAIN_MS;
		}
		if (await ownsSlots(replica)) return null;
		await pause(LOOK_EVERY_MS);
	}
}

async function ask(replica: ShardMember, option: "FORCE" | "TAKEOVER" | null): Promise<string> {
	try {
		await replica.command("CLUSTER", "FAILOVER", ...(option === null ? [] : [option]));
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
