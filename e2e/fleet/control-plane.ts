import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openHome } from "../../platform/home.ts";
import { makeOwnedDirectory, removeDirectory } from "../../platform/testing/owned-directory.ts";
import { copyCaches } from "../../server/testing/copy-caches.ts";
import { cpuSeconds, cpuSecondsWithChildren, mebibytes } from "../bench/process-usage.ts";
import { type PostgresServer, startPostgres } from "../fixtures/postgres-server.ts";
import { startProgram } from "../fixtures/program.ts";
import { findFreePort } from "../fixtures/reserve-ports.ts";
import { createRest, type Rest } from "../fixtures/rest.ts";
import { waitUntil } from "../fixtures/wait-until.ts";

/** Two for each cache. Nothing listens on them. */
const CLIENT_PORTS = "30000-55000";
/** As short as a control plane allows, because the benchmark measures what follows the loss of a host, not the wait. */
export const HOST_LOST_SECONDS = 15;

/** Rows written (inserted, changed or removed) since the database was made. */
export interface Writes {
	readonly metrics: number;
	readonly metering: number;
	readonly others: number;
}

/** A control plane with nothing but its API, on a PostgreSQL server of its own. */
export interface ControlPlane {
	readonly url: string;
	readonly rest: Rest;
	cpuSeconds(): number;
	/** Processor time of the database's processes. */
	databaseCpuSeconds(): number;
	rssMib(): number;
	writes(): Promise<Writes>;
	/** Writes the rows of further caches behind the control plane's back, with one of its available caches as the model. */
	copyCaches(model: string, names: readonly string[]): Promise<void>;
	/** How many shards have their recorded primary on one of these hosts. */
	primariesOn(hostNames: readonly string[]): Promise<number>;
	/** How many other hosts have counted as lost at some time. */
	countedLost(exceptNames: readonly string[]): Promise<number>;
	stop(): Promise<void>;
}

/** `profileDir`: where Node writes a CPU profile when the control plane ends; null for none. */
export async function startControlPlane(profileDir: string | null): Promise<ControlPlane> {
	const database = await startPostgres();
	const root = makeOwnedDirectory("larder-fleet-");
	const home = openHome({ ...process.env, LARDER_HOME: root });
	const port = await findFreePort();
	const url = `http://127.0.0.1:${port}`;
	if (profileDir !== null) mkdirSync(profileDir, { recursive: true });
	const program = startProgram(
		"server",
		{
			...process.env,
			...{ NODE_ENV: "production", LARDER_HOME: root, PORT: String(port), LARDER_CONSOLE: "off" },
			...{ DATABASE_URL: database.url, LARDER_CLIENT_PORTS: CLIENT_PORTS },
			LARDER_HOST_LOST_SECONDS: String(HOST_LOST_SECONDS),
		},
		join(home.logsDir, "control-plane.log"),
		profileDir === null ? {} : { nodeOptions: ["--cpu-prof", "--cpu-prof-dir", profileDir] },
	);
	const stop = async () => {
		await program.end("SIGTERM");
		await database.stop();
		await removeDirectory(root);
	};
	try {
		await waitUntil("the control plane to answer", async () => {
			if (program.ended !== null) throw new Error(readFileSync(program.log, "utf8"));
			return (await fetch(`${url}/healthz`)).status === 200;
		});
	} catch (error) {
		await stop();
		throw error;
	}
	return {
		url,
		rest: createRest(url, readFileSync(home.adminTokenFile, "utf8").trim()),
		cpuSeconds: () => cpuSeconds(program.pid),
		databaseCpuSeconds: () => cpuSecondsWithChildren(database.pid),
		rssMib: () => mebibytes(program.pid, "status", "VmRSS"),
		writes: () => countWrites(database),
		copyCaches: (model, names) =>
			copyCaches({
				...{ databaseUrl: database.url, secretKeyFile: home.secretKeyFile },
				...{ model, names },
			}),
		primariesOn: async (hostNames) => {
			const [count] = await database.query(
				`SELECT count(*) FROM "Shard" JOIN "Node" ON "Node"."id" = "Shard"."primaryNodeId"
				JOIN "Host" ON "Host"."id" = "Node"."hostId"
				WHERE "Host"."name" IN (${hostNames.map((name) => `'${name}'`).join(", ")})`,
			);
			return Number(count);
		},
		countedLost: async (exceptNames) => {
			const [count] = await database.query(
				`SELECT count(DISTINCT "hostName") FROM "Event" WHERE "type" = 'host.lost'
				AND "hostName" NOT IN (${exceptNames.map((name) => `'${name}'`).join(", ")})`,
			);
			return Number(count);
		},
		stop,
	};
}

async function countWrites(database: PostgresServer): Promise<Writes> {
	const rows = await database.query(
		`SELECT CASE WHEN relname = 'MetricSample' THEN 'metrics'
				WHEN relname IN ('Metering', 'MeteredCache', 'MeteredProcess', 'CacheUsage') THEN 'metering'
				ELSE 'others' END,
			sum(n_tup_ins + n_tup_upd + n_tup_del)
		FROM pg_stat_user_tables GROUP BY 1`,
	);
	const counts = new Map(rows.map((row) => row.split("|")).map(([key, n]) => [key, Number(n)]));
	const of = (what: keyof Writes) => counts.get(what) ?? 0;
	return { metrics: of("metrics"), metering: of("metering"), others: of("others") };
}
