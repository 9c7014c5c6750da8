import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ensureEngine, ensureEngines } from "../../bundles/index.ts";
import { endSockets, mayCutConnections } from "../../supervisor/cut-connections.ts";
import { eventually, freePort } from "../../testing/agent-fixture.ts";
import { TestGateway } from "../../testing/gateway-fixture.ts";
import { portsOf } from "../route-plan.ts";
import { KernelTable } from "./kernel-table.ts";
import { listeningPorts } from "./listening-ports.ts";
import { cutOff } from "./ruleset.ts";

const wanted = [{ engine: "valkey", version: "9" }, { engine: "haproxy" }, { engine: "nftables" }];

let lab: TestGateway;
beforeAll(async () => {
	await ensureEngines({ wanted: wanted as Parameters<typeof ensureEngines>[0]["wanted"] });
});
beforeEach(async () => {
	lab = new TestGateway("127.0.1.11", "kernel");
	await lab.gateway.start();
});
afterEach(() => lab.dispose());

/** A client that stays connected, and can say which port the engine sees. */
class Client {
	readonly socket: Socket;
	closed = false;

	private constructor(socket: Socket) {
		this.socket = socket;
		socket.on("error", () => {});
		socket.on("close", () => {
			this.closed = true;
		});
	}

	static async open(port: number, localPort?: number): Promise<Client> {
		const from = localPort === undefined ? {} : { localAddress: lab.address, localPort };
		const socket = connect({ host: lab.address, port, ...from });
		await once(socket, "connect");
		return new Client(socket);
	}

	async ask(command: string): Promise<string> {
		const answer = once(this.socket, "data");
		this.socket.write(`${command}\r\n`);
		return String(await answer);
	}

	/** Whether no proxy is in between: the engine then sees the client's own port. */
	async isDirect(): Promise<boolean> {
		await this.ask("AUTH default admin-password");
		const info = await this.ask("CLIENT INFO");
		const { localAddress, localPort } = this.socket;
		return info.includes(` addr=${localAddress}:${localPort} `);
	}

	close(): void {
		this.socket.destroy();
	}
}

async function connectsDirectly(port: number): Promise<boolean> {
	const client = await Client.open(port);
	try {
		return await client.isDirect();
	} finally {
		client.close();
	}
}

test.runIf(mayCutConnections())(
	"the kernel forwards both endpoints, follows a promotion, and ends only connections through the endpoint to the demoted primary, whose clients come back to the new one even from the same port",
	async () => {
		const { first, others, route, primary, reader } = await lab.startReplicated(2);
		const [second, third] = others;
		if (second === undefined || third === undefined) throw new Error("no replicas");
		await eventually("the kernel forwards", () => {
			const seen = lab.gateway.observation()?.forwarding;
			return seen?.by === "kernel" && seen.note === null;
		});
		expect(await connectsDirectly(primary)).toBe(true);
		expect(await lab.portBehind(primary)).toBe(first.port);
		const behind = new Set<number>();
		await eventually("both replicas get readers", async () => {
			behind.add(await lab.portBehind(reader));
			return behind.has(second.port) && behind.has(third.port);
		});

		const clientPort = await freePort(lab.address);
		const through = await Client.open(primary, clientPort);
		const atNode = await Client.open(first.port);
		const atReader = await Client.open(reader);
		expect(await through.isDirect()).toBe(true);
		await lab.ask(second.port, "REPLICAOF", "NO", "ONE");
		await lab.ask(first.port, "REPLICAOF", lab.address, String(second.port));
		await lab.gateway.prefer(route.cacheId, second.nodeId);
		expect(await lab.portBehind(primary)).toBe(second.port);
		await eventually("the client at the demoted primary is disconnected", () => through.closed);
		// Refused until the kernel has forgotten its former connection.
		const back: Client[] = [];
		await eventually("the client is back from the same port", async () => {
			back.push(
				...(await Client.open(primary, clientPort)
					.then((it) => [it])
					.catch(() => [])),
			);
			return back.length > 0;
		});
		expect(await back[0]?.isDirect()).toBe(true);
		expect(await back[0]?.ask("INFO server")).toContain(`tcp_port:${second.port}`);
		expect(await atNode.isDirect()).toBe(true);
		expect(await atReader.isDirect()).toBe(true);
		for (const client of [atNode, atReader, ...back]) client.close();
	},
);

test.runIf(mayCutConnections())(
	"HAProxy soon listens on a new endpoint that the kernel has opened",
	async () => {
		const { route } = await lab.startReplicated(0);
		const next = await lab.valkeyRoute(await lab.startValkey(), []);
		await lab.applyAndWait([route, next]);
		const [port = 0] = portsOf(next);
		expect(await connectsDirectly(port)).toBe(true);
		await eventually("HAProxy listens", async () => (await listeningPorts(lab.address)).has(port));
	},
);

/** Answers everything with its name. */
async function startServer(name: string) {
	const sockets = new Set<Socket>();
	const heard: string[] = [];
	const server = createServer((socket) => {
		sockets.add(socket);
		socket
			.on("error", () => {})
			.on("data", (data) => {
				heard.push(String(data).trim());
				socket.write(name);
			});
	});
	server.listen(0, lab.address);
	await once(server, "listening");
	return {
		port: (server.address() as AddressInfo).port,
		/** What clients have sent. */
		heard,
		stop() {
			for (const socket of sockets) socket.destroy();
			server.close();
		},
	};
}

