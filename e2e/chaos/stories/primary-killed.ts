import { killNode, nextPrimary, requireKept, type Story } from "./act.ts";

export const primaryKilled: Story = {
	name: "primary-killed",
	description: "a primary is killed: a replica leads, with all that WAIT 1 acknowledged",
	body: { name: "killed", replicasPerShard: 2 },
	async act(_larder, cache) {
		const victim = await cache.primaryOf("0001");
		const since = performance.now();
		killNode(victim);
		await cache.writesAgain();
		const gapMs = cache.longestGapMs(since);
		const leader = await nextPrimary(cache, victim);
		await requireKept(cache);
		return `${leader.id} took over from ${victim.id}, ${gapMs.toFixed(0)} ms without writes`;
	},
};
