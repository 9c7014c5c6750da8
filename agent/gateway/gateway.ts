import type { Logger } from "../../platform/logger.ts";
import type { Route, RouteTable } from "../../server/contract/desired-state.ts";
import type { GatewayObservation } from "../../server/contract/host-report.ts";
import type { EngineAnswer } from "../instances/engine-provider.ts";
import { WakeSignal } from "../instances/wake-signal.ts";
import type { LivenessWatch } from "../supervisor/liveness-watch.ts";
import { probePort } from "../supervisor/port-probe.ts";
import { Configuration } from "./configuration.ts";
import { observeRoutes } from "./gateway-observation.ts";
import { type GatewayPaths, openGatewayDirectory } from "./gateway-paths.ts";
import { HaproxyProcess } from "./haproxy-process.ts";
import {
	askHaproxy,
	HaproxySilentError,
	NO_SERVER_STATES,
	parseServerStates,
	type ServerStates,
} from "./haproxy-socket.ts";
import { type ForwardingOptions, KernelPath } from "./kernel/kernel-path.ts";
import { Leadership } from "./leadership.ts";
import { MemcachedDiscovery } from "./memcached-discovery.ts";
import { OldWorkers } from "./old-workers.ts";
import { planRoutes, portsOf, type RoutePlan } from "./route-plan.ts";

const EAGER_POLL_MS = 20;
const UNREADY_POLL_MS = 200;
const CALM_POLL_MS = 1_000;
/** How long after a change a route is expected to come up: until then the gateway checks it eagerly. */
const EAGER_FOR_MS = 30_000;
/** After a change even ready routes are checked closely: they may be about to go. */
const CHANGING_FOR_MS = 2_000;
/** How long the kernel may take to free the ports of a HAProxy that died. */
const PORT_RELEASE_MS = 1_500;
const RETRY_MS = 1_000;
/** HAProxy hangs if it fails to answer twice in a row. */
const STATES_TIMEOUT_MS = 1_000;

export interface GatewayOptions {
	readonly homeDir: string;
	readonly bindAddress: string;
	readonly cpus: number;
	readonly liveness: LivenessWatch;
	readonly logger: Logger;
	/** HAProxy's program; fetched in the background if it is missing. */
	readonly resolveProgram: () => Promise<EngineAnswer>;
	/** Null if HAProxy alone forwards. */
	readonly forwarding: ForwardingOptions | null;
	/** The gateway's state has changed. */
	readonly onChange: () => void;
}

/**
 * The host's gateway: one HAProxy that connects the stable endpoints of all caches to their engines, and in
 * front of it, if asked for, the kernel, which forwards what it may by itself (KernelPath). A loop compares the
 * route table with what runs, and each turn does what is missing:
 *
 *   program there? ─> process alive? ─> leaders told ─> configuration in force? ─> servers read ─> sleep
 *
 * Leaders come before the reload: a promotion can't wait for it, and a notice of one doesn't even wait for
 * the loop. HAProxy's log wakes the loop when a server goes down. HAProxy's checks find roles by themselves,
 * so endpoints follow a failover even if no agent and no control plane runs.
 */
export class Gateway {
	private readonly options: GatewayOptions;
	private readonly wakeSignal = new WakeSignal();
	private parts: Parts | null = null;
	private table: RouteTable | null = null;
	private changedAt = Number.NEGATIVE_INFINITY;
	private planned: { table: RouteTable; plan: RoutePlan } | null = null;
	private states: ServerStates = NO_SERVER_STATES;
	private failure: string | null = null;
	private tableInForce: RouteTable | null = null;
	/** Routes that HAProxy has in force, by cache id. */
	private inForce: ReadonlyMap<string, Route> = new Map();
	private shown: Parameters<Gateway["publish"]> | null = null;
	private observed: GatewayObservation | null = null;
	private stopped = false;
	private told = "";
	private running: Promise<void> = Promise.resolve();
	/** Fulfilled once no starting worker is left that hasn't been told about leaders. */
	private reloading: Promise<unknown> = Promise.resolve();

	constructor(options: GatewayOptions) {
		this.options = options;
	}

