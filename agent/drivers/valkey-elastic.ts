import type { Assignment } from "../../server/contract/desired-state.ts";
import { MIB } from "../../server/contract/limits.ts";
import type { ClientSigns } from "../elastic/client-presence.ts";
import type { ClientCount } from "./client-count.ts";
import type { ElasticControl } from "./driver.ts";
import type { RespValue } from "./resp-parser.ts";
import { countRequests, infoNumber, parseInfo } from "./valkey-info.ts";

/** An elastic node isn't given less memory than it uses and this, or the given share of its new size. */
const SHRINK_MARGIN = { bytes: 16 * MIB, share: 1 / 32 } as const;

/** Controls the size of an elastic node, and the speed of its clients. */
export class ValkeyElastic implements ElasticControl {
	readonly throttledMs = null;
	private readonly command: (...args: string[]) => Promise<RespValue>;
	private readonly writes: () => Promise<ReadonlySet<string>>;
	private readonly clients: ClientCount;
	/** As last read or set; null before that. */
	private maxmemoryBytes: number | null = null;

	constructor(
		command: ValkeyElastic["command"],
		writes: ValkeyElastic["writes"],
		clients: ClientCount,
	) {
		this.command = command;
		this.writes = writes;
		this.clients = clients;
	}

	async readUsedBytes(): Promise<number> {
		return infoNumber(parseInfo(String(await this.command("INFO", "memory"))), "used_memory");
	}

	async readClientSigns(): Promise<ClientSigns> {
		const text = await this.command("INFO", "clients", "replication", "keyspace", "commandstats");
		const fields = parseInfo(String(text));
		const { direct, commands } = countRequests(fields, await this.writes());
		return {
			connected: (await this.clients.count(infoNumber(fields, "connected_clients"))) > 0,
			// What a replica writes, its primary's clients asked for.
			requests: direct + (fields.get("role") === "slave" ? 0 : commands),
			otherDatabases: [...fields.keys()].some((name) => /^db[1-9]\d*$/.test(name)),
		};
	}

	async grow(bytes: number): Promise<void> {
		const present = this.maxmemoryBytes ?? (await this.readMaxmemoryBytes());
		if (bytes > present) await this.setMaxmemoryBytes(bytes);
	}

	/** Gives the engine the memory that it should have. Returns whether it did. */
	async applyMemory({ maxmemoryBytes, elastic }: Assignment): Promise<boolean> {
		const isLower = (await this.readMaxmemoryBytes()) > maxmemoryBytes;
		// Its data may have grown since the control plane decided. One that mustn't grow gets the limit all the same.
		const mayGrow = (elastic?.holdWritesAboveBytes ?? null) !== null;
		if (isLower && mayGrow && (await this.wouldFill(maxmemoryBytes))) return false;
		await this.setMaxmemoryBytes(maxmemoryBytes);
		// The engine must return what it has freed to the machine before the limit of its process is lowered.
		if (isLower) await this.command("MEMORY", "PURGE");
		return true;
	}

	async holdWrites(forMs: number): Promise<void> {
		await this.command("CLIENT", "PAUSE", String(forMs), "WRITE");
	}

	writeCommands(): Promise<ReadonlySet<string>> {
		return this.writes();
	}

	async setTicksPerSecond(ticks: number): Promise<void> {
		await this.command("CONFIG", "SET", "hz", String(ticks));
	}

	async reloadUsers(): Promise<void> {
		await this.command("ACL", "LOAD");
	}

	private async readMaxmemoryBytes(): Promise<number> {
		const answer = await this.command("CONFIG", "GET", "maxmemory");
		this.maxmemoryBytes = Array.isArray(answer) ? Number(answer[1]) : 0;
		return this.maxmemoryBytes;
	}

	private async setMaxmemoryBytes(bytes: number): Promise<void> {
		await this.command("CONFIG", "SET", "maxmemory", String(bytes));
		this.maxmemoryBytes = bytes;
	}

	private async wouldFill(maxmemoryBytes: number): Promise<boolean> {
		const margin = Math.max(SHRINK_MARGIN.bytes, maxmemoryBytes * SHRINK_MARGIN.share);
		return (await this.readUsedBytes()) + margin > maxmemoryBytes;
	}
}
