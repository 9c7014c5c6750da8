import { createHash, scrypt, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { AppError } from "../contract/errors.ts";

const KEY_BYTES = 32;

/** Costs 128 MiB and a few tenths of a second, for us as well as for an attacker. */
export const SCRYPT_COST = { N: 131_072, r: 8, p: 1 } as const;

export const scryptSchema = z.object({
	name: z.literal("scrypt"),
	// Bounds what a file can make this machine spend.
	N: z.int().min(1_024).max(1_048_576),
	r: z.int().min(1).max(8),
	p: z.int().min(1).max(4),
	salt: z.base64(),
	/** Distinguishes a wrong passphrase from a damaged file. */
	check: z.string(),
});

/** The key derived from a passphrase, and the check that is stored beside the salt. */
export async function deriveKey(
	passphrase: string,
	cost: { N: number; r: number; p: number },
	salt: Buffer,
): Promise<{ key: Buffer; check: string }> {
	const bytes = await new Promise<Buffer>((resolve, reject) => {
		const options = { ...cost, maxmem: 256 * cost.N * cost.r };
		scrypt(passphrase.normalize("NFC"), salt, 2 * KEY_BYTES, options, (error, derived) =>
			error === null ? resolve(derived) : reject(error),
		);
	});
	const check = createHash("sha256").update(bytes.subarray(KEY_BYTES)).digest("hex");
	return { key: bytes.subarray(0, KEY_BYTES), check };
}

/** Throws `invalid_argument` if the passphrase is wrong for the file. */
export async function openKey(
	passphrase: string,
	{ N, r, p, salt, check }: z.infer<typeof scryptSchema>,
): Promise<Buffer> {
	const derived = await deriveKey(passphrase, { N, r, p }, Buffer.from(salt, "base64"));
	const [expected, actual] = [Buffer.from(check), Buffer.from(derived.check)];
	if (expected.length !== actual.length || !timingSafeEqual(expected, actual)) {
		throw new AppError("invalid_argument", "The passphrase isn't the right one for this backup.", {
			field: "passphrase",
		});
	}
	return derived.key;
}
