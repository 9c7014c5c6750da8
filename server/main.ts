import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../platform/atomic-file.ts";
import { type LarderHome, openHome } from "../platform/home.ts";
import { createLogger, type Logger } from "../platform/logger.ts";
import { acquireLock, LockHeldError } from "../platform/process-lock.ts";
import { sweepTemporary } from "../platform/sweep-temporary.ts";
import { createHttpServer } from "./api/http-server.ts";
import type { PageHandler } from "./api/render-page.ts";
import { createSessionDoors } from "./auth/sessions.ts";
import { createSetUp, type SetUp } from "./auth/set-up.ts";
import { readConfig, type ServerConfig } from "./config.ts";
import { FailoverOrders } from "./data/failover-orders.ts";
import { FleetState } from "./data/fleet-state.ts";
import { inspectDataDir } from "./data/inspect-data-dir.ts";
import { Inventories } from "./data/inventories.ts";
import { Notices } from "./data/notices.ts";
import { migrationsDirOf, openDatabase } from "./data/open-database.ts";
import { readRateCard } from "./data/rate-card-store.ts";
import { RouteRegistry } from "./data/route-registry.ts";
import { restoreLeases } from "./fleet/lease-keeper.ts";
import { meterNodes } from "./fleet/meter-nodes.ts";
import { systemClock } from "./platform/clock.ts";
import { isDiskFull, saysDiskFull } from "./platform/disk-room.ts";
import { findProjectRoot } from "./platform/project-root.ts";
import { Rush } from "./platform/rush.ts";
import {
	createSecretBox,
	loadSecretKey,
	readOrReplaceSecret,
	sha256Hex,
} from "./platform/secrets.ts";
import { Signals } from "./platform/signals.ts";
import { StartError } from "./platform/start-error.ts";
import { startAcceleratorKeeper } from "./reconciler/accelerators/keep-accelerators.ts";
import { startMigrationKeeper } from "./reconciler/migrations/keep-migrations.ts";
import { type Reconciler, startReconciler } from "./reconciler/reconciler.ts";
import { startSnapshotKeeper } from "./reconciler/snapshots/keep-snapshots.ts";
import type { Resources } from "./services/context.ts";
import { LabDesk } from "./services/lab/lab-desk.ts";
import { settleRoutes } from "./services/route-hosts.ts";
import { StoreShelf } from "./services/stores/store-shelf.ts";
import { TransferDesk } from "./services/stores/transfer-desk.ts";
import { startTimers } from "./timers.ts";

const DISK_FULL_TEXT =
	"The control plane can't start: the disk that holds LARDER_HOME is full. Caches keep serving and fail over. Free some space there; larder up tries again by itself.";

async function start(logger: Logger): Promise<() => Promise<void>> {
	const config = readConfig(process.env);
	const home = openHome();
	const url = `http://${reachableHost(config.bind)}:${config.port}`;
	const lock = lockHome(home, url);
	await Promise.all([home.root, home.runDir].map((directory) => sweepTemporary(directory)));
	await requireFreePort(config);
	const root = findProjectRoot();
	const version = z
		.object({ version: z.string() })
		.parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8"))).version;

	const pagesReady = config.console ? openPages(root, config) : Promise.resolve(null);
	const clock = systemClock;
	const end = (error: unknown, why: string) => {
		logger.fatal({ err: error }, why);
		process.exit(1);
	};
	requireDatabaseOfKey(home, config);
	let key: Buffer | undefined;
	const database = await openDatabase({
		url: config.databaseUrl,
		embeddedDir: home.databaseDir,
		runDir: home.runDir,
		migrationsDir: migrationsDirOf(root),
		now: clock.now(),
		onLost: (error) => {
			// Without its database a control plane can only do harm. Engines and agents keep running.
			end(error, "the connection to the database was lost");
		},
		checkKey: (state) => {
			key = loadSecretKey(home.secretKeyFile, state);
		},
	});
	if (key === undefined) throw new Error("the database was opened without its key");
	let reconciler: Reconciler | undefined;
	const secrets = createSecretBox(key);
	const resources: Resources = {
		db: database.db,
		charge: {
			epoch: database.epoch,
			onLost: (error) => end(error, error.message),
		},
		fleet: new FleetState(clock),
		notices: new Notices(clock),
		routes: new RouteRegistry(),
		orders: new FailoverOrders(clock),
		inventories: new Inventories(),
		rush: new Rush(),
		secrets,
		stores: new StoreShelf({
			...{ db: database.db, clock, secrets },
			localDirectory: home.snapshotsDir,
		}),
		transfers: new TransferDesk(),
		lab: new LabDesk(home.runDir),
		signals: new Signals(),
		clock,
		wakeCache: (cacheId, urgency) => reconciler?.wake(cacheId, urgency),
		clientPorts: config.clientPorts,
		memcachedPorts: config.memcachedPorts,
		nodePorts: config.nodePorts,
		overcommit: config.overcommit,
		hostLostMs: config.hostLostMs,
		isDiskFull: () => isDiskFull(home.root),
		rateCard: await readRateCard(database.db),
		dns: config.dns,
		version,
	};
	await resources.stores.makeLocal((err) => logger.error({ err }, "the local store can't be made"));
	await restoreLeases(resources);
	// Before the first reading, so that it is known since when usage is metered.
	await meterNodes(resources);
	// Before any host asks which routes it has.
	await settleRoutes(resources);
	const secret = sha256Hex(`sessions ${key.toString("base64")}`);
	const sessions = createSessionDoors(database.db, secret);
	const setUp = createSetUp(resources, sessions.secure, join(home.runDir, "setup-token"));
	const machineToken = readOrReplaceSecret(home.adminTokenFile, "larder_");
	const app = await createHttpServer({
		identification: {
			...{ resources, sessions, trustsNetwork: config.trustsNetwork },
			machineTokenHash: sha256Hex(machineToken),
		},
		trustedProxies: config.trustedProxies,
		setUp,
		epoch: database.epoch,
		version,
		logger,
		pages: await pagesReady,
	});
	await announceSetUp(home, url, setUp, logger);
	reconciler = startReconciler(resources, logger);
	const snapshotKeeper = startSnapshotKeeper(resources, logger);
	const migrationKeeper = startMigrationKeeper(resources, logger);
	const acceleratorKeeper = startAcceleratorKeeper(resources, logger);
	await app.listen({ host: config.bind, port: config.port });
	logger.info({ url, epoch: database.epoch }, "control plane is ready");

	const stopTimers = startTimers(resources, logger, {
		secretKeyFile: home.secretKeyFile,
		temporaryFile: join(home.runDir, "scheduled.backup"),
	});
	return async () => {
		stopTimers();
		await resources.transfers.close();
		await resources.lab.close();
		await app.close();
		await snapshotKeeper.stop();
		await migrationKeeper.stop();
		await acceleratorKeeper.stop();
		await reconciler?.stop();
		await database.close();
		lock.release();
	};
}

