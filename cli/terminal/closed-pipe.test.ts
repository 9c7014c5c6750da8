import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { endWithReader } from "./closed-pipe.ts";

it("ends silently once its output is no longer read, and fails as usual for another reason", () => {
	const [output, errors] = [new PassThrough(), new PassThrough()];
	const statuses: number[] = [];
	endWithReader([output, errors], (status) => statuses.push(status));
	const closed = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
	output.emit("error", closed);
	errors.emit("error", closed);
	expect(statuses).toEqual([141, 141]);
	expect(() => output.emit("error", new Error("no space left"))).toThrow("no space left");
});
