import { open } from "node:fs/promises";

const TAIL_BYTES = 4_096;
const TAIL_LINES = 4;

/**
 * The last meaningful lines of an engine's log, for a person who asks why it ended. Empty if there are none.
 */
export async function readLogTail(path: string): Promise<string> {
	const file = await open(path, "r").catch(() => null);
	if (file === null) return "";
	try {
		const { size } = await file.stat();
		const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
		await file.read(buffer, 0, buffer.length, size - buffer.length);
		const lines = buffer.toString("utf8").split("\n");
		return lines
			.map((line) => line.replace(/^\d+:[A-Z] \d+ \w+ \d+ [\d:.]+ /, "").trim())
			.filter((line) => line !== "")
			.slice(-TAIL_LINES)
			.join(" | ")
			.slice(-1_200);
	} finally {
		await file.close();
	}
}
