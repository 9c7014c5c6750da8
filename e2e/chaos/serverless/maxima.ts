import { setTimeout as delay } from "node:timers/promises";
import { median, percentile } from "../../../platform/testing/figures.ts";
import { STORAGE_GB_BYTES } from "../../../server/contract/serverless.ts";
import { readEngineCounters } from "../../fixtures/engine-counters.ts";
import { FillLoad, openStockClient } from "../../fixtures/fill-load.ts";
import type { Installation } from "../../fixtures/installation.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { withInstallation } from "../keep-evidence.ts";
import { type Scenario, type ScenarioOptions, Violation } from "../scenario.ts";

const VALUE_BYTES = 64 * 1_024;
/** Far below what even a busy machine makes. */
const ECPU_LIMIT = 2_000;
/** How far clients may be from the limit over `SECONDS`, in either direction. */
const TOLERANCE = 0.1;
const SECONDS = 15;
const CLIENTS = 40;

/** At the storage maximum the cache does what its eviction policy says, and never more than its maximum. */
export const serverlessStorage: Scenario = {
	name: "serverless-storage",
	description: "a client that passes the storage maximum: evictions or OOM errors, as chosen",
	run: (options) =>
		withInstallation({}, async (larder) => {
			const evicting = await passMaximum(larder, "volatile-lru", options);
			const refusing = await passMaximum(larder, "noeviction", options);
			return `${evicting}; ${refusing}`;
		}),
};

async function passMaximum(
	larder: Installation,
	evictionPolicy: "volatile-lru" | "noeviction",
	{ log }: ScenarioOptions,
): Promise<string> {
	const name = `max-${evictionPolicy}`;
	const limits = { dataStorageGb: { max: 1 } };
	const body = { name, kind: "serverless", protocol: "standard", auth: "none" };
	await larder.createCache({ ...body, evictionPolicy, limits });
	const cache = await larder.waitForStatus(name, "available");
	const load = new FillLoad(cache, { prefix: "max:", valueBytes: VALUE_BYTES, ttlSeconds: 10_000 });
	try {
		await load.write(1.2 * STORAGE_GB_BYTES, Number.POSITIVE_INFINITY);
	} finally {
		load.close();
	}
	const found = await readEngineCounters(cache);
	const { failures, keys } = load.report;
	const refused = [...failures.entries()].reduce(
		(sum, [message, count]) => sum + (message.startsWith("OOM") ? count : 0),
		0,
	);
	const others = [...failures.keys()].filter((message) => !message.startsWith("OOM"));
	const text = `${evictionPolicy}: ${keys} writes, ${found.evictedKeys} keys evicted, ${refused} writes refused, maxmemory ${found.maxmemoryBytes}`;
	log(text);
	if (others.length > 0) throw new Violation(`${text}; ${others.join("; ")}`);
	if (found.maxmemoryBytes > STORAGE_GB_BYTES) throw new Violation(`${text}: beyond the maximum`);
	if (found.maxmemoryBytes < 0.95 * STORAGE_GB_BYTES) {
		throw new Violation(`${text}: less than the maximum`);
	}
	const isAsChosen =
		evictionPolicy === "noeviction"
			? refused > 0 && found.evictedKeys === 0
			: refused === 0 && found.evictedKeys > 0;
	if (!isAsChosen) throw new Violation(`${text}: not what the policy says`);
	await waitUntil("the cache to say that it is at its maximum", async () => {
		const { body } = await larder.rest("GET", `/caches/${name}`);
		return JSON.stringify(body).includes("storage maximum");
	});
	await larder.deleteCache(name);
	return text;
}

/** Clients get what the ECPU maximum allows, and nothing that watches the cache takes a throttled engine for a hung one. */
export const serverlessEcpus: Scenario = {
	name: "serverless-ecpus",
	description:
		"clients that pass the ECPU maximum, through a failover: held to it, and no engine is called hung",
	run: (options) => withInstallation({}, (larder) => passEcpus(larder, options)),
};

async function passEcpus(
	larder: Installation,
	{ log, seconds = SECONDS }: ScenarioOptions,
): Promise<string> {
	const name = "ecpus";
	const limits = { ecpuPerSecond: { max: ECPU_LIMIT } };
	const body = { name, kind: "serverless", protocol: "standard", auth: "none", limits };
	await larder.createCache(body);
	const cache = await larder.waitForStatus(name, "available");
	const clients = Array.from({ length: CLIENTS }, () => openStockClient(cache));
	let done = 0;
	let stopping = false;
	const waits: number[] = [];
	const failures: string[] = [];
	const loops = clients.map(async (client, index) => {
		while (!stopping) {
			const startedAt = performance.now();
			try {
				await client.set(`ecpu:${index}`, "x");
				done++;
			} catch (error) {
				failures.push(String(error));
			}
			waits.push(performance.now() - startedAt);
		}
	});
	const measure = async (what: string) => {
		const from = { at: performance.now(), done };
		waits.length = 0;
		await delay(seconds * 1_000);
		const rate = ((done - from.done) * 1_000) / (performance.now() - from.at);
		const text = `${what}: ${rate.toFixed(0)} requests a second at a maximum of ${ECPU_LIMIT}, waits ${median(waits).toFixed(0)} ms (median), ${percentile(waits, 99).toFixed(0)} ms (p99)`;
		log(text);
		if (Math.abs(rate / ECPU_LIMIT - 1) > TOLERANCE) throw new Violation(text);
		return text;
	};
	try {
		// What a calm cache has saved up goes first.
		await delay(3_000);
		const before = await measure("before the failover");
		const { status } = await larder.rest("POST", `/caches/${name}/failover`, { body: {} });
		if (status !== 202) throw new Error(`failover: ${status}`);
		const after = await waitUntil("the failover", async () => {
			const seen = await larder.getCache(name);
			return seen?.lastFailover && seen.status === "available" ? seen : null;
		});
		log(`failover: writes paused ${after.lastFailover?.writesUnavailableMs} ms`);
		await delay(3_000);
		const later = await measure("after the failover");
		const view = await larder.getCache(name);
		const percent = view?.usage?.throttledPercent ?? 0;
		if (percent <= 0) throw new Violation("the cache doesn't say that its clients are throttled");
		const { body: events } = await larder.rest("GET", `/events?limit=100`);
		const alarms = JSON.stringify(events).match(/node\.(silent|hung|failed|unreachable)/g) ?? [];
		if (alarms.length > 0) throw new Violation(`events: ${[...new Set(alarms)].join(", ")}`);
		if (failures.length > 0) throw new Violation(`${failures.length} failed: ${failures[0]}`);
		return `${before}; ${later}; throttled ${percent.toFixed(0)}% of the time`;
	} finally {
		stopping = true;
		await Promise.allSettled(loops);
		for (const client of clients) client.disconnect();
	}
}
