import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { RdbError } from "./rdb-error.ts";

/** CRC-64 with the polynomial of RDB files, 0xad93d23594c935a9, reflected, in halves of 32 bits. */
const POLYNOMIAL = { high: 0x95ac9329, low: 0xac4bc9b5 } as const;
const CHECKSUM_BYTES = 8;
const BUFFER_BYTES = 1024 ** 2;

/** What a byte does to the sum, 0 to 7 bytes later: a table of 256 entries for each distance. */
const DISTANCES = 8;
const HIGH = new Uint32Array(256 * DISTANCES);
const LOW = new Uint32Array(256 * DISTANCES);
for (let byte = 0; byte < 256; byte += 1) {
	let [high, low] = [0, byte];
	for (let bit = 0; bit < 8; bit += 1) {
		const isOdd = (low & 1) === 1;
		low = (low >>> 1) | (high << 31);
		high >>>= 1;
		if (!isOdd) continue;
		high ^= POLYNOMIAL.high;
		low ^= POLYNOMIAL.low;
	}
	HIGH[byte] = high;
	LOW[byte] = low;
}
for (let at = 256; at < 256 * DISTANCES; at += 1) {
	const [high, low] = [HIGH[at - 256] as number, LOW[at - 256] as number];
	HIGH[at] = (high >>> 8) ^ (HIGH[low & 0xff] as number);
	LOW[at] = ((low >>> 8) | (high << 24)) ^ (LOW[low & 0xff] as number);
}

export interface Crc64 {
	high: number;
	low: number;
}

/** Adds the bytes from `from` to before `to`. */
export function updateCrc64(crc: Crc64, bytes: Uint8Array, from = 0, to = bytes.length): void {
	let { high, low } = crc;
	let at = from;
	for (; at + 8 <= to; at += 8) {
		const a = low ^ wordAt(bytes, at);
		const b = high ^ wordAt(bytes, at + 4);
		low = fold(LOW, a, b);
		high = fold(HIGH, a, b);
	}
	for (; at < to; at += 1) {
		const index = (low ^ (bytes[at] as number)) & 0xff;
		low = ((low >>> 8) | (high << 24)) ^ (LOW[index] as number);
		high = (high >>> 8) ^ (HIGH[index] as number);
	}
	crc.high = high >>> 0;
	crc.low = low >>> 0;
}

function wordAt(bytes: Uint8Array, at: number): number {
	return (
		(bytes[at] as number) |
		((bytes[at + 1] as number) << 8) |
		((bytes[at + 2] as number) << 16) |
		((bytes[at + 3] as number) << 24)
	);
}

/** What eight bytes leave behind. */
function fold(table: Uint32Array, a: number, b: number): number {
	return (
		(table[1_792 + (a & 0xff)] as number) ^
		(table[1_536 + ((a >>> 8) & 0xff)] as number) ^
		(table[1_280 + ((a >>> 16) & 0xff)] as number) ^
		(table[1_024 + (a >>> 24)] as number) ^
		(table[768 + (b & 0xff)] as number) ^
		(table[512 + ((b >>> 8) & 0xff)] as number) ^
		(table[256 + ((b >>> 16) & 0xff)] as number) ^
		(table[b >>> 24] as number)
	);
}

/**
 * Throws RdbError if an RDB file's bytes don't match the checksum at its end. Engines leave it 0 if they were told to save
 * without one; then there is nothing to compare. Synchronous, like `walkRdb`.
 */
export function checkRdbChecksum(path: string): void {
	const fd = openSync(path, "r");
	try {
		const end = fstatSync(fd).size - CHECKSUM_BYTES;
		if (end < CHECKSUM_BYTES) throw new RdbError("it is too short to be an RDB file");
		const crc: Crc64 = { high: 0, low: 0 };
		const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
		for (let at = 0; at < end; ) {
			const length = readSync(fd, buffer, 0, Math.min(BUFFER_BYTES, end - at), at);
			if (length === 0) throw new RdbError("it became shorter while it was read");
			updateCrc64(crc, buffer.subarray(0, length));
			at += length;
		}
		readSync(fd, buffer, 0, CHECKSUM_BYTES, end);
		const [low, high] = [buffer.readUInt32LE(0), buffer.readUInt32LE(4)];
		const isUnchecked = low === 0 && high === 0;
		if (isUnchecked || (low === crc.low && high === crc.high)) return;
		throw new RdbError("its checksum doesn't match its content, so it was changed or damaged");
	} finally {
		closeSync(fd);
	}
}
