import { connect } from "node:net";

/** How long an observation counts. */
const FRESH_MS = 2_000;
/** A gateway in the same network answers within a millisecond. Meanwhile, a client waits for its answer. */
const ANSWER_MS = 300;
/** A gateway that leads nowhere closes a connection within a few milliseconds. */
const HELD_MS = 20;
/** Endpoints remembered at a time: older ones are forgotten first. */
const REMEMBERED_MAX = 5_000;
/** Looks at a time. Beyond these, an address counts as unusable until there is room. */
const AT_ONCE_MAX = 200;

/** Whether a gateway takes a client there, and keeps it. */
export type Look = (address: string, port: number) => Promise<boolean>;

/**
 * Which gateways take clients, as this host sees it. It looks only when a client asks for a name, that is, when one is
 * about to connect; so looks don't grow with the fleet, and need no control plane.
 */
export class GatewayLooks {
	private readonly look: Look;
	private readonly now: () => number;
	private readonly seen = new Map<string, { at: number; accepts: Promise<boolean> }>();
	private underWay = 0;

	constructor(look: Look = takesClients, now: () => number = () => performance.now()) {
		this.look = look;
		this.now = now;
	}

	/** The addresses that take clients on that port, in the same order; all of them if none takes clients. */
	async usable(addresses: readonly string[], port: number): Promise<readonly string[]> {
		if (addresses.length < 2) return addresses;
		const accepted = await Promise.all(addresses.map((address) => this.accepts(address, port)));
		const usable = addresses.filter((_, index) => accepted[index]);
		return usable.length > 0 ? usable : addresses;
	}

	private accepts(address: string, port: number): Promise<boolean> {
		const key = `${address}:${port}`;
		const known = this.seen.get(key);
		if (known !== undefined && this.now() - known.at < FRESH_MS) return known.accepts;
		if (this.underWay >= AT_ONCE_MAX) return Promise.resolve(false);
		this.underWay++;
		const accepts = this.look(address, port).finally(() => this.underWay--);
		this.seen.delete(key);
		this.seen.set(key, { at: this.now(), accepts });
		for (const oldest of this.seen.keys()) {
			if (this.seen.size <= REMEMBERED_MAX) break;
			this.seen.delete(oldest);
		}
		return accepts;
	}
}

function takesClients(address: string, port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect({ host: address, port });
		const end = (accepts: boolean) => {
			clearTimeout(timer);
			resolve(accepts);
			socket.destroy();
		};
		// If the agent itself was held up, the answer may be waiting.
		let timer = setTimeout(() => setImmediate(() => end(false)), ANSWER_MS);
		socket.once("error", () => end(false));
		socket.once("close", () => end(false));
		socket.once("connect", () => {
			clearTimeout(timer);
			timer = setTimeout(() => setImmediate(() => end(true)), HELD_MS);
			// Read, so that the other end's close shows.
			socket.resume();
		});
	});
}
