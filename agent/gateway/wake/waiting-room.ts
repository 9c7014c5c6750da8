import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../../../platform/logger.ts";
import type { Route } from "../../../server/contract/routes.ts";
import { EndpointSockets } from "../endpoint-sockets.ts";
import type { EndpointKind } from "../haproxy-config.ts";
import { findServer } from "./find-server.ts";

const LOOK_EVERY_MS = 25;
/** How often the control plane hears of clients that wait: it may have missed the first time. */
const TELL_EVERY_MS = 1_000;
/** Nobody waits for longer, and 1 GiB loads in seconds. */
const PATIENCE_MS = 10 * 60_000;

interface WaitingRoomOptions {
	readonly socketPath: (port: number) => string;
	/** Clients wait for this cache. */
	readonly onWaiting: (cacheId: string) => void;
	readonly logger: Logger;
}

/**
 * Where clients of a cache that sleeps wait until it is awake. HAProxy leads them here while no node of the cache serves, over
 * one Unix socket per endpoint. Once a node does, the agent connects them to it and passes on what both sides send, until
 * one of them closes. Later clients don't come here.
 */
export class WaitingRoom {
	private readonly options: WaitingRoomOptions;
	private readonly sockets: EndpointSockets;
	private readonly toldAt = new Map<string, number>();
	private routes = new Map<number, { route: Route; kind: EndpointKind }>();

	constructor(options: WaitingRoomOptions) {
		this.options = options;
		this.sockets = new EndpointSockets({
			...{ socketPath: options.socketPath, logger: options.logger },
			server: { pauseOnConnect: true },
			purpose: "the waiting room",
			onClient: (port, client) => this.receive(port, client),
		});
	}

	/** Serves the endpoints of these routes that may sleep, and stops serving others. */
	async apply(routes: readonly Route[]): Promise<void> {
		this.routes = new Map(
			routes
				.filter(({ wakes }) => wakes === true)
				.flatMap((route) =>
					(Object.entries(route.ports) as [EndpointKind, number | null][]).flatMap(
						([kind, port]) => (port === null ? [] : [[port, { route, kind }] as const]),
					),
				),
		);
		await this.sockets.apply(new Set(this.routes.keys()));
	}

	/** Disconnects its clients. */
	stop(): void {
		this.sockets.stop();
	}

	private receive(port: number, client: Socket): void {
		client.on("error", () => client.destroy());
		this.wait(port, client).catch((error: unknown) => {
			this.options.logger.debug({ err: error, port }, "a client waited in vain");
			client.destroy();
		});
	}

	private async wait(port: number, client: Socket): Promise<void> {
		const since = performance.now();
		while (!client.destroyed && performance.now() - since < PATIENCE_MS) {
			const present = this.routes.get(port);
			if (present === undefined) break;
			const server = await findServer(present.route, present.kind);
			if (server !== null) return join(client, server);
			this.tell(present.route.cacheId);
			await delay(LOOK_EVERY_MS, undefined, { ref: false });
		}
		client.destroy();
	}

	private tell(cacheId: string): void {
		const now = performance.now();
		if (now - (this.toldAt.get(cacheId) ?? Number.NEGATIVE_INFINITY) < TELL_EVERY_MS) return;
		this.toldAt.set(cacheId, now);
		this.options.onWaiting(cacheId);
	}
}

/** Until one side closes. */
function join(client: Socket, { host, port }: { host: string; port: number }): void {
	const engine = connect({ host, port, allowHalfOpen: true });
	engine.setNoDelay(true);
	engine.on("error", () => client.destroy());
	engine.on("close", () => client.destroy());
	client.on("close", () => engine.destroy());
	client.pipe(engine);
	engine.pipe(client);
}
