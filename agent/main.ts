import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import packageJson from "../package.json" with { type: "json" };
import type { Logger } from "../platform/logger.ts";
import { currentBootId } from "../platform/process-identity.ts";
import { acquireLock } from "../platform/process-lock.ts";
import type { DesiredState, HostFacts, Notice, RouteTable } from "../server/contract/agent.ts";
import { type InstalledEngine, listEngines } from "./bundles/index.ts";
import { type AgentConfig, countCpus } from "./config.ts";
import { Alerts } from "./control/alerts.ts";
import { Backoff, pause } from "./control/backoff.ts";
import { ControlClient } from "./control/control-client.ts";
import { Outbox } from "./control/outbox.ts";
import { Reporter } from "./control/reporter.ts";
import { runWatchLoop } from "./control/watch-loop.ts";
import { FailoverOrders } from "./failover/failover-orders.ts";
import { Gateway } from "./gateway/gateway.ts";
import { EngineProvider } from "./instances/engine-provider.ts";
import { InstanceSet } from "./instances/instance-set.ts";
import { MetricsSampler } from "./metrics/metrics-sampler.ts";
import { Sentinel } from "./sentinel/sentinel.ts";
import { type AgentIdentity, loadIdentity, saveIdentity } from "./state/agent-identity.ts";
import { readDesiredCache, writeDesiredCache } from "./state/desired-cache.ts";
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
 * Runs the agent of one host until SIGTERM, SIGINT or `signal`. Engines live on when it returns. Throws LockHeldError
 * when another agent runs on the same directory.
 */
export async function runAgent(options: AgentOptions): Promise<void> {
	// Engines and Sentinel rewrite their files, passwords and all, with the mode that their umask leaves.
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
		await new HostAgent(options, await loadIdentity(options.homeDir), stop.signal).run();
	} finally {
		for (const name of signals) process.off(name, requestStop);
		lock.release();
	}
}

const HAPROXY_VERSION = "3";
/** A restore raises the epoch by the clock, which is far more than control planes that start raise it one by one. */
const EPOCHS_BY_RESTARTS = 100_000;
/** Fetched where there is no Valkey at all: any does as a Sentinel. */
const SENTINEL_VERSION = "9";

/** The parts of one agent, and what they share. */
class HostAgent {
	private readonly options: AgentOptions;
	private readonly logger: Logger;
	private readonly signal: AbortSignal;
	private readonly client: ControlClient;
	private readonly outbox = new Outbox();
	private readonly instances: InstanceSet;
	private readonly gateway: Gateway;
	private readonly sentinel: Sentinel;
	private readonly orders: FailoverOrders;
	private readonly alerts: Alerts;
	private readonly reporter: Reporter;
	private readonly sampler: MetricsSampler;
	private identity: AgentIdentity;
	private engines: readonly InstalledEngine[] = [];
	/** Newest state accepted, today or in an earlier life. */
	private desired: DesiredState | null = null;
	/** Newest route table: a desired state brings one only when it changed. */
	private routeTable: RouteTable | null = null;

