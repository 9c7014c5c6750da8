import type { Logger } from "../../platform/logger.ts";
import type { GatewayObservation } from "../../server/contract/host-report.ts";
import type { Route, RouteTable } from "../../server/contract/routes.ts";
import type { EngineAnswer } from "../instances/engine-provider.ts";
import { WakeSignal } from "../instances/wake-signal.ts";
import type { LivenessWatch } from "../supervisor/liveness-watch.ts";
import { probePort } from "../supervisor/port-probe.ts";
import { Configuration } from "./configuration.ts";
import { type GatewayLoad, readGatewayLoad } from "./gateway-load.ts";
import type { GatewayPaths } from "./gateway-paths.ts";
import { HaproxyProcess } from "./haproxy-process.ts";
import {
	askHaproxy,
	HaproxySilentError,
	NO_SERVER_STATES,
	parseServerStates,
	type ServerStates,
} from "./haproxy-socket.ts";
import type { LeaderPreferences } from "./leader-preferences.ts";
import { Leadership } from "./leadership.ts";
import { MemcachedDiscovery } from "./memcached-discovery.ts";
import { OldWorkers } from "./old-workers.ts";
import { ReloadDelay } from "./reload-delay.ts";
import { planRoutes, portsOf, type RoutePlan } from "./route-plan.ts";
import { WaitingRoom } from "./wake/waiting-room.ts";

const EAGER_POLL_MS = 20;
const UNREADY_POLL_MS = 200;
const CALM_POLL_MS = 1_000;
/** How long a route may take to come up after a change: until then the gateway checks it eagerly. */
const EAGER_FOR_MS = 30_000;
/** After a change even ready routes are checked closely: they may be about to go. HAProxy's log usually says so first. */
const CHANGING_FOR_MS = 2_000;
const CHANGING_POLL_MS = 100;
/** How long the kernel may take to free the ports of an HAProxy that died. */
const PORT_RELEASE_MS = 1_500;
const RETRY_MS = 1_000;
/** HAProxy counts as hung if it fails to answer twice in a row. */
const STATES_TIMEOUT_MS = 1_000;
const NO_PLAN: RoutePlan = { routes: [], problems: new Map() };

/** How HAProxy serves. */
export interface HaproxyState {
	/** Null while no routes are known. */
	readonly shown: { readonly table: RouteTable; readonly plan: RoutePlan } | null;
	readonly answer: EngineAnswer;
	readonly phase: GatewayObservation["phase"];
	readonly states: ServerStates;
	/** Routes that HAProxy serves, by cache id. */
	readonly inForce: ReadonlyMap<string, Route>;
	/** Why the newest configuration isn't in effect. */
	readonly failure: string | null;
}

interface HaproxyPathOptions {
	readonly paths: GatewayPaths;
	readonly bindAddress: string;
	readonly cpus: number;
	readonly liveness: LivenessWatch;
	readonly logger: Logger;
	readonly preferences: LeaderPreferences;
	/** HAProxy's program; fetched in the background if it is missing. */
	readonly resolveProgram: () => Promise<EngineAnswer>;
	/** Whether an endpoint is open without HAProxy, or will be once its engines have started. */
	readonly isOpenWithoutIt: (route: Route) => boolean;
	/** Clients wait for a cache that may sleep. */
	readonly onWaiting: (cacheId: string) => void;
	/** Called in each turn; returns whether every route is ready. */
	readonly onTurn: (state: HaproxyState) => boolean;
}

/**
 * One HAProxy that connects the stable endpoints of all caches to their engines. A loop compares the route
 * table with what runs, and each turn does what is missing:
 *
 *   program there? ─> process alive? ─> leaders sent ─> configuration in effect? ─> servers read ─> sleep
 *
 * Leaders come before the reload: a promotion can't wait for it, and a notice of one doesn't even wait for
 * the loop. HAProxy's log wakes the loop when a server goes down. HAProxy's checks find roles by themselves,
 * so endpoints follow a failover even if no agent and no control plane runs.
 */
export class HaproxyPath {
	private readonly options: HaproxyPathOptions;
	private readonly wakeSignal = new WakeSignal();
	private readonly haproxy: HaproxyProcess;
	private readonly oldWorkers: OldWorkers;
	private readonly leadership: Leadership;
	private readonly discovery: MemcachedDiscovery;
	private readonly waitingRoom: WaitingRoom;
	private readonly configuration: Configuration;
	private table: RouteTable | null = null;
	private changedAt = Number.NEGATIVE_INFINITY;
	private planned: { table: RouteTable; plan: RoutePlan } | null = null;
	private states: ServerStates = NO_SERVER_STATES;
	private failure: string | null = null;
	private tableInForce: RouteTable | null = null;
	private inForce: ReadonlyMap<string, Route> = new Map();
	private readonly reloadDelay = new ReloadDelay();
	private stopped = false;
	private lastFailure = "";
	private running: Promise<void> = Promise.resolve();
	/** Fulfilled once every starting worker has been told the leaders. */
	private reloading: Promise<unknown> = Promise.resolve();

