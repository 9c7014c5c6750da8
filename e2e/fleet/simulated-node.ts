import type { Reading } from "../../agent/control/outbox.ts";
import type { MeteredCounters } from "../../agent/metrics/usage-meter.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import type { ReportedObservation } from "../../server/contract/host-report.ts";

const ENGINE_VERSION = "9.1.2";
/** What clients write between two rounds of readings. */
const BYTES_WRITTEN = 4_096;
const OPS_PER_SECOND = 250.4;

/** The other engines, as far as a node sees them. */
interface Neighbours {
	/** Undefined if no engine listens there. */
	at(host: string, port: number): SimulatedNode | undefined;
	/** An engine of that cache has changed. */
	notify(cacheId: string): void;
}

/** The engine of one assignment without a process: it is healthy, and in the role that real engines would take. */
export class SimulatedNode {
	assignment: Assignment;
	/** Where it listens, as host:port. */
	readonly address: string;
	private role: Assignment["role"];
	private offset = 0;
	private readonly startedAt = new Date().toISOString();
	private readonly others: Neighbours;

	constructor(assignment: Assignment, host: string, others: Neighbours) {
		this.assignment = assignment;
		this.address = `${host}:${assignment.port}`;
		this.role = assignment.role;
		this.others = others;
	}

	get leads(): boolean {
		return this.role.kind === "primary";
	}

	/** A failover order made it the primary. */
	lead(): void {
		this.role = { kind: "primary" };
		this.others.notify(this.assignment.cacheId);
	}

	/** Like an agent, it follows only a node that is a primary, and waits for an order before it leads. */
	private settle(): void {
		const wanted = this.assignment.role;
		if (wanted.kind !== "replica") return;
		if (this.others.at(wanted.of.host, wanted.of.port)?.leads === true) this.role = wanted;
	}

	observation(): ReportedObservation {
		this.settle();
		const { assignment, role, startedAt } = this;
		const primary =
			role.kind === "replica" ? this.others.at(role.of.host, role.of.port) : undefined;
		if (primary !== undefined) this.offset = primary.offset;
		return {
			...{ assignmentId: assignment.id, generation: assignment.generation },
			...{ phase: "running", reason: null, pid: assignment.port, startedAt },
			...{ silentForMs: null, busy: false, restarts: 0, pendingParameters: [] },
			...{ launchPermit: assignment.launchPermit, reboot: assignment.reboot },
			...{ port: assignment.port, keptData: false, clientLimit: null },
			engineState: {
				...{ version: ENGINE_VERSION, role: role.kind, loading: false, synced: true },
				primaryHost: role.kind === "replica" ? role.of.host : null,
				primaryPort: role.kind === "replica" ? role.of.port : null,
				linkUp: role.kind !== "replica" || primary?.leads === true,
				...{ offset: this.offset, onlineReplicas: 0, cluster: null },
			},
		};
	}

	/** What the engine has counted since it started. */
	counted(): MeteredCounters {
		const uptimeSeconds = (Date.now() - Date.parse(this.startedAt)) / 1_000;
		const calls = Math.round(uptimeSeconds * OPS_PER_SECOND);
		const work = { calls, usec: 2 * calls };
		const none = { calls: 0, usec: 0 };
		return {
			process: `simulated ${this.assignment.port} ${this.startedAt}`,
			counters: {
				storedBytes: this.leads ? 3e6 : 0,
				usage: {
					...{ uptimeSeconds, cpuUsec: 10 * calls, simple: work },
					bytes: { total: 100 * calls, clients: this.leads ? 100 * calls : 0 },
					requests: { direct: this.leads ? calls : 0, replicable: null },
					heavy: { direct: none, replicable: none },
				},
			},
		};
	}

	/** What an agent reads from an engine every five seconds. */
	reading(): Reading {
		if (this.leads) this.offset += BYTES_WRITTEN;
		return {
			assignmentId: this.assignment.id,
			at: performance.now(),
			metrics: {
				...{ memoryUsedBytes: 3e6, memoryMaxBytes: this.assignment.maxmemoryBytes, clients: 12 },
				...{
					opsPerSecond: OPS_PER_SECOND,
					hitsPerSecond: 190.2,
					missesPerSecond: 10.8,
					keys: 15_000,
				},
				...{ evictionsPerSecond: 0, cpuPercent: 1.3 },
				replicationLagBytes: this.leads ? null : 0,
			},
		};
	}
}
