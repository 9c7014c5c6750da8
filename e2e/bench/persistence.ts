/**
 * `npm run bench:persistence`: what writing every change to disk costs. The same node of one cache takes turns without it,
 * with a sync each second and with one before each answer: SET, 64 B, straight to the node. Prints medians, and ratios to
 * the turns without it.
 */
import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { findEngine } from "../../agent/bundles/index.ts";
import { markdownTable, median } from "../../platform/testing/figures.ts";
import { cacheSchema } from "../../server/contract/cache-view.ts";
import { type Persistence, persistenceSchema } from "../../server/contract/persistence.ts";
import { cleanUpWhenCutShort } from "../fixtures/clean-up-when-cut-short.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { waitUntil } from "../fixtures/wait-until.ts";

await cleanUpWhenCutShort();

const ROUNDS = 5;
const CLIENTS = 50;
const VALUE_BYTES = 64;
const REQUESTS = 60_000;

interface Figures {
	perSecond: number;
	p99Ms: number;
}

const larder = await startInstallation();
try {
	await measure(larder);
} finally {
	await larder.stop();
}

async function measure(larder: Installation): Promise<void> {
	const engine = await findEngine({ engine: "valkey", version: "9" });
	if (engine === null) throw new Error("no valkey here");
	const benchmark = join(dirname(engine.server), "valkey-benchmark");
	await larder.createCache({ name: "persistence", auth: "none" });
	const cache = await larder.waitForStatus("persistence", "available");
	const node = cache.endpoints.nodes[0];
	if (node === undefined) throw new Error("no node");
	const turns = new Map<Persistence, Figures[]>(
		persistenceSchema.options.map((mode) => [mode, []]),
	);
	for (let round = -1; round < ROUNDS; round += 1) {
		for (const [mode, figures] of turns) {
			await choose(larder, mode);
			const turn = await load(benchmark, node);
			if (round >= 0) figures.push(turn);
		}
	}
	const [base] = turns.values();
	const plain = medians(base ?? []);
	const rows = [...turns].map(([mode, figures]) => {
		const { perSecond, p99Ms } = medians(figures);
		return [
			...[mode, perSecond.toFixed(0), (perSecond / plain.perSecond).toFixed(2)],
			...[p99Ms.toFixed(2), (p99Ms / plain.p99Ms).toFixed(2)],
		];
	});
	console.log(`### Valkey ${engine.version}, SET, ${CLIENTS} clients, ${VALUE_BYTES} B\n`);
	console.log(markdownTable([["", "/s", "to none", "p99, ms", "to none"], ...rows]));
}

async function choose(larder: Installation, persistence: Persistence): Promise<void> {
	await larder.rest("PATCH", "/caches/persistence", { body: { persistence } });
	await waitUntil("its node does it", async () => {
		const { body } = await larder.rest("GET", "/caches/persistence");
		const { persistence: wanted, shards } = cacheSchema.parse(body);
		return (
			wanted === persistence && shards.every(({ nodes }) => nodes.every((each) => each.inSync))
		);
	});
}

async function load(
	benchmark: string,
	{ host, port }: { host: string; port: number },
): Promise<Figures> {
	const { stdout } = await promisify(execFile)(benchmark, [
		...["-h", host, "-p", `${port}`, "-c", `${CLIENTS}`, "-n", `${REQUESTS}`],
		...["-d", `${VALUE_BYTES}`, "-r", "10000", "-t", "set", "--csv"],
	]);
	// "test","rps","avg","min","p50","p95","p99","max", in milliseconds
	const figures = /^"SET",(.*)$/m.exec(stdout)?.[1]?.replaceAll('"', "").split(",") ?? [];
	return { perSecond: Number(figures[0]), p99Ms: Number(figures[5]) };
}

function medians(figures: readonly Figures[]): Figures {
	return {
		perSecond: median(figures.map(({ perSecond }) => perSecond)),
		p99Ms: median(figures.map(({ p99Ms }) => p99Ms)),
	};
}