	constructor(options: HaproxyPathOptions) {
		this.options = options;
		const { paths, logger, liveness, preferences } = options;
		const wake = () => this.wake();
		this.haproxy = new HaproxyProcess({
			...{ paths, liveness, logger },
			onEnd: (detail) => {
				logger.warn({ detail }, "the gateway's HAProxy ended; restarting it");
				this.states = NO_SERVER_STATES;
				wake();
			},
			onNews: wake,
		});
		this.oldWorkers = new OldWorkers(paths.masterSocket, logger);
		this.leadership = new Leadership({
			...{ paths, logger, preferences, oldWorkers: this.oldWorkers },
			onNews: wake,
		});
		this.discovery = new MemcachedDiscovery({ socketPath: paths.discoverySocket, logger });
		this.waitingRoom = new WaitingRoom({
			...{ socketPath: paths.wakeSocket, onWaiting: options.onWaiting, logger },
		});
		this.configuration = new Configuration({ ...options, haproxy: this.haproxy });
	}

	/** Finds what an earlier agent left running, and starts to work. */
	async start(): Promise<void> {
		await this.haproxy.adopt();
		this.running = this.run();
	}

	/** Ports that it holds. */
	get ports(): ReadonlySet<number> {
		return new Set(this.haproxy.alive ? this.haproxy.record.ports : []);
	}

	async load(): Promise<GatewayLoad | null> {
		return this.haproxy.alive ? await readGatewayLoad(this.options.paths.statsSocket) : null;
	}

	apply(table: RouteTable): void {
		this.table = table;
		this.changedAt = performance.now();
		this.wake();
	}

	/**
	 * The cache has a different primary than before: tells the running HAProxy at once, whatever the loop is doing.
	 * Returns once no session to the former primary is left, or if HAProxy can't be told.
	 */
	async tell(table: RouteTable, cacheId: string): Promise<void> {
		// An HAProxy that starts later reads the same from the map's file.
		if (!this.haproxy.alive) return this.wake();
		try {
			// An adopted HAProxy can be told only about servers that it is known to have.
			if (this.states === NO_SERVER_STATES) await this.readStates();
			await this.leadership.tell(table, this.states, cacheId);
			// A worker that started before this notice may be about to replace the one just told.
			await this.reloading;
		} catch (error) {
			// The loop tells it again.
			this.options.logger.warn(
				{ err: error, cacheId },
				"couldn't tell HAProxy about a new primary; trying again",
			);
		} finally {
			this.wake();
		}
	}

	wake(): void {
		this.wakeSignal.notify();
	}

	/** Releases HAProxy, which keeps running. */
	async stop(): Promise<void> {
		this.stopped = true;
		this.wake();
		await this.running;
		this.leadership.stop();
		this.haproxy.release();
		this.discovery.stop();
		this.waitingRoom.stop();
	}

	private async run(): Promise<void> {
		while (!this.stopped) {
			let waitMs = RETRY_MS;
			try {
				waitMs = await this.step();
				this.lastFailure = "";
			} catch (error) {
				if (error instanceof HaproxySilentError) this.haproxy.noteSilence();
				const message = error instanceof Error ? error.message : String(error);
				if (message !== this.lastFailure)
					this.options.logger.warn({ err: error }, "a step of the gateway failed; trying again");
				this.lastFailure = message;
				waitMs = UNREADY_POLL_MS;
			}
			if (!this.stopped) await this.wakeSignal.wait(waitMs);
		}
	}

