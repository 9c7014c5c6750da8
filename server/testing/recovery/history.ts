import fc from "fast-check";
import { Agents } from "./agents.ts";
import { ControlPlane } from "./control-plane.ts";
import { newNode } from "./database.ts";
import { Engines, type Flaws } from "./engines.ts";
import { answering, type Host, inReach, isReachable } from "./fleet.ts";

/** What happens next, and how long it is until something else does. Numbers choose among nodes, hosts and shards. */
export type Fault = {
	kind:
		| "kill"
		| "hang"
		| "agent-down"
		| "cut"
		| "host-off"
		| "control-plane-away"
		| "lose-identity"
		| "reboot"
		| "fail-over"
		| "lose-result"
		| "slow-reports"
		| "nothing";
	which: number;
	ticks: number;
	pause: number;
};

export interface History {
	cluster: boolean;
	shards: number;
	replicas: number;
	/** The cache is new, and its engines start after `starts` steps. */
	born: boolean;
	starts: number[];
	faults: Fault[];
}

const KINDS: readonly Fault["kind"][] = [
	...["kill", "kill", "kill", "hang", "hang", "hang", "agent-down", "cut", "host-off"],
	...["control-plane-away", "control-plane-away", "lose-identity", "reboot", "fail-over"],
	...["lose-result", "slow-reports", "slow-reports", "nothing"],
] as Fault["kind"][];

/** Histories of all kinds, or only those with the named faults. */
export function histories(
	options: { cluster?: boolean; born?: boolean; kinds?: readonly Fault["kind"][] } = {},
): fc.Arbitrary<History> {
	const { cluster, born, kinds = KINDS } = options;
	const fault = fc.record({
		kind: fc.constantFrom(...kinds),
		which: fc.nat(11),
		ticks: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant(260)),
		pause: fc.integer({ min: 0, max: 16 }),
	});
	return fc.record({
		cluster: cluster === undefined ? fc.boolean() : fc.constant(cluster),
		shards: fc.integer({ min: 1, max: 3 }),
		replicas: fc.integer({ min: 1, max: 2 }),
		born: born === undefined ? fc.boolean() : fc.constant(born),
		starts: fc.array(fc.nat(4), { minLength: 9, maxLength: 9 }),
		faults: fc.array(fault, { maxLength: 12 }),
	});
}

/** How long two engines of a shard may both serve as primary while the control plane and all agents run: 5 s. */
const TWO_LEADERS_TICKS = 20;
/**
 * How long after the last fault everything must be healthy again: 100 s, because a lost host's nodes are replaced after 60 s.
 */
const HEALTHY_TICKS = 400;

/** One history, from its first moment until everything is healthy. */
export class Run {
	readonly hosts: Host[] = Array.from({ length: 4 }, (_, index) => ({
		...{ id: `h${index}`, agentDownUntil: 0, cutUntil: 0, offUntil: 0, latency: 1 },
	}));
	readonly engines: Engines;
	readonly agents: Agents;
	readonly plane: ControlPlane;
	private readonly twoSince = new Map<number, number>();

	constructor(history: History, flaws: Flaws = {}) {
		// Without cluster mode a cache has one shard.
		const shards = history.cluster ? history.shards : 1;
		const nodes = Array.from({ length: shards }, (_, shard) =>
			Array.from({ length: history.replicas + 1 }, (_, member) => {
				const host = this.hosts[(shard + member) % this.hosts.length];
				if (host === undefined) throw new Error("no host");
				return newNode(`s${shard}-${member + 1}`, shard, host);
			}),
		).flat();
		this.engines = new Engines({ nodes, cluster: history.cluster, shards, flaws });
		this.agents = new Agents(this.engines, this.hosts);
		this.plane = new ControlPlane(this.engines, this.agents, this.hosts, history.born);
		for (const [index, node] of nodes.entries()) {
			const leads = node.id.endsWith("-1");
			const leader = `s${node.shard}-1`;
			node.assigned = { leads, leader, onExit: leads ? "report" : "restart", permit: 1, reboot: 0 };
			node.startsAt = history.born ? 1 + (history.starts[index] ?? 0) : 1;
		}
		if (!history.born) this.advance(24);
	}

	/** What went wrong, in words; empty for nothing. */
	play(faults: readonly Fault[]): string[] {
		for (const each of faults) {
			this.strike(each);
			this.advance(each.pause);
			if (this.engines.violations.length > 0) return this.engines.violations;
		}
		this.relent();
		for (let tick = 0; tick < HEALTHY_TICKS; tick += 4) {
			this.advance(4);
			if (this.engines.violations.length > 0) return this.engines.violations;
			if (this.whatIsWrong() === null) return [];
		}
		return [`not healthy: ${this.whatIsWrong()}`];
	}

