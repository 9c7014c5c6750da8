import { Worker } from "node:worker_threads";
import type { Event } from "../../server/contract/event.ts";
import type { Installation } from "../fixtures/installation.ts";
import { withInstallation } from "./keep-evidence.ts";
import { type Scenario, Violation } from "./scenario.ts";

const BIRTHS = 24;
const BUSY_THREADS = 7;
const AVAILABLE_TIMEOUT_MS = 120_000;

/** No cluster begins its life with a failover, even on a machine whose processors are busy. */
export const birthsUnderLoad: Scenario = {
	name: "births-under-load",
	description:
		"clusters of 3 shards × 1 replica are created at load 7: none fails over at its birth",
	run: ({ kills, log }) => withInstallation({}, (larder) => bear(larder, kills ?? BIRTHS, log)),
};

async function bear(
	larder: Installation,
	births: number,
	log: (message: string) => void,
): Promise<string> {
	const busy = Array.from({ length: BUSY_THREADS }, () => new Worker("for (;;);", { eval: true }));
	const tookMs: number[] = [];
	try {
		for (let birth = 0; birth < births; birth += 1) {
			const name = `born-${birth}`;
			const since = performance.now();
			await larder.createCache({ name, clusterMode: "enabled", shards: 3, replicasPerShard: 1 });
			await larder.waitForStatus(name, "available", AVAILABLE_TIMEOUT_MS);
			tookMs.push(performance.now() - since);
			const events = await larder.rest("GET", `/events?cache=${name}&limit=100`);
			const failovers = (events.body as { items: Event[] }).items.filter(({ type }) =>
				type.startsWith("cache.failover"),
			);
			if (failovers.length > 0) throw new Violation(failovers.map((e) => e.message).join("; "));
			await larder.deleteCache(name);
			log(`${name}: available after ${tookMs.at(-1)?.toFixed(0)} ms`);
		}
	} finally {
		await Promise.all(busy.map((worker) => worker.terminate()));
	}
	const slowest = Math.max(...tookMs).toFixed(0);
	return `${births} clusters were born without a failover; the slowest took ${slowest} ms`;
}
