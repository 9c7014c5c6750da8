import type { AgentName } from "../../fixtures/installation.ts";
import { killHost, killNode, nextPrimary, requireKept, type Story } from "./act.ts";

/** Two primaries die in a row, before anything has recovered: first two processes, then two hosts. */
export const twoLosses: Story = {
	name: "two-losses",
	description: "a second loss causes a failover like the first",
	body: { name: "losses", replicasPerShard: 2 },
	async act(larder, cache) {
		const first = await cache.primaryOf("0001");
		killNode(first);
		const second = await nextPrimary(cache, first);
		killNode(second);
		await nextPrimary(cache, second);
		await requireKept(cache);

		const leading = await cache.primaryOf("0001");
		killHost(larder, leading.host);
		const next = await nextPrimary(cache, leading);
		await cache.writesAgain();
		killHost(larder, next.host);
		// With both its replicas gone it accepts no writes, but it leads.
		const last = await nextPrimary(cache, next);
		for (const { host } of [leading, next]) await larder.startAgent(host as AgentName);
		const losses = await requireKept(cache);
		return `${leading.id}, then ${next.id} went with their hosts, and ${last.id} led; ${losses.plain} unreplicated writes lost`;
	},
};
