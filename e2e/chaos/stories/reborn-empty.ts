import { rmSync } from "node:fs";
import { join } from "node:path";
import { instanceDirOf } from "../../fixtures/engine-truth.ts";
import type { AgentName, Installation } from "../../fixtures/installation.ts";
import { waitForSentinels } from "../../fixtures/sentinels.ts";
import { Violation } from "../scenario.ts";
import type { WatchedCache } from "../watched-cache.ts";
import { killNode, nextPrimary, requireKept, type Story } from "./act.ts";

/**
 * The primary dies with all its files, and the agent that would start it again starts immediately: it may come back
 * only as a replica.
 */
export const rebornEmpty: Story = {
	name: "reborn-empty",
	description: "a primary that is killed, wiped and started at once empties no replica",
	body: { name: "reborn", replicasPerShard: 2 },
	act: (larder, cache) => rebear(larder, cache),
};

export const rebornEmptyUnseen: Story = {
	name: "reborn-empty-unseen",
	description:
		"the same while there is no control plane: a primary that is killed, wiped and started at once empties no replica",
	body: { name: "unseen", replicasPerShard: 2 },
	async act(larder, cache) {
		await waitForSentinels(larder, larder.agentNames, await cache.whole(), null);
		await larder.killControlPlane();
		return await rebear(larder, cache, () => larder.startControlPlane());
	},
};

async function rebear(
	larder: Installation,
	cache: WatchedCache,
	onceReplaced: () => Promise<void> = async () => {},
): Promise<string> {
	const victim = await cache.primaryOf("0001");
	const data = join(instanceDirOf(larder, victim), "data");
	const host = victim.host as AgentName;
	await larder.killAgent(host);
	killNode(victim);
	rmSync(data, { recursive: true });
	larder.spawnAgent(host);
	const leader = await nextPrimary(cache, victim);
	await onceReplaced();
	const losses = await requireKept(cache);
	if ((await cache.primaryOf("0001")).id === victim.id) {
		throw new Violation(`${victim.id} leads again`);
	}
	return `${leader.id} took over from ${victim.id}, which lost ${losses.plain} unreplicated writes`;
}
