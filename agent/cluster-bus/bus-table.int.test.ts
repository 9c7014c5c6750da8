import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { removeKernelTables } from "../../platform/kernel-table.ts";
import { removeDirectory } from "../../platform/testing/owned-directory.ts";
import { makeUglyDirectory } from "../../platform/testing/ugly-directory.ts";
import { ensureEngine } from "../bundles/index.ts";
import { mayCutConnections } from "../supervisor/cut-connections.ts";
import { eventually } from "../testing/agent-fixture.ts";
import { BusTable } from "./bus-table.ts";

const NODE = "127.0.1.21";
const MEMBER = "127.0.1.22";
const STRANGER = "127.0.1.23";

const home = { dir: "" };
beforeEach(() => {
	home.dir = makeUglyDirectory("larder-bus-test");
});
afterEach(async () => {
	await removeKernelTables(home.dir);
	removeDirectory(home.dir);
});

/** Stands in for a node's bus. */
async function startBus() {
	const server = createServer((socket) => socket.on("error", () => {}).pipe(socket));
	server.listen(0, NODE);
	await once(server, "listening");
	return { port: (server.address() as AddressInfo).port, stop: () => server.close() };
}

/** A connection from this address; the error's code if it is refused. */
async function open(from: string, port: number): Promise<Socket | string> {
	const socket = connect({ host: NODE, port, localAddress: from });
	return await new Promise((resolve) => {
		socket.once("connect", () => resolve(socket));
		socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
	});
}

async function answers(socket: Socket | string): Promise<boolean> {
	if (typeof socket === "string") return false;
	const answer = once(socket, "data");
	socket.write("hello");
	return String(await answer) === "hello";
}

test.runIf(mayCutConnections())(
	"only members can connect to a guarded port; existing connections continue; without the agent, everyone can connect again",
	async () => {
		const { server: nft } = await ensureEngine({ engine: "nftables" });
		const bus = await startBus();
		const other = await startBus();
		const early = await open(STRANGER, bus.port);
		const table = new BusTable(home.dir, NODE);
		await table.hold(nft, new Map([[bus.port, new Set([NODE, MEMBER])]]));
		expect(await open(STRANGER, bus.port)).toBe("ECONNREFUSED");
		expect(await answers(early)).toBe(true);
		for (const from of [NODE, MEMBER]) expect(await answers(await open(from, bus.port))).toBe(true);
		expect(await answers(await open(STRANGER, other.port))).toBe(true);

		await table.hold(nft, new Map([[bus.port, new Set([NODE, MEMBER, STRANGER])]]));
		expect(await answers(await open(STRANGER, bus.port))).toBe(true);
		await table.hold(nft, new Map([[bus.port, new Set([NODE])]]));
		expect(await open(STRANGER, bus.port)).toBe("ECONNREFUSED");
		expect(await answers(early)).toBe(true);
		table.close();
		await eventually(
			"the port is open again",
			async () => await answers(await open(STRANGER, bus.port)),
		);
		for (const each of [bus, other]) each.stop();
	},
);
