import { setTimeout as delay } from "node:timers/promises";
import { percentile } from "../../../platform/testing/figures.ts";
import { GIB, MIB } from "../../../server/contract/limits.ts";
import { STORAGE_GB_BYTES } from "../../../server/contract/serverless.ts";
import { FillLoad } from "../../fixtures/fill-load.ts";
import type { Installation } from "../../fixtures/installation.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { withInstallation } from "../keep-evidence.ts";
import { type Scenario, type ScenarioOptions, Violation } from "../scenario.ts";
import { requireKept } from "../stories/act.ts";
import { WatchedCache } from "../watched-cache.ts";
import { strikeVictim, VICTIMS } from "./strike-victim.ts";

/** Of each kind. */
const KILLS = 20;
const KILL_WITHIN_MS = 2_000;
const SETTLED_WITHIN_MS = 180_000;
const BURST_BYTES = 192 * MIB;
/** A minimum makes a cache grow at once, and a maximum makes it shrink at once: no need to wait for calm minutes. */
const LARGE = { dataStorageGb: { min: 2, max: 0 } };
const SMALL = { dataStorageGb: { min: 0, max: 1 } };
const WAYS = [
	["grow", LARGE],
	["shrink", SMALL],
] as const;

/** A cache grows and shrinks, in turn by its data and by its limits, and something dies each time. */
export const serverlessKilled: Scenario = {
	name: "serverless-killed",
	description:
		"control plane, agent or engine killed while a cache grows and shrinks, --kills times each; --kind engine/shrink for some: it ends whole, and nothing that a replica had is lost",
	run: (options) => withInstallation({}, (larder) => killAll(larder, options)),
};

async function killAll(larder: Installation, options: ScenarioOptions): Promise<string> {
	const { kills = KILLS, kind = "", random, log } = options;
	const name = "killed";
	const body = { name, kind: "serverless", protocol: "standard", auth: "none" };
	const cache = await WatchedCache.create(larder, body);
	const isWanted = (victim: string, way?: string) =>
		WAYS.some(
			([each]) => ["", victim, each, `${victim}/${each}`].includes(kind) && each === (way ?? each),
		);
	const tookMs: number[] = [];
	let lost = 0;
	try {
		for (let round = 0; round < kills; round++) {
			for (const victim of VICTIMS) {
				if (!isWanted(victim)) continue;
				for (const [way, limits] of WAYS) {
					const strikes = isWanted(victim, way);
					const took = await change(larder, cache, limits, async () => {
						await delay(random(KILL_WITHIN_MS));
						if (strikes) await strikeVictim(victim, larder, name, random);
					});
					if (!strikes) continue;
					tookMs.push(took);
					const losses = await requireKept(cache);
					lost += losses.plain;
					log(
						`${round + 1}: ${victim} killed while it should ${way}: reached after ${took.toFixed(0)} ms`,
					);
				}
			}
		}
	} finally {
		await cache.stop();
	}
	const { count, last } = cache.failures;
	if (last.some((message) => message.includes("OOM"))) throw new Violation(last.join(" | "));
	return `${kills} kills of each kind${kind && ` (${kind})`} while growing and shrinking; reached after ${percentile(tookMs, 50).toFixed(0)} ms (median), ${Math.max(...tookMs).toFixed(0)} ms (longest); ${lost} writes lost that only a killed engine had; ${count} failed attempts`;
}

/** Until the cache has what its new limits demand, and is healthy. Returns the milliseconds. */
async function change(
	larder: Installation,
	cache: WatchedCache,
	limits: typeof LARGE | typeof SMALL,
	kill: () => Promise<void>,
): Promise<number> {
	const view = await cache.view();
	const burst = new FillLoad(view, {
		...{ prefix: "{burst}:", valueBytes: 64 * 1_024, ttlSeconds: 30 },
	});
	const since = performance.now();
	const { status, body } = await larder.rest("PATCH", `/caches/${cache.name}`, {
		body: { limits },
	});
	if (status >= 300) throw new Error(JSON.stringify(body));
	try {
		// Data that grows at the same time, and goes again.
		const writing = burst.write(BURST_BYTES, 64 * MIB);
		await kill();
		await writing;
		await burst.deleteFrom(0);
	} finally {
		burst.close();
	}
	await waitUntil(
		`${cache.name} to have ${JSON.stringify(limits)}`,
		async () => {
			const { capacity } = await cache.whole(SETTLED_WITHIN_MS);
			const bytes = capacity?.memoryBytes ?? 0;
			return limits === LARGE ? bytes >= 2 * STORAGE_GB_BYTES : bytes <= GIB;
		},
		SETTLED_WITHIN_MS,
	);
	return performance.now() - since;
}
