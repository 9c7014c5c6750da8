import { join } from "node:path";
import pg from "pg";
import type { SealedText } from "../platform/secrets.ts";
import { StartError } from "../platform/start-error.ts";
import { ADVISORY_LOCK } from "./advisory-locks.ts";
import { takeCharge } from "./charge.ts";
import { connectEmbedded, connectServer, type Database } from "./database.ts";
import { openEmbeddedDatabase } from "./embedded-database.ts";
import { applyMigrations } from "./migrate.ts";

export interface OpenDatabase {
	db: Database;
	/** This control plane's epoch: higher than that of any before it. */
	epoch: number;
	close(): Promise<void>;
}

/**
 * Opens the database (the embedded one unless `url` names a PostgreSQL server), updates its schema and takes
 * charge of it. Throws if another control plane is using it. The caller must hold the home's lock.
 */
export async function openDatabase(options: {
	url: string | undefined;
	embeddedDir: string;
	runDir: string;
	migrationsDir: string;
	now: Date;
	onLost: (error: unknown) => void;
	/**
	 * Called after the migrations, before anything else is written. Gets whether the database was ever used, and
	 * something that its key has sealed.
	 */
	checkKey: (database: { isNew: boolean; sealed: SealedText | null }) => void;
}): Promise<OpenDatabase> {
	const embedded =
		options.url === undefined
			? await openEmbeddedDatabase(
					options.embeddedDir,
					options.runDir,
					options.onLost,
					options.migrationsDir,
				)
			: null;
	const url = embedded?.url ?? options.url ?? "";
	const claim = embedded === null ? await claimServer(url, options.onLost) : null;
	await applyMigrations(url, options.migrationsDir);
	const db = embedded === null ? connectServer(url) : connectEmbedded(url, options.onLost);
	options.checkKey(await describeUse(db));
	const epoch = await takeCharge(db, options.now);
	return {
		db,
		epoch,
		async close() {
			await db.$disconnect();
			await claim?.end();
			await embedded?.stop();
		},
	};
}

async function describeUse(db: Database) {
	const [used, cache] = await Promise.all([
		db.controlPlane.findUnique({ where: { id: 1 } }),
		db.cache.findFirst({ select: { id: true, systemPassword: true } }),
	]);
	const sealed = cache && { text: cache.systemPassword, context: `cache:${cache.id}:system` };
	return { isNew: used === null, sealed };
}

/**
 * A PostgreSQL server can be reached from several homes: a lock held by the connection keeps a second control plane
 * from starting. If the connection breaks, one may start while this one is still writing (charge.ts).
 */
async function claimServer(url: string, onLost: (error: unknown) => void): Promise<pg.Client> {
	const client = new pg.Client({ connectionString: url, keepAlive: true });
	try {
		await client.connect();
	} catch (error) {
		// Not the URL itself: it contains a password.
		throw new StartError(
			`The database in DATABASE_URL can't be reached: ${error instanceof Error ? error.message : error}. Check that PostgreSQL runs there and that user, password and database are right.`,
			{ cause: error },
		);
	}
	const result = await client.query<{ locked: boolean }>(
		"SELECT pg_try_advisory_lock($1) AS locked",
		[ADVISORY_LOCK.controlPlane],
	);
	if (result.rows[0]?.locked !== true) {
		await client.end();
		throw new StartError(
			"Another control plane is using the database in DATABASE_URL. Stop it first, or use another database.",
		);
	}
	client.on("error", onLost);
	return client;
}

export function migrationsDirOf(projectRoot: string): string {
	return join(projectRoot, "prisma", "migrations");
}
