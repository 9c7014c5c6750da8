/**
 * `npm run bench:counts`: sends a load of known size through caches of every shape, and compares it with the requests a
 * second that Larder shows: in the list, on the cache's page, in the chart and on the command line. For one shape it also
 * does so during and after a failover and a drain; `npm run bench:counts -- moves` measures these two alone.
 */
import { setTimeout as delay } from "node:timers/promises";
import { Cluster, Redis } from "ioredis";
import { MemcacheClient } from "memcache-client";
import { overall, reading, sum } from "../../app/_ui/charts/series.ts";
import { markdownTable } from "../../platform/testing/figures.ts";
import { cachePageSchema } from "../../server/contract/cache-view.ts";
import { AGENT_TIMING } from "../../server/contract/limits.ts";
import { cacheMetricsSchema } from "../../server/contract/metrics.ts";
import { cleanUpWhenCutShort } from "../fixtures/clean-up-when-cut-short.ts";
import { passwordOf, requireEndpoint } from "../fixtures/engine-clients.ts";
import { findPrimary } from "../fixtures/engine-truth.ts";
import { AGENT_NAMES, type Installation, startInstallation } from "../fixtures/installation.ts";
import { runLarder } from "../fixtures/larder-command.ts";
import { waitUntil } from "../fixtures/wait-until.ts";

await cleanUpWhenCutShort();

/** Requests a second. */
const LOAD = 400;
const BEAT_MS = 25;
const ROUND_MS = AGENT_TIMING.metricsIntervalMs;
const SETTLE_MS = 3 * ROUND_MS;
const WINDOW_MS = 4 * ROUND_MS;

const SHAPES = [
	{ title: "no replica", body: { replicasPerShard: 0 } },
	{ title: "1 replica", body: { replicasPerShard: 1 } },
	{ title: "2 replicas", body: { replicasPerShard: 2 } },
	{ title: "cluster, 3 × 1", body: { clusterMode: "enabled", shards: 3, replicasPerShard: 1 } },
	{ title: "Memcached, 1 node", body: { engine: "memcached", nodes: 1 } },
];

/** Sends requests at a fixed rate, and counts the answers by time. */
class RatedLoad {
	private readonly answered: number[] = [];
	private readonly timer: NodeJS.Timeout;
	private asked = 0;
	private readonly close: () => void;

	constructor(ask: (number: number) => Promise<unknown>, close: () => void) {
		this.close = close;
		const startedAt = performance.now();
		this.timer = setInterval(() => {
			const due = Math.floor(((performance.now() - startedAt) / 1_000) * LOAD);
			for (; this.asked < due; this.asked += 1) {
				ask(this.asked).then(
					() => this.answered.push(Date.now()),
					() => {},
				);
			}
		}, BEAT_MS);
	}

	/** Answers a second between two moments. */
	rate(from: number, to: number): number {
		const inside = this.answered.filter((at) => at > from && at <= to).length;
		return (inside * 1_000) / (to - from);
	}

	stop(): void {
		clearInterval(this.timer);
		this.close();
	}
}

async function openLoad(larder: Installation, name: string): Promise<RatedLoad> {
	const cache = await larder.waitForStatus(name, "available");
	if (cache.engine === "memcached") {
		const { host, port } = requireEndpoint(cache, "configuration");
		const client = new MemcacheClient({ server: `${host}:${port}` });
		return new RatedLoad(
			(number) => (number % 2 === 0 ? client.set(`k${number % 97}`, "x") : client.get("k1")),
			() => client.shutdown(),
		);
	}
	const password = await passwordOf(larder, name);
	const options = { ...(password !== null && { password }), maxRetriesPerRequest: null };
	const client =
		cache.clusterMode === "enabled"
			? new Cluster([requireEndpoint(cache, "configuration")], { redisOptions: options })
			: new Redis({ ...requireEndpoint(cache, "primary"), ...options });
	client.on("error", () => {});
	return new RatedLoad(
		(number) => (number % 2 === 0 ? client.incr(`k${number % 97}`) : client.get(`k${number % 97}`)),
		() => client.disconnect(),
	);
}

/** The requests of all nodes between two moments. Each sample stands for the interval before it. */
async function charted(larder: Installation, name: string, from: number, to: number) {
	// By then all nodes have reported the last round of that time.
	await delay(ROUND_MS);
	const answer = await larder.rest("GET", `/caches/${name}/metrics?range=15m`);
	const byTime = new Map<number, number>();
	for (const { at, values } of cacheMetricsSchema.parse(answer.body).nodes) {
		for (const [index, text] of at.entries()) {
			// Hosts take a round within milliseconds of each other.
			const time = Math.round(Date.parse(text) / ROUND_MS) * ROUND_MS;
			const value = values.opsPerSecond?.[index] ?? 0;
			if (time > from && time <= to) byTime.set(time, (byTime.get(time) ?? 0) + value);
		}
	}
	const times = [...byTime.keys()].sort((a, b) => a - b);
	const [first = from] = times;
	const last = times.at(-1) ?? to;
	const sum = [...byTime.values()].reduce((total, value) => total + value, 0);
	return { mean: sum / times.length, from: first - ROUND_MS, to: last };
}