	constructor(options: AgentOptions, identity: AgentIdentity, signal: AbortSignal) {
		this.options = options;
		this.logger = options.logger;
		this.identity = identity;
		this.signal = signal;
		const { controlPlaneUrl, engineStoreDir: storeDir, logger } = options;
		this.client = new ControlClient({ controlPlaneUrl, credential: identity.credential });
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
		this.instances = new InstanceSet({
			...options,
			...{ engines, liveness },
			inTouch: () => this.client.inTouch(),
			onChange: () => {
				this.alerts.look();
				this.reporter.notify();
			},
			onEvent: (event) => {
				this.outbox.addEvent(event);
				this.reporter.notify();
			},
		});
		this.gateway = new Gateway({
			...{ homeDir: options.homeDir, bindAddress: options.bindAddress, cpus: countCpus() },
			...{ liveness, logger },
			resolveProgram: async () =>
				options.gateway === "on"
					? await engines.resolve("haproxy", HAPROXY_VERSION)
					: { kind: "pending", message: "this agent was started with --gateway off" },
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
		this.orders = new FailoverOrders({
			assignmentOf: (nodeId) =>
				this.desired?.assignments.find((assignment) => assignment.id === nodeId) ?? null,
			sentinelPassword: () => this.routeTable?.sentinelPassword ?? null,
			onResult: (result, { cacheId, clusterMode }) => {
				this.outbox.addOrderResult(result);
				this.alerts.orderEnded(result);
				if (result.leaderNodeId !== null) {
					// The control plane tells all gateways; this one needn't wait for it.
					if (clusterMode === "disabled") this.gateway.prefer(cacheId, result.leaderNodeId);
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
		this.reporter = new Reporter({
			...{ client: this.client, outbox: this.outbox, logger },
			snapshot: () => ({
				epoch: this.desired?.epoch ?? -1,
				revision: this.desired?.revision ?? -1,
				facts: this.facts(),
				observations: this.desired === null ? null : this.instances.observations(),
				setAside: this.instances.setAside(),
				gateway: this.gateway.observation(),
				sentinel: this.sentinel.observation(),
			}),
		});
		this.sampler = new MetricsSampler(
			() => this.instances.all(),
			(sample) => this.outbox.addSample(sample),
		);
	}

	async run(): Promise<void> {
		const { client, logger, signal } = this;
		if (this.identity.hostId === null && this.options.joinToken === undefined) {
			throw new Error("this host hasn't joined a control plane yet: give it a join token");
		}
		await this.refreshEngines();
		await this.instances.load();
		await Promise.all([this.gateway.start(), this.sentinel.start()]);
		this.desired = await readDesiredCache(this.options.homeDir, logger);
		this.routeTable = this.desired?.routeTable ?? null;
		if (this.desired !== null) this.instances.apply(this.desired, { confirmed: false });
		if (this.desired !== null && this.routeTable !== null) {
			this.gateway.apply(this.routeTable);
			this.sentinel.apply(this.routeTable, this.desired.hostId);
		}
		this.sampler.start();
		logger.info({ name: this.options.name, instances: this.instances.size }, "agent started");
		if (this.identity.hostId === null) await this.enrolUntilAccepted();
		const reporting = this.reporter.run();
		await runWatchLoop({
			...{ client, logger, signal },
			held: () => this.desired,
			heldRouteRevision: () => this.routeTable?.revision ?? -1,
			take: (desired) => this.take(desired),
			onNotice: (notice) => this.onNotice(notice),
			onLost: () => this.reporter.forget(),
			onUnknown: () => this.enrolAgain(),
		});
		this.sampler.stop();
		this.alerts.stop();
		this.reporter.stop();
		client.close();
		const parts = [this.instances.stop(), this.gateway.stop(), this.sentinel.stop()];
		await Promise.all([...parts, reporting]);
		logger.info("agent stopped; its engines go on");
	}

	private async take(desired: DesiredState): Promise<void> {
		if (this.desired !== null && this.desired.epoch !== desired.epoch) this.reporter.forget();
		const routeTable = desired.routeTable ?? this.routeTable;
		// Written before the state is, so that no agent that starts from the state takes them for unwanted.
		if (mayBeForgetful(desired, this.desired)) await this.instances.setAsideUnknown(desired);
		const whole = { ...desired, routeTable };
		await writeDesiredCache(this.options.homeDir, whole);
		this.desired = whole;
		this.routeTable = routeTable;
		this.instances.apply(whole, { confirmed: true });
		if (desired.routeTable !== null) {
			this.gateway.apply(desired.routeTable);
			this.sentinel.apply(desired.routeTable, desired.hostId);
		}
	}

	private onNotice(notice: Notice): void {
		switch (notice.kind) {
			case "failover":
				this.orders.take(notice.order);
				break;
			case "leader":
				this.gateway.prefer(notice.cacheId, notice.nodeId);
				this.instances.disturb(notice.nodeId);
				break;
			case "end-hung":
				this.instances.endHung(notice.assignmentId, notice.pid);
				break;
		}
	}

	private async enrolUntilAccepted(): Promise<void> {
		const backoff = new Backoff();
		let told = "";
		while (!this.signal.aborted) {
			try {
				return await this.enrol();
			} catch (error) {
				const message = error instanceof Error ? error.message : String(error);
				if (message !== told) this.logger.warn({ err: error }, "joining failed; trying again");
				told = message;
				await pause(backoff.next(), this.signal);
			}
		}
	}

	/** A control plane that doesn't know this host may be a rebuilt one: with a token the host joins anew. */
	private async enrolAgain(): Promise<void> {
		if (this.options.joinToken === undefined) return;
		try {
			await this.enrol();
			this.reporter.forget();
		} catch (error) {
			this.logger.debug({ err: error }, "joining anew failed");
		}
	}

	private async enrol(): Promise<void> {
		const { name, zone, homeDir, joinToken } = this.options;
		if (joinToken === undefined) throw new Error("joining needs a join token");
		const { agentId, credential } = this.identity;
		const { hostId } = await this.client.enrol({
			...{ joinToken, agentId, credential, name, zone },
			...{ facts: this.facts(), signal: this.signal },
		});
		this.identity = { ...this.identity, hostId };
		await saveIdentity(homeDir, this.identity);
		this.logger.info({ hostId }, "joined");
	}

	private async refreshEngines(): Promise<void> {
		this.engines = await listEngines(this.options.engineStoreDir);
		this.reporter.notify();
	}

	private facts(): HostFacts {
		const { bindAddress, advertisedAddress, memoryBytes } = this.options;
		return {
			agentVersion: packageJson.version,
			...{ bindAddress, advertisedAddress, memoryBytes },
			cpus: countCpus(),
			bootId: currentBootId(),
			limits: detectLimits(),
			engines: this.engines.map(({ engine, version, source }) => ({ engine, version, source })),
		};
	}
}

/**
 * Whether a state comes from a control plane that was restored from a backup: it says so, or took over later and knows
 * less. What it doesn't know it may have forgotten.
 */
function mayBeForgetful(next: DesiredState, held: DesiredState | null): boolean {
	if (next.epoch === held?.epoch) return false;
	if (next.unlocated.length > 0) return true;
	return (
		held !== null &&
		next.hostId === held.hostId &&
		next.epoch > held.epoch &&
		(next.revision < held.revision || next.epoch - held.epoch > EPOCHS_BY_RESTARTS)
	);
}
