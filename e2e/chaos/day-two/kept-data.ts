import { percentile } from "../../../platform/testing/figures.ts";
import type { Cache } from "../../../server/contract/cache-view.ts";
import { startClusterLoad } from "../../fixtures/cluster-load.ts";
import type { Installation } from "../../fixtures/installation.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { Violation } from "../scenario.ts";
import { WatchedCache } from "../watched-cache.ts";

/** Little work for the machine, but keys in most slots. */
const LOAD = { keys: 2_000, bytes: 200, loops: 1, restMs: 25 };
const WRITE_EVERY_MS = 25;
/** An engine's answer that a client's retry doesn't cure by itself. Ended connections and late answers are allowed. */
export const REFUSAL = /NOREPLICAS|READONLY|MASTERDOWN|CLUSTERDOWN|LOADING|OOM/;

/** A cache under clients that write and read, and know what it should hold. */
export interface KeptData {
	/** Begins to count anew. */
	begin(): void;
	/**
	 * Throws a Violation if something was lost or refused since `begin`; with `mayLose`, when an engine was killed, only
	 * if more is gone than writes that no replica had acknowledged. Returns what clients saw.
	 */
	check(mayLose: boolean): Promise<string>;
	stop(): Promise<void>;
}

/** Creates the cache, even if the control plane is killed meanwhile, and waits until it serves. */
export async function createWithData(
	larder: Installation,
	body: Readonly<Record<string, unknown>> & { name: string },
): Promise<KeptData> {
	const { name } = body;
	await waitUntil(
		`${name} to be created`,
		async () =>
			(await larder.getCache(name)) ?? (await larder.createCache({ auth: "none", ...body })),
	);
	return body.clusterMode === "enabled"
		? await loadCluster(await larder.waitForStatus(name, "available"))
		: watch(await WatchedCache.watch(larder, name, WRITE_EVERY_MS));
}

function watch(cache: WatchedCache): KeptData {
	let before = { since: 0, ...cache.failures };
	return {
		begin() {
			before = { since: performance.now(), ...cache.failures };
		},
		async check(mayLose) {
			await cache.writesAgain();
			const { count, last } = cache.failures;
			const stallMs = cache.longestGapMs(before.since);
			const news = last.filter((message) => !before.last.includes(message));
			const text = `longest stall ${stallMs.toFixed(0)} ms, ${count - before.count} failed attempts ${news.join(" | ")}`;
			const { plain, waitOne, base, traces } = await cache.findLosses();
			if (base + waitOne > 0 || (plain > 0 && !mayLose)) {
				const found = `${plain} writes, ${waitOne} with WAIT, ${base} keys written at the start`;
				throw new Violation(`${text}; lost ${[found, ...traces].join("; ")}`);
			}
			if (!mayLose && news.some((message) => REFUSAL.test(message))) throw new Violation(text);
			return plain === 0 ? text : `${text}, ${plain} writes lost that no replica had`;
		},
		stop: () => cache.stop(),
	};
}

async function loadCluster({ endpoints }: Cache): Promise<KeptData> {
	const load = await startClusterLoad({ seeds: endpoints.nodes, ...LOAD });
	let failedBefore = 0;
	return {
		begin() {
			load.takeTimesMs();
			failedBefore = load.failures;
		},
		async check(mayLose) {
			const times = load.takeTimesMs();
			const failed = load.failures - failedBefore;
			const lost = await load.findLosses({ accept: mayLose });
			const gone = lost.filter(({ found }) => found === null);
			const text = `slowest request ${percentile(times, 100).toFixed(0)} ms, p99 ${percentile(times, 99).toFixed(1)} ms, ${failed} of ${times.length} failed${failed === 0 ? "" : ` (${load.lastFailure})`}`;
			const broken = mayLose ? gone : lost;
			if (broken.length > 0) {
				const examples = broken.slice(0, 3).map(({ text }) => text);
				throw new Violation(`${text}; ${broken.length} keys lost: ${examples.join("; ")}`);
			}
			if (failed > 0 && !mayLose) throw new Violation(text);
			return lost.length === 0 ? text : `${text}, ${lost.length} writes lost that no replica had`;
		},
		stop: () => load.stop(),
	};
}
