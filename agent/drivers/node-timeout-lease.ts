import { BACKSTOP_TIMING } from "../../server/contract/limits.ts";
import type { RespValue } from "./resp-parser.ts";

const NAME = "cluster-node-timeout";
/** The agent of a busy primary raises it once a second, and lowers it itself unless it dies meanwhile. */
const LAPSED_AFTER_MS = 2 * BACKSTOP_TIMING.busyLeaseMs;

/** The question that an agent sends to a cluster node along with all others. */
export const NODE_TIMEOUT_QUESTION = ["CONFIG", "GET", NAME] as const;

/** Sets how long a cluster node waits before it considers others gone. */
export function setNodeTimeout(timeoutMs: number): string[] {
	return ["CONFIG", "SET", NAME, String(timeoutMs)];
}

/**
 * The agent of a busy primary makes the other primaries wait longer before they vote for another one. If that
 * agent dies with its host, it can't undo this. So each node's own agent does, once the value has stopped
 * changing.
 */
export class NodeTimeoutLease {
	private readonly command: (...args: string[]) => Promise<unknown>;
	private seen: { value: string; since: number } | null = null;

	constructor(command: NodeTimeoutLease["command"]) {
		this.command = command;
	}

	/** `answer` is the engine's answer to NODE_TIMEOUT_QUESTION. */
	async keep(answer: RespValue, now: number): Promise<void> {
		const value = Array.isArray(answer) ? String(answer[1]) : "";
		if (value === String(BACKSTOP_TIMING.clusterNodeTimeoutMs)) this.seen = null;
		else if (this.seen?.value !== value) this.seen = { value, since: now };
		else if (now - this.seen.since > LAPSED_AFTER_MS) {
			await this.command(...setNodeTimeout(BACKSTOP_TIMING.clusterNodeTimeoutMs));
		}
	}
}
