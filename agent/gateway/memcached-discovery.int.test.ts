import { once } from "node:events";
import type { Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Route } from "../../server/contract/routes.ts";
import { eventually } from "../testing/agent-fixture.ts";
import { openSocket, TestGateway } from "../testing/gateway-fixture.ts";

let host: TestGateway;
let route: Route;
let port: number;
const open: Socket[] = [];

beforeEach(async () => {
	host = new TestGateway("127.0.1.9");
	await host.gateway.start();
	const nodes = [await host.startMemcached(), await host.startMemcached()];
	route = await host.memcachedRoute(nodes);
	port = route.ports.configuration ?? 0;
	await host.applyAndWait([route]);
});
afterEach(async () => {
	for (const socket of open.splice(0)) socket.destroy();
	await host.dispose();
});

/** A client that keeps everything that it receives. */
async function connect() {
	const socket = await openSocket(host.address, port);
	open.push(socket);
	let received = Buffer.alloc(0);
	socket.on("data", (chunk) => {
		received = Buffer.concat([received, chunk]);
	});
	return {
		socket,
		async ask(text: string | Buffer, end: string): Promise<string> {
			socket.write(text);
			await eventually(`it answers ${JSON.stringify(end)}`, () => received.includes(end));
			const answer = received.toString("latin1");
			received = Buffer.alloc(0);
			return answer;
		},
	};
}

function expectedBody(version: number): string {
	const entries = route.servers
		.map((server) => `${host.address}|${host.address}|${server.port}`)
		.sort();
	return `${version}\n${entries.join(" ")}\n`;
}

test("the configuration endpoint answers both forms of auto discovery with the newest version", async () => {
	const client = await connect();
	const body = expectedBody(12);
	expect(await client.ask("version\n", "\r\n")).toMatch(/^VERSION 1\.6\.\d+\r\n$/);
	expect(await client.ask("config get cluster\n", "END\r\n")).toBe(
		`CONFIG cluster 0 ${body.length}\r\n${body}\r\nEND\r\n`,
	);
	expect(await client.ask("get AmazonElastiCache:cluster\r\n", "END\r\n")).toBe(
		`VALUE AmazonElastiCache:cluster 0 ${body.length}\r\n${body}\r\nEND\r\n`,
	);
	const [first] = route.discovery?.nodes ?? [];
	host.apply([{ ...route, discovery: { version: 13, nodes: first ? [first] : [] } }]);
	await eventually("the new version is served", async () => {
		return (await client.ask("config get cluster\r\n", "END\r\n")).includes("\r\n13\n");
	});
	const other = await connect();
	expect(await other.ask("get AmazonElastiCache:cluster\r\n", "END\r\n")).toContain("\r\n13\n");
});

test("answers to commands sent together keep their order", async () => {
	const client = await connect();
	const value = Buffer.alloc(100 * 1024, "x\0\xff\r\nconfig get cluster\r\n", "latin1");
	const answer = await client.ask(
		Buffer.concat([
			Buffer.from(`version\r\nset big 0 0 ${value.length}\r\n`),
			value,
			Buffer.from("\r\nget big\r\nconfig get cluster\r\nget nothing\r\nversion\r\nmn\r\n"),
		]),
		"MN\r\n",
	);
	const body = expectedBody(12);
	expect(answer.replace(/VERSION [\d.]+\r\n/g, "V ")).toBe(
		`V STORED\r\nVALUE big 0 ${value.length}\r\n${value.toString("latin1")}\r\nEND\r\n` +
			`CONFIG cluster 0 ${body.length}\r\n${body}\r\nEND\r\nEND\r\nV MN\r\n`,
	);
});

test("clients that open with data bypass the agent on their way to a node, and outlive it", async () => {
	const client = await connect();
	const value = Buffer.alloc(100 * 1024, "\r\nconfig get cluster\r\n");
	const set = [
		Buffer.from(`set big 0 0 ${value.length}\r\n`),
		value,
		Buffer.from("\r\nget big\r\n"),
	];
	expect(await client.ask(Buffer.concat(set), "END\r\n")).toBe(
		`STORED\r\nVALUE big 0 ${value.length}\r\n${value.toString("latin1")}\r\nEND\r\n`,
	);
	const binary = await connect();
	// Binary `version`: magic 0x80, opcode 0x0b, no key, no body.
	const request = Buffer.alloc(24);
	request.set([0x80, 0x0b]);
	const answer = await binary.ask(request, "1.6.");
	expect(answer.startsWith("\x81\x0b")).toBe(true);
	await host.restart();
	expect(await client.ask("get nothing\r\n", "END\r\n")).toBe("END\r\n");
});

test("a client that opens with `version` is served by a node while no agent runs", async () => {
	await host.gateway.stop();
	const client = await connect();
	expect(await client.ask("version\r\n", "\r\n")).toMatch(/^VERSION /);
});

test("the end of one side ends the other", async () => {
	const client = await connect();
	expect(await client.ask("version\r\n", "\r\n")).toMatch(/^VERSION /);
	client.socket.write("get nothing\r\nquit\r\n");
	await once(client.socket, "end");
	const second = await connect();
	second.socket.end("version\r\nget nothing\r\n");
	await once(second.socket, "end");
	expect(await second.ask("", "END\r\n")).toMatch(/END\r\n$/);
});
