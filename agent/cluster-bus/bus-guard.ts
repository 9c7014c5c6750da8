import type { Logger } from "../../platform/logger.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import type { ClusterBusGuard } from "../../server/contract/host.ts";
import { resolveAddress } from "../drivers/resolve-address.ts";
import { isLoopback } from "../gateway/kernel/local-addresses.ts";
import type { EngineAnswer } from "../instances/engine-provider.ts";
import { mayCutConnections } from "../supervisor/cut-connections.ts";
import { type BusRules, rulesFor } from "./bus-rules.ts";
import { BusTable } from "./bus-table.ts";

/** A third of the time that the rules apply without being renewed. */
const RENEW_MS = 1_000;
/** After a failure, such as a refusal by the kernel. */
const RETRY_MS = 60_000;
/**
 * How long a host whose node has left a cluster may still connect. A control plane that was restored from a backup may
 * have forgotten a member that it will soon place again.
 */
const FORMER_FOR_MS = 15 * 60_000;

interface BusGuardOptions {
	readonly homeDir: string;
	readonly bindAddress: string;
	readonly enabled: boolean;
	/** The program nft; fetched in the background if it is missing. */
	readonly resolveTools: () => Promise<EngineAnswer>;
	readonly logger: Logger;
	readonly onChange: () => void;
}

/**
 * Closes the bus ports of this host's cluster nodes to all machines except the hosts of the same cluster, if the
 * agent has permission to (docs/decisions/0038): engines have no password for the bus. If anything is uncertain, the
 * ports stay open: a member that can't connect costs more than a stranger who might.
 */
export class BusGuard {
	private readonly options: BusGuardOptions;
	private readonly table: BusTable;
	private assignments: readonly Assignment[] = [];
	/** By bus port and address, when a member there was last named. */
	private readonly named = new Map<string, number>();
	private seen: ClusterBusGuard | null = null;
	private failed: { why: string; at: number } | null = null;
	private stopped = false;
	private turn: Promise<void> = Promise.resolve();
	private timer: NodeJS.Timeout | null = null;

	constructor(options: BusGuardOptions) {
		this.options = options;
		this.table = new BusTable(options.homeDir, options.bindAddress);
	}

	/** What people are shown; null while this host has no cluster node. */
	state(): ClusterBusGuard | null {
		return this.seen;
	}

	/**
	 * Replaces this host's assignments. Resolves once the members of their clusters can connect, or the ports are
	 * open.
	 */
	apply(assignments: readonly Assignment[]): Promise<void> {
		this.assignments = assignments.filter(({ cluster }) => cluster !== null);
		return this.look();
	}

	/** Opens all ports. */
	async stop(): Promise<void> {
		this.stopped = true;
		await this.look();
	}

	private look(): Promise<void> {
		this.turn = this.turn.then(async () => {
			if (this.timer !== null) clearTimeout(this.timer);
			await this.take();
			if (!this.stopped) this.timer = setTimeout(() => void this.look(), RENEW_MS).unref();
		});
		return this.turn;
	}

	private async take(): Promise<void> {
		const { assignments, table, options, stopped } = this;
		const none = stopped || assignments.length === 0;
		const why = none ? null : await this.close();
		if (none || why !== null) await table.release();
		const before = JSON.stringify(this.seen);
		this.seen = none ? null : { closed: why === null, note: why };
		if (JSON.stringify(this.seen) === before || stopped) return;
		if (why !== null) options.logger.info({ reason: why }, "cluster bus ports aren't guarded");
		options.onChange();
	}

	/** Returns why the ports can't be closed; null if they are, for the next three seconds. */
	private async close(): Promise<string | null> {
		const { failed, options } = this;
		const obstacle = whyOpen(options.enabled, options.bindAddress);
		if (obstacle !== null) return obstacle;
		if (failed !== null && performance.now() - failed.at < RETRY_MS) return failed.why;
		const answer = await options.resolveTools();
		if (answer.kind === "pending") return answer.message;
		try {
			const rules = this.withFormer(await rulesFor(this.assignments, resolveAddress));
			await this.table.hold(answer.engine.server, rules);
			this.failed = null;
			return null;
		} catch (error) {
			const why = error instanceof Error ? error.message : String(error);
			this.failed = { why: why.slice(0, 1_000), at: performance.now() };
			return this.failed.why;
		}
	}

	private withFormer(rules: BusRules): BusRules {
		const now = performance.now();
		for (const [port, sources] of rules) {
			for (const source of sources) this.named.set(`${port} ${source}`, now);
		}
		const all = new Map([...rules].map(([port, sources]) => [port, new Set(sources)]));
		for (const [key, at] of this.named) {
			const [port = "", source = ""] = key.split(" ");
			if (now - at > FORMER_FOR_MS || !all.has(Number(port))) this.named.delete(key);
			else all.get(Number(port))?.add(source);
		}
		return all;
	}
}

/** What keeps the ports open on this host, whatever its clusters are; null if nothing does. */
export function whyOpen(
	enabled: boolean,
	bindAddress: string,
	mayFilter = mayCutConnections(),
): string | null {
	if (!enabled) return "this agent was started with LARDER_BUS_GUARD=off";
	if (isLoopback(bindAddress)) {
		return "nodes here listen on a loopback address, which only this machine can reach";
	}
	if (bindAddress === "0.0.0.0")
		return "this agent listens on all addresses; start it with --address set to one of its machine's addresses";
	if (!mayFilter) return "the agent lacks the capability CAP_NET_ADMIN, which root has";
	return null;
}
