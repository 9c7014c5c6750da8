import type { Hash } from "node:crypto";
import type { BlockingRead } from "./growing-file.ts";

/** Reads as `read` does, and adds what it reads to the hash. */
export function hashing(read: BlockingRead, hash: Hash): BlockingRead {
	return (buffer, at, length) => {
		const count = read(buffer, at, length);
		if (count > 0) hash.update(buffer.subarray(at, at + count));
		return count;
	};
}