async function listed(larder: Installation, name: string): Promise<number> {
	const page = cachePageSchema.parse((await larder.rest("GET", "/caches")).body);
	return page.items.find((cache) => cache.name === name)?.opsPerSecond ?? Number.NaN;
}

async function printed(larder: Installation, name: string): Promise<number> {
	const { stdout } = await runLarder(["caches", "metrics", name], {
		LARDER_URL: larder.url,
		LARDER_TOKEN: larder.adminToken,
	});
	const [head = "", ...rows] = stdout.split("\n");
	const column = head.trim().split(/ {2,}/).indexOf("REQUESTS/S");
	return rows
		.slice(0, rows.indexOf(""))
		.reduce((sum, row) => sum + Number(row.trim().split(/ {2,}/)[column] ?? 0), 0);
}

function off(shown: number, real: number): string {
	return `${shown.toFixed(1)} (${(((shown - real) / real) * 100).toFixed(1)}%)`;
}

/** The newest figure of the line on the cache's page, by the console's own code. */
async function pictured(larder: Installation, name: string): Promise<number> {
	const answer = await larder.rest("GET", `/caches/${name}/metrics?range=15m`);
	const metrics = cacheMetricsSchema.parse(answer.body);
	const line = overall(metrics, "requests", reading("opsPerSecond"), sum).series[0];
	return line?.values.findLast((value) => typeof value === "number") ?? 0;
}

interface Shown {
	readonly list: number;
	readonly overview: number;
	readonly chart: number;
	readonly line: number;
	readonly real: number;
}

/** Means of what is shown from now until the event is over, and of what was answered in that time. */
async function watch(
	larder: Installation,
	name: string,
	load: RatedLoad,
	event: Promise<unknown>,
): Promise<Shown> {
	const from = Date.now();
	const lists: number[] = [];
	const overviews: number[] = [];
	const lines: number[] = [];
	let isOver = false;
	const over = event.finally(() => {
		isOver = true;
	});
	while (!isOver) {
		lists.push(await listed(larder, name));
		overviews.push(await pictured(larder, name));
		lines.push(await printed(larder, name));
		await Promise.race([delay(1_000), over]);
	}
	await over;
	const chart = await charted(larder, name, from, Date.now());
	return {
		...{ list: mean(lists), overview: mean(overviews), chart: chart.mean, line: mean(lines) },
		real: load.rate(chart.from, chart.to),
	};
}

function mean(values: readonly number[]): number {
	return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function row(title: string, { real, list, overview, chart, line }: Shown): string[] {
	return [title, real.toFixed(1), ...[list, overview, chart, line].map((each) => off(each, real))];
}

async function measure(larder: Installation, { title, body }: (typeof SHAPES)[number]) {
	const name = "counted";
	await larder.createCache({ name, ...body });
	const load = await openLoad(larder, name);
	await delay(SETTLE_MS);
	const shown = await watch(larder, name, load, delay(WINDOW_MS));
	load.stop();
	await larder.deleteCache(name);
	return [row(title, shown)];
}

/** Watches during an event and shortly after it, and then once more. */
async function across(
	larder: Installation,
	title: string,
	name: string,
	event: () => Promise<void>,
) {
	const load = await openLoad(larder, name);
	await delay(SETTLE_MS);
	const during = await watch(
		larder,
		name,
		load,
		event().then(() => delay(SETTLE_MS)),
	);
	const after = await watch(larder, name, load, delay(WINDOW_MS));
	load.stop();
	return [row(`${title}, during`, during), row(`${title}, after`, after)];
}

const larder = await startInstallation({ agents: AGENT_NAMES });
try {
	const rows: string[][] = [];
	const shapes = process.argv[2] === "moves" ? [] : SHAPES;
	for (const shape of shapes) rows.push(...(await measure(larder, shape)));
	const name = "moved";
	await larder.createCache({ name, replicasPerShard: 2 });
	const shardOf = async () => {
		const [shard] = (await larder.waitForStatus(name, "available", 60_000)).shards;
		if (shard === undefined) throw new Error("no shard");
		return shard;
	};
	rows.push(
		...(await across(larder, "2 replicas, a failover", name, async () => {
			await larder.rest("POST", `/caches/${name}/failover`, { body: {} });
			await shardOf();
		})),
	);
	const { host } = await findPrimary(await shardOf(), await passwordOf(larder, name));
	rows.push(
		...(await across(larder, "2 replicas, a drain", name, async () => {
			await larder.rest("POST", `/hosts/${host}/drain`, { body: {} });
			await waitUntil(
				"the host to be empty",
				async () => (await shardOf()).nodes.every((node) => node.host !== host),
				120_000,
			);
		})),
	);
	const head = ["load of 400/s through", "answered/s"];
	head.push("list", "overview", "chart (REST)", "`caches metrics`");
	console.log(markdownTable([head, ...rows]));
} finally {
	await larder.stop();
}
