import { setTimeout as delay } from "node:timers/promises";
import { type AgentName, startInstallation } from "../fixtures/installation.ts";
import { waitUntil } from "../fixtures/wait-until.ts";
import { requireNothingStray } from "./nothing-stray.ts";
import { startSteadyClient } from "./steady-client.ts";

const KILLS = 20;
const PAUSE_WITHIN_MS = 1_500;
const AGENTS: readonly AgentName[] = ["local-a", "local-b", "local-c"];

/**
 * Agents are killed and started again at random while clients write and read. No client may see an error, and each
 * engine must be adopted: the same processes, none started again, none doubled.
 */
export async function killAgentsAtRandom(random: (below: number) => number): Promise<string> {
	const larder = await startInstallation();
	const names = ["steady-a", "steady-b", "steady-c"];
	try {
		const clients = [];
		for (const name of names) {
			await larder.createCache({ name, auth: "none", replicasPerShard: 2 });
			const cache = await larder.waitForStatus(name, "available");
			const primary = cache.endpoints.primary;
			if (primary === null) throw new Error(`${name} has no primary endpoint`);
			clients.push(startSteadyClient(primary.host, primary.port));
		}
		const before = larder
			.engines()
			.map((engine) => engine.pid)
			.sort();
		for (let kill = 0; kill < KILLS; kill += 1) {
			const name = AGENTS[random(AGENTS.length)] ?? "local-a";
			await larder.killAgent(name);
			await delay(random(PAUSE_WITHIN_MS));
			await larder.startAgent(name);
			await delay(random(PAUSE_WITHIN_MS));
		}
		for (const name of names) {
			await waitUntil(`${name} to be whole`, async () => {
				const cache = await larder.getCache(name);
				const nodes = cache?.shards.flatMap((shard) => shard.nodes) ?? [];
				return cache?.status === "available" && nodes.every((node) => node.status === "available");
			});
		}
		await requireNothingStray(larder, names);
		const after = larder
			.engines()
			.map((engine) => engine.pid)
			.sort();
		if (JSON.stringify(before) !== JSON.stringify(after)) {
			throw new Error(`engines changed: ${before.join(" ")} to ${after.join(" ")}`);
		}
		const reports = await Promise.all(clients.map((client) => client.stop()));
		const errors = reports.flatMap((report) => report.errors);
		if (errors.length > 0) throw new Error(`clients saw ${errors.length} errors: ${errors[0]}`);
		const operations = reports.reduce((sum, report) => sum + report.operations, 0);
		const slowestMs = Math.max(...reports.map((report) => report.slowestMs));
		return `${KILLS} kills of agents: ${operations} operations without an error (slowest ${slowestMs.toFixed(0)} ms), the same ${after.length} engines as before`;
	} finally {
		await larder.stop();
	}
}
