import { execFile } from "node:child_process";
import { once } from "node:events";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import { openSocketDirectory, SocketDirectoryError } from "../../platform/socket-directory.ts";
import { isDiskFull, saysDiskFull } from "../platform/disk-room.ts";
import { StartError } from "../platform/start-error.ts";
import { damagedText, fullText, inspectDataDir } from "./inspect-data-dir.ts";
import { SOCKET_NAME, socketUrl } from "./socket-url.ts";

/**
 * How long V8 runs a function of the database before it recompiles it to be faster: thirty times as long as
 * by default. Most functions run only at the start, when the compiler would take two seconds of processor
 * time from everything else.
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

/**
 * A worker thread doesn't use the main thread's TypeScript loader; when run from the sources it loads its
 * own.
 */
function startWorker(data: { dataDir: string; socketPath: string }): Worker {
	if (!fromSource) return new Worker(workerUrl, { workerData: data });
	const bootstrap = `import("tsx/esm/api").then((tsx) => {
		tsx.register();
		return import(${JSON.stringify(workerUrl.href)});
	});`;
	return new Worker(bootstrap, { eval: true, workerData: data });
}

/**
 * Opens PGlite on `dataDir` and serves it on a socket in `runDir`. Both directories belong to the user, and
 * the caller holds their lock: one process owns a database. Creates a missing database, with the migrations
 * if given.
 */
export async function openEmbeddedDatabase(
	dataDir: string,
	runDir: string,
	onCrash: (error: unknown) => void,
	migrationsDir?: string,
): Promise<EmbeddedDatabase> {
	const found = inspectDataDir(dataDir);
	if (found.kind === "damaged") throw new StartError(damagedText(dataDir, found.what));
	if (found.kind === "absent") await createDataDir(dataDir, migrationsDir);
	const socketDir = await openSocketDir(runDir);
	const socketPath = join(socketDir, SOCKET_NAME);
	// A socket left by a killed process would block its name.
	await rm(socketPath, { force: true });
	setFlagsFromString(TIERING_FLAG);
	const worker = startWorker({ dataDir, socketPath });
	await untilItServes(worker, dataDir);
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

async function untilItServes(worker: Worker, dataDir: string): Promise<void> {
	const failure = (what: string, cause?: unknown) => {
		const full = isDiskFull(dataDir) || saysDiskFull(cause);
		return new StartError(full ? fullText(dataDir) : damagedText(dataDir, what), { cause });
	};
	const ended = once(worker, "exit").then(() => {
		throw failure("it stopped while Larder was opening it");
	});
	try {
		await Promise.race([once(worker, "message"), ended]);
	} catch (cause) {
		if (cause instanceof StartError) throw cause;
		// Compiled to WebAssembly, it reports most damage with a stack that helps no one.
		const said = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
		throw failure(`opening it failed with: ${said}`, cause);
	}
}

async function openSocketDir(runDir: string): Promise<string> {
	try {
		return await openSocketDirectory(runDir, SOCKET_NAME);
	} catch (error) {
		throw error instanceof SocketDirectoryError ? new StartError(error.message) : error;
	}
}

/**
 * Uses another name until the directory is complete, so that a crash halfway leaves nothing that looks like a
 * database.
 */
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
