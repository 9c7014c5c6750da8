import { percentile } from "../../platform/testing/figures.ts";
import { signalAll } from "../fixtures/host-processes.ts";
import { withInstallation } from "./keep-evidence.ts";
import { type Scenario, Violation } from "./scenario.ts";
import { WatchedCache } from "./watched-cache.ts";

const KILLS = 300;
const FAILOVER_TIMEOUT_MS = 60_000;
const SHARDS = ["0001", "0002", "0003"] as const;

/** What WAIT has acknowledged is on two nodes, and the better replica takes over: a kill can lose none of it. */
export const waitOne: Scenario = {
	name: "wait-one",
	description: "primaries killed again and again: no write that WAIT 1 acknowledged is lost",
	run: ({ kills = KILLS, random, log }) =>
		withInstallation({}, async (larder) => {
			const caches = [
				await WatchedCache.create(larder, { name: "waits", replicasPerShard: 2 }),
				await WatchedCache.create(larder, {
					...{ name: "waits-cluster", clusterMode: "enabled" },
					...{ shards: SHARDS.length, replicasPerShard: 1 },
				}),
			] as const;
			const gaps: number[] = [];
			let plain = 0;
			try {
				for (let kill = 0; kill < kills; kill += 1) {
					const cache = caches[kill % 2] ?? caches[0];
					const shard = cache === caches[0] ? SHARDS[0] : (SHARDS[random(3)] ?? SHARDS[0]);
					await cache.whole();
					const primary = await cache.primaryOf(shard);
					const since = performance.now();
					signalAll([primary.pid ?? 0], "SIGKILL");
					await cache.writesAgain(FAILOVER_TIMEOUT_MS);
					gaps.push(cache.longestGapMs(since));
					await cache.whole();
					const losses = await cache.findLosses();
					plain += losses.plain;
					if (losses.waitOne > 0 || losses.base > 0) {
						throw new Violation(
							`kill ${kill + 1}, of ${primary.id}: ${losses.waitOne} writes that WAIT acknowledged are gone, ${losses.base} keys written at the start\n${losses.traces.join("\n")}`,
						);
					}
					if (kill % 25 === 24) log(`${kill + 1} kills`);
				}
				return `${kills} kills of primaries: no write that WAIT 1 acknowledged lost, ${plain} of the others; writes failed for ${percentile(gaps, 50).toFixed(0)} ms (median), ${Math.max(...gaps).toFixed(0)} ms (longest)`;
			} finally {
				await Promise.all(caches.map((cache) => cache.stop()));
			}
		}),
};
