import fc from "fast-check";
import { expect, test } from "vitest";
import { RespFailure, RespParser, type RespValue } from "./resp-parser.ts";

const bytes = Buffer.from(
	"+OK\r\n:42\r\n$-1\r\n$5\r\nh\r\nlo\r\n*2\r\n$3\r\nf\u00fc\r\n*0\r\n-ERR no\r\n*-1\r\n",
);
const values: RespValue[] = [
	"OK",
	42,
	null,
	"h\r\nlo",
	["fü", []],
	new RespFailure("ERR no"),
	null,
];

test("answers are read whole, however the stream is cut", () => {
	fc.assert(
		fc.property(fc.array(fc.integer({ min: 0, max: bytes.length })), (cuts) => {
			const parser = new RespParser();
			const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
			const read = edges.slice(1).flatMap((end, i) => parser.push(bytes.subarray(edges[i], end)));
			expect(read).toEqual(values);
		}),
	);
});

test("what isn't RESP is an error", () => {
	expect(() => new RespParser().push(Buffer.from("HTTP/1.1 400 Bad Request\r\n"))).toThrow("RESP");
});