test.runIf(mayCutConnections())(
	"once the agent is gone, new connections reach HAProxy within seconds, and existing ones continue",
	async () => {
		const { server: nft } = await ensureEngine({ engine: "nftables" });
		const engine = await startServer("engine");
		const haproxy = await startServer("haproxy");
		const table = new KernelTable(lab.homeDir, lab.address);
		await table.hold(nft, new Map([[haproxy.port, [{ host: lab.address, port: engine.port }]]]));
		const before = await Client.open(haproxy.port);
		expect(await before.ask("who?")).toBe("engine");
		const renewed = table.hold(nft, table.leads);
		expect(table.leads.has(haproxy.port)).toBe(true);
		await renewed;
		table.close();
		await eventually("a new connection reaches HAProxy", async () => {
			const client = await Client.open(haproxy.port);
			const answer = await client.ask("who?");
			client.close();
			return answer === "haproxy";
		});
		expect(await before.ask("who?")).toBe("engine");
		before.close();
		for (const server of [engine, haproxy]) server.stop();
	},
);

test.runIf(mayCutConnections())(
	"a release takes effect even after a failed transaction",
	async () => {
		const { server: nft } = await ensureEngine({ engine: "nftables" });
		const engine = await startServer("engine");
		const haproxy = await startServer("haproxy");
		const table = new KernelTable(lab.homeDir, lab.address);
		const lead = (port: number) => new Map([[haproxy.port, [{ host: lab.address, port }]]]);
		await table.hold(nft, lead(engine.port));
		await expect(table.hold(nft, lead(65_536))).rejects.toThrow();
		await table.release();
		const client = await Client.open(haproxy.port);
		expect(await client.ask("who?")).toBe("haproxy");
		client.close();
		for (const server of [engine, haproxy]) server.stop();
	},
);

test.runIf(mayCutConnections())(
	"a client that comes back from the same port isn't led to the former primary, though the kernel remembers its connection",
	async () => {
		const { server: nft } = await ensureEngine({ engine: "nftables" });
		const [former, current, haproxy] = [
			await startServer("former"),
			await startServer("current"),
			await startServer("haproxy"),
		];
		const table = new KernelTable(lab.homeDir, lab.address);
		const lead = (port: number) => new Map([[haproxy.port, [{ host: lab.address, port }]]]);
		const clientPort = await freePort(lab.address);
		await table.hold(nft, lead(former.port));
		const client = await Client.open(haproxy.port, clientPort);
		expect(await client.ask("who?")).toBe("former");
		await table.hold(nft, lead(current.port));
		const peer = `${lab.address}:${clientPort}`;
		await endSockets([{ local: `${lab.address}:${former.port}`, peer }]);
		await eventually("its connection is reset", () => client.closed);
		await expect(Client.open(haproxy.port, clientPort)).rejects.toThrow("ECONNREFUSED");
		const other = await Client.open(haproxy.port);
		expect(await other.ask("who?")).toBe("current");
		// Once the former primary leads again, the remembered connection no longer counts.
		await table.hold(nft, lead(former.port));
		const again = await Client.open(haproxy.port, clientPort);
		expect(await again.ask("who?")).toBe("former");
		for (const each of [other, again]) each.close();
		for (const server of [former, current, haproxy]) server.stop();
	},
);

test.runIf(mayCutConnections())(
	"nothing that a client of a primary endpoint sends reaches a demoted primary, until that leads again; readers stay",
	async () => {
		const { server: nft } = await ensureEngine({ engine: "nftables" });
		const [former, current, primary, reader] = [
			await startServer("former"),
			await startServer("current"),
			await startServer("haproxy"),
			await startServer("haproxy"),
		];
		const table = new KernelTable(lab.homeDir, lab.address);
		const at = (...ports: number[]) => ports.map((port) => ({ host: lab.address, port }));
		const lead = (to: number, cut: number, readersTo: number) => {
			const leads = new Map([
				[primary.port, at(to)],
				[reader.port, at(readersTo)],
			]);
			const stray = new Map([[primary.port, at(cut)]]);
			return table.hold(nft, leads, (name) => cutOff(name, stray, leads));
		};
		await lead(former.port, current.port, former.port);
		const client = await Client.open(primary.port);
		const atReader = await Client.open(reader.port);
		expect(await client.ask("before")).toBe("former");
		await lead(current.port, former.port, current.port);
		client.socket.write("after");
		await eventually("the client is disconnected", () => client.closed);
		expect(former.heard).toEqual(["before"]);
		expect(await atReader.ask("reader")).toBe("former");
		const next = await Client.open(primary.port);
		expect(await next.ask("who?")).toBe("current");
		await lead(former.port, current.port, former.port);
		const back = await Client.open(primary.port);
		expect(await back.ask("who?")).toBe("former");
		for (const each of [atReader, next, back]) each.close();
		for (const server of [former, current, primary, reader]) server.stop();
	},
);
