import type { Logger } from "../../platform/logger.ts";
import type { GatewayObservation, RouteTable } from "../../server/contract/agent.ts";
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
import { Leadership } from "./leadership.ts";
import { MemcachedDiscovery } from "./memcached-discovery.ts";
import { OldWorkers } from "./old-workers.ts";
import { planRoutes, portsOf, type RoutePlan } from "./route-plan.ts";

const EAGER_POLL_MS = 20;
const UNREADY_POLL_MS = 200;
const CALM_POLL_MS = 1_000;
/** How long after a change a route is expected to come: until then it is looked at eagerly. */
const EAGER_FOR_MS = 30_000;
/** After a change even what is ready is looked at closely: it may be about to go. */
const CHANGING_FOR_MS = 2_000;
/** How long the kernel may take to free the ports of a HAProxy that died. */
const PORT_RELEASE_MS = 1_500;
const RETRY_MS = 1_000;
/** Twice in a row without an answer means that HAProxy hangs. */
const STATES_TIMEOUT_MS = 1_000;

export interface GatewayOptions {
	readonly homeDir: string;
	readonly bindAddress: string;
	readonly cpus: number;
	readonly liveness: LivenessWatch;
	readonly logger: Logger;
	/** HAProxy's program; fetched in the background where it is missing. */
	readonly resolveProgram: () => Promise<EngineAnswer>;
	/** What the gateway looks like has changed. */
	readonly onChange: () => void;
}

/**
 * The host's gateway: one HAProxy that leads the stable endpoints of all caches to their engines. A loop compares what
 * the route table wants with what runs, and each turn does what is missing:
 *
 *   program there? ─> process alive? ─> leaders told ─> configuration in force? ─> servers read ─> sleep
 *
 * Leaders come before the reload: a promotion can't wait for it, and a notice of one doesn't even wait for the loop.
 * HAProxy's log wakes the loop when a server goes. HAProxy's checks find roles by themselves, so the endpoints follow a
 * failover while no agent and no control plane runs.
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
	private revisionInForce = -1;
	private observed: GatewayObservation | null = null;
	private stopped = false;
	private told = "";
	private running: Promise<void> = Promise.resolve();

	constructor(options: GatewayOptions) {
		this.options = options;
	}

	/** Finds what an earlier agent left running, and begins to work. */
	async start(): Promise<void> {
		const { homeDir, liveness, logger } = this.options;
		const paths = await openGatewayDirectory(homeDir);
		const wake = () => this.wakeSignal.notify();
		const haproxy = new HaproxyProcess({
			...{ paths, liveness, logger },
			onEnd: (detail) => {
				logger.warn({ detail }, "the gateway's HAProxy ended; it is started again");
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
		};
		this.running = this.run(this.parts);
	}

	apply(table: RouteTable): void {
		this.table = table;
		this.changedAt = performance.now();
		this.wakeSignal.notify();
	}

	/**
	 * A notice: this node leads now. The running HAProxy is told at once, whatever the loop is at. What notices say holds
	 * against route tables that don't know of it yet.
	 */
	prefer(cacheId: string, nodeId: string): void {
		const { parts, table } = this;
		parts?.leadership.note(cacheId, nodeId, table);
		// What runs is told; what starts later reads the same from the map's file.
		if (parts?.haproxy.alive !== true || table === null) {
			this.wakeSignal.notify();
			return;
		}
		parts.leadership
			.tell(table, this.states, cacheId)
			// The loop tells it again.
			.catch((error) => this.options.logger.warn({ err: error, cacheId }, "a leader's notice"))
			.finally(() => this.wakeSignal.notify());
	}

	/** Null until the gateway has been looked at. */
	observation(): GatewayObservation | null {
		return this.observed;
	}

	wake(): void {
		this.wakeSignal.notify();
	}

	/** Lets go of HAProxy, which lives on. */
	async stop(): Promise<void> {
		this.stopped = true;
		this.wakeSignal.notify();
		await this.running;
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

	/** One turn; answers how long to sleep after it. */
	private async step(parts: Parts): Promise<number> {
		const { haproxy, leadership, discovery } = parts;
		const { table } = this;
		const answer = await this.options.resolveProgram();
		if (table === null) return this.observeWithoutTable(answer, haproxy.alive);
		await discovery.apply(table.routes);
		// One that has served goes on, idle: the next cache needn't wait for it to start.
		if (table.routes.length === 0 && !haproxy.alive) {
			this.revisionInForce = table.revision;
			this.publish(table, { routes: [], problems: new Map() }, answer, "running");
			return CALM_POLL_MS;
		}
		if (answer.kind === "pending" && !haproxy.alive) {
			this.publish(table, { routes: [], problems: new Map() }, answer, "off");
			return CALM_POLL_MS;
		}
		const plan = await this.plan(table, parts);
		if (plan === null) return EAGER_POLL_MS;
		// After an adoption nothing is known of it yet, and it may have an older leader in mind.
		if (haproxy.alive && this.states === NO_SERVER_STATES) await this.readStates(parts);
		const planned = { routes: plan.routes, revision: table.revision };
		if (haproxy.alive) await leadership.tell(planned, this.states);
		else await leadership.write(planned);
		const done = await this.bringIntoForce(plan, table, answer, parts);
		if (haproxy.alive) await this.readStates(parts);
		leadership.lookFor(haproxy.alive ? plan.routes : [], this.states);
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

	/** Null while a HAProxy that died still lets go of its ports. One that is in force whole needn't be made again. */
	private async plan(
		table: RouteTable,
		{ haproxy, configuration }: Parts,
	): Promise<RoutePlan | null> {
		const { planned } = this;
		const inForce =
			haproxy.alive && this.failure === null && this.revisionInForce === table.revision;
		if (inForce && planned?.table === table && planned.plan.problems.size === 0)
			return planned.plan;
		const former = new Set(haproxy.record?.ports ?? []);
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

	/** Answers false when it has to be tried again. */
	private async bringIntoForce(
		plan: RoutePlan,
		table: RouteTable,
		answer: EngineAnswer,
		parts: Parts,
	): Promise<boolean> {
		// A HAProxy that runs while its program is gone from the store serves what it has.
		if (answer.kind === "pending") return true;
		const { configuration, haproxy, leadership, oldWorkers } = parts;
		const result = await configuration.bringIntoForce(plan.routes, answer.engine, async () => {
			leadership.expectWorker();
			if (haproxy.alive) await this.readStates(parts);
			return this.states;
		});
		if (result !== "waiting") this.revisionInForce = table.revision;
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
			(server) => server.startsWith("primary_") && !this.states.usable.has(server),
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

	/** Answers whether every route is ready. */
	private publish(
		table: RouteTable,
		plan: RoutePlan,
		answer: EngineAnswer,
		phase: GatewayObservation["phase"],
	): boolean {
		const routes = observeRoutes({
			...{ table, plan, states: this.states },
			failure: this.failure,
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
			routeRevision: this.revisionInForce,
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
}
