import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Installation } from "../fixtures/installation.ts";
import { waitUntil } from "../fixtures/wait-until.ts";

/** Throws unless engines and their directories are exactly those of the named caches, each once. */
export async function requireNothingStray(
	larder: Installation,
	cacheNames: readonly string[],
): Promise<void> {
	await waitUntil(
		"exactly the engines that the API knows",
		async () => {
			const caches = await Promise.all(cacheNames.map((name) => larder.getCache(name)));
			const nodes = caches.flatMap((cache) => cache?.shards.flatMap((shard) => shard.nodes) ?? []);
			const known = nodes.map((node) => node.pid).sort();
			const running = larder.engines().map((engine) => engine.pid);
			const directories = readdirSync(larder.home.agentsDir).flatMap((agent) => {
				const instances = join(larder.home.agentDir(agent), "instances");
				return existsSync(instances) ? readdirSync(instances) : [];
			});
			if (
				JSON.stringify(known) === JSON.stringify(running.sort()) &&
				directories.length === nodes.length
			) {
				return true;
			}
			throw new Error(
				`API: ${known.join(" ")}; running: ${running.join(" ")}; directories: ${directories.length}`,
			);
		},
		30_000,
	);
}
