import { setTimeout as delay } from "node:timers/promises";
import { hostPageSchema } from "../../../server/contract/host.ts";
import { GIB } from "../../../server/contract/limits.ts";
import { readEngineCounters } from "../../fixtures/engine-counters.ts";
import { FillLoad } from "../../fixtures/fill-load.ts";
import type { Installation } from "../../fixtures/installation.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { withInstallation } from "../keep-evidence.ts";
import { type Scenario, type ScenarioOptions, Violation } from "../scenario.ts";

const HOST_BYTES = 2 * GIB;
const NAMES = ["left", "right"] as const;
const VALUE_BYTES = 64 * 1_024;
/** Of each cache: together more than a host has. */
const WANTED_BYTES = 1.3 * GIB;
const LOOK_EVERY_MS = 500;

/** Two caches grow on the same two hosts until these are full. */
export const serverlessCrowded: Scenario = {
	name: "serverless-crowded",
	description:
		"two caches want their hosts' last memory: no host is promised out twice, no engine dies, and who can't grow says why",
	run: (options) =>
		withInstallation({ agents: ["local-a", "local-b"], agentMemoryBytes: HOST_BYTES }, (larder) =>
			crowd(larder, options),
		),
};

async function crowd(larder: Installation, { log }: ScenarioOptions): Promise<string> {
	for (const name of NAMES) {
		const body = { name, kind: "serverless", protocol: "standard", auth: "none" };
		await larder.createCache({ ...body, evictionPolicy: "noeviction" });
	}
	const caches = await Promise.all(NAMES.map((name) => larder.waitForStatus(name, "available")));
	const pids = pidsOf(larder);
	const loads = caches.map(
		(cache) => new FillLoad(cache, { prefix: "crowd:", valueBytes: VALUE_BYTES }),
	);
	const ledger = watchLedger(larder);
	try {
		await Promise.all(loads.map((load) => load.write(WANTED_BYTES, Number.POSITIVE_INFINITY)));
		const explained = await waitUntil("a cache to say that it can't grow", async () => {
			const { body } = await larder.rest("GET", "/caches?limit=100");
			return /no two hosts have more memory for it/.exec(JSON.stringify(body))?.[0];
		});
		const most = await ledger.stop();
		if (most > HOST_BYTES) throw new Violation(`a host of ${HOST_BYTES} was promised out ${most}`);
		if (pidsOf(larder) !== pids)
			throw new Violation(`engines changed: ${pids} to ${pidsOf(larder)}`);
		const found: string[] = [];
		for (const [index, load] of loads.entries()) {
			const cache = await larder.getCache(NAMES[index] ?? "");
			if (cache === null) throw new Error("a cache is gone");
			const { keys, evictedKeys, maxmemoryBytes } = await readEngineCounters(cache);
			const failures = [...load.report.failures];
			const text = `${cache.name}: ${load.report.keys} writes in ${(maxmemoryBytes / GIB).toFixed(2)} GiB, refused ${JSON.stringify(failures)}`;
			log(text);
			found.push(text);
			if (keys !== load.report.keys || evictedKeys > 0) {
				throw new Violation(`${text}; ${keys} keys are there`);
			}
			const others = failures.filter(([message]) => !message.startsWith("OOM"));
			if (others.length > 0) throw new Violation(text);
		}
		return `${found.join("; ")}; a host's memory was promised out up to ${(most / GIB).toFixed(2)} of ${HOST_BYTES / GIB} GiB; "${explained}"`;
	} finally {
		await ledger.stop();
		for (const load of loads) load.close();
	}
}

/** The most that any host has had reserved for nodes. */
function watchLedger(larder: Installation) {
	let most = 0;
	let stopping = false;
	const loop = (async () => {
		while (!stopping) {
			const { body } = await larder.rest("GET", "/hosts");
			for (const { memoryAssignedBytes } of hostPageSchema.parse(body).items) {
				most = Math.max(most, memoryAssignedBytes);
			}
			await delay(LOOK_EVERY_MS);
		}
	})();
	return {
		async stop(): Promise<number> {
			stopping = true;
			await loop;
			return most;
		},
	};
}

function pidsOf(larder: Installation): string {
	return larder
		.engines()
		.map(({ pid }) => pid)
		.sort((a, b) => a - b)
		.join(" ");
}
