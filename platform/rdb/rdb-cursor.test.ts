import { expect, it } from "vitest";
import { RdbCursor } from "./rdb-cursor.ts";
import { RdbError } from "./rdb-error.ts";

function cursorOf(bytes: number[]): RdbCursor {
	const file = Buffer.from(bytes);
	let at = 0;
	return new RdbCursor((buffer, offset, length) => {
		const count = file.copy(buffer, offset, at, at + length);
		at += count;
		return count;
	});
}

const HUGE = [0x81, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00];

it("calls an impossible length damage, instead of asking for that much memory", () => {
	const plain = () => cursorOf([...HUGE, 1, 2, 3]).string();
	expect(plain).toThrow(RdbError);
	expect(plain).toThrow("a string of 4503599627370496 bytes is impossible");
	const compressed = () => cursorOf([0xc3, 0x03, ...HUGE, 1, 2, 3]).string();
	expect(compressed).toThrow("is impossible");
	expect(cursorOf([0x03, 0x61, 0x62, 0x63]).string().toString()).toBe("abc");
});
