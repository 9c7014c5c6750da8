import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { expect, test } from "vitest";
import {
	cutConnections,
	mayCutConnections,
	prepareToEndSockets,
	SELECTION,
} from "./cut-connections.ts";

const address = "127.0.0.41";

test.skipIf(!mayCutConnections())(
	"only a port's own connections are ended, for both sides, by a program that may have waited for them",
	async () => {
		prepareToEndSockets();
		const servers = [createServer(), createServer()] as const;
		const clients = [];
		for (const server of servers) {
			server.on("connection", (socket) => socket.on("error", () => {}));
			server.listen(0, address);
			await once(server, "listening");
			const { port } = server.address() as { port: number };
			const client = connect(port, address);
			await once(client, "connect");
			clients.push({ client, port });
		}
		const [first, second] = clients;
		if (first === undefined || second === undefined) throw new Error("no clients");
		const cut = once(first.client, "error");
		await cutConnections(address, first.port);
		expect(await cut).toEqual([expect.objectContaining({ code: "ECONNRESET" })]);
		expect(second.client.destroyed).toBe(false);
		second.client.destroy();
		for (const server of servers) server.close();
	},
);

test("no connection is selected if the agent dies before it says which, or halfway", async () => {
	const server = createServer((socket) => socket.on("error", () => {}));
	server.listen(0, address);
	await once(server, "listening");
	const { port } = server.address() as { port: number };
	const client = connect(port, address);
	await once(client, "connect");
	const select = (input: string) => spawnSync("ss", [...SELECTION], { input }).stdout.toString();
	const clause = `( src ${address}:${port} )`;
	expect(select(`or ${clause}\n`)).toContain(`${address}:${port}`);
	for (let length = 0; length < clause.length + 3; length++) {
		expect(select(`or ${clause}`.slice(0, length))).toBe("");
	}
	client.destroy();
	server.close();
});
