import type { FailoverOrder } from "../../contract/desired-state.ts";
import type { Observation, OrderResult } from "../../contract/host-report.ts";
import { HUNG_TIMING } from "../../contract/limits.ts";
import type { Engines } from "./engines.ts";
import {
	answering,
	clusterNodeIdOf,
	type Host,
	inReach,
	isReachable,
	isUp,
	type Node,
	TICK_MS,
} from "./fleet.ts";

const RESTART_TICKS = 2;
const SILENT_TICKS = 2;
const HEARD_TICKS = 8;
const HEARTBEAT_TICKS = 3;
const GREETING_TICKS = 3;
/** Where a cluster's phantoms are. */
const NOWHERE = { host: "127.0.0.1", port: 1 };

interface Letter {
	at: number;
	deliver: () => void;
}

/** The agents of all hosts: they restart engines and change their roles as told, carry out orders, and report. */
export class Agents {
	private readonly engines: Engines;
	private readonly hosts: readonly Host[];
	private letters: Letter[] = [];
	private readonly lastReports = new Map<string, { news: string; at: number }>();
	/** How many of the next orders' results will be lost. */
	resultsToLose = 0;
	onReport: (host: Host, seen: Observation[]) => void = () => {};
	onResult: (result: OrderResult) => void = () => {};
	inTouch: () => boolean = () => true;

	constructor(engines: Engines, hosts: readonly Host[]) {
		this.engines = engines;
		this.hosts = hosts;
	}

	works(host: Host): boolean {
		return isUp(host, this.engines.now) && this.engines.now >= host.agentDownUntil;
	}

	talks(host: Host): boolean {
		return this.works(host) && isReachable(host, this.engines.now) && this.inTouch();
	}

	/** Work that takes that many steps, and is lost if the host is out of touch by then. */
	send(host: Host, ticks: number, deliver: () => void): void {
		const at = this.engines.now + Math.max(1, ticks);
		this.letters.push({ at, deliver: () => this.talks(host) && deliver() });
	}

	tick(): void {
		const { now, nodes } = this.engines;
		for (const node of nodes) if (this.works(node.host)) this.look(node);
		for (const host of this.hosts) this.report(host);
		if (!this.letters.some(({ at }) => at <= now)) return;
		const due = this.letters.filter(({ at }) => at <= now);
		this.letters = this.letters.filter(({ at }) => at > now);
		for (const { deliver } of due) deliver();
	}

	private look(node: Node): void {
		const { now } = this.engines;
		const { process, assigned } = node;
		if (process === null) {
			this.tryLaunch(node);
			return;
		}
		if (answering(node, now) === null) {
			node.silentSince ??= now;
			return;
		}
		node.silentSince = null;
		node.phase = "running";
		if (assigned.reboot > node.rebooted) {
			node.rebooted = assigned.reboot;
			this.engines.end(node, true);
			node.phase = "rebooting";
			node.startsAt = now + RESTART_TICKS;
			return;
		}
		if (process.synced && process.role === "replica") process.mayLead = true;
		this.lead(node);
	}

	private lead(node: Node): void {
		const { process, assigned } = node;
		if (process === null) return;
		if (assigned.leads) {
			// In a new cluster it takes over from its phantom without a vote, once it has greeted the others.
			const greeted = this.engines.now - process.since >= GREETING_TICKS;
			if (process.follows === "phantom" && greeted) this.engines.promote(node, "birth", true);
			return;
		}
		const leader = this.engines.node(assigned.leader);
		const leads = inReach(leader, this.engines.now)?.role === "primary";
		if (!leads || leader === node || process.follows === assigned.leader) return;
		if (process.role === "primary" && (this.engines.cluster || !this.talks(node.host))) return;
		this.engines.follow(process, assigned.leader);
	}

