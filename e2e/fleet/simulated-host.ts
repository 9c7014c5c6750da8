import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { Alerts } from "../../agent/control/alerts.ts";
import { callBackoff } from "../../agent/control/call-backoff.ts";
import { ControlClient } from "../../agent/control/control-client.ts";
import { Outbox } from "../../agent/control/outbox.ts";
import { Reporter } from "../../agent/control/reporter.ts";
import { takeAnswer } from "../../agent/control/take-changes.ts";
import { runWatchLoop } from "../../agent/control/watch-loop.ts";
import { UsageMeter } from "../../agent/metrics/usage-meter.ts";
import { pause } from "../../platform/backoff.ts";
import type { HostFacts } from "../../server/contract/agent.ts";
import type { DesiredState, FailoverOrder, Notice } from "../../server/contract/desired-state.ts";
import type { GatewayObservation, SentinelObservation } from "../../server/contract/host-report.ts";
import { GIB } from "../../server/contract/limits.ts";
import type { RouteTable } from "../../server/contract/routes.ts";
import type { EngineRegistry } from "./engine-registry.ts";
import type { Journal } from "./journal.ts";
import { SimulatedNode } from "./simulated-node.ts";

const ENGINE = { engine: "valkey", version: "9.1.2", source: "bundle" } as const;
const HAPROXY = { engine: "haproxy", version: "3.2.26", source: "bundle" } as const;
const logger = pino({ level: process.env.LARDER_LOG_LEVEL || "silent" });

export interface HostPlace {
	readonly name: string;
	readonly zone: string;
	readonly address: string;
}

/** What the hosts of one process share. */
export interface Surroundings {
	readonly url: string;
	readonly journal: Journal;
	readonly engines: EngineRegistry;
}

/**
 * A host that speaks the agent's protocol with the agent's own code, and runs nothing: its engines, gateway and
 * Sentinel are as they should be from the moment when the control plane wants them.
 */
export class SimulatedHost {
	readonly place: HostPlace;
	private readonly nodes = new Map<string, SimulatedNode>();
	private readonly around: Surroundings;
	private readonly credential = randomUUID() + randomUUID();
	private readonly client: ControlClient;
	private readonly outbox = new Outbox();
	private readonly reporter: Reporter;
	private readonly alerts: Alerts;
	private readonly meter = new UsageMeter((reading) => this.outbox.addUsage(reading));
	private readonly abort = new AbortController();
	private readonly look = () => this.reporter.notify();
	private desired: DesiredState | null = null;
	private gateway: GatewayObservation = gatewayOf(null);
	private sentinel: SentinelObservation = sentinelOf(null, "");

	constructor(place: HostPlace, around: Surroundings) {
		this.place = place;
		this.around = around;
		this.client = new ControlClient({ controlPlaneUrl: around.url, credential: this.credential });
		const facts = this.facts();
		this.reporter = new Reporter({
			...{ client: this.client, outbox: this.outbox, logger },
			onShares: () => {},
			snapshot: () => ({
				epoch: this.desired?.epoch ?? -1,
				revision: this.desired?.revision ?? -1,
				facts,
				observations: this.observations(),
				setAside: [],
				gateway: this.gateway,
				sentinel: this.sentinel,
				accelerators: null,
				warnings: [],
			}),
		});
		this.alerts = new Alerts({
			...{ client: this.client, logger },
			observations: () => this.observations(),
		});
	}

	/** Tries until the control plane accepts it, as agents do. */
	async join(joinToken: string): Promise<void> {
		const { client, place, credential, abort } = this;
		const backoff = callBackoff();
		const agentId = randomUUID();
		while (!abort.signal.aborted) {
			try {
				await client.enrol({
					...{ joinToken, agentId, credential, name: place.name, zone: place.zone },
					...{ facts: this.facts(), signal: abort.signal },
				});
				return;
			} catch (error) {
				logger.warn({ err: error, host: place.name }, "joining failed");
				await pause(backoff.next(), abort.signal);
			}
		}
	}

