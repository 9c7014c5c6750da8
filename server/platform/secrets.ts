import {
	createCipheriv,
	createDecipheriv,
	createHash,
	createHmac,
	randomBytes,
	timingSafeEqual,
} from "node:crypto";
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { StartError } from "./start-error.ts";

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** In the form that `randomSecret` creates. */
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** AES-256-GCM under the installation's key. `context` ties a ciphertext to its place: it opens nowhere else. */
export interface SecretBox {
	seal(plaintext: string, context: string): string;
	/** Throws if the text was changed, or was sealed under another key or context. */
	open(sealed: string, context: string): string;
	/** A secret for one purpose, the same for the same key: nothing has to be stored. */
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

/**
 * The installation's key. Without it the database's secrets can't be read, so it is created only for a new
 * database. Throws StartError if it is missing, damaged, or another database's.
 */
export function loadSecretKey(
	file: string,
	database: { readonly isNew: boolean; readonly sealed: SealedText | null },
): Buffer {
	const remedy = `Put back the ${basename(file)} that belongs to this database, or restore both from a backup: larder restore <file> --replace. Caches keep serving meanwhile.`;
	if (!database.isNew && !existsSync(file)) {
		throw new StartError(
			`${file} is missing, and the database can't be read without it. ${remedy}`,
		);
	}
	const text = readOrCreate(file, () => randomBytes(KEY_BYTES).toString("base64"));
	const key = Buffer.from(text, "base64");
	if (key.length !== KEY_BYTES || key.toString("base64") !== text) {
		throw new StartError(`${file} is damaged: it doesn't hold a valid key. ${remedy}`);
	}
	if (database.sealed !== null && !opens(key, database.sealed)) {
		throw new StartError(`${file} isn't the key of this database. ${remedy}`);
	}
	return key;
}

/** A text sealed with a database's key, and its place. */
export interface SealedText {
	readonly text: string;
	readonly context: string;
}

function opens(key: Buffer, { text, context }: SealedText): boolean {
	try {
		createSecretBox(key).open(text, context);
		return true;
	} catch {
		return false;
	}
}

/** A secret's text from a 0600 file of its own. A damaged one is replaced: its users must read the new one. */
export function readOrReplaceSecret(file: string, prefix = ""): string {
	const known = readOrCreate(file, () => `${prefix}${randomSecret()}`);
	if (known.startsWith(prefix) && SECRET.test(known.slice(prefix.length))) return known;
	rmSync(file, { force: true });
	return readOrCreate(file, () => `${prefix}${randomSecret()}`);
}

/** The text of a 0600 file, created by `make` if it doesn't exist. */
function readOrCreate(file: string, make: () => string): string {
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
