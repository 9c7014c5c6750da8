import { setTimeout as delay } from "node:timers/promises";
import type { Cluster, Redis } from "ioredis";
import { percentile } from "../../../platform/testing/figures.ts";
import type { Cache } from "../../../server/contract/cache-view.ts";
import { openStockClient } from "../../fixtures/fill-load.ts";
import type { Installation } from "../../fixtures/installation.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { withInstallation } from "../keep-evidence.ts";
import { killProgram } from "../kill-program.ts";
import { type Scenario, type ScenarioOptions, Violation } from "../scenario.ts";
import { killNode } from "../stories/act.ts";

/** Each strikes the falling asleep of all caches, and another their waking. */
const KILLS = 4;
/** The last one speaks the cluster's protocol. */
const CACHES = 5;
const KEYS = 500;
const VALUE_BYTES = 2_048;
const ASLEEP_WITHIN_MS = 240_000;
const STRIKE_WITHIN_MS = 1_500;

/** Caches fall asleep and are woken by clients, all at once, while something is killed. */
export const serverlessAsleep: Scenario = {
	name: "serverless-asleep",
	description:
		"control plane, agents and engines killed while caches fall asleep and wake: all keys there, and no client gets an error",
	run: (options) => withInstallation({}, (larder) => sleepAll(larder, options)),
};

async function sleepAll(larder: Installation, options: ScenarioOptions): Promise<string> {
	const { kills = KILLS, log, random } = options;
	const names = Array.from({ length: CACHES }, (_, index) => `nap-${index}`);
	for (const [index, name] of names.entries()) {
		const protocol = index === CACHES - 1 ? "cluster" : "standard";
		const body = { name, kind: "serverless", protocol, auth: "none" };
		await larder.createCache({ ...body, scaleToZero: { afterMinutes: 1 } });
	}
	const caches: Cache[] = [];
	for (const name of names) caches.push(await larder.waitForStatus(name, "available"));
	for (const cache of caches) await use(cache, (client) => write(client, 0));
	const wokenMs: number[] = [];
	let struck = 0;
	for (let round = 1; round <= kills; round++) {
		await waitUntil(
			"a cache to fall asleep",
			async () => (await statesOf(larder, names)).some((state) => state !== null),
			ASLEEP_WITHIN_MS,
		);
		await delay(random(STRIKE_WITHIN_MS));
		struck += await strike(larder, names, random);
		await waitUntil(
			"all caches to sleep",
			async () => (await statesOf(larder, names)).every((state) => state === "asleep"),
			ASLEEP_WITHIN_MS,
		);
		if (larder.engines().length > 0) throw new Violation("an engine runs, though all sleep");
		const woken = caches.map(async (cache) => {
			const startedAt = performance.now();
			await use(cache, (client) => verify(cache.name, client, round - 1));
			wokenMs.push(performance.now() - startedAt);
		});
		const killed = delay(random(STRIKE_WITHIN_MS)).then(async () => {
			struck += await strike(larder, names, random);
		});
		await Promise.all([...woken, killed]);
		await waitUntil(
			"all caches to be awake",
			async () => (await statesOf(larder, names)).every((state) => state === null),
			ASLEEP_WITHIN_MS,
		);
		for (const cache of caches) {
			await use(cache, async (client) => {
				await verify(cache.name, client, round - 1);
				await write(client, round);
			});
		}
		log(`${round}: ${struck} kills, all keys of ${CACHES} caches there`);
	}
	return `${struck} kills, ${kills * CACHES} caches put to sleep and woken: all keys there; first answers after ${percentile(wokenMs, 50).toFixed(0)} ms (median), ${Math.max(...wokenMs).toFixed(0)} ms (longest, with a kill)`;
}

async function statesOf(larder: Installation, names: readonly string[]) {
	const caches = await Promise.all(names.map((name) => larder.getCache(name).catch(() => null)));
	// A control plane that was killed doesn't answer.
	return caches.map((cache) => (cache === null ? "unknown" : (cache.sleep?.state ?? null)));
}

/** As applications do it: with the library's own retries and nothing else. */
async function use(cache: Cache, work: (client: Redis | Cluster) => Promise<void>): Promise<void> {
	const client = openStockClient(cache);
	try {
		await work(client);
	} finally {
		client.disconnect();
	}
}

function textOf(key: number, round: number): string {
	return `${key}:${round}:`.padEnd(VALUE_BYTES, "x");
}

async function write(client: Redis | Cluster, round: number): Promise<void> {
	for (let key = 0; key < KEYS; key++) await client.set(`key:${key}`, textOf(key, round));
	// Both copies must have it before anything is killed.
	await delay(1_000);
}

async function verify(name: string, client: Redis | Cluster, round: number): Promise<void> {
	for (let key = 0; key < KEYS; key++) {
		const found = await client.get(`key:${key}`);
		if (found === textOf(key, round)) continue;
		throw new Violation(`${name}: key:${key} is ${found?.slice(0, 10) ?? "gone"}, not of ${round}`);
	}
}

/** Kills the control plane, an agent, or an engine, if one runs. */
async function strike(
	larder: Installation,
	names: readonly string[],
	random: ScenarioOptions["random"],
): Promise<number> {
	if (random(3) > 0) {
		await killProgram(larder, random);
		return 1;
	}
	const cache = await larder.getCache(names[random(names.length)] ?? "");
	const nodes = cache?.shards.flatMap((shard) => shard.nodes.filter(({ pid }) => pid !== null));
	const node = nodes?.[random(nodes.length)];
	if (node === undefined) return 0;
	killNode(node);
	return 1;
}
