/**
 * The embedded database, away from the control plane's event loop.
 *   as a worker thread: opens `workerData.dataDir` and serves it on `workerData.socketPath`; "stop" closes it.
 *   as a process with `create <dir>` as arguments: makes the directory and ends, because making one takes 700 MiB that
 *   a long-lived process would never give back.
 */
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { z } from "zod";

/** One for the control plane (see database.ts); the migrations before it use others that take a while to close. */
const MAX_CONNECTIONS = 5;

async function create(dataDir: string): Promise<void> {
	const database = await PGlite.create({ dataDir });
	await database.close();
}

/** A quarter of the memory that PGlite's own settings take, for a database of some megabytes. */
const START_PARAMETERS = [
	...PGlite.defaultStartParams,
	...["-c", "shared_buffers=16MB"],
	...["-c", "max_connections=10"],
];

async function serve(dataDir: string, socketPath: string): Promise<void> {
	const database = await PGlite.create({ dataDir, startParams: START_PARAMETERS });
	const server = new PGLiteSocketServer({
		db: database,
		path: socketPath,
		maxConnections: MAX_CONNECTIONS,
	});
	await server.start();
	parentPort?.on("message", async () => {
		await server.stop();
		await database.close();
		parentPort?.postMessage("stopped");
		parentPort?.close();
	});
	parentPort?.postMessage("ready");
}

if (isMainThread) {
	const [command, dataDir] = process.argv.slice(2);
	if (command !== "create" || dataDir === undefined) throw new Error("usage: create <directory>");
	await create(dataDir);
	process.exit(0);
} else {
	const data = z.object({ dataDir: z.string(), socketPath: z.string() }).parse(workerData);
	await serve(data.dataDir, data.socketPath);
}
