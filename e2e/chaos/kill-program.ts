import type { Installation } from "../fixtures/installation.ts";
import type { ScenarioOptions } from "./scenario.ts";

/** Kills the control plane or one of the agents, all equally likely, and starts it again. */
export async function killProgram(
	larder: Installation,
	random: ScenarioOptions["random"],
): Promise<void> {
	const agent = larder.agentNames[random(larder.agentNames.length + 1)];
	if (agent === undefined) {
		await larder.killControlPlane();
		await larder.startControlPlane();
	} else {
		await larder.killAgent(agent);
		await larder.startAgent(agent);
	}
}
