import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Route } from "../../server/contract/routes.ts";
import { ClientStream, type DiscoveryCommand, discoveryAnswer } from "./discovery-protocol.ts";

const CONNECT_TIMEOUT_MS = 1_000;

/**
 * One client that asked for the cluster's nodes, or may ask. The session answers discovery itself and sends
 * everything else to one node.
 *
 * Answers keep their order without being parsed: before a discovery answer the session sends `quit` to the node,
 * which closes its connection once it has answered everything sent before. Later commands use a new connection.
 * Clients ask once a minute, so that costs nothing.
 */
export class DiscoverySession {
	private readonly client: Socket;
	private readonly route: () => Route | null;
	private upstream: Socket | null = null;
	private ending = false;

	constructor(client: Socket, route: () => Route | null) {
		this.client = client;
		this.route = route;
		client.setNoDelay(true);
		client.on("close", () => this.upstream?.destroy());
		client.on("error", () => client.destroy());
	}

	/** Serves the client until one side has closed. Never rejects. */
	async run(): Promise<void> {
		const stream = new ClientStream();
		try {
			for await (const chunk of this.client.iterator({ destroyOnReturn: false })) {
				for (const part of stream.take(chunk)) {
					if (part.kind === "forward") await this.forward(part.bytes);
					else await this.answer(part.command);
				}
			}
			const rest = stream.remainder();
			if (rest.length > 0) await this.forward(rest);
			await this.finishUpstream();
			this.client.end();
		} catch {
			// One side is gone, and a half-served connection is useless to the other.
			this.client.destroy();
		}
	}

	private async answer(command: DiscoveryCommand): Promise<void> {
		await this.finishUpstream();
		const discovery = this.route()?.discovery;
		await this.send(
			discovery == null
				? "SERVER_ERROR this endpoint is being removed\r\n"
				: discoveryAnswer(command, discovery),
		);
	}

	private async send(text: string): Promise<void> {
		if (!this.client.write(text)) await onceOrClosed(this.client, "drain");
	}

	private async forward(bytes: Buffer): Promise<void> {
		this.upstream ??= await this.openUpstream();
		if (this.upstream === null) {
			this.client.end("SERVER_ERROR no node of this cache can be reached\r\n");
			throw new Error("no node can be reached");
		}
		if (!this.upstream.write(bytes)) await onceOrClosed(this.upstream, "drain");
	}

	/**
	 * A connection to a node that accepts it. The search starts at a random node, so that clients spread over all
	 * nodes.
	 */
	private async openUpstream(): Promise<Socket | null> {
		const servers = this.route()?.servers ?? [];
		const first = Math.floor(Math.random() * servers.length);
		for (const { host, port } of [...servers.slice(first), ...servers.slice(0, first)]) {
			const socket = await tryConnect(host, port);
			if (socket !== null) return this.attach(socket);
		}
		return null;
	}

	private attach(upstream: Socket): Socket {
		const { client } = this;
		upstream.on("data", (chunk) => {
			if (client.write(chunk)) return;
			upstream.pause();
			client.once("drain", () => upstream.resume());
		});
		upstream.on("error", () => upstream.destroy());
		upstream.on("close", () => {
			if (this.upstream === upstream) this.upstream = null;
			// The node ended it, or the client's `quit` did: the connection ends as it would without us.
			if (!this.ending) client.end();
		});
		if (client.destroyed) upstream.destroy();
		return upstream;
	}

	/** Returns once the node has answered everything that it was sent. */
	private async finishUpstream(): Promise<void> {
		const { upstream } = this;
		if (upstream === null) return;
		this.ending = true;
		const closed = once(upstream, "close");
		upstream.end("quit\r\n");
		await closed;
		this.ending = false;
	}
}

async function tryConnect(host: string, port: number): Promise<Socket | null> {
	const socket = connect({ host, port, noDelay: true });
	const timer = setTimeout(() => socket.destroy(), CONNECT_TIMEOUT_MS);
	try {
		await onceOrClosed(socket, "connect");
		return socket;
	} catch {
		return null;
	} finally {
		clearTimeout(timer);
	}
}

/** Waits for an event; rejects if the socket closes first, because `once` alone would wait forever. */
async function onceOrClosed(socket: Socket, event: "connect" | "drain"): Promise<void> {
	const abort = new AbortController();
	const onClose = () => abort.abort();
	socket.once("close", onClose);
	if (socket.destroyed) onClose();
	try {
		await once(socket, event, { signal: abort.signal });
	} finally {
		socket.off("close", onClose);
	}
}
