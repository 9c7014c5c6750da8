import type { Socket } from "node:net";

/** An engine as a connection reaches it. */
interface EnginePort {
	readonly host: string;
	readonly port: number;
}

/**
 * What this agent itself has sent to engines and received from them: engines count it with what clients move, so metering
 * subtracts it.
 */
export class OwnTraffic {
	private readonly bytes = new Map<string, number>();
	private readonly listeners = new Map<string, (bytes: number) => void>();

	add(engine: EnginePort, bytes: number): void {
		const key = keyOf(engine);
		this.bytes.set(key, (this.bytes.get(key) ?? 0) + bytes);
		this.listeners.get(key)?.(bytes);
	}

	/** Since this agent began, at these addresses. */
	of(engines: readonly EnginePort[]): number {
		const keys = [...new Set(engines.map(keyOf))];
		return keys.reduce((sum, key) => sum + (this.bytes.get(key) ?? 0), 0);
	}

	/**
	 * Calls back with everything that is added for these addresses from now on. Returns a function that ends that. An address has
	 * one listener: the newest.
	 */
	follow(engines: readonly EnginePort[], listener: (bytes: number) => void): () => void {
		const keys = engines.map(keyOf);
		for (const key of keys) this.listeners.set(key, listener);
		return () => {
			for (const key of keys) {
				if (this.listeners.get(key) === listener) this.listeners.delete(key);
			}
		};
	}
}

function keyOf({ host, port }: EnginePort): string {
	return `${host}:${port}`;
}

export const ownTraffic = new OwnTraffic();

/** Counts what one connection to an engine moves. */
export class ConnectionTraffic {
	private readonly engine: EnginePort;
	/** Bytes that leave once the connection is there: the engine never gets them if it refuses the connection. */
	private held: number | null = null;

	constructor(socket: Socket, engine: EnginePort) {
		this.engine = engine;
		if (!socket.connecting) return;
		this.held = 0;
		socket.once("connect", () => {
			const held = this.held ?? 0;
			this.held = null;
			this.count(held);
		});
	}

	/** Call before the bytes are sent or after they have arrived. */
	count(bytes: number): void {
		if (this.held === null) ownTraffic.add(this.engine, bytes);
		else this.held += bytes;
	}
}
