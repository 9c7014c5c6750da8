import { waitForSentinels } from "../../fixtures/sentinels.ts";
import { Violation } from "../scenario.ts";
import { killNode, nextPrimary, requireKept, type Story } from "./act.ts";

/** Sentinel decides while the control plane is away, and the control plane accepts the result when it is back. */
export const controlPlaneAway: Story = {
	name: "control-plane-away",
	description:
		"without a control plane the engines fail over by themselves, and it accepts the result later",
	body: { name: "unaided", replicasPerShard: 2 },
	async act(larder, cache) {
		await waitForSentinels(larder, larder.agentNames, await cache.whole(), null);
		const victim = await cache.primaryOf("0001");
		await larder.killControlPlane();
		const since = performance.now();
		killNode(victim);
		const chosen = await nextPrimary(cache, victim);
		await cache.writesAgain();
		const gapMs = cache.longestGapMs(since);
		await larder.startControlPlane();
		await requireKept(cache);
		const leads = await cache.primaryOf("0001");
		if (leads.id !== chosen.id) {
			throw new Violation(`${chosen.id} was chosen, but ${leads.id} leads`);
		}
		return `${chosen.id} took over from ${victim.id}, ${gapMs.toFixed(0)} ms without writes`;
	},
};
