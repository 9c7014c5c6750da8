import { setTimeout as delay } from "node:timers/promises";
import type { CacheNode } from "../../../server/contract/cache-view.ts";
import { openClient } from "../../fixtures/engine-clients.ts";
import { signalAll } from "../../fixtures/host-processes.ts";
import type { Installation } from "../../fixtures/installation.ts";
import { waitForSentinels } from "../../fixtures/sentinels.ts";
import { tagInSlots } from "../../fixtures/slot-tags.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { withInstallation } from "../keep-evidence.ts";
import { type Scenario, type ScenarioOptions, Violation } from "../scenario.ts";
import { WatchedCache } from "../watched-cache.ts";

const SECONDS = 600;
const SHARDS = ["0001", "0002", "0003"] as const;
const STALL_MS = { least: 500, more: 1_000 };
const LOAD_MS = { least: 1_500, more: 6_500 };
const VALUE_BYTES = 100 * 1024 ** 2;
const REST_MS = 500;

type Trouble = (
	node: CacheNode,
	random: ScenarioOptions["random"],
	/** A hash tag: keys that hold it in braces belong to this node. */
	tag: string,
) => Promise<string>;

/** What slows down a healthy primary. */
const TROUBLES: readonly Trouble[] = [
	async (node, random) => {
		const ms = STALL_MS.least + random(STALL_MS.more);
		signalAll([node.pid ?? 0], "SIGSTOP");
		try {
			await delay(ms);
		} finally {
			signalAll([node.pid ?? 0], "SIGCONT");
		}
		return `stalled for ${ms} ms`;
	},
	async (node, random) => {
		const ms = LOAD_MS.least + random(LOAD_MS.more);
		await command(node, ["EVAL", untilScript(ms), "0"]);
		return `script of ${ms} ms`;
	},
	async (node, random) => {
		const ms = LOAD_MS.least + random(LOAD_MS.more);
		const script = command(node, ["EVAL", "while true do end", "0"]).catch(() => null);
		await delay(ms);
		// The engine refuses this until it says BUSY, 5 s after the script began.
		await waitUntil("the script to be killed", () => command(node, ["SCRIPT", "KILL"]));
		await script;
		return "endless script, killed by its user";
	},
	async (node, _random, tag) => {
		await command(node, ["SETEX", `{${tag}}:large`, "1", "x".repeat(VALUE_BYTES)]);
		return "large value";
	},
];

/** A slow command, a stall or a busy script isn't a failure: no replica takes over because of it. */
export const busyPrimaries: Scenario = {
	name: "busy-primaries",
	description:
		"primaries under long scripts, large values and stalls of 0.5 to 1.5 s: none loses the lead, no write is lost",
	run: (options) =>
		withInstallation({}, (larder) => trouble(larder, options.seconds ?? SECONDS, options)),
};

async function trouble(
	larder: Installation,
	seconds: number,
	{ random, log }: ScenarioOptions,
): Promise<string> {
	const pair = await WatchedCache.create(larder, { name: "busy-pair", replicasPerShard: 1 });
	const cluster = await WatchedCache.create(larder, {
		...{ name: "busy-cluster", clusterMode: "enabled" },
		...{ shards: SHARDS.length, replicasPerShard: 1 },
	});
	try {
		await waitForSentinels(larder, larder.agentNames, await pair.whole(), null);
		const before = await leaders(pair, cluster);
		const until = performance.now() + seconds * 1_000;
		let troubles = 0;
		while (performance.now() < until) {
			const cache = random(2) === 0 ? pair : cluster;
			const shard = cache === pair ? SHARDS[0] : (SHARDS[random(SHARDS.length)] ?? SHARDS[0]);
			const node = await cache.primaryOf(shard);
			const slots = (await cache.view()).shards.find(({ id }) => id === shard)?.slots ?? null;
			const tag = slots === null ? cache.name : tagInSlots(slots, "busy-");
			const what = await TROUBLES[random(TROUBLES.length)]?.(node, random, tag);
			troubles += 1;
			await cache.writesAgain();
			const after = await leaders(pair, cluster);
			log(`${node.id}: ${what}`);
			if (after !== before) throw new Violation(`${node.id}, ${what}: ${before} became ${after}`);
			await delay(REST_MS);
		}
		for (const cache of [pair, cluster]) {
			await cache.whole();
			await cache.requireNothingLost();
		}
		return `${troubles} times in trouble: the same processes lead, and no write is lost`;
	} finally {
		await Promise.all([pair.stop(), cluster.stop()]);
	}
}

/** The processes that are primary according to the engines themselves. */
async function leaders(pair: WatchedCache, cluster: WatchedCache): Promise<string> {
	return await waitUntil("every shard to have its primary", async () => {
		const nodes = await Promise.all([
			pair.primaryOf(SHARDS[0]),
			...SHARDS.map((shard) => cluster.primaryOf(shard)),
		]);
		return nodes.map(({ id, pid }) => `${id} (process ${pid})`).join(", ");
	});
}

async function command(node: CacheNode, [name = "", ...rest]: readonly string[]) {
	const client = openClient({ host: node.address, port: node.port }, null, false);
	try {
		return await client.call(name, ...rest);
	} finally {
		client.disconnect();
	}
}

function untilScript(ms: number): string {
	return `local function now() local t = redis.call('TIME'); return t[1] * 1000 + t[2] / 1000 end; local stop = now() + ${ms}; while now() < stop do end; return 'done'`;
}
