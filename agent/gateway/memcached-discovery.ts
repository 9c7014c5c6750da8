import { once } from "node:events";
import { rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import type { Logger } from "../../platform/logger.ts";
import type { Route } from "../../server/contract/desired-state.ts";
import { DiscoverySession } from "./discovery-session.ts";

/**
 * Answers Memcached's auto discovery for the configuration endpoints: HAProxy sends it, over one Unix socket
 * per endpoint, the clients that open with a discovery command. It answers from the newest route table,
 * without a reload.
 */
export class MemcachedDiscovery {
	private readonly servers = new Map<number, Server>();
	private readonly clients = new Set<Socket>();
	private routes = new Map<number, Route>();
	private readonly options: { socketPath: (port: number) => string; logger: Logger };

	constructor(options: MemcachedDiscovery["options"]) {
		this.options = options;
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
		for (const [port, server] of this.servers) {
			if (wanted.has(port)) continue;
			this.servers.delete(port);
			server.close();
			await rm(this.options.socketPath(port), { force: true });
		}
		for (const port of wanted.keys()) {
			if (!this.servers.has(port)) this.servers.set(port, await this.listen(port));
		}
	}

	/** Disconnects the clients that it serves; their next connection goes to a node. */
	stop(): void {
		for (const server of this.servers.values()) server.close();
		this.servers.clear();
		for (const client of this.clients) client.destroy();
	}

	private async listen(port: number): Promise<Server> {
		const path = this.options.socketPath(port);
		// A socket left by a killed agent would block this name.
		await rm(path, { force: true });
		const server = createServer({ allowHalfOpen: true }, (client) => {
			this.clients.add(client);
			client.once("close", () => this.clients.delete(client));
			void new DiscoverySession(client, () => this.routes.get(port) ?? null).run();
		});
		server.on("error", (error) => this.options.logger.error({ err: error, port }, "discovery"));
		server.listen(path);
		await once(server, "listening");
		return server;
	}
}
