import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { BUNDLES, buildBundles } from "./bundles.mjs";
import { dependenciesStage } from "./dependencies.mjs";
import { enginesStage } from "./engines.mjs";
import { fingerprint, readStamp, writeStamp } from "./fingerprint.mjs";
import { requirementsStage } from "./requirements.mjs";
import { runCommand } from "./run-command.mjs";
import { StageError } from "./stage-error.mjs";

const notBuiltFrom = (path) => path.includes("/generated") || /\.test\.tsx?$/.test(path);

/**
 * A stage that is fresh while its inputs have the same hash as when it last succeeded, and its outputs exist.
 */
function stampedStage({ root, name, title, after, inputs, outputs, run }) {
	const stampFile = join(root, "dist", ".stamps", name);
	const current = () => fingerprint(root, inputs, { skip: notBuiltFrom });
	return {
		name,
		title,
		after,
		isFresh: async () =>
			outputs.every((path) => existsSync(join(root, path))) && readStamp(stampFile) === current(),
		async run(progress) {
			// Taken before: what changes while the stage runs belongs to the next run.
			const stamp = current();
			const note = await run(progress);
			writeStamp(stampFile, stamp);
			return note;
		},
	};
}

/**
 *   requirements ─> dependencies ─┬─> client ─┬─> programs
 *                                 │           └─> console
 *                                 └─> engine-store ─> engines
 */
export function setupStages(root, engines) {
	return [
		requirementsStage(),
		dependenciesStage(root),
		...buildStages(root),
		enginesStage(root, engines),
	];
}

/** What turns sources into something that runs. Dependencies must be there. */
export function buildStages(root) {
	return [
		stampedStage({
			root,
			name: "client",
			title: "Generate the database client",
			after: ["dependencies"],
			inputs: ["prisma/schema", "prisma.config.ts", "package-lock.json"],
			outputs: ["server/data/generated"],
			run: () =>
				runCommand(process.execPath, ["node_modules/prisma/build/index.js", "generate"], {
					cwd: root,
					what: "prisma generate",
					// The client needs no engine binary, but Prisma would download one first.
					env: {
						...process.env,
						PRISMA_SCHEMA_ENGINE_BINARY: "/bin/true",
						PRISMA_HIDE_UPDATE_MESSAGE: "1",
					},
				}).then(() => undefined),
		}),
		bundleStage(root, {
			name: "engine-store",
			title: "Build the engine store",
			after: ["dependencies"],
			bundles: ["engines"],
			inputs: ["agent", "platform", "server/contract", "scripts/engines.ts"],
		}),
		bundleStage(root, {
			name: "programs",
			title: "Build control plane, agent and CLI",
			after: ["client"],
			bundles: Object.keys(BUNDLES).filter((name) => name !== "engines"),
			inputs: [
				"accelerator",
				"agent",
				"cli",
				"lab",
				"patterns/src",
				"platform",
				"prisma/schema",
				"server",
			],
		}),
		stampedStage({
			root,
			name: "console",
			title: "Build the console",
			after: ["client"],
			inputs: [
				"app",
				"public",
				"next.config.ts",
				"next.config.mjs",
				"postcss.config.mjs",
				"server/contract",
				"tsconfig.json",
				"package-lock.json",
			],
			outputs: [".next/BUILD_ID"],
			run: () =>
				runCommand(process.execPath, ["node_modules/next/dist/bin/next", "build"], {
					cwd: root,
					what: "next build",
					env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
				}).then(() => undefined),
		}),
	];
}

function bundleStage(root, { name, title, after, bundles, inputs }) {
	return stampedStage({
		root,
		name,
		title,
		after,
		inputs: [...inputs, "scripts/setup/bundles.mjs", "package-lock.json"],
		outputs: bundles.map((bundle) => `dist/${bundle}.mjs`),
		run: async () => {
			await buildBundles(root, bundles).catch((error) => {
				throw new StageError("The build failed.", { output: String(error.message ?? error) });
			});
		},
	});
}
