import type { Redis } from "ioredis";

export interface Message {
	/** Given by the engine; later messages have greater ones. */
	readonly at: string;
	readonly author: string;
	readonly text: string;
}

/** How many messages a room keeps, roughly. */
const KEPT = 1_000;
/** How long a message that is sent again is recognized. Seconds. */
const RECOGNIZED_S = 600;
const READ_AT_ONCE = 100;
/** A word that a failover lost is made up for after this time. */
const LOOK_AGAIN_MS = 2_000;

/** Keeps a message once, however often it is sent, and wakes those who read. Both keys have the room as their hash tag. */
const POST = `
local known = redis.call('GET', KEYS[2])
if known then return known end
local at = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'author', ARGV[3], 'text', ARGV[4])
redis.call('SET', KEYS[2], at, 'EX', ARGV[2])
redis.call('PUBLISH', KEYS[1], at)
return at`;

/**
 * Rooms of a chat. A stream keeps the messages, and publish/subscribe says that there is a new one: a word that is lost on its
 * way, as in a failover, delays a message and never loses it.
 */
export class Rooms {
	readonly #client: Redis;
	readonly #subscriber: Redis;
	readonly #readers = new Map<string, Set<() => void>>();

	/** `subscriber` is a connection of its own. */
	constructor(client: Redis, subscriber: Redis) {
		this.#client = client;
		this.#subscriber = subscriber;
		subscriber.on("message", (channel: string) => this.#wake(channel));
		subscriber.on("ready", () => {
			for (const channel of this.#readers.keys()) this.#wake(channel);
		});
	}

	/** The sender gives each message an id. Resolves to its place in the room. */
	async post(room: string, id: string, author: string, text: string): Promise<string> {
		const keys = [streamOf(room), `chat:{${room}}:sent:${id}`] as const;
		return String(
			await this.#client.eval(POST, keys.length, ...keys, KEPT, RECOGNIZED_S, author, text),
		);
	}

	/** The messages after a place ("0" for all), the oldest first, up to 100. */
	async read(room: string, after: string): Promise<Message[]> {
		const entries = await this.#client.xrange(
			streamOf(room),
			`(${after}`,
			"+",
			"COUNT",
			READ_AT_ONCE,
		);
		return entries.map(([at, fields]) => ({ at, author: fields[1] ?? "", text: fields[3] ?? "" }));
	}

	/** Passes on each message after a place, in order and once, until the signal is aborted. */
	async follow(
		room: string,
		after: string,
		onMessage: (message: Message) => void,
		signal: AbortSignal,
	): Promise<void> {
		let last = after;
		while (!signal.aborted) {
			const woken = this.#nextWord(streamOf(room), signal);
			try {
				let messages: Message[];
				do {
					messages = await this.read(room, last);
					for (const message of messages) {
						if (signal.aborted) break;
						onMessage(message);
						last = message.at;
					}
				} while (messages.length === READ_AT_ONCE && !signal.aborted);
			} catch (error) {
				console.error(error);
			}
			await woken;
		}
		this.#leave(streamOf(room));
	}

	/** Forgets a room that nobody reads any more. */
	#leave(channel: string): void {
		if (this.#readers.get(channel)?.size !== 0) return;
		this.#readers.delete(channel);
		// A connection that is lost has no subscriptions either.
		this.#subscriber.unsubscribe(channel).catch(() => undefined);
	}

	/** Resolves at the next word about the room, or after a while. */
	#nextWord(channel: string, signal: AbortSignal): Promise<void> {
		const readers = this.#readers.get(channel) ?? new Set();
		if (!this.#readers.has(channel)) {
			this.#readers.set(channel, readers);
			this.#subscriber.subscribe(channel).catch(console.error);
		}
		return new Promise((resolve) => {
			const wake = () => {
				clearTimeout(timer);
				readers.delete(wake);
				signal.removeEventListener("abort", wake);
				resolve();
			};
			const timer = setTimeout(wake, LOOK_AGAIN_MS);
			readers.add(wake);
			signal.addEventListener("abort", wake);
		});
	}

	#wake(channel: string): void {
		for (const wake of [...(this.#readers.get(channel) ?? [])]) wake();
	}
}

function streamOf(room: string): string {
	return `chat:{${room}}`;
}
