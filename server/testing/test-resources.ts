import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { writeFileAtomic } from "../../platform/atomic-file.ts";
import { makeOwnedDirectory } from "../../platform/testing/owned-directory.ts";
import { DEFAULT_RATE_CARD } from "../contract/default-rate-card.ts";
import { AGENT_TIMING } from "../contract/limits.ts";

import { connectEmbedded, type Database } from "../data/database.ts";
import { FailoverOrders } from "../data/failover-orders.ts";
import { FleetState } from "../data/fleet-state.ts";
import { Inventories } from "../data/inventories.ts";
import { applyMigrations, migrationNames } from "../data/migrate.ts";
import { Notices } from "../data/notices.ts";
import { migrationsDirOf } from "../data/open-database.ts";
import { RouteRegistry } from "../data/route-registry.ts";
import { SOCKET_NAME, socketUrl } from "../data/socket-url.ts";
import { findProjectRoot } from "../platform/project-root.ts";
import { Rush } from "../platform/rush.ts";
import { createSecretBox } from "../platform/secrets.ts";
import { Signals } from "../platform/signals.ts";
import type { Caller, Resources } from "../services/context.ts";
import { LabDesk } from "../services/lab/lab-desk.ts";
import { StoreShelf } from "../services/stores/store-shelf.ts";
import { TransferDesk } from "../services/stores/transfer-desk.ts";
import { OrderedClient } from "./lock-order.ts";
import { openOnServer } from "./server-database.ts";

export interface TestResources {
	resources: Resources;
	/** Ids of the caches that were woken, in order. */
	woken: string[];
	/** The clock's time, which the test sets. */
	time: { now: Date };
}

interface TestDatabase {
	db: Database;
	url: string;
	close(): Promise<void>;
}

/** A database of the test's own, with the product's migrations. */
export async function openTestDatabase(
	onLost: (error: unknown) => void = () => undefined,
): Promise<TestDatabase> {
	const pglite = await PGlite.create({ loadDataDir: await migratedTemplate() });
	return await serveDatabase(pglite, onLost);
}

/** The same on disk, as a control plane leaves it. */
export async function placeTestDatabase(dataDir: string): Promise<void> {
	const pglite = await PGlite.create({ dataDir, loadDataDir: await migratedTemplate() });
	await pglite.close();
}

/**
 * An empty database with the product's migrations. Making one takes seconds, so it is stored beside the
 * packages until the migrations or the database's own version change.
 */
async function migratedTemplate(): Promise<Blob> {
	const root = findProjectRoot();
	const migrationsDir = migrationsDirOf(root);
	const hash = createHash("sha256").update(
		readFileSync(join(root, "node_modules", "@electric-sql", "pglite", "package.json")),
	);
	for (const name of await migrationNames(migrationsDir)) {
		hash.update(readFileSync(join(migrationsDir, name, "migration.sql")));
	}
	const directory = join(root, "node_modules", ".cache", "larder");
	const file = join(directory, `test-database-${hash.digest("hex").slice(0, 16)}.tar`);
	if (existsSync(file)) return new Blob([readFileSync(file)]);
	const pglite = await PGlite.create();
	const database = await serveDatabase(pglite);
	await applyMigrations(database.url, migrationsDir);
	const dump = await pglite.dumpDataDir("none");
	await database.close();
	mkdirSync(directory, { recursive: true });
	await writeFileAtomic(file, Buffer.from(await dump.arrayBuffer()));
	return dump;
}

async function serveDatabase(
	pglite: PGlite,
	onLost: (error: unknown) => void = () => undefined,
): Promise<TestDatabase> {
	const directory = makeOwnedDirectory("larder-test-");
	process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
	// The test runner ends its processes this way.
	process.once("SIGTERM", () => process.exit());
	const server = new PGLiteSocketServer({
		db: pglite,
		path: join(directory, SOCKET_NAME),
		maxConnections: 5,
	});
	await server.start();
	const url = socketUrl(directory);
	const db = connectEmbedded(url, onLost, OrderedClient);
	return {
		db,
		url,
		async close() {
			await db.$disconnect();
			await server.stop();
			await pglite.close();
			await rm(directory, { recursive: true, force: true });
		},
	};
}

const TRUNCATE_TRIES = 20;

let shared: Promise<Pick<TestDatabase, "db">> | undefined;

async function openShared(): Promise<Pick<TestDatabase, "db">> {
	return (await openOnServer()) ?? (await openTestDatabase());
}

/**
 * One database for all tests of a process, which run one after another: each finds it empty. It ends with the
 * process.
 */
async function openEmptyDatabase(): Promise<Database> {
	shared ??= openShared();
	const { db } = await shared;
	const tables = await db.$queryRaw<{ name: string }[]>`
		SELECT quote_ident(tablename) AS name FROM pg_tables
		WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'`;
	const truncate = `TRUNCATE ${tables.map(({ name }) => name).join(", ")} CASCADE`;
	for (let tries = 1; ; tries++) {
		try {
			await db.$transaction([
				db.$executeRaw`SET LOCAL lock_timeout = '200ms'`,
				db.$executeRawUnsafe(truncate),
			]);
			return db;
		} catch (error) {
			// On a server, a test that has ended may still be reading. Giving way to it avoids a deadlock.
			if (tries === TRUNCATE_TRIES) throw error;
		}
	}
}

/** A real PostgreSQL, empty except for the product's migrations, and a clock that only the test sets. */
export async function openTestResources(): Promise<TestResources> {
	const db = await openEmptyDatabase();
	await db.controlPlane.create({ data: { id: 1, epoch: 1, startedAt: new Date(0) } });
	const time = { now: new Date("2026-01-01T00:00:00Z") };
	const clock = { now: () => time.now };
	const woken: string[] = [];
	const secrets = createSecretBox(Buffer.alloc(32, 7));
	const stores = new StoreShelf({ db, clock, secrets, localDirectory: storeDirectory() });
	await stores.makeLocal((error) => {
		throw error;
	});
	return {
		woken,
		time,
		resources: {
			db,
			charge: { epoch: 1, onLost: () => undefined },
			clock,
			fleet: new FleetState(clock),
			notices: new Notices(clock),
			routes: new RouteRegistry(),
			orders: new FailoverOrders(clock),
			inventories: new Inventories(),
			rush: new Rush(),
			secrets,
			stores,
			transfers: new TransferDesk(),
			lab: new LabDesk(storeDirectory()),
			signals: new Signals(),
			wakeCache: (id) => woken.push(id),
			clientPorts: { first: 6379, last: 6400 },
			memcachedPorts: { first: 11_211, last: 11_230 },
			nodePorts: { first: 17_000, last: 17_099 },
			overcommit: 1,
			hostLostMs: AGENT_TIMING.hostLostMs,
			isDiskFull: () => false,
			dns: null,
			rateCard: { ...DEFAULT_RATE_CARD, version: 0 },
			version: "test",
		},
	};
}

let sharedStore: string | undefined;

/** One directory for the local stores of all tests of a process. It ends with the process. */
function storeDirectory(): string {
	if (sharedStore !== undefined) return sharedStore;
	const directory = makeOwnedDirectory("larder-test-store-");
	process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
	sharedStore = directory;
	return directory;
}

export function testCaller(overrides: Partial<Caller> = {}): Caller {
	return {
		kind: "user",
		actor: "user:ada",
		name: "Ada",
		email: "ada@example.com",
		...{ session: null, userId: "ada" },
		access: "full",
		requestId: "request-1",
		address: "192.0.2.1",
		idempotencyKey: null,
		...overrides,
	};
}
