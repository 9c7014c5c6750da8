import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Tests that wait for Sentinels' clocks take longest and work least: begun last, nothing would be done beside them. */
class WaitingFirst extends BaseSequencer {
	override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
		const sorted = await super.sort(files);
		const waits = ({ moduleId }: TestSpecification) => moduleId.includes("/sentinel/");
		return [...sorted.filter(waits), ...sorted.filter((file) => !waits(file))];
	}
}

/** Files that take turns in a process leave nothing behind, and loading all anew takes longer than many of them. */
const isolate = false;
const sources = "{agent,app,cli,platform,prisma,scripts,server}";

/**
 * unit   beside the code, pure and fast
 * int    beside the code, with a database or real engines
 * api    whole installations, driven from outside (`npm run build` first)
 */
export default defineConfig({
	test: {
		maxWorkers: 2,
		sequence: { sequencer: WaitingFirst },
		projects: [
			{
				test: {
					name: "unit",
					isolate,
					include: [`${sources}/**/*.test.{ts,tsx}`],
					exclude: ["**/*.int.test.ts", "**/node_modules/**"],
				},
			},
			{
				test: {
					name: "int",
					isolate,
					include: [`${sources}/**/*.int.test.ts`],
					exclude: ["**/node_modules/**"],
					// As in server/data/embedded-database.ts.
					execArgv: ["--wasm-tiering-budget=50000000"],
					testTimeout: 60_000,
					hookTimeout: 60_000,
				},
			},
			{
				test: {
					name: "api",
					include: ["e2e/{api,fixtures}/**/*.test.ts"],
					testTimeout: 120_000,
					hookTimeout: 120_000,
				},
			},
		],
	},
});
