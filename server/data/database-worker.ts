/**
 * The embedded database, away from the control plane's event loop.
 *   as a worker thread: opens `workerData.dataDir` and serves it on `workerData.socketPath`; "stop" closes it.
 *   as a process with `create <dir> [<migrations>]` as arguments: makes the directory, applies the migrations and
 *   ends, because both take hundreds of MiB that a long-lived process would never give back.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { z } from "zod";
import { applyMigrations } from "./migrate.ts";
import { SOCKET_NAME, socketUrl } from "./socket-url.ts";

/** One for the control plane (see database.ts); the migrations before it use others that take a while to close. */
const MAX_CONNECTIONS = 5;

async function create(dataDir: string, migrationsDir: string | undefined): Promise<void> {
	const database = await PGlite.create({ dataDir });
	if (migrationsDir !== undefined) await migrate(database, migrationsDir);
	await database.close();
}

async function migrate(database: PGlite, migrationsDir: string): Promise<void> {
	const socketDir = await mkdtemp(join(tmpdir(), "larder-database-"));
	const server = await serveOn(database, join(socketDir, SOCKET_NAME));
	await applyMigrations(socketUrl(socketDir), migrationsDir);
	await server.stop();
	await rm(socketDir, { recursive: true });
}

async function serveOn(database: PGlite, path: string): Promise<PGLiteSocketServer> {
	const server = new PGLiteSocketServer({ db: database, path, maxConnections: MAX_CONNECTIONS });
	await server.start();
	return server;
}

/** A quarter of the memory that PGlite's own settings take, for a database of some megabytes. */
const START_PARAMETERS = [
	...PGlite.defaultStartParams,
	...["-c", "shared_buffers=16MB"],
	...["-c", "max_connections=10"],
];

async function serve(dataDir: string, socketPath: string): Promise<void> {
	const database = await PGlite.create({ dataDir, startParams: START_PARAMETERS });
	const server = await serveOn(database, socketPath);
	parentPort?.on("message", async () => {
		await server.stop();
		await database.close();
		parentPort?.postMessage("stopped");
		parentPort?.close();
	});
	parentPort?.postMessage("ready");
}

if (isMainThread) {
	const [command, dataDir, migrationsDir] = process.argv.slice(2);
	if (command !== "create" || dataDir === undefined) {
		throw new Error("usage: create <directory> [<migrations>]");
	}
	await create(dataDir, migrationsDir);
	process.exit(0);
} else {
	const data = z.object({ dataDir: z.string(), socketPath: z.string() }).parse(workerData);
	await serve(data.dataDir, data.socketPath);
}
