import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import packageJson from "../package.json" with { type: "json" };
import type { Logger } from "../platform/logger.ts";
import { currentBootId } from "../platform/process-identity.ts";
import { acquireLock } from "../platform/process-lock.ts";
import type { HostFacts } from "../server/contract/agent.ts";
import type { DesiredState, Notice, WatchResult } from "../server/contract/desired-state.ts";
import type { HostWarning } from "../server/contract/host.ts";
import type { GatewayObservation } from "../server/contract/host-report.ts";
import { AcceleratorSet } from "./accelerators/accelerator-set.ts";
import { withAccelerators } from "./accelerators/with-accelerators.ts";
import { type InstalledEngine, listEngines, StoreWatch } from "./bundles/index.ts";
import { BusGuard } from "./cluster-bus/bus-guard.ts";
import { type AgentConfig, countCpus } from "./config.ts";
import { Alerts } from "./control/alerts.ts";
import { ControlClient } from "./control/control-client.ts";
import { Enrollment } from "./control/enrollment.ts";
import { Outbox } from "./control/outbox.ts";
import { Reporter } from "./control/reporter.ts";
import { takeAnswer } from "./control/take-changes.ts";
import { fetchSnapshot, sendSnapshot } from "./control/transfers.ts";
import { runWatchLoop } from "./control/watch-loop.ts";
import { OrderExecutor } from "./failover/order-executor.ts";
import { Gateway } from "./gateway/gateway.ts";
import { Housekeeping } from "./housekeeping.ts";
import { FileImports } from "./imports/file-imports.ts";
import { type EngineAnswer, EngineProvider } from "./instances/engine-provider.ts";
import { InstanceSet } from "./instances/instance-set.ts";
import { MachineWatch } from "./machine/machine-watch.ts";
import { raiseOpenFiles } from "./machine/open-files.ts";
import { MetricsSampler } from "./metrics/metrics-sampler.ts";
import { HostNames } from "./names/host-names.ts";
import { Sentinel } from "./sentinel/sentinel.ts";
import type { TransferDoor } from "./snapshots/transfer-door.ts";
import { type AgentIdentity, loadIdentity } from "./state/agent-identity.ts";
import { readDesiredCache, writeDesiredCache } from "./state/desired-cache.ts";
import { mayBeForgetful } from "./state/forgetful.ts";
import { detectLimits } from "./supervisor/cgroup.ts";
import { LivenessWatch } from "./supervisor/liveness-watch.ts";

export interface AgentOptions extends AgentConfig {
	readonly logger: Logger;
	/** Ends the agent, as SIGTERM and SIGINT do. */
	readonly signal?: AbortSignal;
	/** Defaults to the user's engine store. */
	readonly engineStoreDir?: string;
}

/**
 * Runs the agent of one host until SIGTERM, SIGINT or `signal`. Engines keep running when it returns. Throws
 * LockHeldError if another agent runs on the same directory.
 */
export async function runAgent(options: AgentOptions): Promise<void> {
	// Engines and Sentinel rewrite their files, passwords included, with the mode that their umask leaves.
	process.umask(0o077);
	await mkdir(options.homeDir, { recursive: true, mode: 0o700 });
	const lock = acquireLock(join(options.homeDir, "agent.lock"), `host ${options.name}`);
	const stop = new AbortController();
	const requestStop = () => stop.abort();
	const signals = ["SIGTERM", "SIGINT"] as const;
	for (const name of signals) process.on(name, requestStop);
	options.signal?.addEventListener("abort", requestStop);
	if (options.signal?.aborted) requestStop();
	try {
		await new HostAgent(
			options,
			await loadIdentity(options.homeDir, options.logger),
			stop.signal,
		).run();
	} finally {
		for (const name of signals) process.off(name, requestStop);
		lock.release();
	}
}

const HAPROXY_VERSION = "3";
const NFTABLES_VERSION = "1";
/** Fetched if there is no Valkey at all: any version works as a Sentinel. */
const SENTINEL_VERSION = "9";

