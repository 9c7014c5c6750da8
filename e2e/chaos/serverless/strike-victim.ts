import { AGENT_NAMES, type Installation } from "../../fixtures/installation.ts";
import type { ScenarioOptions } from "../scenario.ts";
import { killNode } from "../stories/act.ts";

export const VICTIMS = ["control plane", "agent", "engine"] as const;

/** Kills it, at random where there are several, and starts what belongs to Larder itself again. */
export async function strikeVictim(
	victim: (typeof VICTIMS)[number],
	larder: Installation,
	cacheName: string,
	random: ScenarioOptions["random"],
): Promise<void> {
	if (victim === "control plane") {
		await larder.killControlPlane();
		await larder.startControlPlane();
		return;
	}
	if (victim === "agent") {
		const agent = larder.agentNames[random(larder.agentNames.length)] ?? AGENT_NAMES[0];
		await larder.killAgent(agent);
		await larder.startAgent(agent);
		return;
	}
	const cache = await larder.getCache(cacheName);
	const nodes = cache?.shards.flatMap((shard) => shard.nodes) ?? [];
	const node = nodes[random(nodes.length)];
	if (node !== undefined) killNode(node);
}
