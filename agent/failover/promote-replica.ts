import type { FailoverOrder } from "../../server/contract/desired-state.ts";
import { chooseBest, eligible, leaderOf } from "./choose-leader.ts";
import { heardFrom, obstacleTo } from "./obstacles.ts";
import { done, notDone, type OrderContext, type OrderEnd } from "./order-context.ts";
import type { ShardMember } from "./shard-member.ts";
import { surveyUntilDrained } from "./survey.ts";

/**
 * Cluster mode disabled, with the primary gone: promotes the replica that has applied most of the primary's writes. It
 * gives writes on their way to the replicas time to arrive, which saves all acknowledged writes except those that never
 * left the primary. `others` aren't promoted, except in a lost shard, because the control plane isn't sure that they
 * are healthy, but one of them may lead already.
 */
export async function promoteReplica(
	order: FailoverOrder,
	candidates: readonly ShardMember[],
	others: readonly ShardMember[],
	context: OrderContext,
): Promise<OrderEnd> {
	const members = [...candidates, ...others];
	const obstacle = obstacleTo(order, context);
	for (const member of members) member.watch();
	await surveyUntilDrained(candidates, others, order.fromState);
	const found = leaderOf(candidates, others, order.fromState);
	if (found !== null) return done(order, found, { rest: turn(candidates, found) });
	const cause = (await obstacle) ?? heardFrom(candidates, order);
	if (cause !== null) return notDone(order, "refused", cause);
	// The check for obstacles took time, and readings continued meanwhile: another node may be primary by now.
	const meanwhile = leaderOf(candidates, others, order.fromState);
	if (meanwhile !== null) return done(order, meanwhile, { rest: turn(candidates, meanwhile) });
	const best = chooseBest(eligible(candidates, others, order.fromState), order);
	if (best === null) return notDone(order, "failed", nobodyCan(candidates));
	for (const member of members) member.stopWatching();
	// Before the promotion: a Sentinel that learned of it later might elect another replica meanwhile.
	void context.sentinels?.tell(best.member);
	const promoted = promote(best);
	// A silent primary may wake, and a replica that still follows it would acknowledge writes there.
	const turned = order.fromState === "silent" ? turn(candidates, best) : null;
	await promoted;
	return done(order, best, { rest: turned ?? turn(candidates, best) });
}

/**
 * Makes all others follow the new primary. If one of them is a primary, its own agent handles it, because
 * that agent knows what is wanted.
 */
export async function turn(members: readonly ShardMember[], leader: ShardMember): Promise<void> {
	await Promise.all(
		members.filter((member) => member !== leader).map((member) => member.turnTo(leader.member)),
	);
}

async function promote(best: ShardMember): Promise<void> {
	// At first it has no replicas, and would refuse all writes if the cache requires some. Once it is primary,
	// its agent restores its own settings.
	const lenient = best.command("CONFIG", "SET", "min-replicas-to-write", "0").catch(() => {});
	await best.command("REPLICAOF", "NO", "ONE");
	await lenient;
}

function nobodyCan(candidates: readonly ShardMember[]): string {
	const states = candidates.map(({ name, failure, reading }) => {
		if (reading !== null) return `${name} hasn't synced since it started`;
		return `${name} doesn't answer (${failure ?? "no answer in time"})`;
	});
	return `no replica can take over: ${states.join("; ")}`;
}
