import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { AGENT_TIMING } from "../contract/limits.ts";
import { connectEmbedded } from "../data/database.ts";
import { FailoverOrders } from "../data/failover-orders.ts";
import { FleetState } from "../data/fleet-state.ts";
import { applyMigrations } from "../data/migrate.ts";
import { Notices } from "../data/notices.ts";
import { migrationsDirOf } from "../data/open-database.ts";
import { findProjectRoot } from "../platform/project-root.ts";
import { createSecretBox } from "../platform/secrets.ts";
import { Signals } from "../platform/signals.ts";
import type { Caller, Resources } from "../services/context.ts";

export interface TestResources {
	resources: Resources;
	/** Ids of the caches that something asked to have looked at, in order. */
	woken: string[];
	/** The clock's hands. */
	time: { now: Date };
	close(): Promise<void>;
}

let template: Promise<Blob> | undefined;

/** A migrated data directory, made once a test file: opening a copy skips initdb. */
async function makeTemplate(): Promise<Blob> {
	const database = await serveDatabase(await PGlite.create());
	await applyMigrations(database.url, migrationsDirOf(findProjectRoot()));
	const dump = await database.pglite.dumpDataDir("none");
	await database.close();
	return dump;
}

async function serveDatabase(pglite: PGlite) {
	const directory = await mkdtemp(join(tmpdir(), "larder-test-"));
	const server = new PGLiteSocketServer({
		db: pglite,
		path: join(directory, ".s.PGSQL.5432"),
		maxConnections: 5,
	});
	await server.start();
	return {
		pglite,
		url: `postgresql://postgres@localhost/postgres?host=${encodeURIComponent(directory)}`,
		async close() {
			await server.stop();
			await pglite.close();
			await rm(directory, { recursive: true, force: true });
		},
	};
}

/** A real PostgreSQL in memory with the product's migrations, and a clock that only the test turns. */
export async function openTestResources(): Promise<TestResources> {
	template ??= makeTemplate();
	const database = await serveDatabase(await PGlite.create({ loadDataDir: await template }));
	const db = connectEmbedded(database.url, () => undefined);
	await db.controlPlane.create({ data: { id: 1, epoch: 1, startedAt: new Date(0) } });
	const time = { now: new Date("2026-01-01T00:00:00Z") };
	const clock = { now: () => time.now };
	const woken: string[] = [];
	return {
		woken,
		time,
		resources: {
			db,
			clock,
			fleet: new FleetState(clock),
			notices: new Notices(clock),
			orders: new FailoverOrders(clock),
			secrets: createSecretBox(Buffer.alloc(32, 7)),
			signals: new Signals(),
			wakeCache: (id) => woken.push(id),
			clientPorts: { first: 6379, last: 6400 },
			memcachedPorts: { first: 11_211, last: 11_230 },
			nodePorts: { first: 17_000, last: 17_099 },
			overcommit: 1,
			hostLostMs: AGENT_TIMING.hostLostMs,
			rateCard: { currency: "USD", perVcpuHour: 0.017, perGibHour: 0.009 },
			version: "test",
		},
		async close() {
			await db.$disconnect();
			await database.close();
		},
	};
}

export function testCaller(overrides: Partial<Caller> = {}): Caller {
	return {
		kind: "user",
		actor: "user:ada",
		name: "Ada",
		email: "ada@example.com",
		requestId: "request-1",
		idempotencyKey: null,
		...overrides,
	};
}
