import { Violation } from "../scenario.ts";
import { nextPrimary, requireKept, type Story } from "./act.ts";

const ROUNDS = 3;

export const failoverAsked: Story = {
	name: "failover-asked",
	description: "requested failovers lose no write at all",
	body: { name: "asked", replicasPerShard: 2 },
	async act(larder, cache) {
		const since = performance.now();
		for (let round = 0; round < ROUNDS; round += 1) {
			const before = await cache.primaryOf("0001");
			const answer = await larder.rest("POST", "/caches/asked/failover", { body: {} });
			if (answer.status !== 202) throw new Error(JSON.stringify(answer));
			await nextPrimary(cache, before);
			const losses = await requireKept(cache);
			if (losses.plain > 0) throw new Violation(`${losses.plain} acknowledged writes are gone`);
		}
		const gapMs = cache.longestGapMs(since);
		return `${ROUNDS} failovers, no write lost, at most ${gapMs.toFixed(0)} ms between two writes`;
	},
};
