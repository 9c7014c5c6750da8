import { defineConfig } from "vitest/config";

const sources = "{agent,app,cli,platform,prisma,scripts,server}";

/**
 * unit   beside the code, pure and fast
 * int    beside the code, with a database or real engines
 * api    whole installations, driven from outside (`npm run build` first)
 */
export default defineConfig({
	test: {
		maxWorkers: 2,
		projects: [
			{
				test: {
					name: "unit",
					include: [`${sources}/**/*.test.{ts,tsx}`],
					exclude: ["**/*.int.test.ts", "**/node_modules/**"],
				},
			},
			{
				test: {
					name: "int",
					include: [`${sources}/**/*.int.test.ts`],
					exclude: ["**/node_modules/**"],
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
