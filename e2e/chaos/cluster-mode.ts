import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import { percentile } from "../../platform/testing/figures.ts";
import type { Cache } from "../../server/contract/cache-view.ts";
import { openStockClient } from "../fixtures/fill-load.ts";
import type { Installation } from "../fixtures/installation.ts";
import { waitUntil } from "../fixtures/wait-until.ts";
import { withInstallation } from "./keep-evidence.ts";
import { type Scenario, type ScenarioOptions, Violation } from "./scenario.ts";
import { strikeVictim, VICTIMS } from "./serverless/strike-victim.ts";

/** Of each kind. */
const KILLS = 4;
/** One is changed without a kill in each round. */
const CACHES = 3;
const KEYS = 500;
const VALUE_BYTES = 2_048;
const STRIKE_WITHIN_MS = 5_000;
const CHANGED_WITHIN_MS = 240_000;

/** Caches with the standard protocol get the cluster protocol while clients write, and something dies. */
export const serverlessProtocol: Scenario = {
	name: "serverless-protocol",
	description:
		"control plane, agents and engines killed while caches change from the standard to the cluster protocol: no key lost that a replica had",
	run: (options) => withInstallation({}, (larder) => changeAll(larder, options, SERVERLESS)),
};

/** The same for provisioned caches, where the change may also be canceled at a random moment. */
export const clusterModeKilled: Scenario = {
	name: "cluster-mode-killed",
	description:
		"control plane, agents and engines killed while provisioned caches get cluster mode, and changes canceled: no key lost that a replica had",
	run: (options) => withInstallation({}, (larder) => changeAll(larder, options, PROVISIONED)),
};

/** What the caches are, and the change that they go through. */
interface Subject {
	body: Readonly<Record<string, unknown>>;
	change: Readonly<Record<string, unknown>>;
	strikes: readonly ((typeof VICTIMS)[number] | typeof CANCEL)[];
}

const CANCEL = "change canceled";
const SERVERLESS: Subject = {
	body: { kind: "serverless", protocol: "standard" },
	change: { protocol: "cluster" },
	strikes: VICTIMS,
};
const PROVISIONED: Subject = {
	body: { replicasPerShard: 1 },
	change: { clusterMode: "enabled", acceptIrreversible: true },
	strikes: [...VICTIMS, CANCEL],
};

async function changeAll(
	larder: Installation,
	options: ScenarioOptions,
	{ body, change, strikes }: Subject,
): Promise<string> {
	const { kills = KILLS, random, log } = options;
	const pausesMs: number[] = [];
	const tookMs: number[] = [];
	let kept = 0;
	for (let round = 1; round <= kills; round++) {
		for (const victim of strikes) {
			const names = Array.from({ length: CACHES }, (_, index) => `to-${round}-${index}`);
			for (const name of names) {
				await larder.createCache({ name, auth: "none", ...body });
			}
			const caches: Cache[] = [];
			for (const name of names) caches.push(await larder.waitForStatus(name, "available"));
			const writers = caches.map((cache) => new KeptWriter(cache));
			for (const writer of writers) await writer.writeBase();
			const startedAt = performance.now();
			const writing = writers.map((writer) => writer.run());
			for (const name of names) await request(larder, name, change);
			await delay(random(STRIKE_WITHIN_MS));
			const isCanceled = victim === CANCEL;
			if (isCanceled) await cancelAll(larder, names);
			else await strikeVictim(victim, larder, names[0] ?? "", random);
			for (const [index, name] of names.entries()) {
				await waitUntil(
					`${name} to be changed, or as it was`,
					async () => {
						const cache = await larder.getCache(name).catch(() => null);
						if (cache === null || cache.operation !== null || cache.status !== "available")
							return false;
						return isCanceled || cache.endpoints.configuration !== null;
					},
					CHANGED_WITHIN_MS,
				);
				if (index === 0) tookMs.push(performance.now() - startedAt);
			}
			await Promise.all([...writers.map((writer) => writer.stop()), ...writing]);
			for (const writer of writers) {
				kept += await writer.verify(larder);
				pausesMs.push(writer.longestPauseMs);
			}
			for (const name of names) await larder.deleteCache(name);
			log(
				`${round}: ${victim}${isCanceled ? "" : " killed"}; changed after ${tookMs.at(-1)?.toFixed(0)} ms, all of ${kept} keys there so far`,
			);
		}
	}
	return `${kills} of each of ${strikes.join(", ")}; ${kills * strikes.length * CACHES} changes; the first of each round after ${percentile(tookMs, 50).toFixed(0)} ms (median), ${Math.max(...tookMs).toFixed(0)} ms (longest); clients without an answer for ${percentile(pausesMs, 50).toFixed(0)} ms (median), ${Math.max(...pausesMs).toFixed(0)} ms (longest); all of ${kept} keys there that a replica had`;
}

async function request(
	larder: Installation,
	name: string,
	change: Subject["change"],
): Promise<void> {
	const { status, body } = await larder.rest("PATCH", `/caches/${name}`, { body: change });
	if (status >= 300) throw new Error(JSON.stringify(body));
}

/** It may be too late for some of them. */
async function cancelAll(larder: Installation, names: readonly string[]): Promise<void> {
	for (const name of names) {
		const path = `/caches/${name}/operation/cancel`;
		const { status, body } = await larder.rest("POST", path, { body: {} });
		if (status !== 202 && status !== 409) throw new Error(JSON.stringify(body));
	}
}

/** Writes through the primary endpoint with a client that doesn't know clusters, and remembers what a replica has. */
class KeptWriter {
	private readonly cache: Cache;
	private readonly client: Redis;
	private readonly kept: string[] = [];
	private stopping = false;
	private answeredAt = 0;
	longestPauseMs = 0;

	constructor(cache: Cache) {
		this.cache = cache;
		this.client = openStockClient(cache) as Redis;
	}

	async writeBase(): Promise<void> {
		for (let key = 0; key < KEYS; key++) await this.write(`base:${key}`);
	}

	/** Until stopped. What fails isn't kept: a client without the protocol may get errors once the cache has changed. */
	async run(): Promise<void> {
		this.answeredAt = performance.now();
		for (let key = 0; !this.stopping; key++) {
			await this.write(`run:${key}`).catch(() => {});
			await delay(5);
		}
		this.client.disconnect();
	}

	async stop(): Promise<void> {
		this.stopping = true;
	}

	/** Returns the number of keys. */
	async verify(larder: Installation): Promise<number> {
		const changed = await larder.getCache(this.cache.name);
		if (changed === null) throw new Error(`${this.cache.name} is gone`);
		const { configuration, primary } = changed.endpoints;
		if ((configuration ?? primary)?.port !== this.cache.endpoints.primary?.port) {
			throw new Violation(`${changed.name} has another port`);
		}
		const client = openStockClient(changed);
		try {
			for (const key of this.kept) {
				const found = await client.get(key);
				if (found === textOf(key)) continue;
				throw new Violation(`${changed.name}: ${key} is ${found?.slice(0, 20) ?? "gone"}`);
			}
			await client.set("after", "1");
		} finally {
			client.disconnect();
		}
		return this.kept.length;
	}

	private async write(key: string): Promise<void> {
		const client = this.client;
		await client.set(key, textOf(key));
		const now = performance.now();
		if (this.answeredAt > 0) {
			this.longestPauseMs = Math.max(this.longestPauseMs, now - this.answeredAt);
		}
		this.answeredAt = now;
		if ((await client.wait(1, 1_000)) >= 1) this.kept.push(key);
	}
}

function textOf(key: string): string {
	return `${key}:`.padEnd(VALUE_BYTES, "x");
}
