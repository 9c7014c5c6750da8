import type { EngineAnswer } from "../../instances/engine-provider.ts";
import { mayCutConnections } from "../../supervisor/cut-connections.ts";
import type { KernelTable } from "./kernel-table.ts";
import { isLoopback } from "./local-addresses.ts";
import { findPacketFilter } from "./packet-filter.ts";
import { type KernelTools, rehearse } from "./rehearse.ts";

/** `kernel` forwards even if a packet filter may have been set up for the endpoints' ports alone. */
export type KernelMode = "auto" | "kernel";

export type PermissionAnswer =
	| { readonly kind: "granted"; readonly tools: KernelTools }
	| { readonly kind: "refused"; readonly reason: string };

/** How long an answer that was costly to find stays valid. */
const REMEMBER_MS = 60_000;
const REASON_MAX = 1_000;

/** Whether the kernel may forward on this host, and why not. */
export class Permission {
	private readonly options: {
		mode: KernelMode;
		bindAddress: string;
		resolveTools: () => Promise<EngineAnswer>;
		table: KernelTable;
	};
	private known: { answer: PermissionAnswer; at: number } | null = null;
	private rehearsed = false;

	constructor(options: Permission["options"]) {
		this.options = options;
	}

	/** Tries out what the kernel can do, but only if `isNeeded`. */
	async ask(isNeeded: boolean): Promise<PermissionAnswer> {
		const { known } = this;
		if (known !== null && performance.now() - known.at < REMEMBER_MS) return known.answer;
		const quick = await this.askQuickly();
		if (quick.kind === "refused" || !isNeeded) return quick;
		const reason = await this.findObstacle(quick.tools);
		return this.remember(reason === null ? quick : refused(reason));
	}

	/** Call when forwarding has failed. Returns the reason to show. */
	revoke(reason: string): string {
		this.rehearsed = false;
		this.remember(refused(reason));
		return reason.slice(0, REASON_MAX);
	}

	/** May change at any moment, such as when the tools have been fetched. */
	private async askQuickly(): Promise<PermissionAnswer> {
		const { bindAddress, resolveTools } = this.options;
		if (bindAddress === "0.0.0.0")
			return refused(
				"this agent listens on all addresses; start it with --address set to one of its machine's addresses",
			);
		if (!mayCutConnections()) {
			return refused("the agent lacks the capability CAP_NET_ADMIN, which root has");
		}
		const answer = await resolveTools();
		if (answer.kind === "pending") return refused(answer.message);
		const { server, client } = answer.engine;
		if (client === null) return refused("the program conntrack is missing; install it");
		return { kind: "granted", tools: { nft: server, conntrack: client } };
	}

	private async findObstacle(tools: KernelTools): Promise<string | null> {
		const { mode, bindAddress, table } = this.options;
		try {
			if (!this.rehearsed) await rehearse(table, tools, bindAddress);
			this.rehearsed = true;
			if (mode === "kernel" || isLoopback(bindAddress)) return null;
			const filter = await findPacketFilter(tools.nft);
			if (filter === null) return null;
			return `a packet filter (${filter}) may let clients connect to endpoints but not to nodes; if it lets them connect to both, set LARDER_GATEWAY=kernel`;
		} catch (error) {
			return `this machine's kernel can't be used: ${error instanceof Error ? error.message : String(error)}`;
		}
	}

	private remember(answer: PermissionAnswer): PermissionAnswer {
		this.known = { answer, at: performance.now() };
		return answer;
	}
}

function refused(reason: string): PermissionAnswer {
	return { kind: "refused", reason: reason.slice(0, REASON_MAX) };
}
