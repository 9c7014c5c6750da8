import { type CipherGCM, createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { PassThrough, type Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { z } from "zod";
import { AppError } from "../contract/errors.ts";
import { deriveKey, openKey, SCRYPT_COST, scryptSchema } from "./passphrase-key.ts";
import { damaged } from "./read-dump.ts";
import { splitLines } from "./split-lines.ts";

/**
 * A backup file starts with one line of readable JSON. The other lines (the secret key, and a dump) are
 * compressed and, with a passphrase, encrypted with AES-256-GCM. The tag at the end also covers the first
 * line.
 */
const FILE_FORMAT = 1;
const CIPHER = "aes-256-gcm";
const TAG_BYTES = 16;
const FIRST_LINE_MAX_BYTES = 4_096;
const CHUNK_LENGTH = 65_536;

const firstLineSchema = z.object({
	larderBackup: z.literal(FILE_FORMAT),
	encryption: z.object({ cipher: z.literal(CIPHER), iv: z.base64(), key: scryptSchema }).nullable(),
});
type FirstLine = z.infer<typeof firstLineSchema>;

const keyLineSchema = z.object({ secretKey: z.string() });

export interface BackupContent {
	/** As in the home's file. */
	secretKey: string;
	/** Passes the dump's lines, including line ends, to `write`. */
	dump: (write: (line: string) => Promise<void>) => Promise<void>;
}

/**
 * Writes a backup, complete or not at all, readable by this user alone. Without a passphrase it isn't
 * encrypted.
 */
export async function writeBackupFile(
	path: string,
	passphrase: string | null,
	content: BackupContent,
): Promise<void> {
	const { firstLine, cipher } = await seal(passphrase);
	const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
	const file = await open(temporary, "wx", 0o600);
	try {
		const text = Buffer.from(`${JSON.stringify(firstLine)}\n`);
		cipher?.setAAD(text);
		await file.appendFile(text);
		const source = createGzip();
		const written = pipeline(
			source,
			cipher ?? new PassThrough(),
			async (chunks: AsyncIterable<Buffer>) => {
				for await (const chunk of chunks) await file.appendFile(chunk);
			},
		);
		// Awaited below; until then a failure must not count as unhandled.
		written.catch(() => undefined);
		await fill(source, content);
		await written;
		if (cipher !== null) await file.appendFile(cipher.getAuthTag());
		await file.sync();
		await rename(temporary, path);
	} catch (error) {
		await rm(temporary, { force: true });
		throw error;
	} finally {
		await file.close();
	}
}

async function seal(
	passphrase: string | null,
): Promise<{ firstLine: FirstLine; cipher: CipherGCM | null }> {
	if (passphrase === null) {
		return { firstLine: { larderBackup: FILE_FORMAT, encryption: null }, cipher: null };
	}
	const salt = randomBytes(16);
	const iv = randomBytes(12);
	const { key, check } = await deriveKey(passphrase, SCRYPT_COST, salt);
	return {
		firstLine: {
			larderBackup: FILE_FORMAT,
			encryption: {
				cipher: CIPHER,
				iv: iv.toString("base64"),
				key: { name: "scrypt", ...SCRYPT_COST, salt: salt.toString("base64"), check },
			},
		},
		cipher: createCipheriv(CIPHER, key, iv),
	};
}

/** Passes a failure of the content on through the stream. A stream that failed earlier keeps its own failure. */
async function fill(stream: Transform, { secretKey, dump }: BackupContent): Promise<void> {
	let waiting = `${JSON.stringify({ secretKey })}\n`;
	const flush = async () => {
		await new Promise<void>((resolve, reject) => {
			stream.write(waiting, (error) => (error ? reject(error) : resolve()));
		});
		waiting = "";
	};
	try {
		await dump(async (line) => {
			waiting += line;
			if (waiting.length >= CHUNK_LENGTH) await flush();
		});
		await flush();
		stream.end();
	} catch (error) {
		stream.destroy(error instanceof Error ? error : new Error(String(error)));
	}
}

/**
 * Passes a backup's key and its dump's lines to `use` and returns the result. `use` must read the lines to
 * their end: that is where the tag is checked, and the lines throw if it doesn't match.
 */
export async function readBackupFile<T>(
	path: string,
	passphrase: string | null,
	use: (content: { secretKey: string; dump: AsyncIterable<string> }) => Promise<T>,
): Promise<T> {
	const { firstLine, text, size } = await readFirstLine(path);
	const { encryption } = firstLine;
	if (encryption !== null && passphrase === null) {
		throw new AppError("invalid_argument", "The backup is encrypted. Give its passphrase.", {
			field: "passphrase",
		});
	}
	const decipher =
		encryption === null
			? new PassThrough()
			: createDecipheriv(
					CIPHER,
					await openKey(passphrase ?? "", encryption.key),
					Buffer.from(encryption.iv, "base64"),
				)
					.setAAD(text)
					.setAuthTag(await readTag(path, size));
	const end = size - (encryption === null ? 0 : TAG_BYTES) - 1;
	if (end < text.length) throw damaged("it was cut off");
	let using: Promise<T> | undefined;
	try {
		await pipeline(
			createReadStream(path, { start: text.length, end }),
			decipher,
			createGunzip(),
			async (bytes: AsyncIterable<Buffer>) => {
				using = useLines(splitLines(bytes), use);
				await using;
			},
		);
		if (using === undefined) throw damaged("it is empty");
		return await using;
	} catch (error) {
		// The pipeline ends as soon as `use` stops reading, before `use` has undone its work, and doesn't say
		// why.
		const failure = await using?.then(
			() => undefined,
			(cause: unknown) => cause,
		);
		const cause = failure ?? error;
		if (isDamage(cause)) throw damaged("it was cut off or changed", cause);
		throw cause;
	}
}

async function useLines<T>(
	lines: AsyncGenerator<string>,
	use: (content: { secretKey: string; dump: AsyncIterable<string> }) => Promise<T>,
): Promise<T> {
	const first = await lines.next();
	const key = keyLineSchema.safeParse(first.done ? null : parseOrNull(first.value));
	if (!key.success) throw damaged("the key is missing");
	return await use({ secretKey: key.data.secretKey, dump: lines });
}

/** Whether zlib or the cipher failed because of damaged bytes. */
function isDamage(error: unknown): boolean {
	if (!(error instanceof Error)) return false;
	const code = "code" in error ? String(error.code) : "";
	return code.startsWith("Z_") || error.message.includes("unable to authenticate");
}

async function readFirstLine(path: string) {
	const file = await open(path, "r");
	try {
		const { size } = await file.stat();
		const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(FIRST_LINE_MAX_BYTES) });
		const length = buffer.subarray(0, bytesRead).indexOf("\n") + 1;
		const text = buffer.subarray(0, length);
		const parsed = firstLineSchema.safeParse(parseOrNull(text.toString("utf8")));
		if (!parsed.success) {
			throw new AppError(
				"invalid_argument",
				`${path} isn't a control-plane backup that this version of Larder can read.`,
			);
		}
		return { firstLine: parsed.data, text, size };
	} finally {
		await file.close();
	}
}

function parseOrNull(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		// Not a backup file: the caller says so.
		return null;
	}
}

async function readTag(path: string, size: number): Promise<Buffer> {
	const file = await open(path, "r");
	try {
		const tag = Buffer.alloc(TAG_BYTES);
		const { bytesRead } = await file.read(tag, 0, TAG_BYTES, Math.max(0, size - TAG_BYTES));
		if (bytesRead < TAG_BYTES) throw damaged("it was cut off");
		return tag;
	} finally {
		await file.close();
	}
}
