import { createHash, timingSafeEqual } from "node:crypto";
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

function makeSigner(credentials: Credentials, region: string): SignatureV4 {
	return new SignatureV4({
		...{ credentials, region, service: SERVICE, applyChecksum: false },
		sha256: Hash.bind(null, "sha256"),
	});
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

/** Verifies clients' signatures against the one key that they and the accelerator share. */
export class SignatureCheck {
	readonly #credentials: Credentials;
	readonly #signers = new Map<string, SignatureV4>();

	constructor(credentials: Credentials) {
		this.#credentials = credentials;
	}

	/** Throws the error that DynamoDB gives for a wrong signature. */
	async verify(
		claim: ClaimedIdentity,
		request: { headers: IncomingHttpHeaders; path: string; body: Buffer; now: Date },
	): Promise<void> {
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
		const hash = headers["x-amz-content-sha256"];
		if (hash !== undefined && hash !== createHash("sha256").update(body).digest("hex")) {
			throw signatureError("InvalidSignatureException", MISMATCH);
		}
		const signed = claim.signedHeaders.map((name) => [name, String(headers[name] ?? "")] as const);
		const expected = await this.#signerFor(claim.region).sign(
			{
				...{ method: "POST", protocol: "http:", hostname: "", path: request.path, query: {} },
				headers: Object.fromEntries(signed),
				body,
			},
			{ signingDate, signableHeaders: new Set(claim.signedHeaders) },
		);
		const [, signature = ""] =
			/Signature=([0-9a-f]{64})$/.exec(expected.headers.authorization ?? "") ?? [];
		const given = Buffer.from(claim.signature);
		if (given.length !== signature.length || !timingSafeEqual(given, Buffer.from(signature))) {
			throw signatureError("InvalidSignatureException", MISMATCH);
		}
	}

	#signerFor(region: string): SignatureV4 {
		const known = this.#signers.get(region);
		if (known !== undefined) return known;
		const signer = makeSigner(this.#credentials, region);
		// A stranger could name any number of regions.
		if (this.#signers.size < 100) this.#signers.set(region, signer);
		return signer;
	}
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
		this.#signer = makeSigner(credentials, region);
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
