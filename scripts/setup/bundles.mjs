import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

/**
 * The programs that run, one file each in `dist/`. The first four take their packages from node_modules, which the
 * server needs anyway because Next.js can't be bundled. The others hold what they need, so that they start quickly and
 * stay small.
 */
export const BUNDLES = {
	server: { entry: "server/main.ts", external: true },
	"database-worker": { entry: "server/data/database-worker.ts", external: true },
	backup: { entry: "server/backup/main.ts", external: true },
	"lab-process": { entry: "lab/lab-process.ts", external: true },
	agent: { entry: "agent/entry.ts", external: false },
	accelerator: { entry: "accelerator/main.ts", external: false },
	"hash-worker": { entry: "platform/files/hash-worker.ts", external: false },
	"rdb-worker": { entry: "platform/rdb/rdb-worker.ts", external: false },
	engines: { entry: "scripts/engines.ts", external: false },
	cli: { entry: "cli/main.ts", external: false },
};

/** The library as it is in the checkout, not as it was last built. */
const WORKSPACES = { "larder-patterns": "./patterns/src/index.ts" };

/** How many calls of buildBundles are running: they share esbuild's helper process. */
let builds = 0;

/** CommonJS packages inside an ES module still call `require` for Node's own modules. */
const REQUIRE_BANNER =
	'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/**
 * Builds the named bundles. Each file is replaced as a whole: a process that starts meanwhile reads the old
 * or the new one.
 */
export async function buildBundles(root, names) {
	const esbuild = await import("esbuild");
	builds += 1;
	try {
		await buildAll(esbuild, root, names);
	} finally {
		builds -= 1;
		// Its helper process would live as long as `npm start`.
		if (builds === 0) await esbuild.stop();
	}
}

async function buildAll(esbuild, root, names) {
	await Promise.all(
		names.map(async (name) => {
			const bundle = BUNDLES[name];
			const result = await esbuild.build({
				absWorkingDir: root,
				entryPoints: { [name]: bundle.entry },
				outdir: "dist",
				outExtension: { ".js": ".mjs" },
				bundle: true,
				platform: "node",
				target: "node20.19",
				format: "esm",
				sourcemap: "linked",
				sourcesContent: false,
				legalComments: "none",
				logLevel: "silent",
				alias: WORKSPACES,
				write: false,
				...(bundle.external ? { packages: "external" } : { banner: { js: REQUIRE_BANNER } }),
			});
			for (const file of result.outputFiles) {
				const unfinished = join(
					dirname(file.path),
					`.${relative(dirname(file.path), file.path)}.${process.pid}.tmp`,
				);
				await mkdir(dirname(file.path), { recursive: true });
				await writeFile(unfinished, file.contents);
				await rename(unfinished, file.path);
			}
		}),
	);
}
