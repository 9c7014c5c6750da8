import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { Hash } from "@smithy/core/serde";
import { SignatureV4 } from "@smithy/signature-v4";
import { signatureError } from "./errors.ts";

const SERVICE = "dynamodb";
/** How far a client's clock may be off, as at AWS. */
const SKEW_MS = 15 * 60_000;
const MISMATCH =
	"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

export interface Credentials {
	readonly accessKeyId: string;
	readonly secretAccessKey: string;
}

/** What a client says about itself; not verified. */
export interface ClaimedIdentity {
	readonly accessKeyId: string;
	readonly date: string;
	readonly region: string;
	readonly signedHeaders: readonly string[];
	readonly signature: string;
}

const AUTHORIZATION =
	/^AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request,\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/;

/** Throws the error that DynamoDB gives for a request that isn't signed. */
export function readClaim(headers: IncomingHttpHeaders): ClaimedIdentity {
	const { authorization } = headers;
	if (authorization === undefined) {
		throw signatureError(
			"MissingAuthenticationTokenException",
			"Request is missing Authentication Token",
		);
	}
	const match = AUTHORIZATION.exec(authorization);
	const [, accessKeyId = "", date = "", region = "", service = "", names = "", signature = ""] =
		match ?? [];
	if (match === null || service !== SERVICE) {
		throw signatureError(
			"IncompleteSignatureException",
			"Authorization header requires a 'Credential' of service dynamodb, 'SignedHeaders' and 'Signature' parameter.",
		);
	}
	return { accessKeyId, date, region, signedHeaders: names.split(";"), signature };
}

/** Of one day and one region each; there are two days around midnight. A stranger could name any number of regions. */
const KEYS_MAX = 100;

/**
 * Verifies clients' signatures against the one key that they and the accelerator share. Every call waits for it, so it is done
 * here, at once, with the derived keys kept: AWS's own signer takes several times as long.
 */
export class SignatureCheck {
	readonly #credentials: Credentials;
	readonly #keys = new Map<string, Buffer>();

	constructor(credentials: Credentials) {
		this.#credentials = credentials;
	}

	/** Throws the error that DynamoDB gives for a wrong signature. */
	verify(
		claim: ClaimedIdentity,
		request: { headers: IncomingHttpHeaders; path: string; body: Buffer; now: Date },
	): void {
		if (claim.accessKeyId !== this.#credentials.accessKeyId) {
			throw signatureError(
				"UnrecognizedClientException",
				"The security token included in the request is invalid.",
			);
		}
		const { headers, body, now } = request;
		const signingDate = dateOf(headers["x-amz-date"], claim.date);
		if (signingDate === null || Math.abs(now.getTime() - signingDate.getTime()) > SKEW_MS) {
			throw signatureError(
				"InvalidSignatureException",
				`Signature expired: ${headers["x-amz-date"] ?? "no X-Amz-Date"} is not within 15 minutes of ${now.toISOString()}`,
			);
		}
		// Without these, a signature could be used for another call.
		for (const name of ["host", "x-amz-date", "x-amz-target"]) {
			if (!claim.signedHeaders.includes(name))
				throw signatureError("InvalidSignatureException", MISMATCH);
		}
		const bodyHash = sha256Of(body);
		const hash = headers["x-amz-content-sha256"];
		// DynamoDB has one path, and takes no query.
		if ((hash !== undefined && hash !== bodyHash) || request.path !== "/") {
			throw signatureError("InvalidSignatureException", MISMATCH);
		}
		const names = claim.signedHeaders.toSorted();
		const canonical = [
			...["POST", "/", ""],
			...names.map((name) => `${name}:${textOf(headers[name])}`),
			...["", names.join(";"), bodyHash],
		].join("\n");
		const { date, region } = claim;
		const text = [
			...["AWS4-HMAC-SHA256", headers["x-amz-date"]],
			...[`${date}/${region}/${SERVICE}/aws4_request`, sha256Of(canonical)],
		].join("\n");
		const expected = hmac(this.#keyFor(date, region), text);
		const given = Buffer.from(claim.signature, "hex");
		if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
			throw signatureError("InvalidSignatureException", MISMATCH);
		}
	}

	#keyFor(date: string, region: string): Buffer {
		const scope = `${date}/${region}`;
		const known = this.#keys.get(scope);
		if (known !== undefined) return known;
		const parts = [date, region, SERVICE, "aws4_request"];
		const secret = Buffer.from(`AWS4${this.#credentials.secretAccessKey}`);
		const key = parts.reduce<Buffer>(hmac, secret);
		if (this.#keys.size >= KEYS_MAX) this.#keys.clear();
		this.#keys.set(scope, key);
		return key;
	}
}

function hmac(key: Buffer, text: string): Buffer {
	return createHmac("sha256", key).update(text).digest();
}

function sha256Of(content: Buffer | string): string {
	return createHash("sha256").update(content).digest("hex");
}

/** As AWS's clients sign it: without spaces around it, and one where there are several. */
function textOf(header: string | string[] | undefined): string {
	return String(header ?? "")
		.trim()
		.replace(/\s+/g, " ");
}

function dateOf(text: string | string[] | undefined, day: string): Date | null {
	const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(text));
	if (match === null || !String(text).startsWith(day)) return null;
	const [, year, month, date, hour, minute, second] = match;
	const parsed = new Date(`${year}-${month}-${date}T${hour}:${minute}:${second}Z`);
	return Number.isNaN(parsed.getTime()) ? null : parsed;
}

export interface SignedCall {
	readonly host: string;
	readonly path: string;
	readonly target: string;
	readonly body: Buffer;
}

/** Signs calls to the upstream. */
export class CallSigner {
	readonly #signer: SignatureV4;

	constructor(credentials: Credentials, region: string) {
		this.#signer = new SignatureV4({
			...{ credentials, region, service: SERVICE, applyChecksum: false },
			sha256: Hash.bind(null, "sha256"),
		});
	}

	/** All headers of the call. */
	async headersFor({ host, path, target, body }: SignedCall): Promise<Record<string, string>> {
		const { headers } = await this.#signer.sign({
			...{ method: "POST", protocol: "http:", hostname: host, path, query: {}, body },
			headers: {
				host,
				"content-type": "application/x-amz-json-1.0",
				"x-amz-target": target,
			},
		});
		return { ...headers, "content-length": String(body.length) };
	}
}
