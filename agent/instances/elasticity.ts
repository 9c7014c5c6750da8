import type { Assignment } from "../../server/contract/desired-state.ts";
import type { ElasticState } from "../../server/contract/host-report.ts";
import type { ElasticControl } from "../drivers/driver.ts";
import { EngineConnection } from "../drivers/engine-connection.ts";
import { throttleLogin } from "../drivers/replication-login.ts";
import { EcpuThrottle } from "../elastic/ecpu-throttle.ts";
import { MemoryWatch } from "../elastic/memory-watch.ts";
import { hostLimits, limitsOf } from "../supervisor/cgroup.ts";
import type { EngineProcess } from "../supervisor/engine-process.ts";
import type { EngineLink } from "./engine-link.ts";
import type { InstanceContext } from "./instance-context.ts";
import type { InstanceDisplay } from "./instance-display.ts";
import type { InstanceRecord } from "./instance-record.ts";

/** The instance, as far as its elasticity needs it. */
interface ElasticInstance {
	readonly id: string;
	readonly context: InstanceContext;
	readonly link: EngineLink;
	readonly assignment: Assignment | null;
	readonly record: InstanceRecord | null;
	readonly process: EngineProcess | null;
	readonly display: InstanceDisplay;
	readonly setAside: boolean;
	readonly removing: boolean;
}

const OPEN_TIMEOUT_MS = 2_000;

/**
 * What an instance does beyond others if its assignment is elastic: it watches its engine's memory, takes more the moment
 * it may have more, and keeps clients within their ECPUs a second. Works beside the instance's loop, which may be
 * waiting for a busy engine.
 */
export class Elasticity {
	private readonly core: ElasticInstance;
	private readonly memory: MemoryWatch;
	private throttle: EcpuThrottle | null = null;
	/** `of` is what the assignment said when the share came. */
	private share: { of: number; perSecond: number } | null = null;
	/** Of throttles that have ended. */
	private throttledMs = 0;

	constructor(core: ElasticInstance) {
		this.core = core;
		const { context } = core;
		this.memory = new MemoryWatch({
			watched: () => this.watched(),
			onGrowth: (growth) => context.onGrowth(growth),
			logger: context.logger,
		});
	}

	/** Call when the assignment has changed, and at each look at the engine. */
	keep(): void {
		const { assignment } = this.core;
		const assigned = assignment?.elastic?.ecpuPerSecond ?? null;
		if (this.share?.of !== assigned) this.share = null;
		// A proxy keeps its clients to it itself.
		const isAgents = !this.core.removing && assignment?.proxy === undefined;
		const limit = isAgents ? (this.share?.perSecond ?? assigned) : null;
		if (limit === null) this.endThrottle();
		else if (this.throttle === null) this.throttle = this.beginThrottle(limit);
		else this.throttle.change(limit);
		if (assignment?.elastic !== undefined) this.memory.wake();
	}

	/** The node's part of the cache's maximum by its present use, until the assignment has another maximum. */
	shareEcpus(perSecond: number): void {
		const of = this.core.assignment?.elastic?.ecpuPerSecond ?? null;
		if (of === null) return;
		this.share = { of, perSecond };
		this.keep();
	}

	/**
	 * Gives the engine memory that the control plane has just granted, ahead of everything else: writes may be waiting for
	 * it. The loop sets it again. If the agent dies in between, the engine has what it was granted.
	 */
	growAtOnce(granted: Assignment): void {
		const { id, link, process, removing, context, assignment } = this.core;
		const control = link.session?.elastic ?? null;
		if (granted.elastic === undefined || control === null || !process?.alive || removing) return;
		if (granted.maxmemoryBytes <= (assignment?.maxmemoryBytes ?? granted.maxmemoryBytes)) return;
		context.logger.debug({ assignmentId: id, to: granted.maxmemoryBytes }, "an engine grows");
		// First, so that the kernel doesn't end an engine for what it may use.
		hostLimits(context.logger)?.apply(id, process.identity.pid, limitsOf(granted));
		control.grow(granted.maxmemoryBytes).catch((error: unknown) => {
			context.logger.debug({ err: error, assignmentId: id }, "an engine can't grow yet");
		});
	}

	/** For how much of the time since then the throttle has kept the engine from answering. */
	pausedMsSince(at: number): number {
		return this.throttle?.pausedMsSince(at) ?? 0;
	}

	/** Undefined for an instance that isn't elastic, or hasn't been looked at. */
	get state(): ElasticState | undefined {
		const { usedBytes } = this.memory;
		if (this.core.assignment?.elastic === undefined || usedBytes === null) return undefined;
		const { idleMs, otherDatabases } = this.memory;
		const byEngine = this.core.link.session?.elastic?.throttledMs ?? 0;
		const byAgent = this.throttledMs + (this.throttle?.throttledMs ?? 0);
		return {
			...{ usedBytes, throttledMs: byAgent + byEngine },
			...(idleMs !== undefined && { idleMs }),
			...(otherDatabases === true && { otherDatabases }),
			...(this.throttle !== null && { ecpuPerSecond: this.throttle.usePerSecond }),
		};
	}

	stop(): void {
		this.memory.stop();
		this.endThrottle();
	}

	private watched() {
		const { assignment, display, link, process, record, removing, setAside } = this.core;
		const control = link.session?.elastic ?? null;
		const isOff = removing || setAside || display.view.phase !== "running";
		if (assignment?.elastic === undefined || control === null || !process?.alive || isOff) {
			return null;
		}
		const leads = display.view.engineState?.role !== "replica";
		const isApplied = (record?.generation ?? -1) >= assignment.generation;
		return { assignment, control, pid: process.identity.pid, leads, isApplied };
	}

	private beginThrottle(perSecond: number): EcpuThrottle {
		const engine = {
			open: () => this.openAsThrottle(),
			writeCommands: async () => await this.control().writeCommands(),
			setTicksPerSecond: async (ticks: number) => await this.control().setTicksPerSecond(ticks),
			reloadUsers: async () => await this.control().reloadUsers(),
		};
		return new EcpuThrottle(engine, perSecond, this.core.context.logger);
	}

	private endThrottle(): void {
		if (this.throttle === null) return;
		this.throttledMs += this.throttle.throttledMs;
		this.throttle.stop();
		this.throttle = null;
	}

	private control(): ElasticControl {
		const control = this.core.link.session?.elastic ?? null;
		if (control === null) throw new Error("the engine doesn't answer now");
		return control;
	}

	private async openAsThrottle(): Promise<EngineConnection> {
		const { assignment, record, context } = this.core;
		if (assignment === null) throw new Error("the instance has no assignment");
		return await EngineConnection.open(
			{
				host: context.bindAddress,
				port: record?.port ?? assignment.port,
				...throttleLogin(assignment.auth),
			},
			OPEN_TIMEOUT_MS,
		);
	}
}