	private tryLaunch(node: Node): void {
		const { engines } = this;
		const { now } = engines;
		const { assigned } = node;
		if (node.phase === "running" || node.phase === "starting") {
			node.phase = "exited";
			node.startsAt = now + RESTART_TICKS;
			return;
		}
		if (now < node.startsAt) return;
		if (node.identityLost) {
			// An agent that sees the loss in the node's file leaves the node to be replaced; one that overlooks it keeps
			// starting the node.
			node.phase = engines.flaws.lossIsOverlooked === true && now % 4 < 2 ? "starting" : "exited";
			return;
		}
		const born = node.launches === 0;
		const kept = node.kept !== null;
		const permitted = assigned.permit > node.launchedPermit;
		const free = born || kept || permitted || assigned.onExit === "restart";
		if (!free) return;
		// Held back until its successor says that it leads: according to its own file this node would lead, although it is
		// empty.
		const leader = inReach(engines.node(assigned.leader), now);
		if (engines.cluster && !assigned.leads && node.ledByFile && !kept) {
			if (leader?.role !== "primary") return;
			node.ledByFile = false;
		}
		node.launchedPermit = assigned.permit;
		engines.launch(node, { ...assigned, born: born && engines.now < 20 });
		node.phase = "starting";
	}

	/** Immediately when there is news, and with each heartbeat. */
	private report(host: Host): void {
		if (!this.talks(host)) return;
		const { now, nodes } = this.engines;
		let news = "";
		for (const node of nodes) if (node.host === host) news += this.newsOf(node);
		const last = this.lastReports.get(host.id);
		if (last?.news === news && now - last.at < HEARTBEAT_TICKS) return;
		this.lastReports.set(host.id, { news, at: now });
		const seen = nodes.filter((node) => node.host === host).map((node) => this.observe(node));
		this.send(host, host.latency, () => this.onReport(host, seen));
	}

	/** All that an observation says except the offset, which changes with every write. */
	private newsOf(node: Node): string {
		const { id, phase, identityLost, launchedPermit, rebooted, process, kept } = node;
		const own = `${id} ${phase} ${identityLost} ${launchedPermit} ${rebooted} ${kept?.synced}`;
		if (process === null) return own;
		const { pid, role, follows, linkUp, mayLead, keptData } = process;
		return `${own} ${this.isSilent(node)} ${pid} ${role} ${follows} ${linkUp} ${mayLead} ${keptData}`;
	}

	private isSilent({ silentSince }: Node): boolean {
		return silentSince !== null && this.engines.now - silentSince >= SILENT_TICKS;
	}

	private observe(node: Node): Observation {
		const { process } = node;
		const silent = this.isSilent(node);
		const lost = node.identityLost && this.engines.flaws.lossIsOverlooked !== true;
		return {
			assignmentId: node.id,
			generation: 1,
			phase: node.phase,
			restarts: 0,
			port: 6379,
			reason: lost ? { code: "identity-lost", message: "its files are gone" } : null,
			pid: process?.pid ?? null,
			startedAt: process?.startedAt ?? null,
			busy: false,
			silentSince: silent ? new Date((node.silentSince ?? 0) * TICK_MS).toISOString() : null,
			launchPermit: node.launchedPermit,
			reboot: node.rebooted,
			pendingParameters: [],
			clientLimit: null,
			keptData: process?.keptData ?? node.kept?.synced ?? false,
			engineState: node.phase === "running" && !silent ? this.stateOf(node) : null,
		};
	}

	private stateOf(node: Node): Observation["engineState"] {
		const { process } = node;
		if (process === null) return null;
		const { role, follows, linkUp, data } = process;
		// Before engines held a mark, a node of a new cluster had none either.
		const isNew = follows === "phantom" && this.engines.flaws.reportsAreBelieved === true;
		const leader = this.engines.node(follows);
		const at =
			role === "primary" ? null : ((leader && { host: leader.host.id, port: 6379 }) ?? NOWHERE);
		return {
			version: "9.1.2",
			role,
			loading: false,
			linkUp: role === "primary" || linkUp,
			synced: role === "primary" || linkUp || (process.mayLead && !isNew),
			primaryHost: at?.host ?? null,
			primaryPort: at?.port ?? null,
			offset: data,
			onlineReplicas: 0,
			cluster: this.engines.cluster
				? {
						nodeId: clusterNodeIdOf(node.id),
						ok: true,
						view: "",
						primaryNodeId: follows && clusterNodeIdOf(follows),
						slots: role === "primary" ? String(node.shard) : "",
					}
				: null,
		};
	}