/** The parts of one agent, and what they share. */
class HostAgent {
	private readonly options: AgentOptions;
	private readonly logger: Logger;
	private readonly signal: AbortSignal;
	private readonly client: ControlClient;
	private readonly enrollment: Enrollment;
	private readonly outbox = new Outbox();
	private readonly instances: InstanceSet;
	private readonly imports: FileImports;
	private readonly gateway: Gateway;
	private readonly busGuard: BusGuard;
	private readonly sentinel: Sentinel;
	private readonly orders: OrderExecutor;
	private readonly alerts: Alerts;
	private readonly housekeeping: Housekeeping;
	private readonly storeWatch: StoreWatch;
	private readonly reporter: Reporter;
	private readonly sampler: MetricsSampler;
	private readonly machine: MachineWatch;
	private readonly accelerators: AcceleratorSet;
	private readonly names: HostNames;
	private engines: readonly InstalledEngine[] = [];
	/** Newest accepted state, from this run or an earlier one, with the newest routes and names. */
	private desired: DesiredState | null = null;
	/** The desired state came from the control plane in this run, not from this host's disk. */
	private confirmed = false;

	constructor(options: AgentOptions, identity: AgentIdentity, signal: AbortSignal) {
		this.options = options;
		this.logger = options.logger;
		this.signal = signal;
		this.housekeeping = new Housekeeping(options.homeDir);
		const { controlPlaneUrl, engineStoreDir: storeDir, logger } = options;
		this.storeWatch = new StoreWatch(storeDir, () => void this.refreshEngines());
		this.client = new ControlClient({ controlPlaneUrl, credential: identity.credential });
		this.enrollment = new Enrollment(
			{ ...options, client: this.client, facts: () => this.facts(), signal },
			identity,
		);
		const engines = new EngineProvider({
			...(storeDir === undefined ? {} : { storeDir }),
			logger,
			onChange: () => {
				this.instances.wakeAll();
				this.gateway.wake();
				this.sentinel.wake();
			},
			onInstalled: () => void this.refreshEngines(),
		});
		const liveness = new LivenessWatch();
		const transfers: TransferDoor = {
			send: (id, path, options) => sendSnapshot(this.client, id, path, options),
			fetch: (id, path, options) => fetchSnapshot(this.client, id, path, options),
		};
		this.imports = new FileImports({
			...{ logger, hostName: options.name, homeDir: options.homeDir },
			send: (id, path, { signal }) => sendSnapshot(this.client, id, path, { signal }),
			directories: options.importDirectories,
			refuse: (...refusal) => this.client.refuseTransfer(...refusal),
		});
		this.instances = new InstanceSet({
			...options,
			...{ engines, liveness, transfers },
			inTouch: () => this.confirmed && this.client.inTouch(),
			hostsOf: (cacheId) =>
				this.desired?.routeTable?.routes
					.find((route) => route.cacheId === cacheId)
					?.servers.map(({ host }) => host) ?? [],
			setSentinels: (cacheId, downAfterMs) => this.sentinel.setDownAfter(cacheId, downAfterMs),
			onChange: () => {
				this.alerts.look();
				this.reporter.notify();
			},
			onEvent: (event) => {
				this.outbox.addEvent(event);
				this.reporter.notify();
			},
			onGrowth: (growth) => this.alerts.grows(growth),
			onLastReading: (id, reading) => this.sampler.noteLast(id, reading),
		});
		const gatewayProgram = async (
			name: "haproxy" | "nftables",
			version: string,
		): Promise<EngineAnswer> =>
			options.gateway === "on"
				? await engines.resolve(name, version)
				: { kind: "pending", message: "this agent was started with --gateway off" };
		this.gateway = new Gateway({
			...{ homeDir: options.homeDir, bindAddress: options.bindAddress, cpus: countCpus() },
			...{ liveness, logger },
			resolveProgram: () => gatewayProgram("haproxy", HAPROXY_VERSION),
			forwarding:
				options.forwarding === "haproxy"
					? null
					: {
							mode: options.forwarding,
							advertisedAddress: options.advertisedAddress,
							resolveTools: () => gatewayProgram("nftables", NFTABLES_VERSION),
						},
			onWaiting: (cacheId) => this.alerts.wakes(cacheId),
			onChange: () => this.reporter.notify(),
		});
		this.busGuard = new BusGuard({
			...{ homeDir: options.homeDir, bindAddress: options.bindAddress, logger },
			enabled: options.busGuard === "on",
			resolveTools: () => engines.resolve("nftables", NFTABLES_VERSION),
			onChange: () => this.reporter.notify(),
		});
		this.sentinel = new Sentinel({
			...{ homeDir: options.homeDir, bindAddress: options.bindAddress, liveness, logger },
			advertisedAddress: options.advertisedAddress,
			enabled: options.sentinel === "on",
			resolveProgram: async () => {
				const newest = this.engines.find(({ engine }) => engine === "valkey");
				if (newest !== undefined) return { kind: "ready", engine: newest };
				return await engines.resolve("valkey", SENTINEL_VERSION);
			},
			onChange: () => this.reporter.notify(),
		});
		this.orders = new OrderExecutor({
			assignmentOf: (nodeId) =>
				this.desired?.assignments.find((assignment) => assignment.id === nodeId) ?? null,
			sentinelPassword: () => this.desired?.routeTable?.sentinelPassword ?? null,
			onResult: (result, { cacheId, clusterMode }) => {
				this.outbox.addOrderResult(result);
				this.alerts.orderEnded(result);
				if (result.leaderNodeId !== null) {
					// The control plane tells all gateways; this one needn't wait for it.
					if (clusterMode === "disabled") void this.gateway.prefer(cacheId, result.leaderNodeId);
					this.instances.disturb(result.leaderNodeId);
				}
				this.reporter.notify();
			},
			logger,
		});
		this.alerts = new Alerts({
			...{ client: this.client, logger },
			observations: () => (this.desired === null ? null : this.instances.observations()),
		});
		this.machine = new MachineWatch({
			...{ homeDir: options.homeDir, logger },
			assignments: () => this.desired?.assignments ?? [],
			gatewayLoad: () => this.gateway.load(),
			onChange: () => this.reporter.notify(),
			onEvent: (event) => this.outbox.addEvent(event),
		});
		this.accelerators = new AcceleratorSet({
			...{ homeDir: options.homeDir, bindAddress: options.bindAddress, liveness, logger },
			onChange: () => this.reporter.notify(),
		});
		this.names = new HostNames({
			...{ address: options.bindAddress, port: options.dnsPort, logger },
			enabled: options.gateway === "on",
			onChange: () => this.reporter.notify(),
		});
		this.reporter = new Reporter({
			...{ client: this.client, outbox: this.outbox, logger },
			onShares: (shares) => this.instances.shareEcpus(shares),
			snapshot: () => ({
				epoch: this.desired?.epoch ?? -1,
				revision: this.desired?.revision ?? -1,
				facts: this.facts(),
				observations: this.desired === null ? null : this.instances.observations(),
				setAside: this.instances.setAside(),
				gateway: this.gatewayObservation(),
				sentinel: this.sentinel.observation(),
				accelerators: this.accelerators.report(this.gateway.observation()),
				warnings: this.warnings(),
			}),
		});
		this.sampler = new MetricsSampler(
			() => this.instances.all(),
			(sample) => this.outbox.addSample(sample),
			(reading) => this.outbox.addUsage(reading),
		);
	}

