/**
 * `npm run bench:failover [-- --only <pattern> --runs n --json file]`: how long writes fail when a primary dies,
 * as seen by one client that tries again every 2 ms, compared with Sentinels and clusters set up by hand. Prints a table and
 * writes every run as JSON.
 */
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findEngine } from "../../agent/bundles/index.ts";
import { GIB } from "../../server/contract/limits.ts";
import { cleanUpWhenCutShort } from "../fixtures/clean-up-when-cut-short.ts";
import { startInstallation } from "../fixtures/installation.ts";
import { clusterByHand, sentinelsByHand } from "./failover-by-hand.ts";
import { failOverLarder, type LarderCase } from "./failover-larder.ts";
import { type CaseResult, type FailoverRun, failoverTable } from "./failover-measure.ts";

await cleanUpWhenCutShort();

/** Three nodes with 2 GiB, and what they need in addition while they sync. */
const AGENT_MEMORY_BYTES = 16 * GIB;

type Shape = Omit<LarderCase, "runs" | "onRun">;
const plain = { filled: false, controlPlane: "up", strike: "kill-primary" } as const;
const disabled = { ...plain, clusterMode: "disabled" } as const;
const enabled = { ...plain, clusterMode: "enabled" } as const;

/** `runs` is the default; it is low where a run takes half a minute. */
const LARDER: readonly { title: string; runs: number; shape: Shape }[] = [
	{ title: "disabled", runs: 30, shape: disabled },
	{ title: "enabled", runs: 30, shape: enabled },
	{ title: "disabled, no control plane", runs: 30, shape: { ...disabled, controlPlane: "down" } },
	{ title: "enabled, no control plane", runs: 30, shape: { ...enabled, controlPlane: "down" } },
	{ title: "disabled, 2 GiB", runs: 30, shape: { ...disabled, filled: true } },
	{ title: "enabled, 2 GiB", runs: 30, shape: { ...enabled, filled: true } },
	{
		title: "disabled, 2 GiB, no control plane",
		runs: 10,
		shape: { ...disabled, filled: true, controlPlane: "down" },
	},
	{
		title: "enabled, 2 GiB, no control plane",
		runs: 10,
		shape: { ...enabled, filled: true, controlPlane: "down" },
	},
	{
		title: "disabled, agent of the primary killed before",
		runs: 10,
		shape: { ...disabled, agentsDown: "of the primary" },
	},
	{
		title: "disabled, all agents killed before",
		runs: 10,
		shape: { ...disabled, agentsDown: "all" },
	},
	{ title: "disabled, host killed", runs: 30, shape: { ...disabled, strike: "kill-host" } },
	{ title: "enabled, host killed", runs: 30, shape: { ...enabled, strike: "kill-host" } },
	{ title: "disabled, host silent", runs: 30, shape: { ...disabled, strike: "stop-host" } },
	{ title: "enabled, host silent", runs: 30, shape: { ...enabled, strike: "stop-host" } },
];
const SENTINELS_BY_HAND = [
	{ title: "by hand: 3 Sentinels, 1 s", runs: 10, downAfterMs: 1_000 },
	{ title: "by hand: 3 Sentinels, default 30 s", runs: 2, downAfterMs: 30_000 },
];
const CLUSTERS_BY_HAND = [
	{ title: "by hand: cluster, 1 s", runs: 10, nodeTimeoutMs: 1_000 },
	{ title: "by hand: cluster, default 15 s", runs: 2, nodeTimeoutMs: 15_000 },
];

const { values } = parseArgs({
	options: { only: { type: "string" }, runs: { type: "string" }, json: { type: "string" } },
});
const json = values.json ?? join(tmpdir(), "larder-failover.json");
const wanted = <T extends { title: string; runs: number }>(cases: readonly T[]) =>
	cases
		.filter(({ title }) => new RegExp(values.only ?? "").test(title))
		.map((each) => ({ ...each, runs: Number(values.runs ?? each.runs) }));
const results: CaseResult[] = [];

const engine = await findEngine({ engine: "valkey", version: "9" });
if (engine === null || engine.client === null) throw new Error("no engine: npm start fetches one");
const { server, client } = engine;

for (const { title, ...options } of wanted(SENTINELS_BY_HAND)) {
	await measure(title, (onRun) => sentinelsByHand({ ...options, server, client, onRun }));
}
for (const { title, ...options } of wanted(CLUSTERS_BY_HAND)) {
	await measure(title, (onRun) => clusterByHand({ ...options, server, client, onRun }));
}
// Each on an installation of its own: a case can't affect the others.
for (const { title, runs, shape } of wanted(LARDER)) {
	await measure(title, async (onRun) => {
		const larder = await startInstallation({ agentMemoryBytes: AGENT_MEMORY_BYTES });
		try {
			await failOverLarder(larder, { ...shape, runs, onRun });
		} finally {
			await larder.stop();
		}
	});
}

/** Keeps what was measured so far. A case that fails doesn't stop the others. */
async function measure(
	title: string,
	take: (onRun: (run: FailoverRun) => void) => Promise<void>,
): Promise<void> {
	const result: CaseResult = { title, runs: [], failure: null };
	results.push(result);
	try {
		await take((run) => {
			result.runs.push(run);
			console.error(`${title}: ${run.gapMs.toFixed(0)} ms, ${run.lost} lost`);
		});
	} catch (error) {
		result.failure = error instanceof Error ? error.message : String(error);
		process.exitCode = 1;
		console.error(`${title} failed:`, error);
	}
	const versions = { valkey: engine?.version, node: process.versions.node };
	writeFileSync(json, JSON.stringify({ versions, results }, null, "\t"));
}

console.log(`Valkey ${engine.version}, Node ${process.versions.node}, ms\n`);
console.log(failoverTable(results.filter(({ runs }) => runs.length > 0)));
for (const { title, failure } of results) if (failure) console.log(`\n${title} failed: ${failure}`);
console.log(`\nEvery run: ${json}`);
