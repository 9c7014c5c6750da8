import { join } from "node:path";
import pg from "pg";
import { StartError } from "../platform/start-error.ts";
import { connectEmbedded, connectServer, type Database } from "./database.ts";
import { openEmbeddedDatabase } from "./embedded-database.ts";
import { applyMigrations } from "./migrate.ts";

/** Any number will do; every control plane takes the same. */
export const CONTROL_PLANE_ADVISORY_LOCK = 7_220_640;

export interface OpenDatabase {
	db: Database;
	/** Of this control plane: higher than that of any before it. */
	epoch: number;
	close(): Promise<void>;
}

/**
 * Opens the database, the embedded one unless `url` names a PostgreSQL server, brings its schema up to date and takes
 * charge of it. Throws if another control plane is in charge. The caller holds the home's lock.
 */
export async function openDatabase(options: {
	url: string | undefined;
	embeddedDir: string;
	runDir: string;
	migrationsDir: string;
	now: Date;
	onLost: (error: unknown) => void;
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
	const charge = embedded === null ? await takeCharge(url, options.onLost) : null;
	await applyMigrations(url, options.migrationsDir);
	const db = embedded === null ? connectServer(url) : connectEmbedded(url, options.onLost);
	const { epoch } = await db.controlPlane.upsert({
		where: { id: 1 },
		create: { id: 1, epoch: 1, startedAt: options.now },
		update: { epoch: { increment: 1 }, startedAt: options.now },
	});
	return {
		db,
		epoch,
		async close() {
			await db.$disconnect();
			await charge?.end();
			await embedded?.stop();
		},
	};
}

/** A PostgreSQL server can be reached from several homes: a lock that its connection holds says who is in charge. */
async function takeCharge(url: string, onLost: (error: unknown) => void): Promise<pg.Client> {
	const client = new pg.Client({ connectionString: url, keepAlive: true });
	try {
		await client.connect();
	} catch (error) {
		// Not the URL itself: it holds a password.
		throw new StartError(
			`The database in DATABASE_URL can't be reached: ${error instanceof Error ? error.message : error}. Check that PostgreSQL runs there and that user, password and database are right.`,
			{ cause: error },
		);
	}
	const result = await client.query<{ locked: boolean }>(
		"SELECT pg_try_advisory_lock($1) AS locked",
		[CONTROL_PLANE_ADVISORY_LOCK],
	);
	if (result.rows[0]?.locked !== true) {
		await client.end();
		throw new StartError(
			"Another control plane is in charge of the database in DATABASE_URL. Stop it first, or use another database.",
		);
	}
	client.on("error", onLost);
	return client;
}

export function migrationsDirOf(projectRoot: string): string {
	return join(projectRoot, "prisma", "migrations");
}
