import { once } from "node:events";
import { rm } from "node:fs/promises";
import { createServer, type Server, type ServerOpts, type Socket } from "node:net";
import type { Logger } from "../../platform/logger.ts";

interface EndpointSocketsOptions {
	readonly socketPath: (port: number) => string;
	/** Of all the sockets. A client may close its side and still read. */
	readonly server?: Pick<ServerOpts, "pauseOnConnect">;
	readonly onClient: (port: number, client: Socket) => void;
	/** What the sockets are for, in the log. */
	readonly purpose: string;
	readonly logger: Logger;
}

/** One Unix socket for each of some endpoints, given by their ports. HAProxy sends clients there, which the agent serves. */
export class EndpointSockets {
	private readonly options: EndpointSocketsOptions;
	private readonly servers = new Map<number, Server>();
	private readonly clients = new Set<Socket>();

	constructor(options: EndpointSocketsOptions) {
		this.options = options;
	}

	/** Serves the endpoints with these ports, and stops serving others. */
	async apply(ports: ReadonlySet<number>): Promise<void> {
		for (const [port, server] of this.servers) {
			if (ports.has(port)) continue;
			this.servers.delete(port);
			server.close();
			await rm(this.options.socketPath(port), { force: true });
		}
		for (const port of ports) {
			if (!this.servers.has(port)) this.servers.set(port, await this.listen(port));
		}
	}

	/** Disconnects all clients. */
	stop(): void {
		for (const server of this.servers.values()) server.close();
		this.servers.clear();
		for (const client of this.clients) client.destroy();
	}

	private async listen(port: number): Promise<Server> {
		const { socketPath, onClient, purpose, logger } = this.options;
		const path = socketPath(port);
		// A socket left by a killed agent would block this name.
		await rm(path, { force: true });
		const server = createServer({ allowHalfOpen: true, ...this.options.server }, (client) => {
			this.clients.add(client);
			client.once("close", () => this.clients.delete(client));
			onClient(port, client);
		});
		server.on("error", (err) => logger.error({ err, port }, purpose));
		server.listen(path);
		await once(server, "listening");
		return server;
	}
}
