import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../platform/atomic-file.ts";
import { type LarderHome, openHome } from "../platform/home.ts";
import { createLogger, type Logger } from "../platform/logger.ts";
import { acquireLock, LockHeldError } from "../platform/process-lock.ts";
import { createHttpServer, type PageHandler } from "./api/http-server.ts";
import { createSessions } from "./auth/sessions.ts";
import { createSetUp, type SetUp } from "./auth/set-up.ts";
import { readConfig, type ServerConfig } from "./config.ts";
import { expireRecords } from "./data/expire-records.ts";
import { FailoverOrders } from "./data/failover-orders.ts";
import { FleetState } from "./data/fleet-state.ts";
import { Inventories } from "./data/inventories.ts";
import { Notices } from "./data/notices.ts";
import { migrationsDirOf, openDatabase } from "./data/open-database.ts";
import { expireLeases, restoreLeases, watchSuspects } from "./fleet/lease-keeper.ts";
import { systemClock } from "./platform/clock.ts";
import { findProjectRoot } from "./platform/project-root.ts";
import {
	createSecretBox,
	loadSecretKey,
	randomSecret,
	readOrCreate,
	sha256Hex,
} from "./platform/secrets.ts";
import { Signals } from "./platform/signals.ts";
import { StartError } from "./platform/start-error.ts";
import { type Reconciler, startReconciler } from "./reconciler/reconciler.ts";
import type { Resources } from "./services/context.ts";
import { markLostHosts } from "./services/hosts/mark-lost-hosts.ts";

const SUSPECT_CHECK_MS = 250;
/** A check that comes so late says more of this process than of any host: reports wait to be read. */
const LATE_MS = 500;
const LEASE_CHECK_MS = 1_000;
const EXPIRY_MS = 60_000;

async function start(logger: Logger): Promise<() => Promise<void>> {
	const config = readConfig(process.env);
	const home = openHome();
	const url = `http://${reachableHost(config.bind)}:${config.port}`;
	const lock = lockHome(home, url);
	await requireFreePort(config);
	const root = findProjectRoot();
	const version = z
		.object({ version: z.string() })
		.parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8"))).version;

	const pagesReady = config.console ? openPages(root, config) : Promise.resolve(null);
	const clock = systemClock;
	const database = await openDatabase({
		url: config.databaseUrl,
		embeddedDir: home.databaseDir,
		runDir: home.runDir,
		migrationsDir: migrationsDirOf(root),
		now: clock.now(),
		onLost: (error) => {
			// Without its database a control plane can only do harm. Engines and agents go on.
			logger.fatal({ err: error }, "the database is lost");
			process.exit(1);
		},
	});
	let reconciler: Reconciler | undefined;
	const key = loadSecretKey(home.secretKeyFile);
	const resources: Resources = {
		db: database.db,
		fleet: new FleetState(clock),
		notices: new Notices(clock),
		orders: new FailoverOrders(clock),
		inventories: new Inventories(),
		secrets: createSecretBox(key),
		signals: new Signals(),
		clock,
		wakeCache: (cacheId) => reconciler?.wake(cacheId),
		clientPorts: config.clientPorts,
		memcachedPorts: config.memcachedPorts,
		nodePorts: config.nodePorts,
		overcommit: config.overcommit,
		hostLostMs: config.hostLostMs,
		rateCard: config.rateCard,
		version,
	};
	await restoreLeases(resources);
	const sessions = createSessions(database.db, sha256Hex(`sessions ${key.toString("base64")}`));
	const setUp = createSetUp(resources, sessions, join(home.runDir, "setup-token"));
	const machineToken = readOrCreate(home.adminTokenFile, () => `larder_${randomSecret()}`);
	const app = await createHttpServer({
		identification: { resources, sessions, machineTokenHash: sha256Hex(machineToken) },
		setUp,
		epoch: database.epoch,
		version,
		logger,
		pages: await pagesReady,
	});
	await announceSetUp(home, url, setUp, logger);
	reconciler = startReconciler(resources, logger);
	await app.listen({ host: config.bind, port: config.port });
	logger.info({ url, epoch: database.epoch }, "control plane is ready");

	const stopTimers = startTimers(resources, logger);
	return async () => {
		stopTimers();
		await app.close();
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
			`A control plane already runs on ${home.root}: process ${error.holder.identity.pid}, ${error.holder.note}. Use that one, stop it with npm stop, or set LARDER_HOME to another directory.`,
		);
	}
}

