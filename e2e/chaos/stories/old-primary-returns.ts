import type { AgentName } from "../../fixtures/installation.ts";
import { waitForSentinels } from "../../fixtures/sentinels.ts";
import { Violation } from "../scenario.ts";
import { killHost, nextPrimary, requireKept, type Story } from "./act.ts";

/**
 * The host of the primary goes away and comes back: once while the control plane watches, once while it is away too.
 */
export const oldPrimaryReturns: Story = {
	name: "old-primary-returns",
	description: "a primary that comes back joins as a replica",
	body: { name: "returns", replicasPerShard: 2 },
	async act(larder, cache) {
		const found: string[] = [];
		for (const away of [false, true]) {
			const victim = await cache.primaryOf("0001");
			const host = victim.host as AgentName;
			if (away) {
				await waitForSentinels(larder, larder.agentNames, await cache.whole(), null);
				await larder.killControlPlane();
			}
			killHost(larder, host);
			const leader = await nextPrimary(cache, victim);
			larder.spawnAgent(host);
			if (away) await larder.startControlPlane();
			await requireKept(cache);
			const leads = await cache.primaryOf("0001");
			if (leads.id !== leader.id) throw new Violation(`${leads.id} leads, not ${leader.id}`);
			found.push(`${leader.id} has led since ${victim.id} went away`);
		}
		return found.join("; ");
	},
};