	/** Finds what an earlier agent left running, and starts to work. */
	async start(): Promise<void> {
		const { homeDir, liveness, logger, forwarding } = this.options;
		const paths = await openGatewayDirectory(homeDir);
		const wake = () => this.wakeSignal.notify();
		const haproxy = new HaproxyProcess({
			...{ paths, liveness, logger },
			onEnd: (detail) => {
				logger.warn({ detail }, "the gateway's HAProxy ended; restarting it");
				this.states = NO_SERVER_STATES;
				wake();
			},
			onNews: wake,
		});
		await haproxy.adopt();
		const oldWorkers = new OldWorkers(paths.masterSocket, logger);
		this.parts = {
			...{ paths, haproxy, oldWorkers },
			leadership: new Leadership({ paths, oldWorkers, logger, onNews: wake }),
			discovery: new MemcachedDiscovery({ socketPath: paths.discoverySocket, logger }),
			configuration: new Configuration({ ...this.options, paths, haproxy }),
			kernel:
				forwarding &&
				new KernelPath({
					...this.options,
					forwarding,
					heldPorts: () => new Set(haproxy.alive ? haproxy.record.ports : []),
					onChange: () => {
						// HAProxy may be reloading: an endpoint is open once the kernel leads there.
						this.publishAgain();
						wake();
					},
				}),
		};
		this.parts.kernel?.start();
		this.running = this.run(this.parts);
	}

	apply(table: RouteTable): void {
		this.table = table;
		this.changedAt = performance.now();
		const { parts } = this;
		void parts?.kernel?.lead(parts.leadership.preferred(table));
		this.wakeSignal.notify();
	}

	/**
	 * A notice: this node is primary now. The agent tells the kernel and the running HAProxy at once, whatever the
	 * loop is doing. A notice outweighs route tables from before it. Returns once the endpoint leads no client
	 * elsewhere, or if they can't be told.
	 */
	async prefer(cacheId: string, nodeId: string): Promise<void> {
		const { parts, table } = this;
		parts?.leadership.note(cacheId, nodeId, table);
		if (parts === null || table === null) return this.wakeSignal.notify();
		await Promise.all([
			parts.kernel?.lead(parts.leadership.preferred(table), nodeId),
			this.tellHaproxy(parts, table, cacheId),
		]);
	}

	private async tellHaproxy(parts: Parts, table: RouteTable, cacheId: string): Promise<void> {
		// Tell the running HAProxy; one that starts later reads the same from the map's file.
		if (!parts.haproxy.alive) return this.wakeSignal.notify();
		try {
			await parts.leadership.tell(table, this.states, cacheId);
			// Its worker may be about to be replaced by one that started earlier.
			await this.reloading;
		} catch (error) {
			// The loop tells it again.
			this.options.logger.warn({ err: error, cacheId }, "a leader's notice");
		} finally {
			this.wakeSignal.notify();
		}
	}

	/** Null until the gateway has been examined. */
	observation(): GatewayObservation | null {
		return this.observed;
	}

	wake(): void {
		this.wakeSignal.notify();
	}

	/** Releases HAProxy, which keeps running. */
	async stop(): Promise<void> {
		this.stopped = true;
		this.wakeSignal.notify();
		await Promise.all([this.running, this.parts?.kernel?.stop()]);
		this.parts?.leadership.stop();
		this.parts?.haproxy.release();
		this.parts?.discovery.stop();
	}

	private async run(parts: Parts): Promise<void> {
		while (!this.stopped) {
			let waitMs = RETRY_MS;
			try {
				waitMs = await this.step(parts);
				this.told = "";
			} catch (error) {
				if (error instanceof HaproxySilentError) parts.haproxy.noteSilence();
				const message = error instanceof Error ? error.message : String(error);
				if (message !== this.told)
					this.options.logger.warn({ err: error }, "gateway: trying again");
				this.told = message;
				waitMs = UNREADY_POLL_MS;
			}
			if (!this.stopped) await this.wakeSignal.wait(waitMs);
		}
	}

