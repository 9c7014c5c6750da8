import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { readFileIfExists, writeFileAtomic } from "../../platform/atomic-file.ts";
import type { LarderHome } from "../../platform/home.ts";
import { acquireLock, LockHeldError } from "../../platform/process-lock.ts";
import { AppError } from "../contract/errors.ts";
import { ADVISORY_LOCK } from "../data/advisory-locks.ts";
import { connectEmbedded, connectServer, type Transaction } from "../data/database.ts";
import { openEmbeddedDatabase } from "../data/embedded-database.ts";
import { applyMigrations } from "../data/migrate.ts";
import { readBackupFile } from "./backup-file.ts";
import { quoteName } from "./describe-tables.ts";
import { type Loaded, loadDump } from "./load-dump.ts";

export interface RestoreOptions {
	home: LarderHome;
	databaseUrl: string | undefined;
	file: string;
	passphrase: string | null;
	/** Moves an existing database aside. */
	replace: boolean;
	migrationsDir: string;
	now: Date;
}

export interface Restored extends Loaded {
	/** Where the former key and database are now. */
	movedAside: string[];
}

/**
 * Puts a backup's database and key in place for the control plane that starts next. Until the last moment everything is
 * made beside the existing files, which are moved, never removed.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
	const { home, file } = options;
	if (!existsSync(file)) throw new AppError("not_found", `${file} doesn't exist.`);
	const lock = lockHome(home);
	try {
		return options.databaseUrl === undefined
			? await restoreEmbedded(options)
			: await restoreServer(options, options.databaseUrl);
	} finally {
		lock.release();
	}
}

function lockHome(home: LarderHome) {
	try {
		return acquireLock(home.controlPlaneLock, "a backup is being restored");
	} catch (error) {
		if (!(error instanceof LockHeldError)) throw error;
		const { identity, note } = error.holder;
		throw new AppError(
			"conflict",
			`${home.root} is in use by process ${identity.pid} (${note}). Stop the control plane first; caches keep serving without it.`,
		);
	}
}

async function restoreEmbedded(options: RestoreOptions): Promise<Restored> {
	const { home, migrationsDir } = options;
	if (existsSync(home.databaseDir) && !options.replace) throw occupied(home.databaseDir);
	const unfinished = `${home.databaseDir}.restoring`;
	await rm(unfinished, { recursive: true, force: true });
	try {
		const { secretKey, loaded } = await readBackupFile(
			options.file,
			options.passphrase,
			async ({ secretKey, dump }) => ({ secretKey, loaded: await fill(dump) }),
		);
		const movedAside = await placeKey(options, secretKey, async (aside) => {
			if (existsSync(home.databaseDir)) await rename(home.databaseDir, aside(home.databaseDir));
			await rename(unfinished, home.databaseDir);
		});
		return { ...loaded, movedAside };
	} finally {
		await rm(unfinished, { recursive: true, force: true });
	}

	async function fill(dump: AsyncIterable<string>): Promise<Loaded> {
		const onLost = (error: unknown) => {
			throw error;
		};
		const embedded = await openEmbeddedDatabase(unfinished, home.runDir, onLost);
		try {
			const db = connectEmbedded(embedded.url, onLost);
			const loaded = await loadDump(db, dump, options).finally(() => db.$disconnect());
			await applyMigrations(embedded.url, migrationsDir);
			return loaded;
		} finally {
			await embedded.stop();
		}
	}
}

async function restoreServer(options: RestoreOptions, url: string): Promise<Restored> {
	const schemaAside = `larder_before_${stamp(options.now)}`;
	let movedAside: string[] = [];
	let schemaMoved = false;
	const db = connectServer(url);
	try {
		const loaded = await readBackupFile(
			options.file,
			options.passphrase,
			async ({ secretKey, dump }) => {
				return await loadDump(db, dump, {
					...options,
					before: async (tx) => {
						await requireNoControlPlane(tx);
						schemaMoved = await moveTablesAside(tx, schemaAside, options.replace);
					},
					last: async () => {
						movedAside = await placeKey(options, secretKey, async () => undefined);
					},
				});
			},
		);
		await applyMigrations(url, options.migrationsDir);
		return {
			...loaded,
			movedAside: [...movedAside, ...(schemaMoved ? [`schema ${schemaAside}`] : [])],
		};
	} finally {
		await db.$disconnect();
	}
}

/** Checks for a control plane that runs from another home: it holds this lock while it runs. */
async function requireNoControlPlane(tx: Transaction): Promise<void> {
	const [answer] = await tx.$queryRaw<{ locked: boolean }[]>`
		SELECT pg_try_advisory_xact_lock(${ADVISORY_LOCK.controlPlane}::bigint) AS "locked"`;
	if (answer?.locked === true) return;
	throw new AppError(
		"conflict",
		"A control plane is using the database in DATABASE_URL. Stop it first; caches keep serving without it.",
	);
}

/** Moves all tables of the schema, which belongs to Larder alone. Returns whether there were any. */
async function moveTablesAside(
	tx: Transaction,
	schemaAside: string,
	replace: boolean,
): Promise<boolean> {
	const tables = await tx.$queryRaw<{ name: string }[]>`
		SELECT relname::text AS "name" FROM pg_class
		WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace`;
	if (tables.length === 0) return false;
	if (!replace) throw occupied("The database in DATABASE_URL");
	await tx.$executeRawUnsafe(`CREATE SCHEMA ${quoteName(schemaAside)}`);
	for (const { name } of tables) {
		await tx.$executeRawUnsafe(
			`ALTER TABLE ${quoteName(name)} SET SCHEMA ${quoteName(schemaAside)}`,
		);
	}
	return true;
}

/**
 * Puts the key in its place, then calls `andThen` for the rest, which asks `aside` where to move each former file.
 * The former key opens the former database, so it is kept as well. Returns the new places of what it moved aside.
 */
async function placeKey(
	{ home, now }: RestoreOptions,
	secretKey: string,
	andThen: (aside: (path: string) => string) => Promise<void>,
): Promise<string[]> {
	const movedAside: string[] = [];
	const aside = (path: string) => {
		const elsewhere = `${path}.before-${stamp(now)}`;
		movedAside.push(elsewhere);
		return elsewhere;
	};
	const present = (await readFileIfExists(home.secretKeyFile))?.trim();
	if (present === secretKey) {
		await andThen(aside);
		return movedAside;
	}
	const keyAside = present === undefined ? null : aside(home.secretKeyFile);
	if (keyAside !== null) await writeFileAtomic(keyAside, `${present}\n`, { sync: true });
	await writeFileAtomic(home.secretKeyFile, `${secretKey}\n`, { sync: true });
	await andThen(aside);
	return movedAside;
}

function occupied(what: string): AppError {
	return new AppError(
		"already_exists",
		`${what} isn't empty. With --replace, Larder moves it aside and puts the backup in its place.`,
	);
}

/** Such as 20261125023000. */
function stamp(now: Date): string {
	return now.toISOString().replace(/\D/g, "").slice(0, 14);
}
