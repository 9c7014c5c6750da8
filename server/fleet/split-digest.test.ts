import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { expect, it } from "vitest";
import { splitDigest } from "./split-digest.ts";

it("finds content and digest however the body is cut into chunks", async () => {
	const sizes = fc.array(fc.integer({ min: 0, max: 80 }), { maxLength: 12 });
	await fc.assert(
		fc.asyncProperty(sizes, async (lengths) => {
			const body = randomBytes(lengths.reduce((sum, length) => sum + length, 32));
			let at = 0;
			const chunks = [...lengths, body.length].map((length) => {
				const chunk = body.subarray(at, at + length);
				at += length;
				return chunk;
			});
			const { content, digest } = splitDigest(Readable.from(chunks));
			expect(await buffer(content)).toEqual(body.subarray(0, -32));
			expect(digest()).toBe(body.subarray(-32).toString("hex"));
		}),
	);
});
