import { THROTTLE_USER } from "../drivers/replication-login.ts";
import type { ShardMember } from "./shard-member.ts";

/**
 * Longer than any hand-over takes, and longer than a node's own agent tolerates such a hold
 * (drivers/read-only-guard.ts).
 */
const PAUSE_MS = 10_000;
/** Each of these commands makes the engine go through all of its clients. */
const ENDED_ONE_BY_ONE_MAX = 100;

/**
 * Holds up the writes of a node's clients while it hands over, and keeps holding them once it is a replica.
 * Otherwise the engine would answer writes with READONLY at that moment, and clients in commands such as
 * BLPOP with UNBLOCKED, before the gateways know the new primary. An engine checks whether it may write at
 * all before it checks whether clients are paused, so it must be a writable replica during the hold. It
 * writes nothing: the pause holds all writes, including those of its new primary.
 */
export class WriteHold {
	private readonly node: ShardMember;

	private constructor(node: ShardMember) {
		this.node = node;
	}

	static async begin(node: ShardMember): Promise<WriteHold> {
		const hold = new WriteHold(node);
		try {
			await Promise.all([
				endThrottle(node),
				node.command("CONFIG", "SET", "replica-read-only", "no"),
				node.command("CLIENT", "PAUSE", String(PAUSE_MS), "WRITE"),
			]);
			return hold;
		} catch (error) {
			await hold.release();
			throw error;
		}
	}

	/**
	 * Closes the connections of clients that wait in a command, and sends `last` right after that: a client in a
	 * command that only reads (XREAD BLOCK) would otherwise be back, and wait again, before the roles change.
	 */
	async endWaiting<T>(last: () => Promise<T>): Promise<T> {
		const { node } = this;
		const list = await node.command("CLIENT", "LIST", "TYPE", "normal");
		const ids = typeof list === "string" ? waitingIn(list) : [];
		return await node.together(() => {
			if (ids.length > ENDED_ONE_BY_ONE_MAX) void endClients(node);
			// A client that has left meanwhile doesn't matter.
			else for (const id of ids) node.command("CLIENT", "KILL", "ID", id).catch(() => {});
			return last();
		});
	}

	/** Writes continue where they were held up: the node is still primary. */
	async release(): Promise<void> {
		await Promise.all([
			this.node.command("CONFIG", "SET", "replica-read-only", "yes").catch(() => {}),
			this.node.command("CLIENT", "UNPAUSE").catch(() => {}),
		]);
	}

	/** The node is a replica, and no endpoint leads to it: clients that still write there are disconnected. */
	async releaseReplica(): Promise<void> {
		await Promise.all([endClients(this.node), this.release()]);
	}
}

/**
 * Call before a hold of writes. The engine has one pause at a time, and a pause of all clients that comes on top makes the
 * whole hold one of all clients, so that not even its end gets through.
 */
export async function endThrottle(node: ShardMember): Promise<void> {
	await node.command("ACL", "DELUSER", THROTTLE_USER);
}

async function endClients(node: ShardMember): Promise<void> {
	await node.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").catch(() => {});
}

/** Ids of blocked clients in the engine's list, except those that wait for the end of the pause. */
function waitingIn(list: string): string[] {
	return list.split("\n").flatMap((line) => {
		const [, id, flags] = /^id=(\d+) .*\bflags=(\S+)/.exec(line) ?? [];
		return id !== undefined && flags?.includes("b") ? [id] : [];
	});
}
