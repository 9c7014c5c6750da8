/**
 * `npm run bench:lab`: hit rates of the strategy lab beside a simulation of the same operations, for each strategy and
 * several workloads, against an engine of the benchmark's own.
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cleanUpWhenCutShort } from "../../e2e/fixtures/clean-up-when-cut-short.ts";
import { startEngine } from "../../patterns/testing/engines.ts";
import { markdownTable } from "../../platform/testing/figures.ts";
import {
	LAB_STRATEGY_NAMES,
	type LabStrategy,
	labTaskSchema,
	labWorkloadSchema,
} from "../../server/contract/lab.ts";
import { LAB_REPORT_ROWS } from "../../server/contract/lab-report.ts";
import { runLab } from "../run-lab.ts";

await cleanUpWhenCutShort();

const DURATION_SECONDS = 15;
const GROUPS: readonly (readonly LabStrategy[])[] = [
	["no-cache", "ttl-only", "cache-aside"],
	["early-refresh", "write-through", "write-around"],
	["write-behind"],
];
const WORKLOADS = [
	{ keySkew: 0.99, keys: 5_000 },
	{ keySkew: 0.6, keys: 5_000 },
	{ keySkew: 0.99, keys: 2_000, readShare: 0.3 },
];

const engine = await startEngine("valkey", "9");
let largest = 0;
try {
	for (const given of WORKLOADS) {
		const workload = labWorkloadSchema.parse({
			...given,
			...{ durationSeconds: DURATION_SECONDS, ttlSeconds: 5 },
		});
		const rows = [["", ...LAB_REPORT_ROWS.map(([title]) => title), "Difference"]];
		for (const strategies of GROUPS) {
			const runId = `bench-${process.pid}`;
			const task = labTaskSchema.parse({
				...{ kind: "run", runId, strategies, workload },
				directory: join(tmpdir(), `larder-lab-${runId}`),
				connection: {
					...{ host: "127.0.0.1", port: engine.port, isCluster: false },
					...{ username: null, password: null },
				},
			});
			const signal = new AbortController().signal;
			const { results } = await runLab(task, { signal, onSample: () => undefined });
			for (const result of results) {
				const { strategy, hitRate, simulatedHitRate } = result;
				const difference =
					hitRate === null || simulatedHitRate === null ? 0 : hitRate / simulatedHitRate - 1;
				largest = Math.max(largest, Math.abs(difference));
				const name = LAB_STRATEGY_NAMES[strategy];
				const figures = LAB_REPORT_ROWS.map(([, value]) => value(result));
				rows.push([name, ...figures, `${(difference * 100).toFixed(2)} %`]);
			}
		}
		console.log(`${JSON.stringify(workload)}\n\n${markdownTable(rows)}\n`);
	}
} finally {
	await engine.stop();
}
console.log(`largest difference from the simulation: ${(largest * 100).toFixed(2)} %`);
if (largest > 0.02) process.exitCode = 1;
