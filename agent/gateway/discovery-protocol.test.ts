import { expect, test } from "vitest";
import { type ClientPart, ClientStream, discoveryAnswer } from "./discovery-protocol.ts";

const AWS = {
	version: 12,
	nodes: [
		{ host: "myCluster.pc4ldq.0002.use1.cache.amazonaws.com", port: 11211 },
		{ host: "myCluster.pc4ldq.0001.use1.cache.amazonaws.com", port: 11211 },
	],
};

test("the answer is ElastiCache's, byte for byte: nodes sorted by name, both pipes even without an IP", () => {
	const [first, second] = ["0001", "0002"].map(
		(number) => `myCluster.pc4ldq.${number}.use1.cache.amazonaws.com||11211`,
	);
	expect(discoveryAnswer("config", AWS)).toBe(
		`CONFIG cluster 0 111\r\n12\n${first} ${second}\n\r\nEND\r\n`,
	);
});

test("the length in the answer covers both lines with their \\n, but not the \\r\\n after them", () => {
	// ElastiCache's documented example, whose nodes have IPs of 13 and 12 characters: 136.
	const answer = discoveryAnswer("config", AWS);
	const length = Number(/^CONFIG cluster 0 (\d+)\r\n/.exec(answer)?.[1]);
	expect(length + "10.82.235.120".length + "10.80.249.27".length).toBe(136);
	const body = answer.slice(answer.indexOf("\r\n") + 2);
	expect(body.slice(length)).toBe("\r\nEND\r\n");
});

test("a node that is known by its IPv4 address is listed with it", () => {
	const discovery = { version: 3, nodes: [{ host: "10.0.0.7", port: 11212 }] };
	expect(discoveryAnswer("config", discovery)).toBe(
		"CONFIG cluster 0 26\r\n3\n10.0.0.7|10.0.0.7|11212\n\r\nEND\r\n",
	);
	expect(discoveryAnswer("get", discovery)).toBe(
		"VALUE AmazonElastiCache:cluster 0 26\r\n3\n10.0.0.7|10.0.0.7|11212\n\r\nEND\r\n",
	);
	expect(discoveryAnswer("gets", discovery)).toMatch(/^VALUE AmazonElastiCache:cluster 0 26 3\r\n/);
});

/** All parts that a stream yields for a text, however the text is split. */
function partsOf(text: string, pieceBytes: number): string[] {
	const stream = new ClientStream();
	const parts: ClientPart[] = [];
	const bytes = Buffer.from(text, "latin1");
	for (let at = 0; at < bytes.length; at += pieceBytes) {
		parts.push(...stream.take(bytes.subarray(at, at + pieceBytes)));
	}
	const forwarded: string[] = [""];
	for (const part of parts) {
		if (part.kind === "discovery") forwarded.push(`<${part.command}>`, "");
		else forwarded[forwarded.length - 1] += part.bytes.toString("latin1");
	}
	return [...forwarded.filter((each) => each !== ""), ...restOf(stream)];
}

function restOf(stream: ClientStream): string[] {
	const rest = stream.remainder().toString("latin1");
	return rest === "" ? [] : [`rest:${rest}`];
}

for (const pieceBytes of [1, 2, 7, 1_000]) {
	test(`commands are distinguished from values that look like them, in pieces of ${pieceBytes} bytes`, () => {
		const trap = "\r\nconfig get cluster\r\n";
		const set = `set k 0 0 ${trap.length}\r\n${trap}\r\n`;
		const meta = `ms k ${trap.length} T0\r\n${trap}\r\n`;
		expect(
			partsOf(
				`version\n${set}config get cluster\n${meta}get AmazonElastiCache:cluster\r\nget k\r\n`,
				pieceBytes,
			),
		).toEqual([`version\n${set}`, "<config>", meta, "<get>", "get k\r\n"]);
		expect(partsOf("config get other\r\nget AmazonElastiCache:cluster k\r\n", pieceBytes)).toEqual([
			"config get other\r\nget AmazonElastiCache:cluster k\r\n",
		]);
		expect(partsOf("set k 0 0 nonsense\r\nconfig get cluster\r\nge", pieceBytes)).toEqual([
			"set k 0 0 nonsense\r\n",
			"<config>",
			"rest:ge",
		]);
	});

	test(`a connection in the binary protocol passes unchanged, in pieces of ${pieceBytes} bytes`, () => {
		const binary = "\x80\x00config get cluster\r\n";
		expect(partsOf(binary, pieceBytes)).toEqual([binary]);
	});
}
