import { connect, type Socket } from "node:net";
import { ConnectionTraffic } from "./own-traffic.ts";
import { type RespEncoding, RespFailure, RespParser, type RespValue } from "./resp-parser.ts";

/** The engine answered a command with an error. `code` is its first word, such as WRONGPASS or LOADING. */
export class EngineCommandError extends Error {
	readonly code: string;
	constructor(command: string, answer: string) {
		super(`${command}: ${answer}`);
		this.name = "EngineCommandError";
		this.code = answer.split(" ")[0] ?? "";
	}
}

/** The engine closed the connection before it answered. */
export class ConnectionClosedError extends Error {}

interface Waiting {
	readonly name: string;
	readonly timer: NodeJS.Timeout;
	resolve(value: RespValue): void;
	reject(error: Error): void;
}

export interface EngineAddress {
	readonly host: string;
	readonly port: number;
	readonly username: string;
	readonly password: string;
	/** `utf8` when absent. */
	readonly encoding?: RespEncoding;
}

/**
 * One connection to an engine: commands in order, each with its own deadline. This is a small client of our
 * own because the agent must try to connect every few milliseconds while an engine starts, must notice a lost
 * engine at once, and must hold a connection to every engine of the host in a few kilobytes.
 */
export class EngineConnection {
	private readonly socket: Socket;
	private readonly parser: RespParser;
	private readonly traffic: ConnectionTraffic;
	private readonly encoding: RespEncoding;
	private readonly waiting: Waiting[] = [];
	private failure: Error | null = null;
	/** Called once when the connection ends, unless `close` ends it. */
	onLost: (() => void) | null = null;

	private constructor(
		socket: Socket,
		{ host, port, encoding = "utf8" }: Pick<EngineAddress, "host" | "port" | "encoding">,
	) {
		this.socket = socket;
		this.traffic = new ConnectionTraffic(socket, { host, port });
		this.encoding = encoding;
		this.parser = new RespParser(encoding);
		socket.setNoDelay(true);
		// An engine must never keep the agent from exiting.
		socket.unref();
		socket.on("data", (chunk) => this.onData(chunk));
		socket.on("error", (error: NodeJS.ErrnoException) => {
			const reset = error.code === "ECONNRESET" || error.code === "EPIPE";
			this.fail(reset ? new ConnectionClosedError(error.message) : error);
		});
		socket.on("close", () =>
			this.fail(new ConnectionClosedError("the engine closed the connection")),
		);
	}

	/**
	 * Connects and authenticates. Throws EngineCommandError if the engine refuses the login, and another Error if it can't be reached.
	 */
	static async open(address: EngineAddress, timeoutMs: number): Promise<EngineConnection> {
		const { connection, authenticated } = EngineConnection.begin(address, timeoutMs);
		await authenticated;
		return connection;
	}

	/**
	 * The same without waiting: commands sent right away leave in the first packet, after the login. If the engine
	 * refuses the login, the connection ends, and `authenticated` says why.
	 */
	static begin(
		address: EngineAddress,
		timeoutMs: number,
	): { connection: EngineConnection; authenticated: Promise<void> } {
		const connection = new EngineConnection(connect(address.port, address.host), address);
		const login = connection.command(["AUTH", address.username, address.password], timeoutMs);
		const authenticated = login.then(
			() => {},
			(error: unknown) => {
				connection.close();
				throw error;
			},
		);
		return { connection, authenticated };
	}

	/** Over a socket that the caller has connected. It doesn't log in. */
	static over(
		socket: Socket,
		address: Pick<EngineAddress, "host" | "port" | "encoding">,
	): EngineConnection {
		return new EngineConnection(socket, address);
	}

	get closed(): boolean {
		return this.failure !== null;
	}

	/** Sends a command and returns the engine's value. Throws EngineCommandError for an error answer. */
	async command(args: readonly string[], timeoutMs: number): Promise<RespValue> {
		const name = args[0] ?? "";
		const value = await new Promise<RespValue>((resolve, reject) => {
			if (this.failure !== null) return reject(this.failure);
			const timer = setTimeout(
				// Later answers could no longer be matched, so the connection ends at the deadline.
				() => this.fail(new Error(`${name}: no answer in ${timeoutMs} ms`)),
				timeoutMs,
			);
			timer.unref();
			this.waiting.push({ name, timer, resolve, reject });
			this.write(args);
		});
		if (value instanceof RespFailure) throw new EngineCommandError(name, value.message);
		return value;
	}

	/** Sends a command that the engine doesn't answer. */
	send(args: readonly string[]): void {
		if (this.failure === null) this.write(args);
	}

	private write(args: readonly string[]): void {
		const bytes = Buffer.from(encode(args, this.encoding), this.encoding);
		this.traffic.count(bytes.length);
		this.socket.write(bytes);
	}

	/**
	 * Sends everything that `work` sends in one packet; the engine executes it without another client's command
	 * in between.
	 */
	together<T>(work: () => T): T {
		this.socket.cork();
		try {
			return work();
		} finally {
			this.socket.uncork();
		}
	}

	close(): void {
		this.onLost = null;
		this.fail(new Error("the connection was closed"));
	}

	private onData(chunk: Buffer): void {
		this.traffic.count(chunk.length);
		try {
			for (const value of this.parser.push(chunk)) {
				const next = this.waiting.shift();
				if (next === undefined) continue;
				clearTimeout(next.timer);
				next.resolve(value);
			}
		} catch (error) {
			this.fail(error instanceof Error ? error : new Error(String(error)));
		}
	}

	private fail(error: Error): void {
		if (this.failure !== null) return;
		this.failure = error;
		this.socket.destroy();
		for (const waiting of this.waiting.splice(0)) {
			clearTimeout(waiting.timer);
			waiting.reject(error);
		}
		this.onLost?.();
	}
}

function encode(args: readonly string[], encoding: RespEncoding): string {
	const parts = args.map((arg) => `$${Buffer.byteLength(arg, encoding)}\r\n${arg}\r\n`);
	return `*${args.length}\r\n${parts.join("")}`;
}
