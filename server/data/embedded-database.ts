import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import { openSocketDirectory, SocketDirectoryError } from "../../platform/socket-directory.ts";
import { StartError } from "../platform/start-error.ts";
import { SOCKET_NAME, socketUrl } from "./socket-url.ts";

/**
 * How much of a function of the database V8 runs before it compiles that anew to be faster: thirty times as much as by
 * default. Most of it runs at the start alone, where the compiler takes two seconds of processor from everybody else.
 */
const TIERING_FLAG = "--wasm-tiering-budget=50000000";

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

/**
 * Opens PGlite on `dataDir` and serves it on a socket in `runDir`. Both directories are the user's own, and the caller
 * holds their lock: one process owns a database. One that isn't there yet is made, with the migrations if those are given.
 */
export async function openEmbeddedDatabase(
	dataDir: string,
	runDir: string,
	onCrash: (error: unknown) => void,
	migrationsDir?: string,
): Promise<EmbeddedDatabase> {
	if (!existsSync(dataDir)) await createDataDir(dataDir, migrationsDir);
	const socketDir = await openSocketDir(runDir);
	const socketPath = join(socketDir, SOCKET_NAME);
	// One that a killed process left would refuse the new one its name.
	await rm(socketPath, { force: true });
	setFlagsFromString(TIERING_FLAG);
	const worker = startWorker({ dataDir, socketPath });
	await once(worker, "message");
	worker.on("error", onCrash);
	return {
		url: socketUrl(socketDir),
		async stop() {
			const stopped = once(worker, "exit");
			worker.postMessage("stop");
			await stopped;
			await rm(socketPath, { force: true });
		},
	};
}

async function openSocketDir(runDir: string): Promise<string> {
	try {
		return await openSocketDirectory(runDir, SOCKET_NAME);
	} catch (error) {
		throw error instanceof SocketDirectoryError ? new StartError(error.message) : error;
	}
}

/** Under another name until it is whole, so that a crash halfway leaves nothing that looks like a database. */
async function createDataDir(dataDir: string, migrationsDir: string | undefined): Promise<void> {
	const unfinished = `${dataDir}.new`;
	await rm(unfinished, { recursive: true, force: true });
	await promisify(execFile)(process.execPath, [
		TIERING_FLAG,
		...(fromSource ? ["--import", "tsx"] : []),
		fileURLToPath(workerUrl),
		"create",
		unfinished,
		...(migrationsDir === undefined ? [] : [migrationsDir]),
	]);
	await rename(unfinished, dataDir);
}