	/** One turn; returns how long to sleep after it. */
	private async step(): Promise<number> {
		const { haproxy, leadership, discovery, table } = this;
		const answer = await this.options.resolveProgram();
		if (table === null) {
			const coming = answer.kind === "ready" ? "starting" : "off";
			this.show(null, answer, haproxy.alive ? "running" : coming);
			return CALM_POLL_MS;
		}
		await discovery.apply(table.routes);
		await this.waitingRoom.apply(table.routes);
		// An HAProxy that has served keeps running idle, so the next cache needn't wait for it to start.
		if (table.routes.length === 0 && !haproxy.alive) {
			this.inForce = new Map();
			this.show({ table, plan: NO_PLAN }, answer, "running");
			return CALM_POLL_MS;
		}
		if (answer.kind === "pending" && !haproxy.alive) {
			this.show({ table, plan: NO_PLAN }, answer, "off");
			return CALM_POLL_MS;
		}
		const plan = await this.plan(table);
		if (plan === null) return EAGER_POLL_MS;
		// After an adoption nothing is known about it yet, and it may still prefer an older leader.
		if (haproxy.alive && this.states === NO_SERVER_STATES) await this.readStates();
		const planned = { routes: plan.routes, revision: table.revision };
		if (haproxy.alive) await leadership.tell(planned, this.states);
		else await leadership.write(planned);
		const laterMs = this.reloadsInMs(table, plan);
		const coming = laterMs > 0 ? Promise.resolve(true) : this.bringIntoForce(plan, table, answer);
		this.reloading = coming.catch(() => {});
		const done = await coming;
		if (haproxy.alive) await this.readStates();
		// Nobody leads a cache that sleeps.
		const awake = planned.routes.filter(({ asleep }) => asleep !== true);
		leadership.lookFor({ ...planned, routes: haproxy.alive ? awake : [] }, this.states);
		const nothingToServe = plan.routes.length === 0;
		const phase =
			haproxy.alive || nothingToServe
				? "running"
				: haproxy.failuresInARow > 1
					? "failed"
					: "starting";
		const ready = this.show({ table, plan }, answer, phase);
		if (!done) return haproxy.alive ? EAGER_POLL_MS : Math.max(EAGER_POLL_MS, haproxy.retryInMs);
		if (laterMs > 0) return laterMs;
		const unchangedMs = performance.now() - this.changedAt;
		if (!ready) return unchangedMs < EAGER_FOR_MS ? EAGER_POLL_MS : UNREADY_POLL_MS;
		return unchangedMs < CHANGING_FOR_MS ? CHANGING_POLL_MS : CALM_POLL_MS;
	}

	/**
	 * Null while an HAProxy that died still holds its ports. A plan that is fully in effect needn't be made again.
	 */
	private async plan(table: RouteTable): Promise<RoutePlan | null> {
		const { planned, haproxy, configuration } = this;
		const inForce = haproxy.alive && this.failure === null && this.tableInForce === table;
		if (inForce && planned?.table === table && planned.plan.problems.size === 0)
			return planned.plan;
		const former = new Set(haproxy.record.ports);
		const plan = await planRoutes({
			routes: table.routes,
			bindAddress: this.options.bindAddress,
			heldPorts: haproxy.alive ? former : new Set(),
			probe: probePort,
			refusal: (route) => configuration.refusalOf(route),
		});
		const releasing = !haproxy.alive && haproxy.endedForMs < PORT_RELEASE_MS;
		const waits = table.routes.some(
			(route) =>
				plan.problems.get(route.cacheId)?.code === "port-taken" &&
				portsOf(route).some((port) => former.has(port)),
		);
		if (releasing && waits) return null;
		this.planned = { table, plan };
		return plan;
	}

	/** How many milliseconds a reload may wait; 0 if it is due now. */
	private reloadsInMs({ routes }: RouteTable, { problems }: RoutePlan): number {
		const { haproxy, inForce, options, reloadDelay } = this;
		if (!haproxy.alive || problems.size > 0) return 0;
		return reloadDelay.leftMs(routes, inForce, options.isOpenWithoutIt, performance.now());
	}

	/** Returns false if it must be tried again. */
	private async bringIntoForce(
		plan: RoutePlan,
		table: RouteTable,
		answer: EngineAnswer,
	): Promise<boolean> {
		// A running HAProxy whose program is gone from the store keeps serving its configuration.
		if (answer.kind === "pending") return true;
		const { configuration, haproxy, leadership, oldWorkers } = this;
		const result = await configuration.bringIntoForce(plan.routes, answer.engine, async () => {
			leadership.expectWorker();
			if (haproxy.alive) await this.readStates();
			return this.states;
		});
		if (result !== "waiting") {
			this.tableInForce = table;
			this.inForce = new Map(table.routes.map((route) => [route.cacheId, route]));
		}
		if (result === "changed") {
			await oldWorkers.tend();
			await leadership.tellNewWorker();
		}
		this.failure = configuration.failure;
		return result !== "waiting";
	}

	private async readStates(): Promise<void> {
		const { haproxy, oldWorkers, states: before } = this;
		const command = "@1 show servers state";
		this.states = parseServerStates(
			await askHaproxy(this.options.paths.masterSocket, command, STATES_TIMEOUT_MS),
		);
		haproxy.noteAnswer();
		const lost = [...before.usable].filter(
			(server) =>
				server.startsWith("primary_") &&
				!this.states.usable.has(server) &&
				!this.states.occupied.has(server),
		);
		await oldWorkers.endSessions(lost);
		await oldWorkers.tendNowAndThen();
	}

	/** Returns whether every route is ready. */
	private show(
		shown: HaproxyState["shown"],
		answer: EngineAnswer,
		phase: HaproxyState["phase"],
	): boolean {
		const { states, inForce, failure } = this;
		return this.options.onTurn({ shown, answer, phase, states, inForce, failure });
	}
}
