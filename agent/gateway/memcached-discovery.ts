import type { Logger } from "../../platform/logger.ts";
import type { Route } from "../../server/contract/routes.ts";
import { DiscoverySession } from "./discovery-session.ts";
import { EndpointSockets } from "./endpoint-sockets.ts";

/**
 * Answers Memcached's auto discovery for the configuration endpoints: HAProxy sends it, over one Unix socket
 * per endpoint, the clients that open with a discovery command. It answers from the newest route table,
 * without a reload.
 */
export class MemcachedDiscovery {
	private readonly sockets: EndpointSockets;
	private routes = new Map<number, Route>();

	constructor(options: { socketPath: (port: number) => string; logger: Logger }) {
		this.sockets = new EndpointSockets({
			...options,
			purpose: "discovery",
			onClient: (port, client) =>
				void new DiscoverySession(client, () => this.routes.get(port) ?? null).run(),
		});
	}

	/** Serves the configuration endpoints of these routes and stops serving others. */
	async apply(routes: readonly Route[]): Promise<void> {
		const wanted = new Map<number, Route>();
		for (const route of routes) {
			if (route.discovery !== null && route.ports.configuration !== null) {
				wanted.set(route.ports.configuration, route);
			}
		}
		this.routes = wanted;
		await this.sockets.apply(new Set(wanted.keys()));
	}

	/** Disconnects the clients that it serves; their next connection goes to a node. */
	stop(): void {
		this.sockets.stop();
	}
}