/** How this machine's own programs reach an address that is listened on. */
function reachableHost(bind: string): string {
	if (bind === "0.0.0.0" || bind === "::") return "127.0.0.1";
	return bind.includes(":") ? `[${bind}]` : bind;
}

/** Before anything is opened, because a busy port is the commonest reason not to start. */
async function requireFreePort({ bind, port }: ServerConfig): Promise<void> {
	const probe = createServer();
	await new Promise<void>((resolve, reject) => {
		probe.once("error", (error: NodeJS.ErrnoException) => {
			const remedy: Record<string, string> = {
				EADDRINUSE: `Port ${port} on ${bind} is in use by another program. Stop it, or set PORT to a free port.`,
				EADDRNOTAVAIL: `This machine has no address ${bind}. Set LARDER_BIND to one that it has.`,
				EACCES: `Port ${port} needs privilege. Set PORT to 1024 or higher.`,
			};
			reject(new StartError(remedy[error.code ?? ""] ?? error.message));
		});
		probe.listen(port, bind, () => probe.close(() => resolve()));
	});
}

/** The built console; an error if it isn't built, because a control plane without one is asked for by LARDER_CONSOLE=off. */
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

/** Written to a file beside the log, so that `larder up` can print it and nobody else can read it. */
async function announceSetUp(
	home: LarderHome,
	url: string,
	setUp: SetUp,
	logger: Logger,
): Promise<void> {
	const token = await setUp.token();
	const file = join(home.runDir, "setup-link");
	await writeFileAtomic(file, token === null ? "" : `${url}/setup?token=${token}\n`);
	if (token !== null)
		logger.info({ file }, "no administrator yet: the set-up link is in this file");
}

function startTimers(resources: Resources, logger: Logger): () => void {
	const repeat = (ms: number, what: string, work: () => Promise<void>) => {
		let running = false;
		let dueAt = performance.now() + ms;
		return setInterval(async () => {
			const late = performance.now() - dueAt > LATE_MS;
			dueAt = performance.now() + ms;
			if (running || late) return;
			running = true;
			try {
				await work();
			} catch (err) {
				logger.error({ err }, what);
			} finally {
				running = false;
			}
		}, ms);
	};
	const timers = [
		repeat(SUSPECT_CHECK_MS, "looking after late hosts failed", () => watchSuspects(resources)),
		repeat(LEASE_CHECK_MS, "checking leases failed", () => expireLeases(resources)),
		repeat(LEASE_CHECK_MS, "looking after lost hosts failed", () => markLostHosts(resources)),
		repeat(EXPIRY_MS, "dropping old records failed", () =>
			expireRecords(resources.db, resources.clock.now()),
		),
	];
	return () => {
		for (const timer of timers) clearInterval(timer);
	};
}

const logger = createLogger("control-plane");
try {
	const stop = await start(logger);
	let stopping = false;
	const onSignal = async (signal: NodeJS.Signals) => {
		if (stopping) return;
		stopping = true;
		logger.info({ signal }, "control plane stops; caches go on serving");
		await stop();
		process.exit(0);
	};
	process.on("SIGTERM", onSignal);
	process.on("SIGINT", onSignal);
} catch (error) {
	if (error instanceof StartError) process.stderr.write(`${error.message}\n`);
	else logger.fatal({ err: error }, "the control plane can't start");
	process.exit(1);
}
