import { keySlot } from "../../platform/rdb/key-slot.ts";
import type { CommandKeys } from "./command-keys.ts";
import { encodeCommand, type StreamCommand } from "./command-splitter.ts";
import { MigrationRefused } from "./source.ts";

/** What a primary tells its replicas about the connection, and a cluster's about its slots. */
const OF_THE_LINK: ReadonlySet<string> = new Set(["PING", "REPLCONF", "CLUSTER"]);
const DELETES_ALL: ReadonlySet<string> = new Set(["FLUSHALL", "FLUSHDB"]);
/** Of these, each key can go to its own slot. */
const DELETES: ReadonlySet<string> = new Set(["DEL", "UNLINK"]);
const CODE: ReadonlySet<string> = new Set(["FUNCTION", "SCRIPT"]);

/** The source did something that can't be followed. Another copy can. */
export class CopyOutdated extends Error {}

export interface RouterOptions {
	/** Slots of the shard that the commands are for, by number; null without cluster mode. */
	readonly slots: Uint8Array | null;
	/** The source has all keys that belong to the shard: deleting all is deleting all. */
	readonly isOnly: boolean;
	/** Functions and scripts, which every shard of a source has, come from this one. */
	readonly takesCode: boolean;
	/** Messages to channels, which reach all shards of a cluster, are sent from here. */
	readonly takesMessages: boolean;
	readonly keys: CommandKeys;
}

export interface Routed {
	readonly forward: readonly Buffer[];
	/** Keys to be read from the source as they are now, because a command can't be carried out here. */
	readonly fetch: readonly Buffer[];
}

const NOTHING: Routed = { forward: [], fetch: [] };

interface Part extends Routed {
	/** The slot of all keys that are forwarded; null for several or none. */
	readonly slot: number | null;
	/** What is forwarded is the command as the source sent it. */
	readonly isWhole: boolean;
}

/**
 * Decides what each command of a source's stream means for one shard of the cache. A command whose keys lie in several
 * slots can't be carried out by a cluster: `DEL`, `UNLINK` and `MSET` are split by key, and of others the keys that they
 * write are read from the source. Such a key is newer than the stream, so commands about it are left out until the stream
 * has come as far (`hold`).
 */
export class StreamRouter {
	private readonly options: RouterOptions;
	private readonly held = new Map<string, number>();
	private database = 0;
	/** The commands since MULTI; null outside of a transaction. */
	private transaction: StreamCommand[] | null = null;

	constructor(options: RouterOptions) {
		this.options = options;
	}

	/** The key has been read from the source: it is as of this position in the stream. */
	hold(key: Buffer, position: number): void {
		this.held.set(key.toString("latin1"), position);
	}

	route(command: StreamCommand): Routed {
		switch (command.name) {
			case "MULTI":
				this.transaction = [];
				return NOTHING;
			case "EXEC": {
				const commands = this.transaction ?? [];
				this.transaction = null;
				return this.routeTogether(commands, command.end);
			}
			default:
				if (this.transaction !== null) {
					this.transaction.push(command);
					return NOTHING;
				}
				return this.routeOne(command, command.end);
		}
	}

	private routeTogether(commands: readonly StreamCommand[], end: number): Routed {
		const parts = commands.map((command) => this.routeOne(command, end));
		const forward = parts.flatMap((part) => part.forward);
		const fetch = parts.flatMap((part) => part.fetch);
		if (forward.length === 0) return { forward, fetch };
		const sent = parts.filter((part) => part.forward.length > 0);
		const slots = new Set(sent.map(({ slot }) => slot));
		const isOneSlot = slots.size === 1 && !slots.has(null) && sent.every(({ isWhole }) => isWhole);
		if (this.options.slots !== null && !isOneSlot) return { forward, fetch };
		return { forward: [encodeCommand(["MULTI"]), ...forward, encodeCommand(["EXEC"])], fetch };
	}

