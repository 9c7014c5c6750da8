import type { Assignment } from "../../server/contract/agent.ts";
import { type NodeAddress, saysPrimary } from "./ask-node.ts";
import type { Convergence, EngineState } from "./driver.ts";
import type { RespValue } from "./resp-parser.ts";

export type { NodeAddress } from "./ask-node.ts";

/** How long another's choice stands while the control plane may not have written it down yet. */
const HEARD_OF_WITHIN_MS = 3_000;

const WAITING: Convergence = { converged: false, acted: false };
const ACTED: Convergence = { converged: false, acted: true };
const CONVERGED: Convergence = { converged: true, acted: false };

/**
 * Leads one engine to its role where cluster mode is disabled. It makes no primary of a replica: that is for failover
 * orders and Sentinels, who know what the others hold. And it lets nothing follow a node that doesn't lead itself.
 */
export class ReplicationConvergence {
	private readonly command: (...args: string[]) => Promise<RespValue>;
	/** Asks another node of the same cache; null when it doesn't answer or is none. */
	private readonly askNode: (node: NodeAddress, command: readonly string[]) => Promise<RespValue>;
	private readonly inTouch: () => boolean;
	private readonly promotedLately: () => boolean;
	/** Whom the engine follows, and since when it is known to; null before the first look. */
	private upstream: { node: NodeAddress | null; since: number } | null = null;

	constructor(options: {
		command: ReplicationConvergence["command"];
		askNode: ReplicationConvergence["askNode"];
		/** Whether what is wanted is what the control plane wants today. */
		inTouch: () => boolean;
		/** Whether the engine became primary so lately that the control plane may not have written it down yet. */
		promotedLately: () => boolean;
	}) {
		this.command = options.command;
		this.askNode = options.askNode;
		this.inTouch = options.inTouch;
		this.promotedLately = options.promotedLately;
	}

	async converge({ role }: Assignment, state: EngineState): Promise<Convergence> {
		const isPrimary = state.role === "primary";
		this.notice(state);
		if (role.kind !== "replica") return isPrimary ? CONVERGED : WAITING;
		const { host, port } = role.of;
		if (!isPrimary && state.primaryHost === host && state.primaryPort === port) return CONVERGED;
		// What it has now, a Sentinel may have given it while the control plane was away.
		if ((isPrimary || state.linkUp) && !this.inTouch()) return WAITING;
		if (isPrimary && this.promotedLately()) return WAITING;
		if (await this.isLeftWithItsChoice()) return WAITING;
		// Asked itself, every few milliseconds: an engine that is pointed at one which doesn't accept yet tries again only a
		// second later. It also proves that the address is of the same cache, whose nodes alone know its system user.
		if (!saysPrimary(await this.askNode(role.of, ["ROLE"]))) return WAITING;
		await this.command("REPLICAOF", host, String(port));
		// Clients behind an endpoint would write to a replica until they connect again, to the new primary.
		if (isPrimary) await this.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
		return ACTED;
	}

	private notice({ role, primaryHost: host, primaryPort: port }: EngineState): void {
		const node = role === "replica" && host !== null && port !== null ? { host, port } : null;
		const { upstream } = this;
		if (upstream === null) this.upstream = { node, since: Number.NEGATIVE_INFINITY };
		else if (upstream.node?.host !== node?.host || upstream.node?.port !== node?.port) {
			this.upstream = { node, since: performance.now() };
		}
	}

	/**
	 * It was turned to another primary a moment ago, by a Sentinel or an order. The former one may have come back as if
	 * nothing had been, and would have a replica acknowledge writes that are lost once the control plane knows better.
	 */
	private async isLeftWithItsChoice(): Promise<boolean> {
		const { upstream } = this;
		if (upstream === null || upstream.node === null) return false;
		if (performance.now() - upstream.since > HEARD_OF_WITHIN_MS) return false;
		return saysPrimary(await this.askNode(upstream.node, ["ROLE"]));
	}
}