	/** Kills a process that hasn't answered for a long time, by its host's own clock. */
	endHung(node: Node, pid: number): void {
		const { process, silentSince } = node;
		const silentMs = silentSince === null ? 0 : (this.engines.now - silentSince) * TICK_MS;
		if (process?.pid !== pid || answering(node, this.engines.now) !== null) return;
		if (silentMs < HUNG_TIMING.endedAfterMs) {
			this.send(node.host, 1, () => this.endHung(node, pid));
			return;
		}
		this.engines.end(node);
	}

	/** As agent/failover does: engines are asked, whatever the control plane believed. */
	carryOut(order: FailoverOrder, host: Host): void {
		this.send(host, 2, () => {
			const result = this.decide(order);
			if (this.resultsToLose > 0) this.resultsToLose--;
			else this.send(host, host.latency, () => this.onResult({ ...result, id: order.id }));
		});
	}

	/** A former primary that was left behind may still call itself primary: it doesn't count. */
	private leaderOf({ others, fromState }: FailoverOrder, able: readonly Node[]): Node | undefined {
		const { engines } = this;
		const leads = (node: Node) => inReach(node, engines.now)?.role === "primary";
		const histories = new Set(able.map(({ process }) => process?.history));
		const heirs = others.flatMap(({ nodeId }) => engines.node(nodeId) ?? []);
		return [
			...able,
			...heirs.filter(({ process }) => {
				if (process === null || fromState === "lost") return process !== null;
				return histories.has(process.history) || histories.has(process.formerHistory);
			}),
		].find(leads);
	}

	private decide(order: FailoverOrder): Omit<OrderResult, "id"> {
		const { engines } = this;
		const { now } = engines;
		const end = (outcome: OrderResult["outcome"], message: string, leader: Node | null = null) => ({
			...{ outcome, message, leaderNodeId: leader?.id ?? null, writesUnavailableMs: null },
		});
		const from = engines.node(order.from.nodeId);
		const old = inReach(from, now);
		const able = order.candidates.flatMap(({ nodeId }) => {
			const node = engines.node(nodeId);
			return node !== undefined && inReach(node, now) !== null ? [node] : [];
		});
		const leading = this.leaderOf(order, able);
		if (order.kind === "planned") {
			const [target] = able;
			if (leading !== undefined && old?.role !== "primary") return end("done", "", leading);
			const ready = target?.process?.linkUp === true && target.process.follows === from?.id;
			if (target === undefined || old?.role !== "primary" || !ready)
				return end("refused", "not in sync");
			if (target.process !== null) target.process.data = old.data;
			engines.promote(target, "a planned order", true);
			engines.follow(old, target.id);
			return end("done", "", target);
		}
		if (leading !== undefined) return end("done", "", leading);
		if (order.fromState === "silent" && old !== null) return end("refused", "it answers");
		const heard = able.some(({ process }) => {
			return process?.linkUp === true && now - process.heardAt < HEARD_TICKS;
		});
		if (order.fromState === "silent" && heard) return end("refused", "it was heard from");
		const asks = engines.flaws.reportsAreBelieved !== true;
		const followed = inReach(engines.node(old?.follows ?? null), now);
		const leads = old?.role === "primary" || followed?.role === "primary";
		if (order.fromState === "demoted" && asks && leads) {
			return end("refused", "it leads");
		}
		// One that was started to lead, by a permit, has the mark too, though its own file made it a replica.
		const others = order.fromState === "lost" ? order.others : [];
		const eligible = [...able, ...others.flatMap(({ nodeId }) => engines.node(nodeId) ?? [])];
		const synced = eligible.filter((node) => {
			const process = inReach(node, now);
			return process?.synced || process?.mayLead;
		});
		const kept = able.filter(({ process }) => process?.keptData);
		const empty = able.length === order.candidates.length ? able : [];
		const fallback = { dead: kept, lost: empty, alive: [], demoted: [], silent: [] };
		const [best] = (synced.length === 0 ? fallback[order.fromState] : synced).sort(
			(a, b) => (b.process?.data ?? 0) - (a.process?.data ?? 0),
		);
		if (best === undefined) return end("failed", "nobody can");
		if (engines.cluster && !order.takeover && !engines.hasMajority())
			return end("failed", "no votes");
		engines.promote(best, "an order");
		for (const { process } of able) {
			if (process !== null && process.role === "replica") engines.follow(process, best.id);
		}
		return end("done", "", best);
	}
}