	private routeOne(command: StreamCommand, end: number): Part {
		const { name, args, raw } = command;
		const { slots, keys } = this.options;
		if (name === "SELECT") return this.select(command);
		if (movesSlots(command)) {
			throw new CopyOutdated("the source is moving slots between its shards");
		}
		if (OF_THE_LINK.has(name)) return part([]);
		if (DELETES_ALL.has(name)) return this.deleteAll(command);
		if (CODE.has(name)) return this.options.takesCode ? part([withReplace(command)]) : part([]);
		if (name === "PUBLISH") return this.options.takesMessages ? part([raw]) : part([]);
		if (slots === null) return whole(raw, null);
		const named = keys.keysOf(args);
		if (named === null || named.length === 0) {
			throw new MigrationRefused(
				`The source carried out ${name}, which Larder can't assign to a shard of the cache. Move to a cache with cluster mode disabled, or stop whatever sends it.`,
			);
		}
		if (this.database !== 0) {
			throw new MigrationRefused(
				`The source has begun to use database ${this.database}, and a cache with cluster mode enabled has only database 0.`,
			);
		}
		return this.routeByKey(command, named, slots, end);
	}

	private routeByKey(
		{ name, args, raw }: StreamCommand,
		named: readonly { key: Buffer; isWritten: boolean }[],
		slots: Uint8Array,
		end: number,
	): Part {
		const isOwn = (key: Buffer) => slots[keySlot(key)] === 1;
		if (!named.some(({ key }) => isOwn(key))) return part([]);
		const numbers = new Set(named.map(({ key }) => keySlot(key)));
		const [slot = null] = numbers;
		const isHeld = named.some(({ key }) => this.isHeld(key, end));
		if (!isHeld && numbers.size === 1) return whole(raw, slot);
		const wanted = (key: Buffer) => isOwn(key) && !this.isHeld(key, end);
		if (DELETES.has(name)) {
			return part(
				args
					.slice(1)
					.filter(wanted)
					.map((key) => encodeCommand([name, key])),
			);
		}
		if (name === "MSET") return part(setsOf(args, wanted));
		const fetch = named.filter(({ key, isWritten }) => isWritten && wanted(key));
		return { ...part([]), fetch: fetch.map(({ key }) => key) };
	}

	private isHeld(key: Buffer, end: number): boolean {
		if (this.held.size === 0) return false;
		const text = key.toString("latin1");
		const until = this.held.get(text);
		if (until === undefined) return false;
		if (end <= until) return true;
		this.held.delete(text);
		return false;
	}

	private select({ args, raw }: StreamCommand): Part {
		this.database = Number(args[1]?.toString("latin1") ?? 0);
		return this.options.slots === null ? whole(raw, null) : part([]);
	}

	private deleteAll({ name, raw }: StreamCommand): Part {
		if (!this.options.isOnly) {
			throw new CopyOutdated(`one of the source's shards deleted all of its keys (${name})`);
		}
		if (this.held.size > 0) throw new CopyOutdated(`the source deleted all keys (${name})`);
		if (this.options.slots !== null && name === "FLUSHDB" && this.database !== 0) return part([]);
		return part([raw]);
	}
}

/** From then on, the stream has keys of a slot that another of the source's shards still serves. */
function movesSlots({ name, args }: StreamCommand): boolean {
	return name === "CLUSTER" && args[1]?.toString("latin1").toUpperCase() === "SYNCSLOTS";
}

function part(forward: readonly Buffer[]): Part {
	return { forward, fetch: [], slot: null, isWhole: false };
}

function whole(raw: Buffer, slot: number | null): Part {
	return { forward: [raw], fetch: [], slot, isWhole: true };
}

function setsOf(args: readonly Buffer[], wanted: (key: Buffer) => boolean): Buffer[] {
	const sets: Buffer[] = [];
	for (let index = 1; index + 1 < args.length; index += 2) {
		const [key, value] = [args[index], args[index + 1]];
		if (key !== undefined && value !== undefined && wanted(key)) {
			sets.push(encodeCommand(["SET", key, value]));
		}
	}
	return sets;
}

/** The cache may have a library already, from the copy. */
function withReplace({ name, args, raw }: StreamCommand): Buffer {
	const [, action, first, ...rest] = args;
	const isLoad = name === "FUNCTION" && action?.toString("latin1").toUpperCase() === "LOAD";
	if (!isLoad || first === undefined || first.toString("latin1").toUpperCase() === "REPLACE") {
		return raw;
	}
	return encodeCommand(["FUNCTION", "LOAD", "REPLACE", first, ...rest]);
}
