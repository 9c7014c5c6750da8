import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";

export interface EmbeddedDatabase {
	/** PostgreSQL URL over a Unix socket that only this user can reach. */
	url: string;
	stop(): Promise<void>;
}

const fromSource = import.meta.filename.endsWith(".ts");
const workerUrl = new URL(
	fromSource ? "./database-worker.ts" : "./database-worker.mjs",
	import.meta.url,
);

/** A worker thread doesn't take part in the main thread's TypeScript loader; from the sources it loads its own. */
function startWorker(data: { dataDir: string; socketPath: string }): Worker {
	if (!fromSource) return new Worker(workerUrl, { workerData: data });
	const bootstrap = `import("tsx/esm/api").then((tsx) => {
		tsx.register();
		return import(${JSON.stringify(workerUrl.href)});
	});`;
	return new Worker(bootstrap, { eval: true, workerData: data });
}

/** Opens PGlite on `dataDir`, making it first if need be. The caller holds the lock: one process owns a directory. */
export async function openEmbeddedDatabase(
	dataDir: string,
	onCrash: (error: unknown) => void,
): Promise<EmbeddedDatabase> {
	if (!existsSync(dataDir)) await createDataDir(dataDir);
	// Socket paths are limited to 107 bytes, so it can't lie under a home of any depth. mkdtemp gives 0700.
	const socketDir = await mkdtemp(join(tmpdir(), "larder-db-"));
	const worker = startWorker({ dataDir, socketPath: join(socketDir, ".s.PGSQL.5432") });
	await once(worker, "message");
	worker.on("error", onCrash);
	return {
		url: `postgresql://postgres@localhost/postgres?host=${encodeURIComponent(socketDir)}`,
		async stop() {
			const stopped = once(worker, "exit");
			worker.postMessage("stop");
			await stopped;
			await rm(socketDir, { recursive: true, force: true });
		},
	};
}

/** Under another name until it is whole, so that a crash halfway leaves nothing that looks like a database. */
async function createDataDir(dataDir: string): Promise<void> {
	const unfinished = `${dataDir}.new`;
	await rm(unfinished, { recursive: true, force: true });
	await promisify(execFile)(process.execPath, [
		...(fromSource ? ["--import", "tsx"] : []),
		fileURLToPath(workerUrl),
		"create",
		unfinished,
	]);
	await rename(unfinished, dataDir);
}