function lockHome(home: LarderHome, url: string) {
	try {
		return acquireLock(home.controlPlaneLock, url);
	} catch (error) {
		if (!(error instanceof LockHeldError)) throw error;
		throw new StartError(
			`A control plane already runs in ${home.root}: process ${error.holder.identity.pid}, ${error.holder.note}. Use that one, stop it with npm stop, or set LARDER_HOME to another directory.`,
		);
	}
}

/**
 * A key without its database means that the database is lost, or elsewhere. A new database would hide that.
 */
function requireDatabaseOfKey(home: LarderHome, { databaseUrl }: ServerConfig): void {
	if (databaseUrl !== undefined || !existsSync(home.secretKeyFile)) return;
	if (inspectDataDir(home.databaseDir).kind !== "absent") return;
	throw new StartError(
		`${home.databaseDir} is missing, though ${home.secretKeyFile} shows that there was a database. Set DATABASE_URL if it is on a PostgreSQL server. Otherwise put it back, or restore it from a backup: larder restore <file>. To start again without any of your caches, delete ${home.secretKeyFile}.`,
	);
}

/** How this machine's own programs reach the listening address. */
function reachableHost(bind: string): string {
	if (bind === "0.0.0.0" || bind === "::") return "127.0.0.1";
	return bind.includes(":") ? `[${bind}]` : bind;
}

/** Must run before the database is opened, because a busy port is the most common reason not to start. */
async function requireFreePort({ bind, port }: ServerConfig): Promise<void> {
	const probe = createServer();
	await new Promise<void>((resolve, reject) => {
		probe.once("error", (error: NodeJS.ErrnoException) => {
			const remedy: Record<string, string> = {
				EADDRINUSE: `Port ${port} on ${bind} is in use by another program. Stop it, or set PORT to a free port.`,
				EADDRNOTAVAIL: `This machine has no address ${bind}. Set LARDER_BIND to one that it has.`,
				EACCES: `Port ${port} requires root privileges. Set PORT to 1024 or higher.`,
			};
			reject(new StartError(remedy[error.code ?? ""] ?? error.message));
		});
		probe.listen(port, bind, () => probe.close(() => resolve()));
	});
}

/** The built console; throws if it isn't built, because LARDER_CONSOLE=off is the way to run without one. */
async function openPages(root: string, config: ServerConfig): Promise<PageHandler> {
	if (!existsSync(join(root, ".next", "BUILD_ID"))) {
		throw new StartError("The console isn't built. Run npm start, or npm run build first.");
	}
	const { default: next } = await import("next");
	const app = next({ dev: false, dir: root, hostname: config.bind, port: config.port });
	await app.prepare();
	const handler = app.getRequestHandler();
	return (request, response) => handler(request, response);
}

/** Written to a file beside the log, so that `larder up` can print it and no other user can read it. */
async function announceSetUp(
	home: LarderHome,
	url: string,
	setUp: SetUp,
	logger: Logger,
): Promise<void> {
	const token = await setUp.token();
	const file = join(home.runDir, "setup-link");
	await writeFileAtomic(file, token === null ? "" : `${url}/setup?token=${token}\n`);
	if (token !== null) logger.info({ file }, "no administrator yet: the setup link is in this file");
}

const logger = createLogger("control-plane");
try {
	const stop = await start(logger);
	let stopping = false;
	const onSignal = async (signal: NodeJS.Signals) => {
		if (stopping) return;
		stopping = true;
		logger.info({ signal }, "stopping the control plane; caches keep serving");
		await stop();
		process.exit(0);
	};
	process.on("SIGTERM", onSignal);
	process.on("SIGINT", onSignal);
} catch (error) {
	if (error instanceof StartError) process.stderr.write(`${error.message}\n`);
	else if (saysDiskFull(error)) process.stderr.write(`${DISK_FULL_TEXT}\n`);
	else logger.fatal({ err: error }, "the control plane can't start");
	process.exit(1);
}
