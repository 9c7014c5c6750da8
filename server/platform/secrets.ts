import {
	createCipheriv,
	createDecipheriv,
	createHash,
	createHmac,
	randomBytes,
	timingSafeEqual,
} from "node:crypto";
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM under the installation's key. `context` ties a ciphertext to its place: it opens nowhere else. */
export interface SecretBox {
	seal(plaintext: string, context: string): string;
	/** Throws if the text was changed, or was sealed under another key or context. */
	open(sealed: string, context: string): string;
	/** A secret for one purpose, the same as long as the key is: nothing has to be stored. */
	derive(purpose: string): string;
}

export function createSecretBox(key: Buffer): SecretBox {
	return {
		seal(plaintext, context) {
			const iv = randomBytes(IV_BYTES);
			const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(context));
			const body = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final()]);
			return Buffer.concat([iv, cipher.getAuthTag(), body]).toString("base64");
		},
		open(sealed, context) {
			const bytes = Buffer.from(sealed, "base64");
			const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, IV_BYTES))
				.setAAD(Buffer.from(context))
				.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
			const body = bytes.subarray(IV_BYTES + TAG_BYTES);
			return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
		},
		derive: (purpose) => createHmac("sha256", key).update(purpose).digest("hex"),
	};
}

/** The installation's key; made at the first start. Without it the database's secrets can't be read: back both up. */
export function loadSecretKey(file: string): Buffer {
	const key = Buffer.from(
		readOrCreate(file, () => randomBytes(KEY_BYTES).toString("base64")),
		"base64",
	);
	if (key.length !== KEY_BYTES) {
		throw new Error(`${file} is damaged: restore it from a backup, together with the database`);
	}
	return key;
}

/** The text of a 0600 file, made whole by `make` where there is none yet. */
export function readOrCreate(file: string, make: () => string): string {
	const temporary = `${file}.${randomBytes(6).toString("hex")}.tmp`;
	try {
		return readFileSync(file, "utf8").trim();
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
	}
	writeFileSync(temporary, `${make()}\n`, { mode: 0o600, flag: "wx" });
	try {
		linkSync(temporary, file);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
	} finally {
		rmSync(temporary);
	}
	return readFileSync(file, "utf8").trim();
}

/** URL-safe text of 256 random bits. */
export function randomSecret(): string {
	return randomBytes(32).toString("base64url");
}

/** For secrets of full entropy only; passwords that people choose go through better-auth's slow hash. */
export function sha256Hex(text: string): string {
	return createHash("sha256").update(text).digest("hex");
}

export function equalHex(a: string, b: string): boolean {
	const left = Buffer.from(a, "hex");
	const right = Buffer.from(b, "hex");
	return left.length === right.length && timingSafeEqual(left, right);
}
