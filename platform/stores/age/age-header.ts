import { StoreError } from "../store-error.ts";

export const NONCE_BYTES = 16;
const TAG_BYTES = 16;
/** A header for one recipient has about 200 bytes. */
export const HEADER_BYTES_MAX = 4_096;

/** Loaded by control planes with an encrypted store only. */
const age = () => import("age-encryption");

/** A new secret key, in a form that all age programs know. */
export async function newIdentity(): Promise<string> {
	return await (await age()).generateX25519Identity();
}

/** The public key. Throws if `identity` isn't an age identity. */
export async function recipientOf(identity: string): Promise<string> {
	return await (await age()).identityToRecipient(identity);
}

/** A new file's header, and the key of its payload, which only the identity finds in the header. */
export async function sealHeader(
	identity: string,
): Promise<{ header: Uint8Array; fileKey: Uint8Array }> {
	const { Encrypter } = await age();
	let fileKey: Uint8Array | undefined;
	const encrypter = new Encrypter();
	encrypter.addRecipient(await recipientOf(identity));
	// The library encrypts payloads too, but ten times as slowly as Node's own cipher (age-payload.ts).
	encrypter.addRecipient({
		wrapFileKey(key) {
			fileKey = Uint8Array.from(key);
			return [];
		},
	});
	const empty = await encrypter.encrypt(new Uint8Array());
	if (fileKey === undefined) throw new Error("age made a file without a key");
	return { header: empty.subarray(0, empty.length - NONCE_BYTES - TAG_BYTES), fileKey };
}

/** Reads the header at the beginning of a file. Throws `damaged` if it isn't one, or is for another identity. */
export async function openHeader(
	identity: string,
	beginning: Buffer,
): Promise<{ headerBytes: number; nonce: Buffer; fileKey: Uint8Array }> {
	const mac = beginning.indexOf("\n--- ");
	const headerBytes = mac === -1 ? 0 : beginning.indexOf("\n", mac + 1) + 1;
	if (headerBytes === 0 || beginning.length < headerBytes + NONCE_BYTES) {
		throw notOurs("it has no age header");
	}
	const { Decrypter } = await age();
	const decrypter = new Decrypter();
	decrypter.addIdentity(identity);
	try {
		const fileKey = await decrypter.decryptHeader(beginning.subarray(0, headerBytes));
		const nonce = beginning.subarray(headerBytes, headerBytes + NONCE_BYTES);
		return { headerBytes, nonce, fileKey };
	} catch (error) {
		throw notOurs(error instanceof Error ? error.message : String(error));
	}
}

function notOurs(why: string): StoreError {
	return new StoreError(
		"damaged",
		`The store's object can't be decrypted (${why}). It was changed, or encrypted for another key.`,
	);
}
