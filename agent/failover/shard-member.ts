import { setTimeout as pause } from "node:timers/promises";
import type { Assignment, FailoverMember } from "../../server/contract/desired-state.ts";
import { EngineCommandError, EngineConnection } from "../drivers/engine-connection.ts";
import {
	READING_SECTIONS,
	type ReplicationReading,
	readReplication,
} from "../drivers/replication-reading.ts";
import type { RespValue } from "../drivers/resp-parser.ts";

const ANSWER_MS = 300;
const COMMAND_MS = 2_000;
const READ_EVERY_MS = 2;

/** One node of a shard while an order is carried out: its connection and its last reading. */
export class ShardMember {
	readonly member: FailoverMember;
	reading: ReplicationReading | null = null;
	/** When its role or offset last changed, as far as known: `performance.now()`. */
	changedAt = 0;
	/** Why it can't be asked; null while it can, or while that isn't known yet. */
	failure: string | null = null;
	private readonly auth: Assignment["auth"];
	private connection: EngineConnection | null = null;
	private watching = false;
	private firstRead: Promise<unknown> | null = null;

	constructor(member: FailoverMember, auth: Assignment["auth"]) {
		this.member = member;
		this.auth = auth;
	}

	get name(): string {
		return this.member.name;
	}

	/** It has answered, or couldn't be asked. */
	get known(): boolean {
		return this.reading !== null || this.failure !== null;
	}

	/** Reads it again; null if it can't be asked. The connection stays open for later commands. */
	async read(): Promise<ReplicationReading | null> {
		const first = this.readOnce();
		this.firstRead ??= first;
		return await first;
	}

	/** Reads it repeatedly until `stopWatching`. */
	watch(): void {
		this.watching = true;
		void (async () => {
			while (this.watching && (await this.read()) !== null) await pause(READ_EVERY_MS);
		})();
	}

	stopWatching(): void {
		this.watching = false;
	}

	/** Throws EngineCommandError if it refuses, any Error if it doesn't answer. */
	async command(...args: readonly string[]): Promise<RespValue> {
		return await this.connect().command(args, COMMAND_MS);
	}

	/** The engine executes everything that `work` sends without another client's command in between. */
	together<T>(work: () => T): T {
		return this.connect().together(work);
	}

	/** Sends a command that the engine doesn't answer. */
	send(...args: readonly string[]): void {
		this.connect().send(args);
	}

	/**
	 * Makes it follow another node, if it is a replica and doesn't follow it yet. If it can't be asked, its own
	 * agent handles it.
	 */
	async turnTo(leader: FailoverMember): Promise<void> {
		await this.firstRead;
		const { reading } = this;
		if (reading === null || reading.isPrimary) return;
		const { host, port } = leader;
		if (reading.follows?.host === host && reading.follows.port === port) return;
		await this.command("REPLICAOF", host, String(port)).catch(() => {});
	}

	close(): void {
		this.watching = false;
		this.connection?.close();
	}

	private async readOnce(): Promise<ReplicationReading | null> {
		try {
			const info = await this.connect().command(["INFO", ...READING_SECTIONS], ANSWER_MS);
			if (typeof info !== "string") throw new Error("INFO didn't return text");
			this.note(readReplication(info));
			return this.reading;
		} catch (error) {
			this.failure = error instanceof Error ? error.message : String(error);
			this.reading = null;
			return null;
		}
	}

	private note(reading: ReplicationReading): void {
		const { reading: before } = this;
		if (before?.offset !== reading.offset || before.isPrimary !== reading.isPrimary) {
			this.changedAt = performance.now();
		}
		this.reading = reading;
	}

	/** One connection for all commands, with the first one sent along with the login. */
	private connect(): EngineConnection {
		if (this.connection !== null) return this.connection;
		const { systemUsername: username, systemPassword: password } = this.auth;
		const { host, port } = this.member;
		const login = EngineConnection.begin({ host, port, username, password }, ANSWER_MS);
		this.connection = login.connection;
		// The command fails as well, and says so.
		login.authenticated.catch(() => {});
		return this.connection;
	}
}

/** The failure of the first member that couldn't be read, in a sentence; null if all could. */
export function silenceAmong(members: readonly ShardMember[]): string | null {
	const silent = members.find(({ reading }) => reading === null);
	if (silent === undefined) return null;
	return `${silent.name} doesn't answer (${silent.failure ?? "no answer in time"})`;
}

/**
 * Whether any node of the cache answers there, even with an error such as that it is busy: then its process
 * lives. A server that doesn't know the cache's own user belongs to another cache.
 */
export async function answers(
	{ host, port }: FailoverMember,
	{ systemUsername: username, systemPassword: password }: Assignment["auth"],
): Promise<boolean> {
	try {
		const connection = await EngineConnection.open({ host, port, username, password }, ANSWER_MS);
		try {
			await connection.command(["PING"], ANSWER_MS);
		} finally {
			connection.close();
		}
		return true;
	} catch (error) {
		return error instanceof EngineCommandError && error.code !== "WRONGPASS";
	}
}