	/** One turn; returns how long to sleep after it. */
	private async step(parts: Parts): Promise<number> {
		const { haproxy, leadership, discovery } = parts;
		const { table } = this;
		const answer = await this.options.resolveProgram();
		if (table === null) return this.observeWithoutTable(answer, haproxy.alive);
		await discovery.apply(table.routes);
		// A HAProxy that has served keeps running idle, so the next cache needn't wait for it to start.
		if (table.routes.length === 0 && !haproxy.alive) {
			this.inForce = new Map();
			this.publish(table, { routes: [], problems: new Map() }, answer, "running");
			return CALM_POLL_MS;
		}
		if (answer.kind === "pending" && !haproxy.alive) {
			this.publish(table, { routes: [], problems: new Map() }, answer, "off");
			return CALM_POLL_MS;
		}
		const plan = await this.plan(table, parts);
		if (plan === null) return EAGER_POLL_MS;
		// After an adoption nothing is known about it yet, and it may still prefer an older leader.
		if (haproxy.alive && this.states === NO_SERVER_STATES) await this.readStates(parts);
		const planned = { routes: plan.routes, revision: table.revision };
		if (haproxy.alive) await leadership.tell(planned, this.states);
		else await leadership.write(planned);
		const coming = this.bringIntoForce(plan, table, answer, parts);
		this.reloading = coming.catch(() => {});
		const done = await coming;
		if (haproxy.alive) await this.readStates(parts);
		leadership.lookFor(haproxy.alive ? planned : { ...planned, routes: [] }, this.states);
		const nothingToServe = plan.routes.length === 0;
		const phase =
			haproxy.alive || nothingToServe
				? "running"
				: haproxy.failuresInARow > 1
					? "failed"
					: "starting";
		const ready = this.publish(table, plan, answer, phase);
		if (!done) return haproxy.alive ? EAGER_POLL_MS : Math.max(EAGER_POLL_MS, haproxy.retryInMs);
		const unchangedMs = performance.now() - this.changedAt;
		if (!ready) return unchangedMs < EAGER_FOR_MS ? EAGER_POLL_MS : UNREADY_POLL_MS;
		return unchangedMs < CHANGING_FOR_MS ? EAGER_POLL_MS : CALM_POLL_MS;
	}

	/**
	 * Null while a HAProxy that died still holds its ports. A plan that is fully in force needn't be made
	 * again.
	 */
	private async plan(
		table: RouteTable,
		{ haproxy, configuration }: Parts,
	): Promise<RoutePlan | null> {
		const { planned } = this;
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

	/** Returns false if it must be tried again. */
	private async bringIntoForce(
		plan: RoutePlan,
		table: RouteTable,
		answer: EngineAnswer,
		parts: Parts,
	): Promise<boolean> {
		// A running HAProxy whose program is gone from the store keeps serving its configuration.
		if (answer.kind === "pending") return true;
		const { configuration, haproxy, leadership, oldWorkers } = parts;
		const result = await configuration.bringIntoForce(plan.routes, answer.engine, async () => {
			leadership.expectWorker();
			if (haproxy.alive) await this.readStates(parts);
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

	private async readStates({ paths, haproxy, oldWorkers }: Parts): Promise<void> {
		const before = this.states;
		const command = "@1 show servers state";
		this.states = parseServerStates(
			await askHaproxy(paths.masterSocket, command, STATES_TIMEOUT_MS),
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

	private observeWithoutTable(answer: EngineAnswer, alive: boolean): number {
		this.setObserved({
			phase: alive ? "running" : answer.kind === "ready" ? "starting" : "off",
			version: answer.kind === "ready" ? answer.engine.version : null,
			reason: answer.kind === "pending" && !alive ? answer.message : null,
			routeRevision: -1,
			routes: [],
		});
		return CALM_POLL_MS;
	}

	private publishAgain(): void {
		if (this.table === null || this.shown === null) return;
		const [, ...rest] = this.shown;
		this.publish(this.table, ...rest);
	}

	/** Returns whether every route is ready. */
	private publish(
		table: RouteTable,
		plan: RoutePlan,
		answer: EngineAnswer,
		phase: GatewayObservation["phase"],
	): boolean {
		this.shown = [table, plan, answer, phase];
		const { states, inForce, failure, parts } = this;
		const routes = observeRoutes({
			...{ table, plan, states, inForce, failure },
			kernelLeads: (route) => parts?.kernel?.serves(route) === true,
		});
		const reason =
			phase === "off" && answer.kind === "pending"
				? answer.message
				: phase === "failed" || phase === "running"
					? this.failure
					: null;
		this.setObserved({
			phase,
			version: answer.kind === "ready" ? answer.engine.version : null,
			reason,
			routeRevision: table.revision,
			forwarding: parts?.kernel?.describe(table.routes) ?? { by: "haproxy", note: null },
			routes,
		});
		return routes.every((route) => route.ready);
	}

	private setObserved(observation: GatewayObservation): void {
		const changed = JSON.stringify(observation) !== JSON.stringify(this.observed);
		this.observed = observation;
		if (changed) this.options.onChange();
	}
}

interface Parts {
	readonly paths: GatewayPaths;
	readonly haproxy: HaproxyProcess;
	readonly oldWorkers: OldWorkers;
	readonly leadership: Leadership;
	readonly discovery: MemcachedDiscovery;
	readonly configuration: Configuration;
	/** Null if HAProxy alone forwards. */
	readonly kernel: KernelPath | null;
}
