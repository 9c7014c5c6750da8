import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { RdbError } from "./rdb-error.ts";

/** CRC-64 with the polynomial of RDB files, 0xad93d23594c935a9, reflected, in halves of 32 bits. */
const POLYNOMIAL = { high: 0x95ac9329, low: 0xac4bc9b5 } as const;
const CHECKSUM_BYTES = 8;
const BUFFER_BYTES = 1024 ** 2;

const HIGH = new Uint32Array(256);
const LOW = new Uint32Array(256);
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

export interface Crc64 {
	high: number;
	low: number;
}

export function updateCrc64(crc: Crc64, bytes: Uint8Array): void {
	let { high, low } = crc;
	for (let at = 0; at < bytes.length; at += 1) {
		const index = (low ^ (bytes[at] as number)) & 0xff;
		low = ((low >>> 8) | (high << 24)) ^ (LOW[index] as number);
		high = (high >>> 8) ^ (HIGH[index] as number);
	}
	crc.high = high >>> 0;
	crc.low = low >>> 0;
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
