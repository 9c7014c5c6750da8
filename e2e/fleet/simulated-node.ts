import type { Reading } from "../../agent/control/outbox.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import type { ReportedObservation } from "../../server/contract/host-report.ts";

const ENGINE_VERSION = "9.1.2";
/** What clients write between two rounds of readings. */
const BYTES_WRITTEN = 4_096;

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

	/** What an agent reads from an engine every five seconds. */
	reading(): Reading {
		if (this.leads) this.offset += BYTES_WRITTEN;
		return {
			assignmentId: this.assignment.id,
			at: performance.now(),
			metrics: {
				...{ memoryUsedBytes: 3e6, memoryMaxBytes: this.assignment.maxmemoryBytes, clients: 12 },
				...{ opsPerSecond: 250.4, hitsPerSecond: 190.2, missesPerSecond: 10.8, keys: 15_000 },
				...{ evictionsPerSecond: 0, cpuPercent: 1.3 },
				replicationLagBytes: this.leads ? null : 0,
			},
		};
	}
}
