import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { decode, encode, streamEncode } from "dns-packet";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually, freePort } from "../testing/agent-fixture.ts";
import { HostNames } from "./host-names.ts";
import { NameServer } from "./name-server.ts";

const ADDRESS = "127.0.1.21";
const QUESTION = {
	id: 7,
	type: "query" as const,
	questions: [{ name: "a.b", type: "A" as const }],
};

let port: number;
let server: NameServer;
let now: number;

beforeEach(async () => {
	port = await freePort(ADDRESS);
	now = 0;
	server = new NameServer(
		async () => ({
			rcode: "NOERROR",
			records: { answers: [{ type: "A", name: "a.b", ttl: 5, data: "10.0.0.1" }] },
		}),
		() => now,
	);
	await server.listen(ADDRESS, port, () => {});
});
afterEach(() => server.close());

/** Sends the messages over UDP, and returns the first `answers` answers. */
async function overUdp(messages: readonly Buffer[], answers: number): Promise<Buffer[]> {
	const socket = createSocket("udp4");
	const received: Buffer[] = [];
	const done = new Promise<void>((resolve) => {
		socket.on("message", (message) => {
			received.push(message);
			if (received.length === answers) resolve();
		});
	});
	// One after another: the kernel drops what doesn't fit its buffers.
	for (const message of messages) {
		await new Promise((resolve) => socket.send(message, port, ADDRESS, resolve));
	}
	await done;
	socket.close();
	return received;
}

test("a flood over UDP gets answers without records, no larger than the questions", async () => {
	const question = encode(QUESTION);
	const rounds: Buffer[][] = [];
	for (let round = 0; round < 11; round++) rounds.push(await overUdp(Array(20).fill(question), 20));
	const replies = rounds.flat().map((bytes) => ({ bytes: bytes.length, ...decode(bytes) }));
	const cut = replies.filter((reply) => reply.flag_tc);
	expect(cut).toHaveLength(20);
	for (const { bytes, answers } of cut) {
		expect(answers).toEqual([]);
		expect(bytes).toBe(question.length);
	}
	now = 1_000;
	const [next] = await overUdp([question], 1);
	expect(next && decode(next).flag_tc).toBe(false);
});

test("what can't be read gets no answer over UDP, and the next question gets one", async () => {
	const [reply] = await overUdp([Buffer.from("?"), Buffer.alloc(600, 255), encode(QUESTION)], 1);
	expect(reply && decode(reply)).toMatchObject({ id: 7, flag_tc: false });
});

test("a connection carries several questions, and ends with one that can't be read", async () => {
	const socket = connect(port, ADDRESS);
	const whole = streamEncode(QUESTION);
	socket.write(Buffer.concat([whole, whole.subarray(0, 5)]));
	socket.write(whole.subarray(5));
	let received = Buffer.alloc(0);
	socket.on("data", (chunk) => {
		received = Buffer.concat([received, chunk]);
		if (received.length === 2 * (received.readUInt16BE(0) + 2))
			socket.write(Buffer.from([0, 1, 0]));
	});
	await once(socket, "close");
	expect(decode(received.subarray(2)).answers).toMatchObject([{ data: "10.0.0.1" }]);
	const oversized = connect(port, ADDRESS);
	oversized.on("error", () => {});
	oversized.write(Buffer.from([255, 255, 0]));
	oversized.resume();
	await once(oversized, "close");
});

test("a server can't listen on a taken port, and can once the port is free", async () => {
	const second = new NameServer(async () => ({ rcode: "REFUSED" }));
	const listening = second.listen(ADDRESS, port, () => {});
	await expect(listening).rejects.toMatchObject({ code: "EADDRINUSE" });
	server.close();
	await second.listen(ADDRESS, port, () => {});
	second.close();
});

test("a host that can't listen shows a warning until there is no zone", async () => {
	const changes: string[] = [];
	const names = new HostNames({
		...{ address: ADDRESS, port, enabled: true, logger: pino({ level: "silent" }) },
		onChange: () =>
			changes.push(
				names
					.warnings()
					.map(({ code }) => code)
					.join(),
			),
	});
	names.apply({ zone: "b", revision: 1, whole: true, names: [], removed: [] });
	await eventually("it warns", () => changes.length === 1);
	expect(names.warnings()[0]?.message).toContain(`can't listen on ${ADDRESS}:${port} (EADDRINUSE)`);
	names.apply(null);
	await eventually("it has nothing to answer", () => changes.length === 2);
	expect(changes).toEqual(["dns-port", ""]);
	await names.stop();
});