	/** Reports and watches until `stop`. */
	run(): void {
		const { client, reporter, abort } = this;
		void reporter.run();
		void runWatchLoop({
			...{ client, logger, signal: abort.signal },
			held: () => this.desired,
			take: async (answer) => {
				this.desired = takeAnswer(this.desired, answer);
				if (answer.desired !== null) this.assign(answer.desired);
				if (answer.routes) this.serve();
				reporter.notify();
			},
			onNotice: async (notice) => this.onNotice(notice),
			onLost: () => reporter.forget(),
			onUnknown: async () => {},
		});
	}

	/** The host disappears without notice. Returns the names of the caches whose primary it had. */
	stop(): string[] {
		this.abort.abort();
		this.reporter.stop();
		this.alerts.stop();
		this.client.close();
		const nodes = [...this.nodes.values()];
		for (const node of nodes) this.around.engines.remove(node);
		return nodes.filter((node) => node.leads).map(({ assignment }) => assignment.cacheName);
	}

	/** A round of readings, which travels with the next report. */
	read(): void {
		for (const [id, node] of this.nodes) {
			this.outbox.addSample(node.reading());
			this.meter.take(id, node.counted(), performance.now());
		}
	}

	private observations() {
		return this.desired === null
			? null
			: [...this.nodes.values()].map((each) => each.observation());
	}

	private assign(desired: DesiredState): void {
		const { journal, engines } = this.around;
		const wanted = new Set(desired.assignments.map(({ id }) => id));
		for (const [id, node] of this.nodes) {
			if (wanted.has(id)) continue;
			this.nodes.delete(id);
			engines.remove(node);
		}
		for (const assignment of desired.assignments) {
			const known = this.nodes.get(assignment.id);
			if (known !== undefined) {
				known.assignment = assignment;
				continue;
			}
			const node = new SimulatedNode(assignment, this.place.address, engines);
			this.nodes.set(assignment.id, node);
			engines.add(node, this.look);
			journal.note("assigned", assignment.cacheName, assignment.id);
		}
	}

	private serve(): void {
		const { routeTable = null, hostId = "" } = this.desired ?? {};
		this.gateway = gatewayOf(routeTable);
		this.sentinel = sentinelOf(routeTable, hostId);
	}

	private onNotice(notice: Notice): void {
		if (notice.kind === "failover") this.carryOut(notice.order);
	}

	private carryOut({ id, kind, candidates, cacheName }: FailoverOrder): void {
		const leader = this.around.engines.find(candidates[0]?.nodeId ?? "");
		if (leader === undefined) return;
		leader.lead();
		this.around.journal.note("ordered", cacheName, leader.assignment.id);
		const result = {
			...{ id, outcome: "done" as const, message: "", leaderNodeId: leader.assignment.id },
			writesUnavailableMs: kind === "planned" ? 5 : null,
		};
		this.outbox.addOrderResult(result);
		this.alerts.orderEnded(result);
		this.reporter.notify();
	}

	private facts(): HostFacts {
		return {
			...{ agentVersion: "simulated", bootId: "simulated", limits: "none" },
			...{ bindAddress: this.place.address, advertisedAddress: this.place.address },
			...{ cpus: 64, memoryBytes: 256 * GIB, engines: [ENGINE, HAPROXY] },
		};
	}
}

function gatewayOf(table: RouteTable | null): GatewayObservation {
	return {
		...{ phase: "running", version: HAPROXY.version, reason: null },
		routeRevision: table?.revision ?? -1,
		routes: (table?.routes ?? []).map(({ cacheId }) => ({ cacheId, ready: true, problem: null })),
	};
}

function sentinelOf(table: RouteTable | null, hostId: string): SentinelObservation {
	const caches = (table?.routes ?? []).flatMap(({ cacheId, sentinel, servers }) => {
		const leader = servers.find(({ leads }) => leads) ?? servers[0];
		if (sentinel === null || leader === undefined || !sentinel.hosts.includes(hostId)) return [];
		const primary = { host: leader.host, port: leader.port };
		return [{ cacheId, primary, peers: sentinel.hosts.length - 1, failoverUnderWay: false }];
	});
	const phase = caches.length > 0 ? ("running" as const) : ("off" as const);
	return { phase, version: ENGINE.version, reason: null, port: 26_379, caches };
}
