import {
	answering,
	holdsCopy,
	inReach,
	isReachable,
	isUp,
	type Node,
	type Process,
} from "./fleet.ts";

const FULL_SYNC_TICKS = 3;
/** How long the backstops wait: longer than the control plane takes. */
const BACKSTOP_TICKS = 10;
const HEARTBEAT_TICKS = 4;
/** An unplanned failover mustn't replace a primary that has served for longer than this. */
const SERVED_TICKS = 2;

/** Rules that can be removed, to show that the model finds the faults that they prevent. */
export interface Flaws {
	/** Sentinels and votes don't look at the engine's mark. */
	electorsIgnoreMark?: boolean;
	/**
	 * Every process counts as one that has led, orders don't ask a demoted primary whether it leads again, and the
	 * future primary of a new cluster is reported without its mark.
	 */
	reportsAreBelieved?: boolean;
	/** An agent doesn't notice that a node has lost its identity, and starts it again and again. */
	lossIsOverlooked?: boolean;
}

/** Engines by themselves: they take writes, copy, and elect. They know nothing of the control plane. */
export class Engines {
	now = 0;
	readonly nodes: Node[] = [];
	readonly cluster: boolean;
	readonly shards: number;
	readonly flaws: Flaws;
	/** Violations, in the order in which they were found. */
	readonly violations: string[] = [];
	/** Shards that have lost all their copies at some time. */
	readonly bereft = new Set<number>();
	/**
	 * By shard: when its leader was first missing (`gone`), and when its present leader began to serve (`servingSince`).
	 */
	private readonly gone = new Map<number, number>();
	private readonly byShard: Node[][];
	private readonly byId = new Map<string, Node>();
	private readonly servingSince = new Map<number, { id: string; at: number }>();
	private epoch = 0;
	private pids = 100;

	constructor(options: { nodes: Node[]; cluster: boolean; shards: number; flaws: Flaws }) {
		this.cluster = options.cluster;
		this.shards = options.shards;
		this.flaws = options.flaws;
		this.byShard = Array.from({ length: options.shards }, () => []);
		for (const node of options.nodes) this.add(node);
	}

	add(node: Node): void {
		this.nodes.push(node);
		this.byShard[node.shard]?.push(node);
		this.byId.set(node.id, node);
	}

	/** Its host has no trace of it any more. */
	forget(node: Node): void {
		for (const list of [this.nodes, this.byShard[node.shard] ?? []]) {
			const index = list.indexOf(node);
			if (index >= 0) list.splice(index, 1);
		}
		this.byId.delete(node.id);
	}

	members(shard: number): readonly Node[] {
		return this.byShard[shard] ?? [];
	}

	node(id: string | null): Node | undefined {
		return id === null ? undefined : this.byId.get(id);
	}

	/** Starts a process. A primary-to-be of a new cluster follows its phantom first. */
	launch(node: Node, as: { leads: boolean; leader: string; born?: boolean }): void {
		const { kept } = node;
		const rebooting = kept !== null;
		const born = as.born === true && this.cluster;
		const byFile = node.launches === 0 ? as.leads : node.ledByFile;
		const leads = this.cluster && !born ? byFile && as.leads : as.leads;
		const leader = (this.cluster ? node.followedByFile : null) ?? as.leader;
		if (leads && !rebooting && node.launches > 0) this.checkEmptyStart(node);
		node.launches++;
		const pid = ++this.pids;
		node.process = {
			...{ pid, startedAt: new Date(this.now).toISOString() },
			...{ history: kept !== null && !leads ? kept.history : -pid },
			formerHistory: kept?.history ?? 0,
			since: this.now,
			role: leads && !born ? "primary" : "replica",
			follows: born ? "phantom" : leads ? null : leader,
			epoch: leads && !born ? ++this.epoch : 0,
			data: kept?.data ?? 0,
			synced: leads || kept?.synced === true,
			mayLead: as.leads,
			keptData: kept?.synced === true,
			linkUp: false,
			syncLeft: born || as.born === true ? 1 : FULL_SYNC_TICKS,
			...{ hangsUntil: 0, heardAt: -1_000 },
		};
		node.kept = null;
	}

	/** Ends the process. Its data is lost unless a reboot keeps it (`keeping`). */
	end(node: Node, keeping = false): void {
		const { process } = node;
		if (process === null) return;
		node.kept = keeping
			? { data: process.data, synced: process.synced, history: process.history }
			: null;
		node.ledByFile = process.role === "primary";
		node.followedByFile = process.follows;
		node.process = null;
		node.silentSince = null;
	}

	/** Makes a node lead, whatever the reason. */
	promote(node: Node, by: string, planned = false): void {
		const process = answering(node, this.now);
		if (process === null || process.role === "primary") return;
		const { shard } = node;
		if (!process.synced && this.members(shard).some((each) => each !== node && holdsCopy(each))) {
			this.violations.push(`${by} made ${node.id} lead, although it never synced`);
		}
		const serving = this.servingSince.get(shard);
		if (
			!planned &&
			serving !== undefined &&
			serving.id !== node.id &&
			this.now - serving.at > SERVED_TICKS
		) {
			this.violations.push(`${by} replaced ${serving.id}, which was serving, with ${node.id}`);
		}
		this.servingSince.delete(shard);
		this.gone.delete(shard);
		Object.assign(process, { role: "primary", follows: null, linkUp: false, epoch: ++this.epoch });
		process.synced = true;
		process.formerHistory = process.history;
		process.history = process.epoch;
	}

