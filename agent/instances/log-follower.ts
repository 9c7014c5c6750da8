import { open, stat } from "node:fs/promises";

const READ_BYTES_MAX = 65_536;

/** Reads what is appended to a log, starting at its end at the first look. A log that was emptied is read from its start. */
export class LogFollower {
	private readonly path: string;
	private offset: number | null = null;

	constructor(path: string) {
		this.path = path;
	}

	/**
	 * The lines completed since the last look. If they exceed `READ_BYTES_MAX`, only the newest ones, and the first of
	 * these may be cut off. Empty when the log can't be read.
	 */
	async readNew(): Promise<string> {
		const size = await stat(this.path).then(
			(found) => found.size,
			() => 0,
		);
		if (this.offset === null || size === this.offset) {
			this.offset = size;
			return "";
		}
		const start = size < this.offset ? 0 : this.offset;
		const text = await readBetween(this.path, Math.max(start, size - READ_BYTES_MAX), size);
		const end = text.lastIndexOf("\n") + 1;
		// One character per byte, whatever the engine wrote.
		this.offset = size - (text.length - end);
		return text.slice(0, end);
	}
}

async function readBetween(path: string, start: number, end: number): Promise<string> {
	const file = await open(path, "r").catch(() => null);
	if (file === null) return "";
	try {
		const buffer = Buffer.alloc(end - start);
		const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
		return buffer.toString("latin1", 0, bytesRead);
	} finally {
		await file.close();
	}
}