	async run(): Promise<void> {
		const { client, logger, signal } = this;
		if (!this.enrollment.hasJoined && this.options.joinToken === undefined) {
			throw new Error(
				"this host hasn't joined a control plane yet: give it a join token (--join-token-file or LARDER_JOIN_TOKEN)",
			);
		}
		// Before anything starts that inherits it.
		await raiseOpenFiles("self", logger);
		await this.machine.start();
		await this.refreshEngines();
		await this.storeWatch.start();
		await this.housekeeping.start();
		await this.instances.load();
		await Promise.all([this.gateway.start(), this.sentinel.start(), this.accelerators.start()]);
		this.desired = await readDesiredCache(this.options.homeDir, logger);
		if (this.desired !== null) {
			void this.busGuard.apply(this.desired.assignments);
			this.instances.apply(this.desired, { confirmed: false });
			this.accelerators.apply(this.desired.accelerators, false);
			this.serve(this.desired, null);
		}
		this.sampler.start();
		logger.info({ name: this.options.name, instances: this.instances.size }, "agent started");
		if (!this.enrollment.hasJoined) await this.enrollment.joinUntilAccepted();
		const reporting = this.reporter.run();
		await runWatchLoop({
			...{ client, logger, signal },
			held: () => this.desired,
			take: (answer) => this.take(answer),
			onNotice: (notice) => this.onNotice(notice),
			onLost: () => this.reporter.forget(),
			onUnknown: async () => {
				if (await this.enrollment.joinAgain()) this.reporter.forget();
			},
		});
		this.sampler.stop();
		this.alerts.stop();
		this.housekeeping.stop();
		this.storeWatch.stop();
		this.machine.stop();
		this.reporter.stop();
		client.close();
		const parts = [
			this.instances.stop(),
			this.imports.stop(),
			this.gateway.stop(),
			this.busGuard.stop(),
			this.sentinel.stop(),
			this.names.stop(),
			this.accelerators.stop(),
		];
		await Promise.all([...parts, reporting]);
		logger.info("agent stopped; its engines keep running");
	}