	follow(process: Process, leader: string): void {
		if (process.role === "replica" && process.follows === leader) return;
		Object.assign(process, { role: "replica", follows: leader, linkUp: false, epoch: 0 });
		process.syncLeft = FULL_SYNC_TICKS;
	}

	/** The node that leads a shard according to the engines; the newest of several. */
	leader(shard: number): Node | undefined {
		return newest(this.members(shard), ({ process }) => process);
	}

	tick(): void {
		this.now++;
		for (let shard = 0; shard < this.shards; shard++) {
			this.settle(shard);
			for (const node of this.members(shard)) this.copy(node);
			this.note(shard);
			this.elect(shard);
		}
	}

	private checkEmptyStart(node: Node): void {
		const holder = this.members(node.shard).find((each) => each !== node && holdsCopy(each));
		// What an agent did just before it died can't have been reported.
		const isHeard = holder !== undefined && this.now >= holder.host.agentDownUntil;
		if (isHeard && isUp(holder.host, this.now)) {
			this.violations.push(`${node.id} started empty as primary while ${holder.id} held the data`);
		}
	}

	/** The bus or Sentinels make a former primary follow the newest leader; the bus does so with replicas too. */
	private settle(shard: number): void {
		const leader = newest(this.members(shard), (node) => inReach(node, this.now));
		const leading = leader?.process;
		if (leader === undefined || leading == null) return;
		for (const node of this.members(shard)) {
			const process = inReach(node, this.now);
			if (process === null || node === leader) continue;
			const older = process.role === "primary" && process.epoch < leading.epoch;
			const astray = process.role === "replica" && process.follows !== leader.id;
			if (older || (astray && this.cluster)) {
				this.follow(process, leader.id);
			}
		}
	}

	private copy(node: Node): void {
		const process = answering(node, this.now);
		if (process === null) return;
		if (process.role === "primary") {
			if (isReachable(node.host, this.now)) process.data++;
			return;
		}
		const leader = this.node(process.follows);
		const source = leader === node ? null : inReach(leader, this.now);
		const near = isReachable(node.host, this.now) || leader?.host === node.host;
		if (source === null || !near || (source.role === "replica" && !source.linkUp)) {
			if (process.linkUp) process.syncLeft = 1;
			process.linkUp = false;
			return;
		}
		process.heardAt = this.now;
		if (process.syncLeft > 0) process.syncLeft--;
		if (process.syncLeft > 0) return;
		process.linkUp = true;
		process.synced = true;
		process.keptData = false;
		process.data = source.data;
		process.history = source.history;
		process.formerHistory = source.formerHistory;
	}

	private note(shard: number): void {
		const leader = this.leader(shard);
		const process = leader === undefined ? null : inReach(leader, this.now);
		// A former primary that is back while others hold what its successor wrote was left behind.
		const isLeftBehind = this.members(shard).some((each) => {
			return each.process?.synced && process !== null && each.process.history > process.history;
		});
		const serves = leader !== undefined && process !== null && !isLeftBehind;
		if (serves) {
			this.gone.delete(shard);
			if (this.servingSince.get(shard)?.id !== leader.id) {
				this.servingSince.set(shard, { id: leader.id, at: this.now });
			}
		} else {
			this.servingSince.delete(shard);
			if (!this.gone.has(shard)) this.gone.set(shard, this.now);
		}
		if (!this.members(shard).some(holdsCopy)) this.bereft.add(shard);
	}

	/** The backstop: Sentinels, or the other shards' vote. It needs a majority, and time. */
	private elect(shard: number): void {
		const since = this.gone.get(shard);
		if (since === undefined || this.now - since < BACKSTOP_TICKS || !this.hasMajority()) return;
		const able = this.members(shard)
			.filter((node) => {
				const process = inReach(node, this.now);
				if (process === null || process.role !== "replica" || process.follows === "phantom")
					return false;
				return process.mayLead || this.flaws.electorsIgnoreMark === true;
			})
			.sort((a, b) => (b.process?.data ?? 0) - (a.process?.data ?? 0));
		const [best] = able;
		if (best === undefined || this.now % HEARTBEAT_TICKS !== 0) return;
		this.promote(best, this.cluster ? "the vote" : "Sentinel");
	}

	hasMajority(): boolean {
		if (!this.cluster) {
			const hosts = [...new Set(this.nodes.map(({ host }) => host))];
			return hosts.filter((host) => isReachable(host, this.now)).length > hosts.length / 2;
		}
		const voters = Array.from({ length: this.shards }, (_, shard) => this.leader(shard));
		return voters.filter((node) => inReach(node, this.now) !== null).length > this.shards / 2;
	}
}

/** The primary of the newest epoch among the processes that `processOf` returns; undefined if there is none. */
function newest(
	nodes: readonly Node[],
	processOf: (node: Node) => Process | null,
): Node | undefined {
	let found: Node | undefined;
	let epoch = -1;
	for (const node of nodes) {
		const process = processOf(node);
		if (process?.role !== "primary" || process.epoch <= epoch) continue;
		found = node;
		epoch = process.epoch;
	}
	return found;
}
