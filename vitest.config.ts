import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Tests that wait for Sentinels' clocks take longest and work least, so they begin first: at the end, nothing would run
 * beside them. The others begin in order of file size, which says nothing about a file that plays scenarios
 * written elsewhere.
 */
class WaitingFirst extends BaseSequencer {
	override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
		const sorted = await super.sort(files);
		const waits = ({ moduleId }: TestSpecification) => /\/sentinel\/|\/survival/.test(moduleId);
		return [...sorted.filter(waits), ...sorted.filter((file) => !waits(file))];
	}
}

/** Only ends what hangs: a busy machine takes ten times as long as an idle one. */
const HANGS_AFTER_MS = 300_000;
/** The same for `expect.poll`, whose own limit of a second a busy machine misses. */
const expect = { poll: { timeout: 60_000 } };
/**
 * Files that take turns in a process leave nothing behind, and loading everything again takes longer than many of them.
 */
const isolate = false;
/** As in server/data/embedded-database.ts. */
const execArgv = ["--wasm-tiering-budget=50000000"];
/** The subject of these tests is the database: they would notice if a server with many connections behaved differently. */
const aboutTheDatabase = [
	"server/data/*.postgres.test.ts",
	"server/data/{charge,metrics-store}.int.test.ts",
	"server/fleet/*.int.test.ts",
	// Not those about the engines' sizes, versions and parameters.
	"server/reconciler/{balance,cache-life,drain-host,lose-host,ports,replace-node,restart,topologies}.int.test.ts",
	"server/services/caches/*.int.test.ts",
	"server/services/{access,node-types,parameter-groups}/*.int.test.ts",
	"{examples,patterns}/**/*.postgres.test.ts",
];
const sources = "{accelerator,agent,app,cli,examples,lab,patterns,platform,prisma,scripts,server}";
/** The library of patterns as it is in the checkout, not as it was last built. */
const resolve = {
	alias: { "larder-patterns": join(import.meta.dirname, "patterns/src/index.ts") },
};

/**
 * unit       beside the code, pure and fast
 * int        beside the code, with a database or real engines
 * postgres   those of `int` whose subject is the database, on a PostgreSQL server
 * api        whole installations, driven from outside (`npm run build` first)
 */
export default defineConfig({
	test: {
		maxWorkers: 2,
		sequence: { sequencer: WaitingFirst },
		projects: [
			{
				resolve,
				test: {
					name: "unit",
					isolate,
					expect,
					include: [`${sources}/**/*.test.{ts,tsx}`],
					exclude: ["**/*.{int,postgres}.test.ts", "**/node_modules/**"],
					testTimeout: HANGS_AFTER_MS,
					hookTimeout: HANGS_AFTER_MS,
				},
			},
			{
				resolve,
				test: {
					name: "int",
					isolate,
					expect,
					include: [`${sources}/**/*.int.test.ts`],
					exclude: ["**/node_modules/**"],
					globalSetup: ["e2e/fixtures/reclaim-abandoned.ts", "e2e/fixtures/built-programs.ts"],
					execArgv,
					testTimeout: HANGS_AFTER_MS,
					hookTimeout: HANGS_AFTER_MS,
				},
			},
			{
				resolve,
				test: {
					name: "postgres",
					isolate,
					expect,
					include: aboutTheDatabase,
					globalSetup: "e2e/fixtures/postgres-project.ts",
					setupFiles: "server/testing/on-postgres.ts",
					execArgv,
					testTimeout: HANGS_AFTER_MS,
					hookTimeout: HANGS_AFTER_MS,
				},
			},
			{
				resolve,
				test: {
					name: "api",
					globalSetup: "e2e/fixtures/reclaim-abandoned.ts",
					include: ["e2e/{api,fixtures}/**/*.test.ts"],
					expect,
					maxConcurrency: 3,
					testTimeout: HANGS_AFTER_MS,
					hookTimeout: HANGS_AFTER_MS,
				},
			},
		],
	},
});