	/** Takes what is new in an answer. It is stored before the agent acts on it. */
	private async take(answer: NonNullable<WatchResult>): Promise<void> {
		const before = this.desired;
		const state = takeAnswer(before, answer);
		if (state === null) return;
		if (before !== null && before.epoch !== state.epoch) this.reporter.forget();
		if (answer.desired !== null) this.instances.growAtOnce(state);
		// Written before the state, so that no agent that starts from the state considers them unwanted.
		if (mayBeForgetful(state, before)) await this.instances.setAsideUnknown(state);
		await writeDesiredCache(this.options.homeDir, state);
		this.desired = state;
		if (answer.desired !== null) {
			this.confirmed = true;
			// New members may connect before anyone introduces them.
			await this.busGuard.apply(state.assignments);
			this.instances.apply(state, { confirmed: true });
			this.accelerators.apply(state.accelerators, true);
			this.imports.apply(state.imports ?? []);
		}
		this.serve(state, before);
	}

	/** Serves the names and endpoints of a new state; `before` is the state that it replaces. */
	private serve(state: DesiredState, before: DesiredState | null): void {
		const { names, routeTable, accelerators, hostId } = state;
		this.names.apply(names ?? null);
		if (routeTable === null) return;
		const isSameTable = routeTable === before?.routeTable;
		if (!isSameTable || accelerators !== before?.accelerators) {
			this.gateway.apply(withAccelerators(routeTable, accelerators));
		}
		if (isSameTable) return;
		this.sentinel.apply(routeTable, hostId);
	}

	/** Returns once the gateway leads as a notice says, or can't be told. */
	private async onNotice(notice: Notice): Promise<void> {
		switch (notice.kind) {
			case "failover":
				this.orders.take(notice.order);
				break;
			case "leader":
				this.instances.disturb(notice.nodeId);
				await this.gateway.prefer(notice.cacheId, notice.nodeId);
				break;
			case "endpoints-follow":
				this.orders.endpointsFollow(notice.orderId);
				break;
			case "end-hung":
				this.instances.endHung(notice.assignmentId, notice.pid);
				break;
		}
	}

	private async refreshEngines(): Promise<void> {
		this.engines = await listEngines(this.options.engineStoreDir);
		this.reporter.notify();
	}

	private warnings(): HostWarning[] | null {
		const machine = this.machine.warnings();
		return machine && [...machine, ...this.names.warnings()];
	}

	private gatewayObservation(): GatewayObservation | null {
		const observation = this.gateway.observation();
		const clusterBus = this.busGuard.state();
		return observation && { ...observation, ...(clusterBus !== null && { clusterBus }) };
	}

	private facts(): HostFacts {
		const { bindAddress, advertisedAddress, memoryBytes } = this.options;
		return {
			agentVersion: packageJson.version,
			...{ bindAddress, advertisedAddress, memoryBytes },
			cpus: countCpus(),
			bootId: currentBootId(),
			limits: detectLimits(),
			engines: this.engines
				.filter(({ engine }) => engine !== "nftables")
				.map(({ engine, version, source }) => ({ engine, version, source })),
		};
	}
}
