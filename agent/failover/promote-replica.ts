import type { FailoverOrder } from "../../server/contract/agent.ts";
import { heardFrom, obstacleTo } from "./obstacles.ts";
import { done, notDone, type OrderContext, type OrderEnd } from "./order-context.ts";
import { chooseBest } from "./replication-reading.ts";
import type { ShardMember } from "./shard-member.ts";
import { leaderAmong, surveyUntilDrained } from "./survey.ts";

/**
 * Cluster mode disabled, and the primary is gone: has the replica lead that has applied most of what it wrote. What is
 * still on its way to the replicas is given the time to arrive, which is the difference between losing acknowledged
 * writes and not, but for those that never left the primary.
 */
export async function promoteReplica(
	order: FailoverOrder,
	candidates: readonly ShardMember[],
	context: OrderContext,
): Promise<OrderEnd> {
	const obstacle = obstacleTo(order, context);
	for (const candidate of candidates) candidate.watch();
	await surveyUntilDrained(candidates);
	const found = leaderAmong(candidates);
	if (found !== null) return done(order, found, { rest: turn(candidates, found) });
	const cause = (await obstacle) ?? heardFrom(candidates, order);
	if (cause !== null) return notDone(order, "refused", cause);
	// The obstacle took its time, and readings went on meanwhile: somebody may lead by now.
	const meanwhile = leaderAmong(candidates);
	if (meanwhile !== null) return done(order, meanwhile, { rest: turn(candidates, meanwhile) });
	const best = chooseBest(candidates, order.from);
	if (best === null) return notDone(order, "failed", nobodyCan(candidates));
	for (const candidate of candidates) candidate.stopWatching();
	// Before it leads: one that learned of it later might elect another meanwhile.
	void context.sentinels?.tell(best.member);
	const promoted = promote(best);
	// A silent primary may wake, and whoever still follows it would acknowledge what is written there.
	const turned = order.fromState === "silent" ? turn(candidates, best) : null;
	await promoted;
	return done(order, best, { rest: turned ?? turn(candidates, best) });
}

/** All others follow the one that leads. A primary among them is left to its own agent, which knows what is wanted. */
export async function turn(members: readonly ShardMember[], leader: ShardMember): Promise<void> {
	await Promise.all(
		members.filter((member) => member !== leader).map((member) => member.turnTo(leader.member)),
	);
}

async function promote(best: ShardMember): Promise<void> {
	// It has no replicas in its first moment, and would refuse all writes where the cache asks for some. As a primary it
	// gets its own settings back from its agent.
	const lenient = best.command("CONFIG", "SET", "min-replicas-to-write", "0").catch(() => {});
	await best.command("REPLICAOF", "NO", "ONE");
	await lenient;
}

function nobodyCan(candidates: readonly ShardMember[]): string {
	const states = candidates.map(({ name, failure, reading }) => {
		if (reading !== null) return `${name} has none of the data`;
		return `${name} doesn't answer (${failure ?? "no word in time"})`;
	});
	return `no replica can lead: ${states.join("; ")}`;
}
