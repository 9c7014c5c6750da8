import { createHash } from "node:crypto";

/** 132 bits that stand for these values. */
export function keyDigest(parts: readonly (string | number)[]): string {
	return createHash("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, 22);
}