	private advance(ticks: number): void {
		for (let tick = 0; tick < ticks; tick++) {
			this.engines.tick();
			this.agents.tick();
			this.plane.tick();
			this.watchLeaders();
		}
	}

	private strike({ kind, which, ticks }: Fault): void {
		const { engines, hosts } = this;
		const until = engines.now + ticks;
		const node = engines.nodes[which % engines.nodes.length];
		const host = hosts[which % hosts.length];
		if (node === undefined || host === undefined) return;
		switch (kind) {
			case "kill":
				engines.end(node);
				return;
			case "hang":
				if (node.process !== null) node.process.hangsUntil = until;
				return;
			case "agent-down":
				host.agentDownUntil = until;
				return;
			case "cut":
				host.cutUntil = until;
				return;
			case "host-off":
				host.offUntil = until;
				for (const each of engines.nodes) if (each.host === host) engines.end(each);
				return;
			case "control-plane-away":
				this.plane.restart(Math.min(ticks, 60));
				return;
			case "lose-identity":
				// Never two members at the same time: a cluster's shard would lose its identity, and only a person could say
				// so.
				if (!engines.cluster || !this.plane.database.everAvailable) return;
				if (engines.nodes.some(({ identityLost }) => identityLost)) return;
				node.identityLost = true;
				engines.end(node);
				return;
			case "reboot":
				this.plane.reboot(node.id);
				return;
			case "fail-over":
				this.plane.request(node.shard);
				return;
			case "lose-result":
				this.agents.resultsToLose = 1;
				return;
			case "slow-reports":
				host.latency = 1 + (ticks % 8);
				return;
			case "nothing":
				return;
		}
	}

	/** Everything that can come back does. */
	private relent(): void {
		const { now, nodes } = this.engines;
		for (const host of this.hosts) {
			Object.assign(host, { agentDownUntil: now, cutUntil: now, offUntil: now, latency: 1 });
		}
		for (const { process } of nodes) if (process !== null) process.hangsUntil = now;
		if (this.plane.awayUntil > now) this.plane.awayUntil = now + 1;
		this.agents.resultsToLose = 0;
	}

	/** Only while something could end it: the control plane and all agents are there, and see all hosts. */
	private watchLeaders(): void {
		const { engines, plane } = this;
		const { now } = engines;
		for (let shard = 0; shard < engines.shards; shard++) {
			const leading = engines.members(shard).filter((node) => {
				return answering(node, now)?.role === "primary";
			});
			if (leading.length < 2 || now < plane.awayUntil || !this.allAreSeen()) {
				this.twoSince.delete(shard);
				continue;
			}
			const since = this.twoSince.get(shard) ?? now;
			this.twoSince.set(shard, since);
			if (now - since < TWO_LEADERS_TICKS) continue;
			engines.violations.push(`${leading.map(({ id }) => id).join(" and ")} both lead`);
		}
	}

	private allAreSeen(): boolean {
		const { now } = this.engines;
		return this.hosts.every((host) => this.agents.works(host) && isReachable(host, now));
	}

	/**
	 * Null once every shard is led as the control plane says, by a node that has the data, and all others follow that
	 * node.
	 */
	private whatIsWrong(): string | null {
		const { engines, plane } = this;
		for (const shard of plane.database.shards) {
			const leader = engines.leader(shard.index);
			const process = inReach(leader, engines.now);
			if (leader === undefined || process === null) return `no node leads shard ${shard.index}`;
			if (leader.id !== shard.primaryId) return `${leader.id} leads and ${shard.primaryId} should`;
			for (const { id, node, replaces } of plane.database.members(shard.index)) {
				if (replaces !== null) return `${id} still replaces ${replaces}`;
				const own = answering(node, engines.now);
				if (own === null) return `${id} is ${node.phase}`;
				if (node !== leader && (!own.linkUp || own.follows !== leader.id))
					return `${id} isn't in sync`;
			}
			if (process.data < 1) return `shard ${shard.index} has no data`;
		}
		const { status } = plane.database;
		if (status !== "available") return `its status is ${status}`;
		return plane.actions.length === 0 ? null : `it still plans ${plane.actions[0]?.kind}`;
	}
}

/** Plays a history; returns what went wrong. */
export function play(history: History, flaws: Flaws = {}): string[] {
	return new Run(history, flaws).play(history.faults);
}
