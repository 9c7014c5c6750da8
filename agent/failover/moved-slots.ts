import { setTimeout as pause } from "node:timers/promises";
import { commonSlots, formatSlots, type SlotRange } from "../../server/contract/slots.ts";
import { readMembers } from "../drivers/cluster-topology.ts";
import type { ShardMember } from "./shard-member.ts";

const LOOK_EVERY_MS = 5;

/**
 * Waits until a replica has heard which of its shard's slots other shards' primaries have by now. If it took over before,
 * it would claim them in a newer epoch, and those primaries would delete the keys. Normally it hears of each slot within
 * milliseconds; a primary that was killed just then may have told nobody. Null once it knows, otherwise what it doesn't
 * know, in a sentence.
 *
 * @param receivers those that don't answer aren't waited for: their own replicas know what they had
 */
export async function untilAware(
	replica: ShardMember,
	receivers: readonly ShardMember[],
	withinMs: number,
): Promise<string | null> {
	const startedAt = performance.now();
	for (;;) {
		const unheard = await findUnheard(replica, receivers);
		if (unheard === null) return null;
		if (performance.now() - startedAt >= withinMs) return unheard;
		await pause(LOOK_EVERY_MS);
	}
}

async function findUnheard(
	replica: ShardMember,
	receivers: readonly ShardMember[],
): Promise<string | null> {
	// In this order: what a receiver gets afterwards comes from a move that is still going on.
	const owned = await Promise.all(receivers.map(ownSlots));
	const believed = owned.some((slots) => slots.length > 0) ? await shardSlots(replica) : [];
	for (const [index, slots] of owned.entries()) {
		const common = commonSlots(believed, slots);
		const receiver = receivers[index]?.name ?? "";
		if (common.length > 0) {
			return `${replica.name} hasn't heard yet that ${receiver} has slots ${formatSlots(common)}`;
		}
	}
	return null;
}

async function ownSlots(receiver: ShardMember): Promise<readonly SlotRange[]> {
	const reading = await receiver.read();
	if (reading?.isPrimary !== true) return [];
	try {
		return readMembers(String(await receiver.command("CLUSTER", "NODES"))).self.slots;
	} catch {
		return [];
	}
}

async function shardSlots(replica: ShardMember): Promise<readonly SlotRange[]> {
	const { self, nodes } = readMembers(String(await replica.command("CLUSTER", "NODES")));
	return self.primaryId === null ? [] : (nodes.get(self.primaryId)?.slots ?? []);
}
